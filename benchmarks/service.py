"""Times whole requests on the real server against DuckDB alone: `python -m benchmarks.service [rows] [runs]`.

Uploads: the file of `benchmarks.reading` through POST /api/v1/uploads, from the first byte sent to the receipt.
Small uploads: 100 rows, warm. Queries: POST /api/v1/query over one upload, against the same SQL on its Parquet
file by a warm connection of DuckDB. Memory is the sum over the processes of the server, sampled.
"""

import http.client
import json
import statistics
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from benchmarks.reading import measured, write_sample
from tests.conftest import Server, start_server, stop_server

QUERIES = {
    "count": "SELECT COUNT(*) AS n FROM {table}",
    "group by": "SELECT třída, COUNT(*) AS n, AVG(body) AS b FROM {table} GROUP BY třída ORDER BY třída",
    "filter": "SELECT předmět, SUM(počet) AS n FROM {table} WHERE datum >= DATE '2022-01-01' GROUP BY předmět",
    "top 1,000": "SELECT * FROM {table} ORDER BY id LIMIT 1000",
}
ASCII = str.maketrans("ředíčě", "redice")


def main(rows: int, runs: int) -> None:
    """Print one table."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "mereni.csv"
        write_sample(path, rows)
        small = folder / "male.csv"
        write_sample(small, 100)
        server = start_server(folder)
        try:
            send(server, small, "warm")
            print(f"upload of {path.stat().st_size / 1e6:.0f} MB, {rows:,} rows; {runs} runs each, in turn\n")
            print(f"{'what':34}{'median s':>10}{'ratio':>8}{'peak MB':>10}")
            alone, whole, peaks, base_peak = [], [], [], 0.0
            for run in range(runs):
                seconds, peak = measured("duckdb alone", path)
                alone.append(seconds)
                base_peak = max(base_peak, peak / 1e6)
                with peak_memory(server) as seen:
                    whole.append(send(server, path, f"r{run}"))
                peaks.append(seen[0])
            base = statistics.median(alone)
            line("DuckDB alone, CSV to Parquet", base, base, base_peak)
            line("the whole upload, over HTTP", statistics.median(whole), base, max(peaks))
            latencies = [send(server, small, f"s{run}") for run in range(20)]
            line("a 100-row upload, warm", statistics.median(latencies), None, None)
            send(server, path, "query", dataset="dotazy")
            queries(server, folder)
        finally:
            stop_server(server)


def queries(server: Server, folder: Path) -> None:
    """Time each query on the service and on DuckDB alone, over the rows of one upload."""
    import duckdb

    parquet = max((folder / "data" / "readings").rglob("rows-0.parquet"), key=lambda path: path.stat().st_size)
    connection = duckdb.connect()
    connection.execute(f"CREATE VIEW t AS FROM read_parquet('{parquet}')")
    kept = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    for name, template in QUERIES.items():
        sql = template.translate(ASCII)
        ours, theirs = [], []
        for _ in range(15):
            started = time.perf_counter()
            ask(kept, sql.format(table="dotazy"))
            ours.append(time.perf_counter() - started)
            started = time.perf_counter()
            connection.sql(sql.format(table="t")).fetchall()
            theirs.append(time.perf_counter() - started)
        over_ms = 1000 * (statistics.median(ours) - statistics.median(theirs))
        print(f"query, {name:27}{statistics.median(ours):>10.3f}{f'+{over_ms:.0f} ms':>8}")


def line(what: str, seconds: float, base: float | None, peak_mb: float | None) -> None:
    """Print a row of the table."""
    ratio = f"{seconds / base:>8.2f}" if base else f"{'':8}"
    print(f"{what:34}{seconds:>10.3f}{ratio}{f'{peak_mb:>10.0f}' if peak_mb else ''}", flush=True)


@contextmanager
def peak_memory(server: Server) -> Iterator[list[float]]:
    """Sample the memory of the server and its children, in MB; pages that they share count once a process."""
    seen = [0.0]
    over = threading.Event()

    def watch() -> None:
        main_process = psutil.Process(server.process.pid)
        while not over.wait(0.02):
            total = 0
            for process in [main_process, *main_process.children(recursive=True)]:
                try:
                    total += process.memory_info().rss
                except psutil.Error:
                    continue
            seen[0] = max(seen[0], total / 1e6)

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield seen
    finally:
        over.set()
        watching.join()


def send(server: Server, path: Path, region: str, *, dataset: str = "") -> float:
    """Upload a file, streamed from disk, and return the seconds until its receipt was there."""
    boundary = uuid.uuid4().hex
    head = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="region"\r\n\r\n{region}\r\n'
        f'--{boundary}\r\nContent-Disposition: form-data; name="dataset"\r\n\r\n{dataset}\r\n--{boundary}\r\n'
        f'Content-Disposition: form-data; name="file"; filename="{path.name}"\r\n\r\n'
    ).encode()
    tail = f"\r\n--{boundary}--\r\n".encode()
    started = time.perf_counter()
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=600)
    connection.blocksize = 1 << 20
    connection.putrequest("POST", "/api/v1/uploads")
    connection.putheader("Content-Type", f"multipart/form-data; boundary={boundary}")
    connection.putheader("Content-Length", str(len(head) + path.stat().st_size + len(tail)))
    connection.endheaders()
    connection.send(head)
    with path.open("rb") as file:
        connection.send(file)
    connection.send(tail)
    response = connection.getresponse()
    body = json.loads(response.read())
    seconds = time.perf_counter() - started
    if response.status != 201:
        raise RuntimeError(f"{response.status}: {body}")
    return seconds


def ask(connection: http.client.HTTPConnection, sql: str) -> None:
    """Run a query on the service, over a connection that is kept, as clients do."""
    connection.request("POST", "/api/v1/query", json.dumps({"sql": sql}), {"Content-Type": "application/json"})
    response = connection.getresponse()
    body = response.read()
    if response.status != 200:
        raise RuntimeError(body.decode())


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, int(sys.argv[2]) if len(sys.argv) > 2 else 5)
