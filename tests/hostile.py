"""Files that are made to harm whoever reads them: small on the wire, and large, endless or treacherous inside."""

import gzip
import io
import json
import stat
import struct
import zipfile
from collections.abc import Callable, Mapping

import xlsxwriter

from tests.ingest.old_workbooks import container

SHEET, STRINGS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"
TABLE = b"id;jmeno\n1;Alfa\n2;Beta\n"
ENTITIES = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "ha" * 10}">' for n in range(10))


def zipped(files: Mapping[str, bytes] | list[tuple[str | zipfile.ZipInfo, bytes]]) -> bytes:
    """Return a ZIP archive of files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in files.items() if isinstance(files, Mapping) else files:
            package.writestr(name, content)
    return out.getvalue()


def workbook(change: Mapping[str, Callable[[bytes], bytes]] | None = None) -> bytes:
    """Return a workbook of two columns and two rows, some of its parts changed."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet()
    for row, cells in enumerate([["id", "jmeno"], [1, "Alfa"], [2, "Beta"]]):
        sheet.write_row(row, 0, cells)
    book.close()
    with zipfile.ZipFile(out) as package:
        parts = {name: package.read(name) for name in package.namelist()}
    for name, changed in (change or {}).items():
        parts[name] = changed(parts[name])
    return zipped(parts)


def with_rows(rows: bytes) -> bytes:
    """Return a workbook whose sheet has these rows below its own."""
    return workbook({SHEET: lambda xml: xml.replace(b"</sheetData>", rows + b"</sheetData>")})


def with_declaration(part: str, declaration: str, text: bytes) -> bytes:
    """Return a workbook with a document type in a part, and a text that refers to it."""

    def declared(xml: bytes) -> bytes:
        head, end, rest = xml.partition(b"?>")
        return head + end + declaration.encode() + rest.replace(b">id<", b">" + text + b"<")

    return workbook({part: declared})


def deeply_zipped(levels: int) -> bytes:
    """Return an archive in an archive, and so on."""
    data = TABLE
    for _ in range(levels):
        data = zipped({"x.zip": data})
    return data


def zip_of_zips(levels: int, width: int) -> bytes:
    """Return an archive that unpacks to more at every level."""
    data = zipped({"nuly.csv": b"0;0\n" * 2_500_000})
    for _ in range(levels):
        data = zipped({f"{number}.zip": data for number in range(width)})
    return data


def with_ways_out(target: str) -> bytes:
    """Return an archive whose names and links lead out of wherever it is unpacked."""
    link = zipfile.ZipInfo("odkaz.csv")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    through = zipfile.ZipInfo("odkaz.csv/uvnitr.csv")
    names = [
        "../../utek.csv",
        f"{target}/utek.csv",
        "..\\..\\utek.csv",
        "C:\\utek.csv",
        "ok.csv",
        "\\\\server\\utek.csv",
    ]
    return zipped([(link, target.encode()), (through, TABLE), *((name, TABLE) for name in names)])


def overlapping(entries: int) -> bytes:
    """Return an archive of many entries that share one content."""
    data = zipped({"x.csv": b"0;0\n" * 2_500_000})
    central, end = data.index(b"PK\x01\x02"), data.rindex(b"PK\x05\x06")
    last = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, entries, entries, entries * (end - central), central, 0)
    return data[:central] + data[central:end] * entries + last


def parquet(footer: bytes) -> bytes:
    """Return a Parquet file with such a footer."""
    return b"PAR1" + bytes(64) + footer + struct.pack("<I", len(footer)) + b"PAR1"


def _rows_far_right() -> bytes:
    """About 250 kB, once compressed, of XML that is a lot of work for one row at a time."""
    return b"".join(b'<row r="%d"><c r="XFD%d" s="1"/></row>' % (row, row) for row in range(4, 60_000))


def files(target: str) -> dict[str, bytes]:
    """Return the files by name; `target` is a folder in which nothing may appear."""
    return {
        "bomba.zip": zipped({"nuly.csv": b"0;0\n" * 40_000_000}),
        "bomba.csv.gz": gzip.compress(b"0;0\n" * 40_000_000, 9),
        "jedna_radka.zip": zipped({"nuly.csv": bytes(150_000_000)}),
        "zip_v_zipu.zip": zip_of_zips(2, 10),
        "bez_konce.zip": deeply_zipped(50),
        "prekryv.zip": overlapping(1000),
        "mnoho.zip": zipped({f"{number}.csv": b"" for number in range(12_000)}),
        "utek.zip": with_ways_out(target),
        "xxe.xlsx": with_declaration(STRINGS, '<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>', b"&x;"),
        "xxe_sit.xlsx": with_declaration(
            STRINGS, '<!DOCTYPE x [<!ENTITY % x SYSTEM "http://127.0.0.1:9/x.dtd"> %x;]>', b"x"
        ),
        "smich.xlsx": with_declaration(STRINGS, f"<!DOCTYPE x [{ENTITIES}]>", b"&e9;"),
        "smich_list.xlsx": with_declaration(SHEET, f"<!DOCTYPE x [{ENTITIES}]>", b"&e9;"),
        "smich.fods": f"""<?xml version="1.0"?><!DOCTYPE x [{ENTITIES}]><office:document
            xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0">&e9;</office:document>""".encode(),
        "smich.xls": f"<!DOCTYPE html [{ENTITIES}]><table><tr><th>a<tr><td>&e9;</table>".encode(),
        "roh.xlsx": with_rows(b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'),
        "prazdne_radky.xlsx": with_rows(_rows_far_right()),
        "nuly.xlsx": workbook(
            {SHEET: lambda xml: xml.replace(b"</sheetData>", b"\n" * 150_000_000 + b"</sheetData>")}
        ),
        "heslo.xlsx": container(b"", "EncryptedPackage"),
        "milion_sloupcu.csv": ";".join(f"s{number}" for number in range(1_000_000)).encode()
        + b"\n"
        + b"1;" * 999_999,
        "radek.csv": b"id;text\n1;" + b"x" * 60_000_000,
        "uvozovka.csv": b'id;text\n1;"' + b"x;1\n" * 2_000_000,
        "nuly.csv": bytes(60_000_000),
        "hluboko.json": b"[" * 100_000 + b"]" * 100_000,
        "hluboko_objekt.json": b'[{"a":' * 100_000 + b"1" + b"}]" * 100_000,
        "dlouhy_klic.json": json.dumps([{"k" * 5_000_000: 1}] * 5).encode(),
        "mnoho_klicu.json": json.dumps([{f"k{number}": 1 for number in range(200_000)}]).encode(),
        "zly.parquet": parquet(b"\x15\x02\x19\xfc\xff\xff\xff\xff\x0f" * 20),
        "prazdny.parquet": parquet(b""),
        "vzorec.csv": b'id;text\n1;"=WEBSERVICE(""http://127.0.0.1:9/"")"\n2;"=1+1"\n3;"@SUM(1+1)"\n',
    }
