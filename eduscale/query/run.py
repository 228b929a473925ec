"""Answering a question in SQL: check it here, run it in a child process, forward the bytes it made."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from eduscale.core.errors import ChildCrashed, QueryFailed
from eduscale.models.dataset import Dataset
from eduscale.models.query import QueryRequest
from eduscale.warehouse.tasks import QueryTask
from eduscale.warehouse.views import view_of_dataset

if TYPE_CHECKING:
    from eduscale.core.sandbox import Sandbox

_TASK = "eduscale.warehouse.engine:query"
MAX_ANSWER_BYTES = 64 * 1024 * 1024


class Answered(NamedTuple):
    """The JSON of a QueryAnswer, as the child made it, and the datasets that were asked."""

    json: bytes
    datasets: tuple[Dataset, ...]


class QueryService:
    """Answers GoogleSQL statements over the catalogue's datasets."""

    def __init__(
        self,
        *,
        catalogue: Callable[[], Mapping[str, Dataset]],
        local_path: Callable[[str], Path],
        sandbox: "Sandbox",
        timeout_s: float,
        max_rows: int,
    ) -> None:
        self._catalogue = catalogue
        self._local_path = local_path
        self._sandbox = sandbox
        self._timeout_s = timeout_s
        self._max_rows = max_rows

    def answer(self, request: QueryRequest) -> Answered:
        """Answer with at most `max_rows` rows; raises QueryError or LimitExceeded."""
        from eduscale.query.guard import check  # sqlglot is loaded by the first query, not at start

        known = self._catalogue()
        checked = check(request.sql, catalogue=known, parameters=request.parameters)
        asked = tuple(known[name] for name in checked.datasets)
        task = QueryTask(
            sql=checked.duckdb,
            parameters=checked.parameters,
            views=tuple(view_of_dataset(dataset, local_path=self._local_path) for dataset in asked),
            pseudo_columns=checked.pseudo_columns,
            labels=tuple(
                (column.label, column.name)
                for dataset in asked
                for column in dataset.columns
                if column.label != column.name
            ),
            max_rows=min(request.max_rows or self._max_rows, self._max_rows),
            max_bytes=MAX_ANSWER_BYTES,
        )
        argument = task.model_dump_json().encode()
        try:
            return Answered(self._sandbox.run(_TASK, argument, deadline_s=self._timeout_s), asked)
        except ChildCrashed as error:  # what brought a child down once would do so again
            raise QueryFailed("The statement is too complex to be run. Please ask in smaller steps.") from error
