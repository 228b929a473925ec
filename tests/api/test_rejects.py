"""What was left out comes back in the sender's own columns with the reasons, to be corrected and sent again."""

import csv
import io
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter

from tests.api.sending import ask, call, send
from tests.conftest import Server

GOOD = "".join(f"00{n:03};Žák {n};{n % 30},5;x\n" for n in range(120))
MESSY = (
    f'Přehled bodů;;;\n\nkód;jméno;body;\n{GOOD}00500;=2+3;neví;"a;b"\n00501;Omyl;1;x;navíc\n'
    "00502;Dlouhá;-1,5;x\nCelkem;;1740;\n"
)
FIRST = MESSY.count("\n") - 3


def messy(title: str) -> str:
    """Return the messy file under a title of its own, so that it is an upload of its own."""
    return MESSY.replace("Přehled bodů", title)


def uploaded(server: Server, name: str, data: bytes, **fields: str) -> dict[str, Any]:
    answer = send(server, (name, data), **({"region": "rejects"} | fields))
    (receipt,) = answer.body["uploads"]
    return receipt  # type: ignore[no-any-return]  # JSON


def rejects(server: Server, receipt: dict[str, Any], file_format: str, language: str = "en") -> Any:
    path = f"/api/v1/uploads/{receipt['upload_id']}/rejects?format={file_format}"
    answer = call(server, "GET", path, language=language)
    assert answer.status == 200
    return answer.body


def test_json_lists_every_thing_that_was_left_out_with_a_sentence(server: Server) -> None:
    receipt = uploaded(server, "body_json.csv", messy("Jedna").encode())
    found = rejects(server, receipt, "json", "cs")
    assert [(one["kind"], one["table"], one["row"], one["column"], one["code"]) for one in found] == [
        ("set_aside", 0, 1, None, "title"),
        ("blanked", 0, FIRST, "body", "not_a_number"),
        ("rejected", 0, FIRST + 1, None, "row_long"),
        ("set_aside", 0, FIRST + 3, None, "total"),
    ]
    assert found[1]["message"] == "Buňka není číslo a zůstala prázdná. Opravte ji prosím."
    assert found[1]["raw"] == "neví"


def test_csv_has_the_senders_columns_and_delimiter_and_runs_no_formula(server: Server) -> None:
    receipt = uploaded(server, "body_csv.csv", messy("Přehled dvě").encode())
    data = rejects(server, receipt, "csv")
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig")), delimiter=";"))
    assert rows[0][:2] == ["Row in your file", "What happened"]
    assert [row[:2] + row[3:] for row in rows[1:]] == [
        ["1", "set aside, no data", "Přehled dvě", "", "", ""],
        [str(FIRST), "cell left empty", "00500", "'=2+3", "neví", "a;b"],
        [str(FIRST + 1), "row left out", "00501", "Omyl", "1", "x", "navíc"],
        [str(FIRST + 3), "set aside, no data", "Celkem", "", "1740", ""],
    ]
    assert rows[0][3:] == ["kód", "jméno", "body", ""]
    assert rows[2][2].startswith("In column body: The cell is not a number")


def test_xlsx_colours_bad_cells_and_says_why_in_the_readers_language(server: Server) -> None:
    receipt = uploaded(server, "body_xlsx.csv", messy("Tři").encode())
    book = openpyxl.load_workbook(io.BytesIO(rejects(server, receipt, "xlsx", "cs")))
    assert book.sheetnames == ["body_xlsx", "Co s tím"]
    sheet = book.worksheets[0]
    head, title, blanked, rejected, total = sheet.iter_rows()
    assert head[0].value == "Řádek ve vašem souboru"
    assert [cell.value for cell in head][3:6] == ["kód", "jméno", "body"]
    assert all(cell.font.bold for cell in head[:7])
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == "A1:G5"
    assert [cell.value for cell in blanked[3:7]] == ["00500", "=2+3", "neví", "a;b"]
    assert [cell.data_type for cell in blanked[3:7]] == ["s"] * 4
    assert [cell.fill.fill_type for cell in blanked[3:7]] == [None, None, "solid", None]
    assert blanked[5].comment.text == "Buňka není číslo a zůstala prázdná. Opravte ji prosím."
    assert [cell.value for cell in rejected[3:8]] == ["00501", "Omyl", "1", "x", "navíc"]
    assert rejected[7].comment.text.startswith("Řádek má víc buněk")
    colours = {row[3].fill.fgColor.rgb for row in (title, blanked, rejected)}
    assert len(colours) == 3
    assert total[3].fill.fgColor.rgb == title[3].fill.fgColor.rgb
    advice = " ".join(str(cell.value) for (cell,) in book.worksheets[1].iter_rows())
    assert "pošlete celý opravený soubor" in advice


