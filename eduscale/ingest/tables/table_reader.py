"""From rows to finished tables: layout, accounts, typed Parquet, and what to tell about it."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

from eduscale.core import progress
from eduscale.core.errors import EduscaleError, UnreadableFile
from eduscale.ingest.reject_words import is_list_of_rejects
from eduscale.ingest.tables.choice_columns import spread_choices
from eduscale.ingest.tables.columns import ArraySource, Column, Inset, column_of, text_column
from eduscale.ingest.tables.decisions import Decisions
from eduscale.ingest.tables.findings import Findings, raw_text, shortened
from eduscale.ingest.tables.forms import DAY_NUMBER_CELLS, WHOLE_CELLS
from eduscale.ingest.tables.grid import Cell, ErrorCell, Grid, Row
from eduscale.ingest.tables.layout import FoundTable, find_tables, is_blank
from eduscale.ingest.tables.meanings import EXCEL_DAYS, names_a_date
from eduscale.ingest.tables.names import column_names
from eduscale.ingest.tables.overrides import Overrides, TableOverrides
from eduscale.ingest.tables.parquet import WIDE, BadCell, Loaded, ParquetWriter, Source, TextSource
from eduscale.ingest.tables.records import Records
from eduscale.ingest.tables.surveys import survey_guesses
from eduscale.ingest.tables.types import Choice, Habits, Sample, habits
from eduscale.ingest.tables.values import column_of_values, numbers_as_cells
from eduscale.models.reading import Alternative, ReadColumn, ReadGuess, ReadLimits, ReadTable, Said

MAX_TITLE = 60
"""Characters of a title that may be part of a name."""
RAGGED = 4
"""A row of so many times the columns that a table may have is in no table."""
MAX_NAMED_CELLS = 20
"""So many cells that made a column text are named one by one, of more of them one; so many different cells of a
column that were left empty are shown."""
MAX_NULLED_SHARE = 0.1
"""From this share of the rows on, a letter that was read as no value is a problem, not only a guess."""

BAD_CELL_CODES = {
    "integer": "not_a_number",
    "decimal": "not_a_number",
    "boolean": "not_yes_or_no",
    "date": "not_a_date",
    "datetime": "not_a_date",
    "time": "not_a_time",
    "duration": "not_a_time",
}


class RowsLost(EduscaleError):
    """Not every row that was seen is accounted for."""


class LineNumbers:
    """The line of every row, kept as the places where rows and lines stop running in step."""

    def __init__(self) -> None:
        self._rows: list[int] = []
        self._offsets: list[int] = []

    def add(self, row: int, line: int) -> None:
        """Say that 0-based row `row` starts at `line`."""
        if not self._offsets or line - row != self._offsets[-1]:
            self._rows.append(row)
            self._offsets.append(line - row)

    def line(self, row: int) -> int:
        """Return where a row starts."""
        return row + self._offsets[bisect_right(self._rows, row) - 1]


@dataclass
class Draft:
    """A table on its way to Parquet: its cells, what is known of its columns, and what was met so far."""

    name: str
    labels: list[str]
    source: Source
    samples: list[Sample]
    habits: Habits
    lines: Callable[[int], int]
    guesses: list[ReadGuess]
    findings: Findings
    seen: int
    """Rows of the sender's file that belong to this table: data, rejected or set aside."""
    longest_field: int | None = None
    """What no cell is longer than, where that is known without looking."""
    chosen: Mapping[int, Choice] = field(default_factory=dict)
    """The columns that need no decision, because their cells are typed."""
    blank_columns: tuple[int, ...] = ()
    """The 0-based places, among the sent columns, of those that hold nothing and are no columns of the table."""
    instead: Mapping[int, Choice] = field(default_factory=dict)
    """What the cells' own types would have made of columns that a person decided."""
    short_names: Sequence[str] = ()
    """What names are made of, where that is not the labels."""

    def __post_init__(self) -> None:
        for sample, label in zip(self.samples, self.labels, strict=True):
            sample.label = label

    def names(self) -> list[str]:
        """Return the names of the columns."""
        return column_names(self.short_names or self.labels)


