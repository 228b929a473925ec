"""What people decided for files of a kind, by a key of their region, sender and layout.

state/overrides/<key>.json
"""

from collections.abc import Callable

from eduscale.core.errors import ObjectChanged, ObjectMissing
from eduscale.models.base import Model
from eduscale.models.reading import Override
from eduscale.storage.objects import ObjectStore

Overrides = tuple[Override, ...]


class Remembered(Model):
    """The decisions for one kind of file, and whose files they are."""

    region: str
    sender: str | None
    overrides: Overrides = ()


class OverrideStore:
    """Remembered decisions by key; those of an unknown key are none."""

    def __init__(self, objects: ObjectStore) -> None:
        self._objects = objects

    def get(self, key: str) -> Overrides:
        """Return what is remembered under a key."""
        try:
            return Remembered.model_validate_json(self._objects.get(_object_key(key)).data).overrides
        except ObjectMissing:
            return ()

    def change(self, key: str, blank: Remembered, change: Callable[[Overrides], Overrides]) -> None:
        """Replace what is remembered under a key, at first `blank`, by what `change` makes of it."""
        name = _object_key(key)
        while True:
            try:
                found = self._objects.get(name)
            except ObjectMissing:
                made = blank.model_copy(update={"overrides": change(())})
                if not made.overrides or self._objects.put_if_absent(name, made.model_dump_json().encode()):
                    return
                continue
            known = Remembered.model_validate_json(found.data)
            made = known.model_copy(update={"overrides": change(known.overrides)})
            if made == known:
                return
            try:
                self._objects.swap(name, made.model_dump_json().encode(), version=found.version)
            except ObjectChanged:
                continue
            return


def _object_key(key: str) -> str:
    return f"state/overrides/{key}.json"
