"""Questions in SQL over HTTP."""

from werkzeug import Request, Response

from eduscale.api.bodies import read_json
from eduscale.api.language import language_of
from eduscale.api.responses import JSON, with_fields
from eduscale.ingest.receipts import warnings_of
from eduscale.models.query import QueryRequest
from eduscale.query.run import QueryService


class QueryHandlers:
    """The handler of `/api/v1/query`."""

    def __init__(self, service: QueryService, *, max_bytes: int) -> None:
        self._service = service
        self._max_bytes = max_bytes

    def answer(self, request: Request) -> Response:
        """Run one SELECT and return its rows; the answer's bytes come from the child as they are."""
        answer = self._service.answer(read_json(request, QueryRequest, self._max_bytes))
        warnings = warnings_of(answer.datasets, language_of(request))
        return Response(with_fields(answer.json, warnings=warnings), mimetype=JSON)