class TableReader:
    """Finds and writes tables, one Parquet file each, into one folder.

    A table that has no name of its own, such as a sheet's, gets the default one.
    """

    def __init__(
        self,
        folder: Path,
        writer: ParquetWriter,
        *,
        limits: ReadLimits,
        default_name: str = "",
        overrides: Overrides | None = None,
    ) -> None:
        self._overrides = overrides or Overrides()
        self._folder = folder
        self._limits = limits
        self._default_name = default_name
        self._writer = writer
        self._next = 0
        self._begun: list[Findings] = []

    @contextmanager
    def of_file(self, name: str) -> Iterator[None]:
        """Read a file, whose name its tables get; if it cannot be read, nothing of it stays."""
        default_name, first, there = self._default_name, self._next, set(self._folder.iterdir())
        begun = len(self._begun)
        self._default_name = name
        try:
            yield
        except UnreadableFile:
            for path in self._folder.iterdir():
                if path not in there and path.is_file():
                    path.unlink()
            self._next = first
            raise
        finally:
            self._default_name = default_name
            for findings in self._begun[begun:]:
                findings.discard()
            del self._begun[begun:]

    def decided(self) -> TableOverrides:
        """Return what people decided for the next table."""
        return self._overrides.of(self._next)

    def findings(self, name: str = "") -> Findings:
        """Return a place for what is told about the next table, or one of another name for a table further on."""
        findings = Findings(self._folder / f"{name or f'rejects-{self._next}'}.csv")
        self._begun.append(findings)
        return findings

    def read_grid(self, grid: Grid, *, delimiter: str = "\t") -> list[ReadTable]:
        """Return the tables in a grid, written."""
        self.refuse_wide(len(row.cells) for row in grid.rows)
        found, _ = find_tables(grid.rows, grid.header, self._overrides, first=self._next)
        if grid.stretch is not None and not (
            grid.stretch.suits(found, grid.rows)
            and all(table.width <= WIDE for table in found)
            and not self._overrides.of(self._next).columns
        ):
            grid = replace(grid, rows=grid.stretch.expanded(grid.rows), stretch=None)
            found, _ = find_tables(grid.rows, grid.header, self._overrides, first=self._next)
        names = _names(grid.name or self._default_name, found)
        read = []
        for number, (table, name) in enumerate(zip(found, names, strict=False)):
            with progress.part(number / len(found), (number + 1) / len(found)):
                read.append(self._read_found(grid, table, delimiter, name, alone=len(found) == 1))
        return read

    def refuse_wide(self, widths: Iterable[int]) -> None:
        """Refuse rows too wide to look for tables in them, which is more work than to count their cells."""
        widest = max(widths, default=0)
        if widest > RAGGED * self._limits.columns:
            raise UnreadableFile("too_many_columns", columns=widest, limit=self._limits.columns)

    def check_width(self, columns: int) -> None:
        """Refuse a table of too many columns."""
        if columns > self._limits.columns:
            raise UnreadableFile("too_many_columns", columns=columns, limit=self._limits.columns)

    def _read_found(self, grid: Grid, table: FoundTable, delimiter: str, name: str, *, alone: bool) -> ReadTable:
        self.check_width(table.width)
        if is_list_of_rejects(table.labels):
            raise UnreadableFile("list_of_rejects")
        findings = self.findings()
        seen = len(table.data) + len(table.set_aside)
        for row, code in table.set_aside:
            findings.reject("set_aside", row.number, code, raw_text(row.cells, delimiter), cells=row.cells)
        strict = bool(grid.guesses) and any(guess.what == "delimiter" for guess in grid.guesses)
        kept = fit_rows(table.data, table.labels, findings, delimiter, strict=strict)
        first, last = self._lines_of(table)
        for problem in grid.problems:
            if alone or problem.row is None or first <= problem.row <= last:
                findings.problem(problem.said.code, problem.row, problem.column, **problem.said.facts)
        numbers = [row.number for row in kept]
        stretch, inset_row = grid.stretch, 0
        if stretch is not None:
            inset_row = numbers.index(stretch.first)
            del kept[inset_row]
            numbers[inset_row : inset_row + 1] = range(stretch.first, stretch.first + stretch.rows)
            seen += stretch.rows - 1
        columns = list(zip(*(row.cells for row in kept), strict=True)) if kept else [()] * table.width
        wanted = [
            place
            for place, label in enumerate(table.labels)
            if label or not all(map(is_blank, columns[place])) or (stretch and stretch.column(place).filled)
        ]
        wanted = wanted or [0]
        blank = sorted(set(range(table.width)) - set(wanted))
        labels = [table.labels[place] for place in wanted]
        short_names = [table.codes[place] for place in wanted] if table.codes else labels
        columns = [columns[place] for place in wanted]
        arrays = [
            _as_days(
                column_of(column, stretch.column(place) if stretch else None),
                table.labels[place],
                stretch.bounds(place) if stretch else (),
            )
            for place, column in zip(wanted, columns, strict=True)
        ]
        instead = self._as_text_where_decided(arrays, column_names(short_names), columns.__getitem__)
        failed = [place for place, array in zip(wanted, arrays, strict=True) if ErrorCell in array.kinds]
        if failed:
            names = dict(zip(wanted, column_names(short_names), strict=True))
            _note_errors(kept, dict(zip(wanted, labels, strict=True)), names, failed, findings)
        undecided = [array for array in arrays if array.choice is None]
        draft = Draft(
            name=name,
            labels=labels,
            source=ArraySource(
                [array.values for array in arrays],
                [array.unclean for array in arrays],
                Inset(stretch, inset_row, wanted) if stretch else None,
            ),
            samples=[array.sample for array in arrays],
            habits=habits(
                [array.sample for array in undecided],
                delimiter=delimiter,
                binary=any(float in array.kinds for array in undecided),
            ),
            lines=numbers.__getitem__,
            guesses=[*grid.guesses, *table.guesses],
            findings=findings,
            seen=seen,
            longest_field=grid.longest_field,
            chosen={place: array.choice for place, array in enumerate(arrays) if array.choice is not None},
            blank_columns=tuple(blank),
            short_names=short_names,
            instead=instead,
        )
        return self.write(draft)

    def read_records(self, records: Records) -> ReadTable:
        """Return the table of records, written."""
        findings = self.findings()
        for problem in records.problems:
            findings.problem(problem.said.code, problem.row, problem.column, **problem.said.facts)
        for number, code, raw in records.rejected:
            findings.reject("rejected", number, code, raw)
        for number, code, raw in records.set_aside:
            findings.reject("set_aside", number, code, raw)
        columns = [column_of_values(column.values, column.form) for column in records.columns]
        short_names = [column.short_name or column.label for column in records.columns]
        instead = self._as_text_where_decided(
            columns, column_names(short_names), lambda place: numbers_as_cells(records.columns[place].values)
        )
        source = ArraySource([column.values for column in columns], [column.unclean for column in columns])
        draft = Draft(
            name=records.name,
            labels=[column.label for column in records.columns],
            source=source,
            samples=[column.sample for column in columns],
            habits=habits([column.sample for column in columns if column.choice is None], delimiter=","),
            lines=records.numbers.__getitem__,
            guesses=list(records.guesses),
            findings=findings,
            seen=len(records.numbers) + len(records.rejected) + len(records.set_aside),
            chosen={place: column.choice for place, column in enumerate(columns) if column.choice is not None},
            instead=instead,
            short_names=short_names,
        )
        return self.write(draft)

    def _as_text_where_decided(
        self, arrays: list[Column], names: Sequence[str], cells: Callable[[int], Sequence[Cell]]
    ) -> dict[int, Choice]:
        """Turn typed columns that a person decided into text; return what their types would have made of them."""
        instead = {}
        decided = self._overrides.of(self._next).columns
        for place, name in enumerate(names) if decided else ():
            array = arrays[place]
            if array.choice is not None and name in decided:
                instead[place] = array.choice
                is_text = array.values.dtype == object
                arrays[place] = array._replace(choice=None) if is_text else text_column(cells(place))
        return instead

    @staticmethod
    def _lines_of(table: FoundTable) -> tuple[int, int]:
        numbers = [row.number for row in chain(table.header, table.data, (row for row, _ in table.set_aside))]
        return (min(numbers), max(numbers)) if numbers else (0, 0)

    def write(self, draft: Draft) -> ReadTable:
        """Write a draft as Parquet and return the finished table; raises if a row is unaccounted for."""
        self.check_width(len(draft.labels))
        index, self._next = self._next, self._next + 1
        names = draft.names()
        rows_file = f"rows-{index}.parquet"
        decisions = self._decisions(draft, index, names)
        loaded = self._load(draft, names, decisions, self._folder / rows_file)
        return self._finish(draft, loaded, index, names, decisions)

    def try_to_write(self, draft: Draft) -> ReadTable | None:
        """Write a draft whose source is doubtful; None, and no trace, if not every line was exactly one row."""
        index, names = self._next, draft.names()
        target = self._folder / f"rows-{index}.parquet"
        decisions = self._decisions(draft, index, names)
        loaded = self._load(draft, names, decisions, target)
        counts = draft.findings.counts
        if loaded.refused_lines or loaded.rows + counts["rejected"] + counts["set_aside"] != draft.seen:
            draft.findings.discard()
            return None
        self._next += 1
        return self._finish(draft, loaded, index, names, decisions)

    def _decisions(self, draft: Draft, index: int, names: Sequence[str]) -> Decisions:
        overrides = self._overrides.of(index)
        typed = {place: draft.chosen[place] for place in draft.chosen if names[place] in overrides.columns}
        if typed:
            _read_as_text(draft, typed)
        return Decisions(overrides, names, samples=draft.samples, habits=draft.habits, instead=draft.instead)

    def _load(self, draft: Draft, names: list[str], decisions: Decisions, target: Path) -> Loaded:
        return self._writer.write(
            draft.source,
            labels=draft.labels,
            names=names,
            samples=draft.samples,
            habits=decisions.habits,
            chosen=draft.chosen,
            target=target,
            decided=decisions.columns,
        )

    def _finish(
        self, draft: Draft, loaded: Loaded, index: int, names: list[str], decisions: Decisions
    ) -> ReadTable:
        findings = draft.findings
        shown: dict[int, set[str]] = {}
        for row in loaded.bad:
            line, cells = draft.lines(row.row), _with_blanks(row.cells, draft.blank_columns)
            for nth, bad in enumerate(row.bad):
                code = BAD_CELL_CODES[loaded.choices[bad.column].form.type]
                examples, example = shown.setdefault(bad.column, set()), shortened(bad.raw)
                if len(examples) < MAX_NAMED_CELLS:
                    examples.add(example)
                facts = {"example": example} if example in examples else {}
                findings.problem(code, line, draft.labels[bad.column] or names[bad.column], **facts)
                whole_row = None if nth else cells
                findings.reject("blanked", line, code, bad.raw, names[bad.column], cells=whole_row)
        _note_odd_cells(loaded, draft, names)
        for place, words in loaded.words.items():
            if loaded.choices[place].decided_nulls:
                continue
            _note_null_letters(words, loaded.rows, draft.labels[place] or names[place], findings)
        for label, name, choice in zip(draft.labels, names, loaded.choices, strict=True):
            _note_column(choice, label or name, name, draft, findings)
        if findings.cut_rows:
            findings.problem("rejects_cut", rows=findings.cut_rows)
        rejected, aside = findings.counts["rejected"], findings.counts["set_aside"]
        if loaded.refused_lines or loaded.rows + rejected + aside != draft.seen:
            raise RowsLost("rows in and rows out differ", seen=draft.seen, rows=loaded.rows, rejected=rejected)
        self._check_fields(draft, loaded, names, self._folder / f"rows-{index}.parquet")
        rejects_file = None
        if findings.close():
            rejects_file = f"rejects-{index}.parquet"
            self._writer.write_rejects(findings.path, self._folder / rejects_file)
            findings.path.unlink()
        guesses = [*draft.guesses, *decisions.table_guesses(), *decisions.column_guesses(loaded)]
        guesses += survey_guesses(draft.labels, names, draft.samples, loaded.choices, told=guesses)
        table = ReadTable(
            index=index,
            name=draft.name or self._default_name,
            columns=tuple(
                ReadColumn(
                    name=name,
                    label=label,
                    type=choice.form.type,
                    storage=choice.form.storage,
                    empty=not any(cell.strip() for cell in sample.counts),
                    long=place in loaded.long,
                )
                for place, (name, label, choice, sample) in enumerate(
                    zip(names, draft.labels, loaded.choices, draft.samples, strict=True)
                )
            ),
            rows=loaded.rows,
            rejected_rows=rejected,
            set_aside_rows=aside,
            guesses=tuple(guesses),
            problems=tuple(findings.problems),
            problem_count=findings.problem_count,
            rows_file=f"rows-{index}.parquet",
            rejects_file=rejects_file,
            blank_columns=draft.blank_columns,
        )
        return self._with_choice_columns(table, draft.samples)

    def _with_choice_columns(self, table: ReadTable, samples: Sequence[Sample]) -> ReadTable:
        """Return a table with the columns that people want of questions with several answers."""
        spread = spread_choices(table, samples, self._overrides.of(table.index))
        if spread is None:
            return table
        self.check_width(len(spread.table.columns))
        self._writer.write_again(self._folder / table.rows_file, spread.selected)
        return spread.table

    def _check_fields(self, draft: Draft, loaded: Loaded, names: list[str], target: Path) -> None:
        """Refuse a table with a cell that is too long."""
        limit = self._limits.field_length
        if draft.longest_field is not None and draft.longest_field <= limit:
            return
        texts = [place for place, choice in enumerate(loaded.choices) if choice.form.storage == "VARCHAR"]
        long = self._writer.first_longer(target, {place: names[place] for place in texts}, limit)
        if long is not None:
            label = draft.labels[long.column] or names[long.column]
            raise UnreadableFile("field_too_long", line=draft.lines(long.row), column=label, limit=limit)


