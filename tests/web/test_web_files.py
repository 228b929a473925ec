"""The files of the page: small, free of inline code and outside hosts, and complete in both languages."""

import re
import zipfile
from io import BytesIO

import pytest

from eduscale.core.errors import NotFound
from eduscale.core.progress import STAGES
from eduscale.ingest.formats.recognise import EXTENSIONS
from eduscale.ingest.tables.forms import dates
from eduscale.web.page import page, sample_file, samples, static_file
from tests.web.make_samples import SAMPLES

SCRIPTS = (
    "page.js", "api.js", "corrections.js", "dom.js", "events.js", "memory.js", "receipt.js", "region.js",
    "sent.js", "words.js",
)  # fmt: skip
DICTIONARIES = ("words.en.js", "words.cs.js")


def text(name: str) -> str:
    return static_file(name).body.decode()


def keys(dictionary: str) -> set[str]:
    return {
        a or b or c
        for a, b, c in re.findall(r"^  (?:'([^']+)'|\"([^\"]+)\"|(\w+)):", text(dictionary), re.MULTILINE)
    }


def spoken_by_the_markup() -> set[str]:
    return set(re.findall(r'data-t="(\w+)"', text("index.html")))


def test_the_page_and_all_it_loads_in_one_language_stay_under_76_kilobytes():
    """A second on a slow phone; the list of sent files and the care for regions took it past 64."""
    names = ("index.html", "page.css", "favicon.svg", "words.cs.js", *SCRIPTS)
    assert sum(len(static_file(name).body) for name in names) < 76 * 1024


def test_the_markup_holds_no_code_and_no_style_which_the_policy_would_refuse():
    markup = text("index.html")
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*src=)", markup)


@pytest.mark.parametrize("name", ("index.html", "page.css", "favicon.svg", *SCRIPTS, *DICTIONARIES))
def test_no_file_names_an_outside_host(name: str):
    assert not re.search(r"(?:https?:)?//[a-z0-9-]+\.[a-z]", text(name).replace("http://www.w3.org/2000/svg", ""))


@pytest.mark.parametrize("name", (*SCRIPTS, *DICTIONARIES))
def test_no_script_makes_markup_or_code_out_of_text(name: str):
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text(name)
    )


def test_everything_the_page_says_exists_in_czech():
    assert spoken_by_the_markup() | keys("words.en.js") == keys("words.cs.js")


def test_the_file_picker_offers_every_kind_of_file_that_is_read():
    offered = re.search(r'accept="([^"]+)"', text("index.html"))[1].split(",")
    workbook_in_xml = ".xml"  # known by its content only
    assert {name for name in offered if name.startswith(".")} == EXTENSIONS.keys() | {workbook_in_xml}


def test_no_english_text_stands_in_two_places():
    in_scripts = set(re.findall(r"say\('(\w+)'", "".join(map(text, SCRIPTS))))
    assert not (spoken_by_the_markup() & keys("words.en.js")) - in_scripts


@pytest.mark.parametrize("dictionary", DICTIONARIES)
def test_every_word_that_a_script_asks_for_is_in_the_dictionary(dictionary: str):
    asked = set(re.findall(r"say\(\s*'(\w+)'", "".join(map(text, SCRIPTS))))
    assert asked
    assert asked <= keys(dictionary)


def test_the_tag_of_a_file_is_its_own_and_does_not_change():
    assert page().etag == static_file("index.html").etag
    assert page().etag != static_file("page.css").etag


@pytest.mark.parametrize(
    "name", ("", "nothing.js", "../page.py", "/etc/passwd", "INDEX.HTML", "dochazka_2024_25.xlsx")
)
def test_only_files_of_the_folder_are_served(name: str):
    with pytest.raises(NotFound):
        static_file(name)


@pytest.mark.parametrize("language", ("en", "cs"))
def test_every_listed_sample_is_there(language):
    assert [sample.name for sample in samples(language)] == list(SAMPLES)
    assert all(sample_file(sample.name).body for sample in samples(language))


@pytest.mark.parametrize("name", [name for name in SAMPLES if name.endswith(".csv")])
def test_the_script_makes_the_same_csv_samples(name: str):
    assert SAMPLES[name]() == sample_file(name).body


@pytest.mark.parametrize("name", [name for name in SAMPLES if name.endswith(".xlsx")])
def test_the_script_makes_the_same_workbook(name: str):
    assert parts(SAMPLES[name]()) == parts(sample_file(name).body)


def parts(workbook: bytes) -> dict[str, bytes]:
    """Return what is in a workbook; how it is packed depends on the version of zlib."""
    with zipfile.ZipFile(BytesIO(workbook)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize("dictionary", DICTIONARIES)
def test_every_stage_of_a_reading_has_words(dictionary: str):
    assert {f"step_{stage}" for stage in STAGES} <= keys(dictionary)


@pytest.mark.parametrize("dictionary", DICTIONARIES)
@pytest.mark.parametrize("order", ("dm", "md"))
def test_every_order_of_dates_that_a_column_may_also_have_is_said_in_words(dictionary: str, order: str):
    assert {f"type_{form.name}" for form in dates(order)} <= keys(dictionary)
