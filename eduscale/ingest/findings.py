"""What a reader has to tell about one table: problems, capped and counted, and rejects, written as they come."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, Literal

from eduscale.ingest.grid import Cell, ErrorCell
from eduscale.models.reading import ReadProblem, Said, Value

MAX_PROBLEMS = 1_000
Kind = Literal["rejected", "set_aside", "blanked"]


class Findings:
    """Collects the problems and the rejects of one table; rejects go straight to a CSV file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[ReadProblem] = []
        self.problem_count = 0
        self.counts: dict[Kind, int] = {"rejected": 0, "set_aside": 0, "blanked": 0}
        self._file: IO[str] | None = None
        self._writer: Any = None

    def problem(self, code: str, row: int | None = None, column: str | None = None, **facts: Value) -> None:
        """Note a problem; beyond the cap it is only counted."""
        self.problem_count += 1
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(ReadProblem(row=row, column=column, said=Said(code=code, facts=facts)))

    def reject(self, kind: Kind, row: int, code: str, raw: str, column: str | None = None) -> None:
        """Note what is not in the table, a row or one cell, with its text as sent."""
        if self._file is None:
            self._file = self.path.open("w", encoding="utf-8", errors="replace", newline="")
            self._writer = csv.writer(self._file, lineterminator="\n")
        self.counts[kind] += 1
        self._writer.writerow((kind, row, column, code, raw))

    def close(self) -> bool:
        """Finish the file; True when there are rejects."""
        if self._file is None:
            return False
        self._file.close()
        return True


def raw_text(cells: Sequence[Cell], delimiter: str) -> str:
    """Return a row as one text, empty cells at its end left out."""
    shown = [cell.text if isinstance(cell, ErrorCell) else "" if cell is None else str(cell) for cell in cells]
    while shown and not shown[-1]:
        shown.pop()
    return delimiter.join(shown)