def _names(name: str, tables: Sequence[FoundTable]) -> list[str]:
    """Return a name for each table of a sheet; several are told apart by titles of their own, or by number."""
    titles = {table.title for table in tables}
    if 1 < len(titles) == len(tables) and all(0 < len(title) <= MAX_TITLE for title in titles):
        return [f"{name} {table.title}" for table in tables]
    return [name, *(f"{name} {number}" for number in range(2, len(tables) + 1))]


def _read_as_text(draft: Draft, typed: Mapping[int, Choice]) -> None:
    """Let typed columns be read as text, so that their cells can be what a person decided."""
    draft.chosen = {place: choice for place, choice in draft.chosen.items() if place not in typed}
    draft.instead = {**draft.instead, **typed}
    if not isinstance(draft.source, ArraySource):
        draft.source = TextSource(draft.source, frozenset(typed))
    for place, choice in typed.items():
        if choice.form.storage == "DOUBLE":
            counts = Counter({cell.removesuffix(".0"): n for cell, n in draft.samples[place].counts.items()})
            draft.samples[place] = replace(draft.samples[place], counts=counts)


def fit_rows(
    data: Sequence[Row], labels: Sequence[str], findings: Findings, delimiter: str, *, strict: bool
) -> list[Row]:
    """Bring every row to the table's width: short ones are filled up, longer ones rejected (`strict`) or cut."""
    width = len(labels)
    kept = []
    for row in data:
        cells = row.cells
        if len(cells) == width:
            kept.append(row)
        elif len(cells) < width:
            if strict:
                findings.problem("row_short", row.number, cells=len(cells), columns=width)
            kept.append(Row(row.number, [*cells, *[None if not strict else ""] * (width - len(cells))], row.span))
        elif all(map(is_blank, cells[width:])):
            kept.append(Row(row.number, cells[:width], row.span))
        elif strict:
            findings.problem("row_long", row.number, cells=len(cells), columns=width)
            findings.reject("rejected", row.number, "row_long", raw_text(cells, delimiter), cells=cells)
        else:
            outside = raw_text(cells[width:], delimiter)
            findings.problem("cell_outside", row.number)
            findings.reject("blanked", row.number, "cell_outside", outside, cells=cells)
            kept.append(Row(row.number, cells[:width], row.span))
    return kept


