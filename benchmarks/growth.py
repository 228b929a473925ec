"""Reads files of 10 MB, 100 MB and 1 GB in the sandbox: `python -m benchmarks.growth [megabytes ...]`.

The child may use 512 MiB, as in the service. What is to be seen: the time grows with the size and the memory does
not. Memory is the largest resident size that a child was seen to have.
"""

import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from benchmarks.reading import write_sample
from eduscale.core.sandbox import Sandbox
from eduscale.ingest.reader import TASK
from eduscale.models.reading import Reading, ReadTask

MEMORY_BYTES = 512 << 20
ROWS_A_MEGABYTE = 8_100


def main(sizes: list[int]) -> None:
    """Print one line a size."""
    sandbox = Sandbox(memory_bytes=MEMORY_BYTES, processes=1, queue=1, preload=("eduscale.ingest.tabular",))
    sandbox.run("builtins:bytes", b"", deadline_s=60)
    print(f"{'MB':>8}{'rows':>12}{'seconds':>10}{'MB a second':>13}{'peak MB':>9}")
    with tempfile.TemporaryDirectory() as name:
        for megabytes in sizes:
            path = Path(name) / "sample.csv"
            write_sample(path, megabytes * ROWS_A_MEGABYTE)
            folder = Path(name) / f"out{megabytes}"
            folder.mkdir()
            task = ReadTask(path=str(path), filename="sample.csv", folder=str(folder), memory_bytes=MEMORY_BYTES)
            started = time.perf_counter()
            with peak_memory() as peak:
                answer = sandbox.run(TASK, task.model_dump_json().encode(), deadline_s=600)
            seconds = time.perf_counter() - started
            (table,) = Reading.model_validate_json(answer).tables
            size = path.stat().st_size / 1e6
            print(
                f"{size:>8.0f}{table.rows:>12,}{seconds:>10.2f}{size / seconds:>13.0f}{peak[0]:>9.0f}", flush=True
            )
    sandbox.close()


@contextmanager
def peak_memory() -> Iterator[list[float]]:
    """Sample the largest resident memory that a process below this one ever had, in MB."""
    seen = [0.0]
    over = threading.Event()

    def watch() -> None:
        own = psutil.Process()
        while not over.wait(0.02):
            for process in own.children(recursive=True):
                try:
                    seen[0] = max(seen[0], process.memory_info().rss / 1e6)
                except psutil.Error:
                    continue

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield seen
    finally:
        over.set()
        watching.join()


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [10, 100, 1000])
