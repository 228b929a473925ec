"""What a reader has to tell about one table: problems, capped and counted, and rejects, written as they come."""

import csv
import json
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import IO, Any, Literal

from eduscale.ingest.tables.cells import as_text
from eduscale.ingest.tables.grid import Cell, ErrorCell
from eduscale.models.reading import ReadProblem, Said, Value

MAX_PROBLEMS = 1_000
MAX_SHOWN_CHARACTERS = 60
"""So much of a cell a sentence shows."""
MAX_KEPT_CHARACTERS = 64_000_000
"""So much of a table's rows is kept whole beside its rejects, about what half a million usual rows hold ..."""
MAX_ROW_CHARACTERS = 1_000_000
"""... and no more of a single row."""
Kind = Literal["rejected", "set_aside", "blanked"]


class Findings:
    """Collects the problems and the rejects of one table; rejects go straight to a CSV file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[ReadProblem] = []
        self.problem_count = 0
        self.counts: dict[Kind, int] = {"rejected": 0, "set_aside": 0, "blanked": 0}
        self.cut_rows = 0
        """Rows of which only what was left out is kept, since there are too many."""
        self._kept_characters = 0
        self._file: IO[str] | None = None
        self._writer: Any = None

    def problem(self, code: str, row: int | None = None, column: str | None = None, **facts: Value) -> None:
        """Note a problem; beyond the cap it is only counted."""
        self.problem_count += 1
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(ReadProblem(row=row, column=column, said=Said(code=code, facts=facts)))

    def reject(
        self,
        kind: Kind,
        row: int,
        code: str,
        raw: str,
        column: str | None = None,
        *,
        cells: Sequence[Cell] | None = None,
    ) -> None:
        """Note what is not in the table, a row or one cell, with its text as sent.

        `cells` are those of the whole row, once for a row however many of its cells are left out.
        """
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8", errors="replace", newline="")
            self._writer = csv.writer(self._file, lineterminator="\n")
        self.counts[kind] += 1
        kept = None if cells is None else self._kept(cells)
        self._writer.writerow((kind, row, column, code, raw, kept))

    def _kept(self, cells: Sequence[Cell]) -> str | None:
        """Return a row's cells as a JSON list of texts, None where that is more than shall be kept."""
        shown = [cell if cell.__class__ is str else shown_text(cell) for cell in cells]
        characters = sum(map(len, shown)) + len(shown)
        self._kept_characters += characters
        if characters > MAX_ROW_CHARACTERS or self._kept_characters > MAX_KEPT_CHARACTERS:
            self.cut_rows += 1
            return None
        return json.dumps(shown, ensure_ascii=False)

    def close(self) -> bool:
        """Finish the file; True when there are rejects."""
        if self._file is None:
            return False
        self._file.close()
        return True

    def discard(self) -> None:
        """Let go of the file, whether what it is about was written, given up or failed."""
        if self.close():
            self.path.unlink(missing_ok=True)


def shown_text(cell: Cell) -> str:
    """Return a cell as its sender sees it, failed formulas included."""
    if isinstance(cell, timedelta):
        seconds = round(cell.total_seconds())
        return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"
    return cell.text if isinstance(cell, ErrorCell) else as_text(cell)


def shortened(raw: str) -> str:
    """Return a cell's text as a sentence shows it: in one line, and cut where it is long."""
    text = " ".join(raw[: 4 * MAX_SHOWN_CHARACTERS].split())
    return text if len(text) <= MAX_SHOWN_CHARACTERS else f"{text[: MAX_SHOWN_CHARACTERS - 1].rstrip()}…"


def raw_text(cells: Sequence[Cell], delimiter: str) -> str:
    """Return a row as one text, empty cells at its end left out."""
    shown = [cell.text if isinstance(cell, ErrorCell) else "" if cell is None else str(cell) for cell in cells]
    while shown and not shown[-1]:
        shown.pop()
    return delimiter.join(shown)
