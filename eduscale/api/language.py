"""Which language the reader of an answer wants."""

from werkzeug import Request

from eduscale.ingest.wording import Language


def language_of(request: Request) -> Language:
    """Return the first of Czech and English, in the order of `Accept-Language`; English when it names neither."""
    for tag, quality in request.accept_languages:
        language = tag.partition("-")[0].lower()
        if quality > 0 and language == "cs":
            return "cs"
        if quality > 0 and language in ("en", "*"):
            return "en"
    return "en"
