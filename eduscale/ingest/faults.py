"""What is wrong with a field that was sent, told by a code so that it can be said in any language."""

import re
import unicodedata

from eduscale.core.errors import InvalidField
from eduscale.ingest.wording import say
from eduscale.models.reading import Said

MAX_REGION = 64
_REGION = re.compile(rf"[A-Za-z0-9-]{{1,{MAX_REGION}}}")
_EXAMPLE = "jihomoravsky"


class FieldRefused(InvalidField):
    """A field's value is not accepted; `said` is why, for any language."""

    def __init__(self, said: Said, *, field: str) -> None:
        super().__init__(say(said, "en"), field=field)
        self.said = said


def check_region(region: str) -> None:
    """Raise FieldRefused, with what the sender may have meant, unless it is the name of a region."""
    if not _REGION.fullmatch(region):
        code = "region_wrong" if region.strip() else "region_missing"
        facts = {"limit": MAX_REGION, "example": _plain(region) or _EXAMPLE}
        raise FieldRefused(Said(code=code, facts=facts), field="region")


def _plain(region: str) -> str:
    """Return a name in letters without accents, digits and hyphens."""
    bare = unicodedata.normalize("NFKD", region).encode("ascii", "ignore").decode()
    return re.sub("[^A-Za-z0-9]+", "-", bare)[:MAX_REGION].strip("-")