def _as_days(column: Column, label: str, bounds: Sequence[float]) -> Column:
    """Return a column of whole numbers as days, where its name is that of a date and all are day numbers.

    `bounds` are the least and the greatest of the numbers that stand in a stretch.
    """
    if column.choice is None or column.choice.form is not WHOLE_CELLS or not names_a_date(label):
        return column
    days = [*column.values[column.values == column.values], *bounds]
    if min(days) < EXCEL_DAYS.start or max(days) >= EXCEL_DAYS.stop:
        return column
    evidence = Said(code="type_by_name", facts={"type": "date", "form": "date_number", "label": label})
    choice = Choice(DAY_NUMBER_CELLS, (), 0.8, evidence, (Alternative(value="integer", confidence=0.2),))
    return column._replace(choice=choice)


def _note_errors(
    rows: Sequence[Row],
    labels: Mapping[int, str],
    names: Mapping[int, str],
    places: Sequence[int],
    findings: Findings,
) -> None:
    """Note the failed formulas of columns, given their places and the labels and names of all columns."""
    for row in rows:
        cells: Sequence[Cell] | None = row.cells
        for place in places:
            cell = row.cells[place]
            if isinstance(cell, ErrorCell):
                code = "formula_without_value" if cell.text.startswith("=") else "error_cell"
                findings.problem(code, row.number, labels[place], cell=cell.text)
                findings.reject("blanked", row.number, code, cell.text, names[place], cells=cells)
                cells = None