def test_each_sheet_of_a_workbook_comes_back_under_its_name_and_cells_as_they_were_shown(
    server: Server, tmp_path: Path
) -> None:
    path = tmp_path / "sesit.xlsx"
    with xlsxwriter.Workbook(path) as book:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for name in ("What to do", "1. pololetí"):
            sheet = book.add_worksheet(name)
            sheet.write_row(0, 0, ["id", "", "den", "poměr", "body"])
            for row in range(1, 130):
                sheet.write_row(row, 0, [f"0{row}", "", "", 0.5])
                sheet.write_datetime(row, 2, datetime(2025, 9, 1), day)
                sheet.write_string(row, 4, "nic moc" if row == 60 else f"{row},5")
            sheet.write_formula(5, 3, "=1/0", None, "#DIV/0!")
    receipt = uploaded(server, "sesit.xlsx", path.read_bytes())
    book = openpyxl.load_workbook(io.BytesIO(rejects(server, receipt, "xlsx")))
    assert book.sheetnames == ["What to do 2", "1. pololetí", "What to do"]
    for sheet in book.worksheets[:2]:
        assert [cell.value or None for cell in sheet[1]][3:] == ["id", None, "den", "poměr", "body"]
        assert [cell.value or None for cell in sheet[2]][3:] == ["05", None, "2025-09-01", "#DIV/0!", "5,5"]
        assert [cell.value or None for cell in sheet[3]][3:] == ["060", None, "2025-09-01", "0.5", "nic moc"]
        assert sheet["G2"].comment.text.startswith("The formula in the cell failed")
        assert sheet["H3"].comment.text.startswith("The cell is not a number")


@pytest.mark.parametrize("file_format", ["csv", "xlsx"])
def test_the_list_sent_back_replaces_nothing_and_the_reason_is_said(server: Server, file_format: str) -> None:
    """Otherwise the rows that were right would be gone."""
    name = f"zpet_{file_format}.csv"
    receipt = uploaded(server, name, messy(name).encode())
    listed = rejects(server, receipt, file_format, "cs")
    answer = send(
        server,
        (f"x.{file_format}", listed),
        region="rejects",
        dataset=f"zpet_{file_format}",
        replaces=receipt["upload_id"],
    )
    (again,) = answer.body["uploads"]
    assert (answer.status, again["error"]["code"]) == (422, "list_of_rejects")
    assert ask(server, f"SELECT COUNT(*) FROM {receipt['tables'][0]['dataset']}").body["rows"] == [[122]]


def test_the_whole_file_corrected_takes_the_place_of_the_first_at_once(server: Server) -> None:
    receipt = uploaded(server, "oprava.csv", messy("Oprava").encode())
    sheet = openpyxl.load_workbook(io.BytesIO(rejects(server, receipt, "xlsx"))).worksheets[0]
    lines = messy("Oprava").split("\n")
    for row in sheet.iter_rows(min_row=2):
        if row[1].value == "cell left empty":
            lines[row[0].value - 1] = lines[row[0].value - 1].replace("neví", "12,5")
        elif row[1].value == "row left out":
            lines[row[0].value - 1] = ";".join(str(cell.value) for cell in row[3:7])
    mended = uploaded(server, "oprava.csv", "\n".join(lines).encode(), replaces=receipt["upload_id"])
    assert mended["state"] == "loaded"
    assert mended["tables"][0]["dataset"] == receipt["tables"][0]["dataset"]
    assert {one["kind"] for one in rejects(server, mended, "json")} == {"set_aside"}
    dataset = receipt["tables"][0]["dataset"]
    counts = ask(server, f"SELECT COUNT(*), COUNT(DISTINCT kod), COUNT(body) FROM {dataset}").body["rows"]
    assert counts == [[123, 123, 123]]
