"""What was left out of an upload's tables, on its way back to the sender as a file."""

from typing import Literal

from eduscale.models.base import Model

RejectsFormat = Literal["csv", "xlsx", "json"]


class RejectWords(Model):
    """The words of the files in the reader's language.

    `own_columns` head the columns before the sender's own: row, what happened, why. `kinds` and `reasons` say a
    kind and a code; `in_column` joins a column and a reason. `advice` are sentences for a sheet named
    `advice_sheet`; `cut` is one more where rows are not kept whole.
    """

    own_columns: tuple[str, str, str]
    kinds: dict[str, str]
    reasons: dict[str, str]
    in_column: str
    advice_sheet: str
    advice: tuple[str, ...]
    cut: str
    delimiter: str


class RejectedTable(Model):
    """One table's rejects: its place and name, its columns as sent by name and label, and the file, if any."""

    index: int
    name: str
    columns: tuple[tuple[str, str], ...]
    """(name, label) in the sender's order; a column that holds nothing has neither."""
    path: str
