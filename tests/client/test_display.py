"""What is seen of sending: a bar on a terminal, lines elsewhere, and words in both languages."""

import io
import string

import pytest

from eduscale.client import words
from eduscale.client.display import Progress, printable, receipt_lines
from eduscale.client.words import Language, language_of, say
from eduscale.core.progress import STAGES


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def facts(phrase: str | tuple[str, ...]) -> set[str]:
    forms = (phrase,) if isinstance(phrase, str) else phrase
    return {name for form in forms for _, name, _, _ in string.Formatter().parse(form) if name}


def test_both_languages_say_the_same_things_with_the_same_facts() -> None:
    english, czech = words._WORDS["en"], words._WORDS["cs"]
    assert {key: facts(phrase) for key, phrase in english.items()} == {
        key: facts(phrase) for key, phrase in czech.items()
    }
    assert {len(phrase) for phrase in english.values() if isinstance(phrase, tuple)} == {2}
    assert {len(phrase) for phrase in czech.values() if isinstance(phrase, tuple)} == {3}


def test_every_stage_of_the_service_has_words() -> None:
    assert {"sending", *STAGES} <= words._WORDS["en"].keys()


@pytest.mark.parametrize(
    ("language", "n", "text"),
    [
        ("en", 1, "1 row"),
        ("en", 5000, "5,000 rows"),
        ("cs", 1, "1 řádek"),
        ("cs", 3, "3 řádky"),
        ("cs", 5000, "5\u00a0000 řádků"),
        ("cs", 0, "0 řádků"),
    ],
)
def test_a_count_goes_with_its_noun(language: Language, n: int, text: str) -> None:
    assert say(language, "rows", n=n) == text


@pytest.mark.parametrize(
    ("locale", "language"), [("cs_CZ.UTF-8", "cs"), ("sk_SK", "cs"), ("de_DE", "en"), ("", "en")]
)
def test_the_language_is_that_of_the_locale(locale: str, language: str) -> None:
    assert language_of(locale) == language


def test_a_terminal_gets_a_bar_that_goes_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    stream = Terminal()
    progress = Progress(stream, "en")
    progress.begin("1/2 zaci.csv")
    progress.show("sending", 0.5)
    assert stream.getvalue() == "\r1/2 zaci.csv [############............] 50 % sending"
    progress.clear()
    assert stream.getvalue().endswith("\r" + " " * 52 + "\r")


def test_a_bar_never_wraps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    stream = Terminal()
    progress = Progress(stream, "cs")
    progress.begin("1/2 " + "dlouhý název " * 9)
    progress.show("sending", 1)
    assert len(stream.getvalue()) <= 40


def test_elsewhere_a_short_sending_is_silent_and_a_long_one_speaks_now_and_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    stream = io.StringIO()
    progress = Progress(stream, "en")
    progress.begin("1/2 zaci.csv")
    for tenths in range(100):
        now = 100 + tenths / 10
        progress.show("converting", tenths / 100)
    progress.clear()
    assert stream.getvalue() == (
        "1/2 zaci.csv: 10 % turning it into a table\n1/2 zaci.csv: 60 % turning it into a table\n"
    )


def test_a_name_cannot_command_the_terminal() -> None:
    assert printable("a\x1b[2Jb\nc\u202ed\udcff") == "a?[2Jb?c?d?"


def test_a_receipt_in_plain_words() -> None:
    """What was read comes first, then what needs attention, the rest is counted."""
    problem = {"row": 62, "column": "Průměr", "message": "The cell is not a number."}
    guesses = [
        {"what": "date_order", "column": None, "confidence": 0.5, "overridden": False},
        {"what": "type", "column": "prumer", "confidence": 0.99, "overridden": False},
        {"what": "type", "column": "obedy", "confidence": 0.5, "overridden": True},
    ]
    table = {
        "name": "List1", "dataset": "zaci", "columns": [{}] * 8, "rows": 1200, "set_aside_rows": 4,
        "rejected_rows": 1, "problem_count": 7, "problems": [problem] * 7, "guesses": guesses,
    }  # fmt: skip
    receipt = {
        "state": "loaded", "duplicate": False, "error": None, "tables": [table],
        "shares_rows_with": [{"message": "This looks like a newer version of another file."}],
    }  # fmt: skip
    assert list(receipt_lines(receipt, "en")) == [
        "read",
        "  This looks like a newer version of another file.",
        "  1,200 rows, 8 columns, in the dataset zaci",
        "    4 lines are not data and were set aside",
        "    1 row could not be read and was left out",
        "    7 things to look at:",
        *["      row 62, Průměr: The cell is not a number."] * 5,
        "      … and 2 more",
        "    1 guess to check on the page: date_order",
    ]
