"""Who may call what. Until there are accounts: everybody may do everything, or nobody may do anything."""

import logging
from collections.abc import Iterable
from typing import Literal, Protocol

from eduscale.core.config import Settings
from eduscale.core.errors import Forbidden

log = logging.getLogger(__name__)

Permission = Literal[
    "public",
    "page:read",
    "upload:read",
    "upload:write",
    "dataset:read",
    "query:run",
]
"""What a caller must be allowed to do; `public` needs nothing and is for health checks alone."""


class Protected(Protocol):
    """Something that says which permission it needs: a route."""

    @property
    def permission(self) -> Permission:
        """The permission that a caller needs."""


class Access:
    """The gate in front of every route: open to all, or closed to all but what is public."""

    def __init__(self, settings: Settings) -> None:
        self._is_open = settings.is_open
        self._env = settings.env

    def announce(self) -> None:
        """Warn in the log when everybody may do everything."""
        if self._is_open:
            log.warning("There is no access control: every caller is an administrator (ENV=%s)", self._env)

    def check(self, routes: Iterable[Protected]) -> None:
        """Raise Forbidden unless one of the routes of an address may be called.

        An address without a route is refused too while access is closed, so that nothing can be learned by trying.
        """
        if not self._is_open and not any(route.permission == "public" for route in routes):
            raise Forbidden("Access is closed until access control is configured")
