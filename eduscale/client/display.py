"""What is seen of sending: a bar on a terminal, now and then a line elsewhere, and receipts in a few lines."""

import shutil
import time
from collections.abc import Iterator
from typing import Any, TextIO

from eduscale.client.service import Receipt
from eduscale.client.words import Language, say

MOST_PROBLEMS = 5
UNSURE_BELOW = 0.7
FIRST_LINE_S, NEXT_LINE_S = 1.0, 5.0
"""Where there is no terminal: short sendings are not worth a line, long ones one every few seconds."""
REDRAW_S = 0.1
_BAR_WIDTH = 24


class Progress:
    """Shows on `stream` how far a file is."""

    def __init__(self, stream: TextIO, language: Language) -> None:
        self._stream = stream
        self._language = language
        self._is_terminal = stream.isatty()
        self._name = ""
        self._shown = 0
        self._next_at = 0.0

    def begin(self, name: str) -> None:
        """Show a file from now on."""
        self._name = printable(name)
        self._next_at = time.monotonic() + (0 if self._is_terminal else FIRST_LINE_S)

    def show(self, stage: str, fraction: float) -> None:
        """Show what is done with the file, and how much of it is done, 0 to 1."""
        now = time.monotonic()
        if now < self._next_at:
            return
        text = f"{round(100 * fraction)} % {say(self._language, stage)}"
        if self._is_terminal:
            self._next_at = now + REDRAW_S
            full = round(_BAR_WIDTH * fraction)
            self._line(f"{self._name} [{'#' * full}{'.' * (_BAR_WIDTH - full)}] {text}")
        else:
            self._next_at = now + NEXT_LINE_S
            self._stream.write(f"{self._name}: {text}\n")
            self._stream.flush()

    def note(self, text: str) -> None:
        """Write a sentence on a line of its own."""
        self.clear()
        self._stream.write(f"{text}\n")
        self._stream.flush()

    def clear(self) -> None:
        """Take the bar away."""
        if self._shown:
            self._line("")

    def _line(self, text: str) -> None:
        text = text[: shutil.get_terminal_size().columns - 1]
        self._stream.write("\r" + text.ljust(self._shown) + ("" if text else "\r"))
        self._stream.flush()
        self._shown = len(text)


def receipt_lines(receipt: Receipt, language: Language) -> Iterator[str]:
    """Yield a receipt in plain words: what was read, and what needs attention."""
    state = "known" if receipt["duplicate"] and receipt["state"] == "loaded" else receipt["state"]
    if receipt["error"]:
        yield f"{say(language, state)}: {printable(receipt['error']['message'])}"
        return
    yield say(language, state)
    yield from (f"  {printable(shared['message'])}" for shared in receipt.get("shares_rows_with", ()))
    tables = receipt["tables"]
    for table in tables:
        sheet = say(language, "sheet", name=printable(table["name"])) if len(tables) > 1 else ""
        rows, columns = say(language, "rows", n=table["rows"]), say(language, "columns", n=len(table["columns"]))
        yield f"  {sheet}{say(language, 'into', rows=rows, columns=columns, dataset=table['dataset'])}"
        if state == "loaded":
            yield from (f"    {line}" for line in _attention(table, language))


def _attention(table: dict[str, Any], language: Language) -> Iterator[str]:
    for key, count in (("set_aside", table["set_aside_rows"]), ("left_out", table["rejected_rows"])):
        if count:
            yield say(language, key, n=count)
    count, problems = table["problem_count"], table["problems"][:MOST_PROBLEMS]
    if count:
        yield say(language, "problems", n=count)
    for problem in problems:
        row = say(language, "at_row", row=str(problem["row"])) if problem["row"] is not None else ""
        place = ", ".join(filter(None, (row, problem["column"])))
        yield "  " + printable(f"{place}: {problem['message']}" if place else problem["message"])
    if count > len(problems):
        yield "  " + say(language, "more", n=count - len(problems))
    unsure = [
        guess for guess in table["guesses"] if guess["confidence"] < UNSURE_BELOW and not guess["overridden"]
    ]
    if unsure:
        names = dict.fromkeys(guess["column"] or guess["what"] for guess in unsure)
        yield say(language, "unsure", n=len(unsure), what=printable(", ".join(names)))


def printable(text: str) -> str:
    """Return text that a terminal shows and does not obey."""
    return "".join(char if char.isprintable() else "?" for char in text)
