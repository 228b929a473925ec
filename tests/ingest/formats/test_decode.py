"""The bytes of a text file become the text that was meant, whatever its encoding."""

from io import BytesIO

import pytest

from eduscale.ingest.formats.decode import Encoding, check_utf8, find_encoding, survey, texts

CZECH = "škola;město\nZŠ Údolí;Brno\nGymnázium Žďár;Náchod\n"
POLISH = "Szkoła;Miejscowość\nŁódź;Gdańsk\n"
GERMAN = "Schüler;Größe\nMüller;5\n"
FRENCH = "élève;note\nHélène;7\nfête;8\n"
SLOVENE = "šifra;občina\nA1;Žalec\nA2;Črnomelj\n"


def decoded(data: bytes) -> tuple[str, Encoding]:
    """Return the text of some bytes and the encoding found."""
    found = survey(BytesIO(data), edge=1000)
    check_utf8(BytesIO(data), found)
    encoding = find_encoding(found)
    return "".join(texts(BytesIO(data), encoding)), encoding


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        *((text, codec) for text in (CZECH, POLISH) for codec in ("cp1250", "iso8859-2", "cp852")),
        *((text, codec) for text in (GERMAN, FRENCH) for codec in ("cp1252",)),
        (GERMAN, "cp850"),
        ("Nom;Prénom\nDupont;Hélène\nMartin;Zoé\n", "cp850"),
        ("École;Élèves\nSaint-Étienne;120\nOrléans;95\n", "cp850"),
        ("Tanuló;Város\nKovács Béla;Győr\nNAGY ÖDÖN;PÉCS\nTóth Ágnes;SZŐREG\n", "cp852"),
        (SLOVENE, "iso8859-2"),
        *((text, codec) for text in (CZECH, FRENCH) for codec in ("utf-8", "utf-8-sig", "utf-16-le", "utf-16-be")),
        *((CZECH, codec) for codec in ("utf-16", "utf-32")),
        ("škola;pozn\n„ZŠ“ Brno;5 € – ok…\n„ZŠ“ Zlín;6 € – ok…\n", "cp1250"),
    ],
)
def test_text_is_read_in_the_encoding_it_was_written_in(text: str, codec: str) -> None:
    assert decoded(text.encode(codec))[0] == text


def test_a_mixed_file_is_mended_byte_by_byte() -> None:
    lines = CZECH.encode().splitlines(keepends=True)
    text, encoding = decoded(b"".join(lines[:2]) + lines[2].decode().encode("cp1250"))
    assert text == CZECH
    assert encoding.mixed


def test_letters_at_the_very_end_still_decide() -> None:
    assert decoded(b"a;b\n" * 2_000_000 + "žluťoučký\n".encode("cp1250"))[0].endswith("žluťoučký\n")


def test_a_character_cut_at_the_end_of_the_file_costs_only_itself() -> None:
    text, _ = decoded(CZECH.encode() + "ž".encode()[:1])
    assert text.startswith(CZECH)


def test_every_line_end_becomes_a_newline_and_nuls_go() -> None:
    assert decoded(b"a\r\nb\rc\nd\x00e")[0] == "a\nb\nc\nde"


def test_an_unsure_guess_says_so() -> None:
    _, encoding = decoded("jméno\n".encode("cp1250"))
    assert encoding.confidence <= 0.6
    assert encoding.alternatives