def _with_blanks(cells: Sequence[str | None], blank_columns: Sequence[int]) -> Sequence[str | None]:
    """Return a table's row as it was sent, with the columns that hold nothing."""
    if not blank_columns:
        return cells
    sent = list(cells)
    for place in blank_columns:
        sent.insert(place, None)
    return sent


def _note_odd_cells(loaded: Loaded, draft: Draft, names: Sequence[str]) -> None:
    """Say which cells made text of a column that is nearly of another type."""
    odd: dict[int, list[BadCell]] = {}
    for cell in loaded.odd:
        odd.setdefault(cell.column, []).append(cell)
    for place, cells in sorted(odd.items()):
        label, nearly = draft.labels[place] or names[place], loaded.choices[place].nearly
        type_ = nearly.type if nearly else "text"
        if len(cells) > MAX_NAMED_CELLS:
            line, example = draft.lines(cells[0].row), shortened(cells[0].raw)
            draft.findings.problem("odd_cells_in_text", line, label, cells=len(cells), example=example, type=type_)
            continue
        for cell in cells:
            example = shortened(cell.raw)
            draft.findings.problem("odd_cell_in_text", draft.lines(cell.row), label, example=example, type=type_)


def _note_null_letters(words: Counter[str], rows: int, label: str, findings: Findings) -> None:
    """Say which letters left many cells without a value, since a letter is likely to mean something."""
    for word, cells in words.items():
        if len(word) == 1 and word.isalpha() and cells > MAX_NULLED_SHARE * rows:
            findings.problem("null_letter", None, label, word=word, cells=cells, of=rows)


def _note_column(choice: Choice, label: str, name: str, draft: Draft, findings: Findings) -> None:
    if choice.damaged_cell is not None:
        findings.problem("number_shortened", None, label, example=choice.damaged_cell)
    if choice.currencies:
        findings.problem("several_currencies", None, label, currencies=", ".join(choice.currencies))


def sample_columns(rows: Sequence[Row], width: int) -> list[Sample]:
    """Return samples of the columns of some rows of text."""
    counts: list[Counter[str]] = [Counter() for _ in range(width)]
    for row in rows:
        for place, cell in enumerate(row.cells[:width]):
            counts[place][str(cell)] += 1
    return [Sample(count, complete=False) for count in counts]
