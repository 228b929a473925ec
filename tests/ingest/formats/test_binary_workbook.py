"""XLSB workbooks give the cells that their sheets show; an independent parser sees the same values."""

import datetime as dt
import random
import re
import struct
import tracemalloc
import zipfile
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from eduscale.core.errors import UnreadableFile
from eduscale.ingest.formats.binary_workbook import read_workbook
from eduscale.ingest.tables.grid import ErrorCell, Grid
from eduscale.models.reading import ReadLimits
from tests.ingest.reading import read_path

RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def record(type_: int, data: bytes = b"") -> bytes:
    head = bytes([type_]) if type_ < 128 else bytes([type_ & 0x7F | 0x80, type_ >> 7])
    length, size = len(data), b""
    while True:
        size += bytes([length & 0x7F | (0x80 if length > 0x7F else 0)])
        length >>= 7
        if not length:
            return head + size + data


def text(value: str) -> bytes:
    return struct.pack("<I", len(value)) + value.encode("utf-16-le")


def row(number: int, *, hidden: bool = False) -> bytes:
    return record(0, struct.pack("<IIHBBBI", number, 0, 300, 0, 0x10 if hidden else 0, 0, 0))


def cell(type_: int, column: int, data: bytes, style: int = 0) -> bytes:
    return record(type_, struct.pack("<II", column, style) + data)


def number(column: int, value: float, style: int = 0) -> bytes:
    return cell(5, column, struct.pack("<d", value), style)


def relations(*targets: tuple[str, str, str]) -> str:
    listed = "".join(f'<Relationship Id="{i}" Type="{RELATION}/{kind}" Target="{to}"/>' for i, kind, to in targets)
    return f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{listed}</Relationships>'


def workbook(
    folder: Path, *sheets: tuple[str, int, bytes], texts: tuple[str, ...] = (), formats: tuple[str, ...] = ()
) -> Path:
    """Write a workbook: `sheets` are name, state and records of rows; a format's style is its place + 1."""
    listed = b"".join(
        record(156, struct.pack("<II", state, place + 1) + text(f"r{place}") + text(name))
        for place, (name, state, _) in enumerate(sheets)
    )
    styles = record(278) + record(615, struct.pack("<I", len(formats)))
    styles += b"".join(record(44, struct.pack("<H", 200 + n) + text(each)) for n, each in enumerate(formats))
    styles += record(616) + record(617, struct.pack("<I", len(formats) + 1))
    styles += b"".join(
        record(47, struct.pack("<HH", 0, n) + bytes(12)) for n in (0, *range(200, 200 + len(formats)))
    )
    styles += record(618) + record(279)
    shared = record(159, struct.pack("<II", len(texts), len(texts)))
    shared += b"".join(record(19, b"\0" + text(each)) for each in texts) + record(160)
    path = folder / "made.xlsb"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("_rels/.rels", relations(("m", "officeDocument", "xl/workbook.bin")))
        archive.writestr(
            "xl/_rels/workbook.bin.rels",
            relations(
                *((f"r{place}", "worksheet", f"worksheets/sheet{place}.bin") for place in range(len(sheets))),
                ("st", "styles", "styles.bin"),
                ("sh", "sharedStrings", "sharedStrings.bin"),
            ),
        )
        archive.writestr("xl/workbook.bin", record(131) + record(143) + listed + record(144) + record(132))
        archive.writestr("xl/styles.bin", styles)
        archive.writestr("xl/sharedStrings.bin", shared)
        for place, (_, _, rows) in enumerate(sheets):
            size = record(148, struct.pack("<IIII", 0, 0, 0, 0))
            archive.writestr(
                f"xl/worksheets/sheet{place}.bin",
                record(129) + size + record(145) + rows + record(146) + record(130),
            )
    return path


def read(path: Path, **limits: int) -> tuple[Grid, ...]:
    return read_workbook(path, ReadLimits(**limits))


def refused(path: Path, **limits: int) -> str:
    with pytest.raises(UnreadableFile) as caught:
        read(path, **limits)
    return caught.value.reason


def every_kind(folder: Path) -> Path:
    cells = (
        row(0)
        + number(0, 12.25)
        + cell(2, 1, struct.pack("<I", 1234 << 2 | 3))
        + cell(7, 2, struct.pack("<I", 1))
        + cell(6, 3, text("v buňce"))
        + cell(4, 4, b"\x01")
        + number(5, 45536, 1)
        + number(6, 1.5, 2)
        + cell(9, 7, struct.pack("<d", 3.5) + bytes(10))
        + cell(8, 8, text("vzorec") + bytes(10))
        + cell(10, 9, b"\x00" + bytes(10))
        + cell(1, 10, b"")
    )
    return workbook(folder, ("List1", 0, cells), texts=("a", "žluťoučký"), formats=("d.m.yyyy", "[h]:mm"))


