"""Every table in an archive is read as if its file had been sent alone, and whatever is not read is named."""

import bz2
import gzip
import io
import lzma
import random
import stat
import struct
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter

from eduscale.ingest.formats.archives import MAX_DEPTH
from eduscale.ingest.wording import say
from eduscale.models.reading import Said
from tests.ingest.reading import Read, read

CSV = b"id;jmeno\n1;Alfa\n2;Beta\n"
Content = bytes | str


def zipped(*files: tuple[str | zipfile.ZipInfo, Content], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return a ZIP archive of files, in order."""
    out = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name that is there twice
        with zipfile.ZipFile(out, "w", method) as package:
            for name, content in files:
                package.writestr(name, content)
    return out.getvalue()


def workbook(*sheets: str, rows: int = 2) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    for name in sheets:
        sheet = book.add_worksheet(name)
        sheet.write_row(0, 0, ["id", f"jmeno {name}"])
        for row in range(1, rows + 1):
            sheet.write_row(row, 0, [row, f"Alfa {row}"])
    book.close()
    return out.getvalue()


def names(got: Read) -> list[str]:
    assert got.reading.error is None, got.reading.error
    assert [table.index for table in got.reading.tables] == list(range(len(got.reading.tables)))
    return [table.name for table in got.reading.tables]


def unread(got: Read) -> dict[str, str]:
    """Return the files that were not read, with the reason, once both its sentences have been made."""
    assert got.reading.error is None, got.reading.error
    assert not any(
        problem.said.code == "member_unread" for table in got.reading.tables[1:] for problem in table.problems
    )
    first = got.reading.tables[0]
    assert first.problem_count >= len(first.problems)
    said = [problem.said for problem in first.problems if problem.said.code == "member_unread"]
    for each in said:
        assert "{" not in say(each, "en") + say(each, "cs")
        assert str(each.facts["member"]) in say(each, "cs")
    return {str(each.facts["member"]): str(each.facts["why"]) for each in said}


def refusal(got: Read) -> Said:
    assert got.reading.error is not None, got.reading.tables
    assert "{" not in say(got.reading.error, "en") + say(got.reading.error, "cs")
    return got.reading.error


# What is read, and its names


@pytest.mark.parametrize(
    ("sent", "titles"),
    [
        pytest.param(["a.csv", "b.csv"], ["a", "b"], id="files"),
        pytest.param(["export/2024/zaci.csv", "export/2025/zaci.csv"], ["2024/zaci", "2025/zaci"], id="years"),
        pytest.param(["skoly/zs_lipa.csv", "skoly/zs_buk.csv"], ["zs_lipa", "zs_buk"], id="one-folder"),
        pytest.param(["x/a.csv", "b.csv"], ["x/a", "b"], id="folder-and-file"),
        pytest.param(["a.csv", "a.txt"], ["a.csv", "a.txt"], id="extensions"),
        pytest.param(["a.csv", "a.csv"], ["a.csv", "a.csv (2)"], id="one-name-twice"),
        pytest.param(["x\\a.csv", "x\\y\\b.csv"], ["a", "y/b"], id="backslashes"),
        pytest.param(["../../a.csv", "/abs/b.csv", "C:\\Temp\\c.csv"], ["a", "abs/b", "Temp/c"], id="ways-out"),
        pytest.param(["v1.2 duben.csv", "v1.3 duben.csv"], ["v1.2 duben", "v1.3 duben"], id="dots"),
        pytest.param(["a.CSV"], ["a"], id="alone"),
    ],
)
def test_a_table_is_named_so_that_one_sees_its_file(sent: list[str], titles: list[str], tmp_path: Path) -> None:
    got = read(tmp_path, zipped(*((name, CSV) for name in sent)), "export.zip")
    assert names(got) == titles
    assert [table.member for table in got.reading.tables] == [name.replace("\\\\", "\\") for name in sent]
    assert all(got.rows(table) == [(1, "Alfa"), (2, "Beta")] for table in got.reading.tables)
    assert not unread(got)
    assert {path.name for path in tmp_path.iterdir()} == {"sent", "out"}


def test_sheets_of_several_workbooks_keep_their_names(tmp_path: Path) -> None:
    sent = zipped(("lipa.xlsx", workbook("Žáci", "Učitelé")), ("buk.xlsx", workbook("Žáci")))
    assert names(read(tmp_path, sent, "a.zip")) == ["lipa: Žáci", "lipa: Učitelé", "buk"]


def test_workbooks_with_long_sheets_do_not_disturb_each_other(tmp_path: Path) -> None:
    long = workbook("List1", rows=30_000)
    got = read(tmp_path, zipped(("a.xlsx", long), ("b.xlsx", long), ("c.csv", CSV)), "a.zip")
    assert names(got) == ["a", "b", "c"]
    assert [table.rows for table in got.reading.tables] == [30_000, 30_000, 2]
    assert got.rows(got.reading.tables[1])[29_999] == (30_000, "Alfa 30000")


@pytest.mark.parametrize("codec", ["utf-8", "cp852", "cp1250"])
def test_names_in_any_encoding_are_shown_as_they_were_meant(codec: str, tmp_path: Path) -> None:
    meant = ["Žáci šesté třídy.csv", "Učitelé český jazyk.csv", "Školní družina příměstský tábor.csv"]
    stand_ins = [f"{number}" * len(name.encode(codec)) for number, name in enumerate(meant)]
    data = zipped(*((name, CSV) for name in stand_ins))
    for stand_in, name in zip(stand_ins, meant, strict=True):
        data = data.replace(stand_in.encode(), name.encode(codec))
    assert names(read(tmp_path, data, "a.zip")) == [name.removesuffix(".csv") for name in meant]


@pytest.mark.parametrize("codec", ["utf-8", "cp852", "cp1250"])
@pytest.mark.parametrize("name", ["škola.csv", "Žáci.csv", "Třída 6.A.csv"])
def test_a_single_short_name_is_shown_as_it_was_meant(name: str, codec: str, tmp_path: Path) -> None:
    stand_in = "0" * len(name.encode(codec))
    data = zipped((stand_in, CSV)).replace(stand_in.encode(), name.encode(codec))
    assert names(read(tmp_path, data, "a.zip")) == [name.removesuffix(".csv")]


def test_what_systems_leave_in_archives_is_counted_and_left_out(tmp_path: Path) -> None:
    left = [
        "__MACOSX/data/._a.csv", "data/.DS_Store", "data/._a.csv", "data/Thumbs.db", "data/desktop.ini",
        "data/~$zaci.xlsx", "data/.~lock.zaci.ods#",
    ]  # fmt: skip
    got = read(
        tmp_path, zipped(("data/", b""), *((name, b"\0\5\x16\7" * 9) for name in left), ("data/a.csv", CSV))
    )
    assert names(got) == ["a"]
    assert got.guess("left_out") == len(left)
    assert not unread(got)


def test_the_lines_of_problems_are_those_of_the_file_in_the_archive(tmp_path: Path) -> None:
    rows = "".join(f"{number};Alfa\n" for number in range(2000))
    got = read(tmp_path, zipped(("a.csv", CSV), ("b.csv", f"id;jmeno\n{rows}1;2;3\n")), "a.zip")
    (problem,) = got.reading.tables[1].problems
    assert (problem.row, problem.said.code) == (2002, "row_long")
    assert got.reading.tables[1].rejected_rows == 1
    assert got.rejects(got.reading.tables[1])[0][1] == 2002


# What is not read


def test_files_that_are_no_tables_are_named_and_do_not_lose_the_others(tmp_path: Path) -> None:
    word = zipped(("[Content_Types].xml", "x"), ("_rels/.rels", "x"), ("word/document.xml", "x"))
    files: dict[str, tuple[bytes, str]] = {
        "plan.pdf": (b"%PDF-1.7 ...", "not_a_table_pdf"),
        "foto.jpg": (b"\xff\xd8\xff\xe0 ...", "not_a_table_image"),
        "dopis.docx": (word, "word_document"),
        "prazdny.csv": (b"", "empty_file"),
        "stare.rar": (b"Rar!\x1a\x07\0", "other_archive"),
        "poznamka.txt": (
            b"Vazeni kolegove, posilam vam slibena data.\nHezky den preje skola.\n",
            "not_a_table_prose",
        ),
        "README": ("Popis dat\nnení tabulka\n".encode(), "not_a_table_prose"),
        "rozbite.xlsx": (workbook("List1")[:-900], "damaged_workbook"),
    }
    got = read(
        tmp_path, zipped(("a.csv", CSV), *((name, data) for name, (data, _) in files.items()), ("b.csv", CSV))
    )
    assert names(got) == ["a", "b"]
    assert unread(got) == {name: reason for name, (_, reason) in files.items()}


def test_of_a_file_that_fails_halfway_nothing_stays(tmp_path: Path) -> None:
    book = io.BytesIO()
    with xlsxwriter.Workbook(book) as made:
        made.add_worksheet("dobry").write_column(0, 0, ["id", 1, 2, "součet"])
        made.add_worksheet("dlouhy").write_column(0, 0, ["text", "x" * 500])
    got = read(tmp_path, zipped(("vadny.xlsx", book.getvalue()), ("a.csv", CSV)), field_length=400)
    assert names(got) == ["a"]
    assert unread(got) == {"vadny.xlsx": "field_too_long"}
    assert got.rows() == [(1, "Alfa"), (2, "Beta")]


def test_a_list_of_one_column_is_a_table(tmp_path: Path) -> None:
    assert names(read(tmp_path, zipped(("kody.txt", "kod\nA1\nA2\nB7\n"), ("a.csv", CSV)))) == ["kody", "a"]


@pytest.mark.parametrize("what", ["contents", "checksum", "local header"])
def test_a_damaged_file_does_not_lose_the_others(what: str, tmp_path: Path) -> None:
    noise = bytes(random.Random(1).randbytes(3000)).hex().encode()
    data = bytearray(zipped(("a.csv", CSV), ("vadny.csv", noise), ("b.csv", CSV)))
    place = data.index(b"vadny.csv")
    if what == "contents":
        data[place + 500 : place + 600] = bytes(100)
    elif what == "checksum":
        central = data.rindex(b"PK\x01\x02", 0, data.rindex(b"vadny.csv"))
        data[central + 16] ^= 1
    else:
        data[place - 30] = 0
    got = read(tmp_path, bytes(data), "a.zip")
    assert names(got) == ["a", "b"]
    assert unread(got) == {"vadny.csv": "damaged_archive"}


def flagged(data: bytes, name: bytes, *, flags: int = 0, method: int | None = None) -> bytes:
    """Return an archive in which an entry says that it is encrypted, or compressed in some way."""
    changed = bytearray(data)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = 0
        while (place := changed.find(signature, place)) >= 0:
            length_at = place + (26 if offset == 6 else 28)
            (length,) = struct.unpack_from("<H", changed, length_at)
            start = place + (30 if offset == 6 else 46)
            if changed[start : start + length] == name:
                changed[place + offset] |= flags
                if method is not None:
                    struct.pack_into("<H", changed, place + offset + 2, method)
            place += 4
    return bytes(changed)


def test_a_password_on_everything_is_the_reason_and_on_one_file_a_problem(tmp_path: Path) -> None:
    one = flagged(zipped(("tajne.csv", CSV), ("a.csv", CSV)), b"tajne.csv", flags=1)
    got = read(tmp_path, one, "a.zip")
    assert names(got) == ["a"]
    assert unread(got) == {"tajne.csv": "encrypted_archive"}
    (tmp_path / "2").mkdir()
    assert refusal(read(tmp_path / "2", flagged(one, b"a.csv", flags=1), "a.zip")).code == "encrypted_archive"


@pytest.mark.parametrize(("method", "shown"), [(9, "Deflate64"), (14, "LZMA"), (93, "Zstandard"), (77, "77")])
def test_a_compression_that_is_not_read_is_named(method: int, shown: str, tmp_path: Path) -> None:
    data = flagged(zipped(("a.csv", CSV), ("b.csv", CSV)), b"a.csv", method=method)
    got = read(tmp_path, data, "a.zip")
    assert unread(got) == {"a.csv": "unsupported_compression"}
    assert shown in say(got.table.problems[0].said, "en")


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_bytes(b"tajne;data\n1;2\n")
    link = zipfile.ZipInfo("odkaz.csv")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    got = read(tmp_path, zipped((link, str(secret)), ("a.csv", CSV)), "a.zip")
    assert names(got) == ["a"]
    assert unread(got) == {"odkaz.csv": "archive_link"}


@pytest.mark.parametrize(
    ("data", "code"),
    [
        pytest.param(zipped(), "empty_archive", id="nothing"),
        pytest.param(zipped(("a/", b""), ("a/.DS_Store", b"x")), "empty_archive", id="leftovers"),
        pytest.param(zipped(("a.pdf", b"%PDF")), "archive_unreadable", id="no-table"),
        pytest.param(zipped(("a.csv", CSV))[:-5], "damaged_archive", id="cut"),
        pytest.param(b"PK\x03\x04" + bytes(100), "damaged_archive", id="no-list"),
        pytest.param(b"Rar!\x1a\x07\0" + bytes(100), "other_archive", id="rar"),
        pytest.param(b"7z\xbc\xaf\x27\x1c" + bytes(100), "other_archive", id="7z"),
        pytest.param(gzip.compress(b""), "archive_unreadable", id="empty-gzip"),
        pytest.param(gzip.compress(CSV * 99)[:-30], "archive_unreadable", id="cut-gzip"),
        pytest.param(bz2.compress(CSV)[:-9] + bytes(9), "archive_unreadable", id="damaged-bzip2"),
        pytest.param(lzma.compress(CSV)[:-9], "archive_unreadable", id="cut-xz"),
    ],
)
def test_an_archive_with_nothing_to_read_says_why(data: bytes, code: str, tmp_path: Path) -> None:
    assert refusal(read(tmp_path, data, "a.zip")).code == code


def test_the_reason_of_the_first_file_is_told_where_none_can_be_read(tmp_path: Path) -> None:
    error = refusal(read(tmp_path, zipped(("plan.pdf", b"%PDF"), ("foto.jpg", b"\xff\xd8\xff")), "a.zip"))
    assert say(error, "en").startswith(
        "None of the 2 files in the archive can be read. plan.pdf: The file is a PDF"
    )
    assert say(error, "cs").startswith(
        "V archivu jsou 2 soubory a žádný nelze přečíst. plan.pdf: Soubor je dokument"
    )


# Archives in archives, other containers


def nested(depth: int) -> bytes:
    data = zipped(("t.csv", CSV))
    for level in range(depth - 1):
        data = zipped((f"uvnitr{level}.zip", data), (f"nahore{level}.csv", CSV))
    return data


def test_archives_in_archives_are_read_to_a_depth(tmp_path: Path) -> None:
    got = read(tmp_path, nested(MAX_DEPTH), "a.zip")
    assert names(got) == ["uvnitr1/uvnitr0/t", "uvnitr1/nahore0", "nahore1"]
    assert got.reading.tables[0].member == "uvnitr1.zip/uvnitr0.zip/t.csv"
    assert not unread(got)


def test_an_archive_that_lies_deeper_is_named(tmp_path: Path) -> None:
    got = read(tmp_path, nested(MAX_DEPTH + 1), "a.zip")
    assert names(got) == ["uvnitr2/uvnitr1/nahore0", "uvnitr2/nahore1", "nahore2"]
    assert unread(got) == {"uvnitr2.zip/uvnitr1.zip/uvnitr0.zip": "archive_too_deep"}


def test_a_damaged_archive_in_an_archive_does_not_lose_the_others(tmp_path: Path) -> None:
    got = read(tmp_path, zipped(("x.zip", zipped(("t.csv", CSV))[:-5]), ("a.csv", CSV)), "a.zip")
    assert names(got) == ["a"]
    assert unread(got) == {"x.zip": "damaged_archive"}


@pytest.mark.parametrize(
    ("compress", "extension"), [(gzip.compress, "gz"), (bz2.compress, "bz2"), (lzma.compress, "xz")]
)
def test_a_compressed_file_is_read_as_what_was_compressed(
    compress: Callable[[bytes], bytes], extension: str, tmp_path: Path
) -> None:
    got = read(tmp_path, compress(CSV) + compress(b"3;Gama\n"), f"zaci.csv.{extension}")
    assert names(got) == ["zaci"]
    assert got.rows() == [(1, "Alfa"), (2, "Beta"), (3, "Gama")]
    (tmp_path / "2").mkdir()
    inside = read(tmp_path / "2", zipped((f"x/zaci.csv.{extension}", compress(CSV)), ("b.csv", CSV)), "a.zip")
    assert names(inside) == ["x/zaci", "b"]


def test_a_compressed_workbook_is_a_workbook(tmp_path: Path) -> None:
    assert names(read(tmp_path, gzip.compress(workbook("List1", "List2")), "skola.xlsx.gz")) == [
        "skola: List1",
        "skola: List2",
    ]


def test_a_name_that_hides_an_archive_is_reported(tmp_path: Path) -> None:
    got = read(tmp_path, gzip.compress(CSV), "zaci.csv")
    assert names(got) == ["zaci"]
    assert got.guess("format") == "archive"


def test_what_an_office_program_wrote_is_no_archive(tmp_path: Path) -> None:
    assert names(read(tmp_path, workbook("List1"), "skola.zip")) == ["List1"]
    (tmp_path / "2").mkdir()
    stored = zipped(("skola.xlsx", workbook("List1")), ("a.csv", CSV), method=zipfile.ZIP_STORED)
    assert names(read(tmp_path / "2", stored, "a.xlsx")) == ["skola", "a"]


def test_a_damaged_package_is_told_by_its_name_where_nothing_else_tells(tmp_path: Path) -> None:
    assert refusal(read(tmp_path, b"PK\x03\x04" + bytes(100), "skola.xlsx")).code == "damaged_workbook"


class Stream(io.BytesIO):
    """What cannot be sought in, so that sizes are written after the contents."""

    def seekable(self) -> bool:
        return False

    def seek(self, *_: object) -> int:
        raise io.UnsupportedOperation

    def tell(self) -> int:
        raise io.UnsupportedOperation


def test_sizes_after_the_contents_are_understood(tmp_path: Path) -> None:
    out = Stream()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("a.csv", CSV)
    assert names(read(tmp_path, out.getvalue(), "a.zip")) == ["a"]


def test_an_archive_with_64_bit_records_is_read(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package, package.open("a.csv", "w", force_zip64=True) as file:
        file.write(CSV)
    data = out.getvalue()
    end = data.rindex(b"PK\x05\x06")
    entries, list_bytes, list_at = struct.unpack_from("<HII", data, end + 10)
    record = struct.pack("<4sQHHIIQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, entries, entries, list_bytes, list_at)
    locator = struct.pack("<4sIQI", b"PK\x06\x07", 0, end, 1)
    last = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    assert names(read(tmp_path, data[:end] + record + locator + last, "a.zip")) == ["a"]


# Bombs


def test_what_unpacks_to_more_than_the_limit_is_refused(tmp_path: Path) -> None:
    data = zipped(("a.csv", CSV), ("nuly.csv", b"0;0\n" * 300_000))
    assert len(data) < 5000
    assert refusal(read(tmp_path, data, unpacked_bytes=1_000_000)).code == "archive_too_large"


def test_bytes_are_counted_over_all_files_and_archives_within(tmp_path: Path) -> None:
    part = zipped(("nuly.csv", b"0;0\n" * 100_000))
    data = zipped(*((f"{number}.zip", part) for number in range(5)))
    error = refusal(read(tmp_path, data, unpacked_bytes=1_000_000))
    assert (error.code, error.facts) == ("archive_too_large", {"limit_bytes": 1_000_000})


@pytest.mark.parametrize("compress", [gzip.compress, bz2.compress, lzma.compress])
def test_a_compressed_file_is_stopped_at_the_limit(compress: Callable[[bytes], bytes], tmp_path: Path) -> None:
    data = compress(b"0;0\n" * 5_000_000)
    assert refusal(read(tmp_path, data, "a.csv.gz", unpacked_bytes=1_000_000)).code == "archive_too_large"


def test_a_size_that_lies_does_not_help(tmp_path: Path) -> None:
    data = bytearray(zipped(("nuly.csv", b"0;0\n" * 300_000), ("a.csv", CSV)))
    central = data.index(b"PK\x01\x02")
    struct.pack_into("<I", data, central + 24, 10)
    got = read(tmp_path, bytes(data), unpacked_bytes=1_000_000)
    assert unread(got) == {"nuly.csv": "damaged_archive"}


def test_more_files_than_the_limit_are_refused_wherever_they_lie(tmp_path: Path) -> None:
    part = zipped(*((f"{number}.csv", CSV) for number in range(6)))
    data = zipped(("a.zip", part), ("b.zip", part))
    error = refusal(read(tmp_path, data, entries=10))
    assert (error.code, error.facts) == ("archive_of_too_many_files", {"limit": 10})
    (tmp_path / "2").mkdir()
    assert refusal(read(tmp_path / "2", part, entries=5)).code == "archive_of_too_many_files"


def test_an_archive_that_says_it_has_fewer_files_is_found_out(tmp_path: Path) -> None:
    data = bytearray(zipped(*((f"{number}.csv", CSV) for number in range(60))))
    end = data.rindex(b"PK\x05\x06")
    struct.pack_into("<HH", data, end + 8, 1, 1)
    assert refusal(read(tmp_path, bytes(data), entries=50)).code == "archive_of_too_many_files"


def test_entries_that_share_their_contents_are_counted_each(tmp_path: Path) -> None:
    data = zipped(("x.csv", b"0;0\n" * 100_000))
    central = data.index(b"PK\x01\x02")
    end = data.rindex(b"PK\x05\x06")
    entry = data[central:end]
    last = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 50, 50, 50 * len(entry), central, 0)
    error = refusal(read(tmp_path, data[:central] + entry * 50 + last, unpacked_bytes=1_000_000))
    assert error.code == "archive_too_large"


def test_an_archive_that_never_ends_is_left_at_a_depth(tmp_path: Path) -> None:
    data = CSV
    for _ in range(20):
        data = zipped(("x.zip", data))
    error = refusal(read(tmp_path, data, "x.zip"))
    assert (error.code, error.facts["why"]) == ("archive_unreadable", "archive_too_deep")


# Anything at all


@pytest.mark.parametrize("seed", range(60))
def test_a_corrupted_archive_is_read_or_refused_but_nothing_else(seed: int, tmp_path: Path) -> None:
    pick = random.Random(seed)
    inner = zipped(("t.csv", CSV))
    files = {"a.csv": CSV * 3, "x/b.csv.gz": gzip.compress(CSV), "c.zip": inner, "k.xlsx": workbook("List1")}
    data = bytearray(zipped(*files.items()))
    for _ in range(pick.randrange(1, 12)):
        data[pick.randrange(len(data))] = pick.randrange(256)
    if pick.random() < 0.3:
        del data[pick.randrange(len(data)) :]
    got = read(tmp_path, bytes(data), "a.zip")
    if got.reading.error:
        refusal(got)
    else:
        unread(got)
        assert all(len(got.rows(table)) == table.rows for table in got.reading.tables)
