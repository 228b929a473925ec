"""Files and sheets of single classes sent to the real server: one dataset, in which each can be asked for."""

import io

import xlsxwriter

from tests.api.sending import ask, send
from tests.conftest import Server


def workbook(**classes: list[tuple[str, int]]) -> bytes:
    """Return a workbook of a sheet a class, which is called `7.A` where the argument is `c7A`."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        for name, pupils in classes.items():
            sheet = book.add_worksheet(f"{name[1:-1]}.{name[-1]}")
            for row, cells in enumerate([("jméno", "body"), *pupils]):
                sheet.write_row(row, 0, cells)
    return out.getvalue()


def test_sheets_and_files_of_classes_are_one_dataset_and_can_be_told_apart(server: Server) -> None:
    """Neither two classes of a letter nor those of a year are thrown together, and no class is a dataset alone."""
    sheets = workbook(
        c7A=[("Ada", 1), ("Bob", 2)], c7B=[("Cyril", 3), ("Dana", 4)], c8A=[("Eva", 5), ("Filip", 6)]
    )
    later = workbook(c7A=[("Gita", 7), ("Hana", 8)])
    for filename, data in (("Body 2024.xlsx", sheets), ("Body 2025.xlsx", later)):
        answer = send(server, (filename, data), region="tridy")
        assert answer.status == 201, answer.body
        assert {table["dataset"] for table in answer.body["uploads"][0]["tables"]} == {"body"}
    sql = "SELECT _file, _table, COUNT(*), SUM(body) FROM body WHERE _region = 'tridy' GROUP BY 1, 2 ORDER BY 1, 2"
    assert ask(server, sql).body["rows"] == [
        ["Body 2024.xlsx", "7.A", 2, 3],
        ["Body 2024.xlsx", "7.B", 2, 7],
        ["Body 2024.xlsx", "8.A", 2, 11],
        ["Body 2025.xlsx", "7.A", 2, 15],
    ]
    assert ask(server, "SELECT * FROM body WHERE _table = '8.A' ORDER BY body").body["rows"] == [
        ["Eva", 5],
        ["Filip", 6],
    ]
