"""XLSX of 100,000 rows by 12 columns (text, integer, decimal, date) to typed zstd Parquet: ours against others.

    python benchmarks/workbook.py [rounds] [rows]

Each candidate runs in a process of its own, in turn with the others; imports and DuckDB's connection are not
timed, as the service makes them before it forks. Needs Linux.
"""

import argparse
import csv
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

LABELS = "id škola žák třída body procento datum město kód počet průměr poznámka".split()
BASE = "fastexcel, typed, DuckDB to Parquet"


def make_workbook(path: Path, rows: int) -> None:
    """Write a workbook whose columns are text, whole numbers, decimals and dates."""
    import xlsxwriter

    pick = random.Random(7)
    book = xlsxwriter.Workbook(str(path))
    sheet = book.add_worksheet("List1")
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.write_row(0, 0, LABELS)
    for row in range(1, rows + 1):
        sheet.write_number(row, 0, row)
        sheet.write_string(row, 1, f"ZŠ Škola {pick.randrange(500)}")
        sheet.write_string(row, 2, f"Žák číslo {row}")
        sheet.write_string(row, 3, f"{pick.randrange(1, 10)}.{pick.choice('ABC')}")
        sheet.write_number(row, 4, pick.randrange(100))
        sheet.write_number(row, 5, round(pick.random() * 100, 2))
        sheet.write_datetime(row, 6, date(2020, 1, 1) + timedelta(days=pick.randrange(1800)), day)
        sheet.write_string(row, 7, pick.choice(["Brno", "Praha", "Ostrava", "Plzeň"]))
        sheet.write_string(row, 8, f"{pick.randrange(10**6):08d}")
        sheet.write_number(row, 9, pick.randrange(1000))
        sheet.write_number(row, 10, pick.random() * 5)
        sheet.write_string(row, 11, "pozn. " + "x" * pick.randrange(20))
    book.close()


def ours(path: Path, folder: Path) -> Callable[[], object]:
    """The whole recipe: checked, laid out, every cell decided, written, with the report."""
    from eduscale.ingest import tabular
    from eduscale.models.reading import ReadTask

    tabular.warm()
    task = ReadTask(path=str(path), filename=path.name, folder=str(folder), memory_bytes=512 << 20)
    argument = task.model_dump_json().encode()
    return lambda: tabular.read_file(argument)


def our_cells(path: Path, folder: Path) -> Callable[[], object]:
    """Only the cells as Python values."""
    from eduscale.ingest.formats.workbook import read_workbook
    from eduscale.models.reading import ReadLimits

    return lambda: read_workbook(path, folder, ReadLimits())


def fastexcel_parquet(path: Path, folder: Path) -> Callable[[], object]:
    """The yardstick: no checks, no layout, text that looks like a number stays text."""
    import duckdb
    import fastexcel

    connection = duckdb.connect()

    def run() -> None:
        sheet = fastexcel.read_excel(str(path)).load_sheet(0, schema_sample_rows=None)
        connection.register("sheet", sheet)
        connection.sql("FROM sheet").write_parquet(str(folder / "rows.parquet"), compression="zstd")

    return run


def fastexcel_alone(path: Path, folder: Path) -> Callable[[], object]:
    """Reading into Arrow memory."""
    import fastexcel

    return lambda: fastexcel.read_excel(str(path)).load_sheet(0, schema_sample_rows=None)


def calamine_rows(path: Path, folder: Path) -> Callable[[], object]:
    """Rows of Python values, unchecked."""
    from python_calamine import CalamineWorkbook

    return lambda: CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()


def calamine_csv(path: Path, folder: Path) -> Callable[[], object]:
    """The way not taken: rows written as CSV, read and typed by DuckDB."""
    import duckdb
    from python_calamine import CalamineWorkbook

    connection = duckdb.connect()

    def run() -> None:
        rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
        with (folder / "rows.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(rows)
        connection.read_csv(str(folder / "rows.csv")).write_parquet(
            str(folder / "rows.parquet"), compression="zstd"
        )

    return run


CANDIDATES: dict[str, Callable[[Path, Path], Callable[[], object]]] = {
    BASE: fastexcel_parquet,
    "EduScale, bytes to Parquet and report": ours,
    "EduScale, cells only": our_cells,
    "fastexcel, Arrow only": fastexcel_alone,
    "python-calamine, rows only": calamine_rows,
    "python-calamine, CSV, DuckDB to Parquet": calamine_csv,
}


def run_one(name: str, path: Path) -> None:
    """Run one candidate and print what it took."""
    with tempfile.TemporaryDirectory() as folder:
        run = CANDIDATES[name](path, Path(folder))
        started, cpu = time.perf_counter(), time.process_time()
        run()
        elapsed_s, cpu_s = time.perf_counter() - started, time.process_time() - cpu
    status = Path("/proc/self/status").read_text().split()
    peak_mb = int(status[status.index("VmHWM:") + 1]) / 1024
    print(json.dumps([elapsed_s, cpu_s, peak_mb]))


def main() -> None:
    """Make the workbook, run all candidates in turn, print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rounds", type=int, nargs="?", default=7)
    parser.add_argument("rows", type=int, nargs="?", default=100_000)
    parser.add_argument("--one", nargs=2, metavar=("CANDIDATE", "FILE"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        run_one(options.one[0], Path(options.one[1]))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sent.xlsx"
        make_workbook(path, options.rows)
        taken: dict[str, list[list[float]]] = {name: [] for name in CANDIDATES}
        for _ in range(options.rounds):
            for name, rounds in taken.items():
                command = [sys.executable, __file__, "--one", name, str(path)]
                rounds.append(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))
    base = statistics.median(elapsed for elapsed, _, _ in taken[BASE])
    print(f"{options.rows:,} rows x {len(LABELS)} columns, medians of {options.rounds} rounds")
    print("| candidate | wall s | best s | CPU s | ratio | peak MB |")
    print("|---|---|---|---|---|---|")
    for name, rounds in taken.items():
        elapsed, cpu, peak = (statistics.median(column) for column in zip(*rounds, strict=True))
        best = min(elapsed for elapsed, _, _ in rounds)
        print(f"| {name} | {elapsed:.2f} | {best:.2f} | {cpu:.2f} | {elapsed / base:.2f} | {peak:.0f} |")


if __name__ == "__main__":
    main()
