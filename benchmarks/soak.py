"""Sends randomly damaged files to a running server: `python -m benchmarks.soak [seconds] [seed]`.

Every messy file of the tests is cut, shuffled, overwritten or spliced with another and sent, two at a time. Counts
answers by status; anything of 500 and above, and memory that keeps growing, is a fault.
"""

import random
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil

from tests.api.sending import call, send
from tests.conftest import Server, start_server, stop_server

FILES = sorted((Path(__file__).parents[1] / "tests" / "cases" / "files").iterdir())
SENDERS = 2
SAMPLES = 10
"""So often memory is looked at."""


def main(seconds: float, seed: int) -> None:
    """Print the statuses, the states of the uploads and the memory over time; exit 1 where there is a fault."""
    with tempfile.TemporaryDirectory() as name:
        server = start_server(Path(name))
        try:
            statuses, states, memory = soak(server, seconds, seed)
            alive = call(server, "GET", "/ready").status == 200
        finally:
            stop_server(server)
    print(f"{sum(statuses.values()):,} damaged files in {seconds:.0f} s, seed {seed}")
    print("statuses:", dict(sorted(statuses.items())), "states:", dict(states.most_common()))
    print("memory of the service at rest, MB:", " ".join(f"{megabytes:.0f}" for megabytes in memory))
    if not alive or any(status >= 500 for status in statuses):
        sys.exit("a fault: see the statuses")


def soak(server: Server, seconds: float, seed: int) -> tuple[Counter[int], Counter[str], list[float]]:
    """Send damaged files until the time is over."""
    statuses: Counter[int] = Counter()
    states: Counter[str] = Counter()
    memory: list[float] = []
    started = time.monotonic()
    chance = random.Random(seed)
    with ThreadPoolExecutor(SENDERS) as pool:
        while (passed := time.monotonic() - started) < seconds:
            batch = [damaged(chance) for _ in range(4 * SENDERS)]
            for answer in pool.map(lambda sent: send(server, sent, region="soak"), batch):
                statuses[answer.status] += 1
                states.update(receipt["state"] for receipt in (answer.body or {}).get("uploads", ()))
            if passed >= seconds * len(memory) / SAMPLES:
                memory.append(resident_mb(server))
    return statuses, states, memory


def damaged(chance: random.Random) -> tuple[str, bytes]:
    """Return a messy file's name and what has become of its bytes."""
    path = chance.choice(FILES)
    data = path.read_bytes() or b"\0"
    match chance.randrange(4):
        case 0:
            return path.name, data[: chance.randrange(len(data) + 1)]
        case 1:
            lines = data.split(b"\n")
            chance.shuffle(lines)
            return path.name, b"\n".join(lines)
        case 2:
            other = chance.choice(FILES).read_bytes()
            return path.name, data[: chance.randrange(len(data) + 1)] + other[chance.randrange(len(other) + 1) :]
    spoilt = bytearray(data)
    for _ in range(chance.randint(1, 40)):
        spoilt[chance.randrange(len(spoilt))] = chance.choice((0, 10, 34, 255, chance.randrange(256)))
    return path.name, bytes(spoilt)


def resident_mb(server: Server) -> float:
    """Return the memory of the server's processes, in MB."""
    main_process = psutil.Process(server.process.pid)
    return sum(each.memory_info().rss for each in [main_process, *main_process.children(recursive=True)]) / 1e6


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 300, int(sys.argv[2]) if len(sys.argv) > 2 else 1)
