"""Is the service alive, and can it work?"""

import logging
from collections.abc import Callable, Mapping
from typing import Literal

from flask import Response
from pydantic import BaseModel
from pydantic_core import to_json
from werkzeug import Request

from eduscale.api.responses import JSON, json_response
from eduscale.core.config import Settings
from eduscale.core.errors import Unavailable

log = logging.getLogger(__name__)

Checks = Mapping[str, Callable[[], object]]
"""Pings by the name of what they ask; a ping that fails raises."""


class Health(BaseModel):
    """The service is alive."""

    status: Literal["ok"] = "ok"
    service: str
    version: str


class Ready(BaseModel):
    """The service can work: everything that it needs answers."""

    status: Literal["ready"] = "ready"
    checks: dict[str, Literal["ok"]]


class HealthRoutes:
    """Answers health checks; the answer to /health is made once and touches nothing."""

    def __init__(self, settings: Settings, checks: Checks) -> None:
        self._health = to_json(Health(service=settings.service_name, version=settings.service_version))
        self._checks = checks

    def health(self, request: Request) -> Response:
        """Say that the process is alive."""
        return Response(self._health, mimetype=JSON)

    def ready(self, request: Request) -> Response:
        """Ping what the service needs; raises Unavailable naming what does not answer."""
        failing = [name for name, ping in self._checks.items() if not _answers(name, ping)]
        if failing:
            names = " and ".join(failing)
            raise Unavailable(f"Not ready: {names} does not answer", failing=", ".join(failing))
        return json_response(Ready(checks=dict.fromkeys(self._checks, "ok")))


def _answers(name: str, ping: Callable[[], object]) -> bool:
    try:
        ping()
    except Exception as error:  # noqa: BLE001  # whatever a ping meets means the same: it does not answer
        log.warning("%s does not answer: %s", name, type(error).__name__)
        return False
    return True
