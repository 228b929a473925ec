"""JSON text read a value at a time: a long list never has to be in memory whole, and numbers keep their digits."""

import json
import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, Self

from eduscale.core.errors import UnreadableFile

DOUBLE_DIGITS = 17
"""A double is known by so many digits; a number written with more says more than a double holds."""
_BLANK = re.compile(r"[ \t\r\n\x1e\ufeff]*")
_AFTER_ELEMENT = re.compile(r"[ \t\r\n]*([,\]])[ \t\r\n]*")
_NUMBER_END = 8
"""A number that ends so near to the end of what is at hand may go on."""


class Again(str):
    """A key that an object has for the `number`-th time; it is another key, written alike."""

    __slots__ = ("number",)
    number: int

    def __new__(cls, key: str, number: int) -> Self:
        """Return the same text as another key."""
        made = super().__new__(cls, key)
        made.number = number
        return made

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Again) and str.__eq__(self, other) and self.number == other.number

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash((str(self), self.number))


def as_object(members: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return an object of members; a key that is repeated does not replace the value that was there."""
    pairs = list(members)
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    found = {}
    times: dict[str, int] = {}
    for key, value in pairs:
        times[key] = times.get(key, 0) + 1
        found[key if times[key] == 1 else Again(key, times[key])] = value
    return found


def _number(text: str) -> float | Decimal:
    """Return a number with a fraction or an exponent; a decimal if it has more digits than a double."""
    if len(text) > DOUBLE_DIGITS and "e" not in text and "E" not in text:
        exact = Decimal(text)
        if len(exact.as_tuple().digits) > DOUBLE_DIGITS and exact != Decimal(repr(float(text))):
            return exact
    return float(text)


DECODER = json.JSONDecoder(object_pairs_hook=as_object, parse_float=_number, strict=False)
"""Reads one value; control characters within texts are taken as they are."""


class JsonText:
    """The text of a JSON file and a place in it; `pieces` are the text in order.

    `at_hand` characters are kept to look at; a value that must be read whole may have `longest` of them.
    """

    def __init__(self, pieces: Iterator[str], *, at_hand: int, longest: int) -> None:
        self._pieces = filter(None, pieces)
        self._at_hand = at_hand
        self._longest = longest
        self._text, self._place = "", 0
        self._line, self._line_start, self._counted = 1, 0, 0
        self._ended = False

    def peek(self) -> str:
        """Return the next character that is not blank; nothing at the end."""
        while True:
            match = _BLANK.match(self._text, self._place)
            self._place = match.end() if match else self._place
            if self._place < len(self._text):
                return self._text[self._place]
            if not self._more(1):
                return ""

    def skip(self, character: str) -> bool:
        """Go past a character if it is the next one."""
        found = self.peek() == character
        self._place += found
        return found

    def line(self) -> int:
        """Return the line of the place, counted from 1."""
        self._line += self._text.count("\n", self._counted, self._place)
        self._counted = self._place
        return self._line

    def small_value(self) -> tuple[bool, Any]:
        """Return the next value if it is complete within what is kept at hand, and whether it is."""
        self._more(self._at_hand)
        try:
            return True, self._scan()
        except _Incomplete:
            return False, None

    def value(self) -> Any:
        """Return the next value; raises UnreadableFile where there is none, or the text ends within it."""
        wanted = 1 << 16
        while True:
            self.peek()
            try:
                return self._scan()
            except _Incomplete:
                if wanted > self._longest:
                    raise UnreadableFile("json_value_too_long", line=self.line(), limit=self._longest) from None
                self._more(wanted)
                wanted *= 2

    def elements(self) -> Iterator[Any]:
        """Yield the elements of the list that begins here."""
        self._place += 1
        while not self.skip("]"):
            value, follows = self._quick_element()
            if follows is None:
                value = self.value()
                if not self.skip(",") and self.peek() != "]":
                    raise self._wrong(self._place)
            yield value
            if follows == "]":
                return

    def _quick_element(self) -> tuple[Any, str | None]:
        """Return an element and what follows it, a comma or the end of the list, if both are at hand."""
        try:
            value, end = DECODER.raw_decode(self._text, self._place)
        except (ValueError, RecursionError):
            return None, None
        match = _AFTER_ELEMENT.match(self._text, end)
        if match is None:
            return None, None
        self._place = match.end()
        return value, match[1]

    def members(self) -> Iterator[str]:
        """Yield the keys of the object that begins here; the value of each must be read before the next."""
        self._place += 1
        while not self.skip("}"):
            if self.peek() != '"':
                raise self._wrong(self._place)
            key = self.value()
            if not self.skip(":"):
                raise self._wrong(self._place)
            yield key
            if not self.skip(",") and self.peek() != "}":
                raise self._wrong(self._place)

    def values(self) -> Iterator[tuple[int, Any]]:
        """Yield all values from here on with the lines where they start; commas between them are no harm."""
        while self.peek():
            line = self.line()
            yield line, self.value()
            while self.skip(","):
                pass

    def _scan(self) -> Any:
        """Read a value at the place; raises _Incomplete if more text may change what it is."""
        self.peek()
        try:
            value, end = DECODER.raw_decode(self._text, self._place)
        except json.JSONDecodeError as error:
            raise self._cut_or_wrong(error) from None
        except RecursionError:
            raise UnreadableFile("json_too_deep", line=self.line()) from None
        except ValueError:
            raise UnreadableFile("json_number_too_long", line=self.line()) from None
        if not self._ended and end > len(self._text) - _NUMBER_END and self._text[end - 1] not in '"]}':
            raise _Incomplete
        self._place = end
        return value

    def _cut_or_wrong(self, error: json.JSONDecodeError) -> Exception:
        is_open = error.msg.startswith("Unterminated string")
        if not self._ended and (is_open or error.pos > len(self._text) - _NUMBER_END):
            return _Incomplete()
        return self._wrong(len(self._text) if is_open else error.pos)

    def _wrong(self, place: int) -> UnreadableFile:
        """Say that there is no JSON at a place, or that the text ends there too early."""
        self._place = place
        line = self.line()
        character = place - self._text.rfind("\n", 0, place)
        if "\n" not in self._text[:place]:
            character += self._line_start
        return UnreadableFile("damaged_json" if self.peek() else "truncated_json", line=line, character=character)

    def _more(self, characters: int) -> bool:
        """Have at least so many characters at hand from the place on, if there are; False if nothing came."""
        if self._ended or len(self._text) - self._place >= characters > 1:
            return False
        self._drop()
        parts, missing = [self._text], characters - len(self._text)
        while missing > 0 or len(parts) == 1:
            piece = next(self._pieces, None)
            if piece is None:
                self._ended = True
                break
            parts.append(piece)
            missing -= len(piece)
        self._text = "".join(parts)
        return len(parts) > 1

    def _drop(self) -> None:
        """Forget what lies before the place."""
        self.line()
        newline = self._text.rfind("\n", 0, self._place)
        self._line_start = self._place - newline - 1 if newline >= 0 else self._line_start + self._place
        self._text, self._place, self._counted = self._text[self._place :], 0, 0


class _Incomplete(Exception):
    """The text at hand ends before the value does."""
