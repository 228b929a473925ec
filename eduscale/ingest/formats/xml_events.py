"""XML as it passes by: elements with short prefixes, text, and nothing that a document type could declare."""

from collections.abc import Callable, Iterable, Mapping
from xml.parsers import expat

from eduscale.core.errors import UnreadableFile


def parse(
    chunks: Iterable[bytes],
    prefixes: Mapping[str, str],
    *,
    start: Callable[[str, dict[str, str]], None],
    end: Callable[[str], None],
    text: Callable[[str], None],
) -> None:
    """Hand on what a document holds, names as `prefix:local` by their namespace; raises UnreadableFile."""
    names: dict[str, str] = {}

    def short(name: str) -> str:
        known = names.get(name)
        if known is None:
            space, _, local = name.rpartition(" ")
            known = names[name] = f"{prefixes.get(space, '')}:{local}"
        return known

    def start_element(tag: str, attributes: dict[str, str]) -> None:
        start(short(tag), {short(name): value for name, value in attributes.items()})

    def end_element(tag: str) -> None:
        end(short(tag))

    def doctype(*_: object) -> None:
        raise UnreadableFile("unsafe_workbook")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.buffer_text = True
    parser.StartElementHandler = start_element
    parser.EndElementHandler = end_element
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = doctype
    try:
        for chunk in chunks:
            parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except (expat.ExpatError, ValueError, KeyError, OverflowError, LookupError) as error:
        raise UnreadableFile("damaged_workbook") from error
