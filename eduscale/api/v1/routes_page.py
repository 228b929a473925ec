"""The page, its files and the samples over HTTP."""

from pydantic import RootModel
from pydantic_core import to_json
from werkzeug import Request, Response

from eduscale.api.language import language_of
from eduscale.api.responses import JSON
from eduscale.web.page import PAGE_POLICY, Sample, WebFile, page, sample_file, samples, static_file

SampleList = RootModel[tuple[Sample, ...]]


class PageHandlers:
    """The handlers of `/`, `/assets` and `/samples`."""

    def page(self, request: Request) -> Response:
        """Return the page under a policy that lets it load our own files alone."""
        return _response(request, page(), {"Content-Security-Policy": PAGE_POLICY})

    def static(self, request: Request, name: str) -> Response:
        """Return a file that the page loads."""
        return _response(request, static_file(name), {})

    def samples(self, request: Request) -> Response:
        """List the samples in the reader's language."""
        return Response(to_json(samples(language_of(request))), mimetype=JSON, headers={"Vary": "Accept-Language"})

    def sample(self, request: Request, name: str) -> Response:
        """Return a sample as a file to save."""
        return _response(request, sample_file(name), {"Content-Disposition": f'attachment; filename="{name}"'})


def _response(request: Request, file: WebFile, headers: dict[str, str]) -> Response:
    """Return a file that a browser may keep, but asks for again; 304 while it is the same."""
    response = Response(file.body, content_type=file.media_type, headers={"Cache-Control": "no-cache", **headers})
    response.set_etag(file.etag)
    return response.make_conditional(request.environ)
