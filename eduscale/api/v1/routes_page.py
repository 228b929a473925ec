"""The page, its files and the samples over HTTP."""

from pydantic_core import to_json
from werkzeug import Request, Response

from eduscale.api.language import language_of
from eduscale.api.responses import JSON
from eduscale.web.page import PAGE_POLICY, WebFile, page, sample_file, samples, static_file


class PageHandlers:
    """Answers with files that are part of the service; a browser that has one already is told so."""

    def page(self, request: Request) -> Response:
        """Return the page."""
        return _answer(request, page())

    def static(self, request: Request, name: str) -> Response:
        """Return a file that the page loads."""
        return _answer(request, static_file(name))

    def samples(self, request: Request) -> Response:
        """List the sample files."""
        return Response(to_json([one.model_dump() for one in samples(language_of(request))]), mimetype=JSON)

    def sample(self, request: Request, name: str) -> Response:
        """Return a sample file."""
        return _answer(request, sample_file(name))


def _answer(request: Request, file: WebFile) -> Response:
    response = Response(file.body, content_type=file.media_type)
    response.headers["Content-Security-Policy"] = PAGE_POLICY
    response.headers["Cache-Control"] = "no-cache"
    response.set_etag(file.etag)
    return response.make_conditional(request)
