"""Times the reader against DuckDB alone, a process a run: `python -m benchmarks.reading [rows] [runs]`.

The file has 12 columns of text, integers, decimal commas and dates, semicolons between them: 1M rows are 124 MB.
DuckDB's `read_csv` guesses by itself, leaves decimal commas as text, and writes zstd Parquet as the reader does.
"""

import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

THREADS = 2
MEMORY_BYTES = 512 << 20
SUBJECTS = ("Matematika", "Český jazyk", "Fyzika", "Chemie", "Zeměpis", "Dějepis", "Hudební výchova")


def write_sample(path: Path, rows: int) -> None:
    """Write a regular export of a school's software."""
    chance = random.Random(1)
    with path.open("w", encoding="utf-8") as file:
        file.write("id;redizo;škola;předmět;třída;počet;body;průměr;částka;datum;poznámka;rok\n")
        for n in range(rows):
            cells = (
                n,
                600_000_000 + n % 5000,
                f"ZŠ {SUBJECTS[n % 7]} {n % 5000}",
                chance.choice(SUBJECTS),
                f"{n % 9 + 1}.A",
                chance.randint(0, 900),
                chance.randint(0, 100),
                f"{chance.randint(1, 4)},{chance.randint(0, 99):02d}",
                f"{chance.randint(100, 99999)},{chance.randint(0, 99):02d}",
                f"{chance.randint(1, 28):02d}.{chance.randint(1, 12):02d}.{chance.randint(2019, 2024)}",
                f"poznámka k žákovi číslo {chance.randint(0, 99999)}",
                2019 + n % 6,
            )
            file.write(";".join(map(str, cells)) + "\n")


def duckdb_alone(path: str, folder: str) -> float:
    """Convert the file by one statement of DuckDB."""
    import duckdb

    connection = duckdb.connect(config={"threads": THREADS})
    started = time.perf_counter()
    connection.execute(f"COPY (FROM read_csv('{path}')) TO '{folder}/auto.parquet' (COMPRESSION zstd)")
    return time.perf_counter() - started


def reader(path: str, folder: str) -> float:
    """Convert the file by the task that the sandbox runs, after what it does once before it forks."""
    from eduscale.ingest import tabular
    from eduscale.models.reading import ReadTask

    task = ReadTask(path=path, filename="file.csv", folder=folder, threads=THREADS, memory_bytes=MEMORY_BYTES)
    argument = task.model_dump_json().encode()
    tabular.warm()
    started = time.perf_counter()
    answer = tabular.read_file(argument)
    taken = time.perf_counter() - started
    assert b'"error":null' in answer, answer
    return taken


WAYS = {"duckdb alone": duckdb_alone, "reader": reader}


def measured(way: str, path: Path) -> tuple[float, int]:
    """Return the seconds that one run took and the peak of its memory in bytes."""
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.reading", "run", way, str(path), folder], stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        seconds = float(process.stdout.read())
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = status
    return seconds, usage.ru_maxrss * 1024


def main(rows: int, runs: int) -> None:
    """Print medians, ratios and peak memory; the ways take turns, so that a busy machine slows all of them."""
    with tempfile.TemporaryDirectory() as folder:
        sizes = {"large": rows, "small": 100}
        for name, count in sizes.items():
            path = Path(folder) / f"{name}.csv"
            write_sample(path, count)
            found: dict[str, list[tuple[float, int]]] = {way: [] for way in WAYS}
            for _ in range(runs):
                for way, results in found.items():
                    results.append(measured(way, path))
            medians = {way: statistics.median(seconds for seconds, _ in results) for way, results in found.items()}
            print(f"\n{count:,} rows, {path.stat().st_size / 1e6:.1f} MB, {runs} runs, {THREADS} threads")
            print(f"{'way':<14}{'median':>10}{'ratio':>8}{'peak MB':>9}")
            for way, results in found.items():
                ratio = medians[way] / medians["duckdb alone"]
                peak = max(memory for _, memory in results) / 1e6
                print(f"{way:<14}{1000 * medians[way]:>7.0f} ms{ratio:>8.2f}{peak:>9.0f}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["run"]:
        print(WAYS[sys.argv[2]](sys.argv[3], sys.argv[4]))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, int(sys.argv[2]) if len(sys.argv) > 2 else 5)
