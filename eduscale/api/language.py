"""Which language the reader of an answer wants."""

from werkzeug import Request

from eduscale.ingest.wording import Language


def language_of(request: Request) -> Language:
    """Return `cs` when `Accept-Language` prefers Czech to English, else `en`."""
    return "cs" if request.accept_languages.best_match(("en", "cs"), default="en") == "cs" else "en"
