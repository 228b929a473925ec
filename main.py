"""The entry that functions-framework calls: `functions-framework --target=app`."""

import os
import sys
import threading

import flask
from werkzeug.wrappers import Response

from eduscale.api.app import Application
from eduscale.application import create_app
from eduscale.core.config import load_settings
from eduscale.core.errors import ConfigurationError

# functions-framework reads THREADS after it has imported this file. With its own default, four a core, a few slow
# uploads would keep /health waiting; an idle thread costs next to nothing.
os.environ.setdefault("THREADS", "100")

# This file is imported in gunicorn's master, before it forks: reading the settings here is the last moment at
# which a bad value can stop the start. Nothing else may happen yet: no thread or connection would survive it.
try:
    settings = load_settings()
except ConfigurationError as error:
    sys.exit(str(error))

_building = threading.Lock()
_application: Application | None = None


def app(request: flask.Request) -> Response:
    """Answer a request by the application, which is built on first use."""
    global _application  # noqa: PLW0603  # functions-framework takes a plain function only
    if _application is None:
        with _building:
            if _application is None:
                _application = create_app(settings)
    return _application(request)
