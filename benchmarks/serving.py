"""How fast the service answers /health and starts, beside a bare functions-framework hello and FastAPI.

    python benchmarks/serving.py [ROUNDS]

Each round starts every server once (CPU time from the start of its process to the first 200) and then asks it on
16 connections; the table holds medians and their ratio to the bare hello. Only ratios mean anything elsewhere, and
on a machine with other work the CPU time that a server spends on a request says more than the requests it gets.
Both functions-framework servers have as many threads as main.py asks for.
"""

import http.client
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[1]
CONNECTIONS = 16
SECONDS = 3.0
THREADS = "100"

HELLO = 'def app(request):\n    return "hello"\n'
FASTAPI = """
from fastapi import FastAPI
app = FastAPI()

@app.get("/health")
def health():
    return {"status": "ok", "service": "eduscale-engine", "version": "0.1.0"}
"""


@dataclass
class Candidate:
    name: str
    command: list[str]
    start_cpu_s: list[float] = field(default_factory=list)
    start_wall_s: list[float] = field(default_factory=list)
    requests_per_s: list[float] = field(default_factory=list)
    request_cpu_us: list[float] = field(default_factory=list)


def tool(name: str) -> str:
    return str(Path(sys.executable).with_name(name))


def candidates(folder: Path) -> list[Candidate]:
    (folder / "hello.py").write_text(HELLO)
    (folder / "fast.py").write_text(FASTAPI)
    framework = [
        tool("functions-framework"),
        "--target=app",
        "--host=127.0.0.1",
        "--port={port}",
        "--source={source}",
    ]
    uvicorn = [tool("uvicorn"), "fast:app", "--host=127.0.0.1", "--port={port}", f"--app-dir={folder}"]
    return [
        Candidate(
            "bare functions-framework hello",
            [each.replace("{source}", f"{folder}/hello.py") for each in framework],
        ),
        Candidate(
            "EduScale Engine, request line on", [each.replace("{source}", f"{ROOT}/main.py") for each in framework]
        ),
        Candidate("FastAPI + uvicorn, access log on", uvicorn),
        Candidate("FastAPI + uvicorn, access log off", [*uvicorn, "--no-access-log"]),
    ]


def measure(candidate: Candidate, folder: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "DATA_DIR": str(folder / "data"),
        "LOG_FORMAT": "json",
        "THREADS": THREADS,
        "PYTHONDONTWRITEBYTECODE": "",
    }
    started = time.perf_counter()
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [each.replace("{port}", str(port)) for each in candidate.command],
            cwd=folder,
            env=environment,
            stdout=log,
            stderr=log,
        )
    try:
        while not answers(port):
            time.sleep(0.005)
        candidate.start_wall_s.append(time.perf_counter() - started)
        candidate.start_cpu_s.append(cpu_seconds(process.pid))
        load(port, 1.0)  # the first log line imports the logging library
        cpu_s, started = cpu_seconds(process.pid), time.perf_counter()
        rate = load(port, SECONDS)
        requests = rate * (time.perf_counter() - started)
        candidate.requests_per_s.append(rate)
        candidate.request_cpu_us.append((cpu_seconds(process.pid) - cpu_s) / requests * 1e6)
    finally:
        process.terminate()
        process.wait()


def answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def cpu_seconds(pid: int) -> float:
    """Return the CPU time of a process and of all below it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    own = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return own + sum(cpu_seconds(int(child)) for child in children)


def load(port: int, seconds: float) -> float:
    """Return the requests a second that keep-alive connections get, each asking again once it has its answer."""
    request = b"GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    end = time.perf_counter() + seconds
    counts = [0] * CONNECTIONS

    def ask(index: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            while time.perf_counter() < end:
                connection.sendall(request)
                answer = connection.recv(65536)
                head, _, body = answer.partition(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
                while len(body) < length:
                    body += connection.recv(65536)
                counts[index] += 1

    threads = [threading.Thread(target=ask, args=(index,)) for index in range(CONNECTIONS)]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(counts) / (time.perf_counter() - started)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        measured = candidates(folder)
        for _ in range(rounds):
            for candidate in measured:
                measure(candidate, folder)
    print(" " * 36 + " requests/s  ratio  CPU us each  ratio  start CPU s  ratio  wall s")
    bare = medians(measured[0])
    for each in measured:
        rate, request, start, wall = medians(each)
        rates, requests = f"{rate:>11.0f}{rate / bare[0]:>7.2f}", f"{request:>13.0f}{request / bare[1]:>7.2f}"
        print(f"{each.name:36}{rates}{requests}{start:>13.2f}{start / bare[2]:>7.2f}{wall:>8.2f}")


def medians(candidate: Candidate) -> list[float]:
    measured = candidate.requests_per_s, candidate.request_cpu_us, candidate.start_cpu_s, candidate.start_wall_s
    return [statistics.median(values) for values in measured]


if __name__ == "__main__":
    main()
