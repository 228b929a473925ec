"""Answering a question in SQL: check it here, run it in a child process, forward the bytes it made."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from eduscale.core.errors import ChildCrashed, QueryFailed
from eduscale.models.dataset import Dataset
from eduscale.models.query import QueryRequest
from eduscale.warehouse.tasks import QueryTask
from eduscale.warehouse.views import view_of_dataset

if TYPE_CHECKING:
    from eduscale.core.sandbox import Sandbox

_TASK = "eduscale.warehouse.engine:query"
MAX_ANSWER_BYTES = 64 * 1024 * 1024


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

    def answer(self, request: QueryRequest) -> bytes:
        """Return the JSON of a QueryAnswer of at most `max_rows` rows; raises QueryError or LimitExceeded."""
        from eduscale.query.guard import check  # sqlglot is loaded by the first query, not at start

        datasets = self._catalogue()
        checked = check(request.sql, catalogue=datasets, parameters=request.parameters)
        task = QueryTask(
            sql=checked.duckdb,
            parameters=checked.parameters,
            views=tuple(view_of_dataset(datasets[name], local_path=self._local_path) for name in checked.datasets),
            pseudo_columns=checked.pseudo_columns,
            max_rows=min(request.max_rows or self._max_rows, self._max_rows),
            max_bytes=MAX_ANSWER_BYTES,
        )
        argument = task.model_dump_json().encode()
        try:
            return self._sandbox.run(_TASK, argument, deadline_s=self._timeout_s)
        except ChildCrashed as error:  # what brought a child down once would do so again
            raise QueryFailed("The statement is too complex to be run. Please ask in smaller steps.") from error