def test_cells_of_every_kind_are_what_they_are(tmp_path: Path) -> None:
    (grid,) = read(every_kind(tmp_path))
    assert list(grid.rows[0].cells) == [
        12.25,
        12.34,
        "žluťoučký",
        "v buňce",
        True,
        dt.date(2024, 9, 1),
        dt.timedelta(hours=36),
        3.5,
        "vzorec",
        False,
    ]


def test_another_parser_sees_the_same(tmp_path: Path) -> None:
    path = every_kind(tmp_path)
    (grid,) = read(path)
    seen = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    assert [list(row.cells) for row in grid.rows] == seen


def test_errors_hidden_parts_and_merged_ranges_are_told(tmp_path: Path) -> None:
    rows = record(60, struct.pack("<IIIIH", 1, 1, 0, 0, 1))
    rows += row(0) + number(0, 1) + number(1, 2)
    rows += row(1, hidden=True) + number(1, 3) + cell(3, 2, b"\x07")
    rows += row(2) + number(1, 4) + cell(11, 2, b"\x2a" + bytes(10))
    rows += record(176, struct.pack("<IIII", 0, 1, 0, 0))
    (grid,) = read(workbook(tmp_path, ("Data", 0, rows), ("Tajný", 2, row(0) + number(0, 1))))
    assert [list(each.cells) for each in grid.rows] == [
        [1.0, 2.0],
        [1.0, 3.0, ErrorCell("#DIV/0!")],
        [None, 4.0, ErrorCell("#N/A")],
    ]
    assert {guess.what: guess.evidence.facts for guess in grid.guesses} == {
        "sheet": {"hidden": "Tajný"},
        "hidden_rows": {"count": 1},
        "hidden_columns": {"count": 1},
    }


def test_a_workbook_of_any_name_is_read(tmp_path: Path) -> None:
    rows = row(0) + cell(6, 0, text("id")) + cell(6, 1, text("n")) + row(1) + cell(6, 0, text("a")) + number(1, 5)
    got = read_path(workbook(tmp_path, ("List1", 0, rows)), tmp_path, "data.xlsx")
    assert (got.names, got.rows(), got.guess("format")) == (["id", "n"], [("a", 5)], "binary_workbook")


def test_a_cell_far_away_costs_next_to_nothing(tmp_path: Path) -> None:
    path = workbook(tmp_path, ("List1", 0, row(0) + number(0, 1) + row(1048575) + number(16383, 2)))
    tracemalloc.start()
    (grid,) = read(path)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [each.number for each in grid.rows] == [1, 1048576]
    assert peak_bytes < 8 << 20


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (row(0) + cell(7, 0, struct.pack("<I", 9)), "damaged_workbook"),
        (row(1 << 20) + number(0, 1), "damaged_workbook"),
        (row(0) + number(1 << 14, 1), "damaged_workbook"),
        (row(0) + cell(6, 0, struct.pack("<I", 1 << 30)), "damaged_workbook"),
        (b"".join(row(n) + number(4, 1) for n in range(3)), "too_many_cells"),
    ],
    ids=["no such text", "no such row", "no such column", "a text without end", "many cells"],
)
def test_what_is_damaged_or_too_large_is_refused(tmp_path: Path, rows: bytes, reason: str) -> None:
    assert refused(workbook(tmp_path, ("List1", 0, rows)), cells=10) == reason


def test_a_mangled_workbook_is_read_or_refused_but_nothing_else(tmp_path: Path) -> None:
    random_, path = random.Random(9), every_kind(tmp_path)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    for _ in range(200):
        name = random_.choice([each for each in parts if each.endswith(".bin")])
        data = bytearray(parts[name])
        data[random_.randrange(len(data))] = random_.choice((0, 1, 0x7F, 0x80, 0xFF, random_.randrange(256)))
        with zipfile.ZipFile(path, "w") as archive:
            for each, content in parts.items():
                archive.writestr(each, bytes(data) if each == name else content)
        try:
            read(path)
        except UnreadableFile as error:
            assert re.fullmatch("[a-z_]+", error.reason)
