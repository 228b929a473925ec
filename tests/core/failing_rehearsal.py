"""A module whose rehearsal fails, after it has noted the attempt."""

import os
import tempfile
from pathlib import Path


def attempts(helper: int) -> Path:
    """Return the file that has one byte for each attempt of a helper's children."""
    return Path(tempfile.gettempdir()) / f"rehearsals-of-{helper}"


def rehearse() -> None:
    """Fail."""
    with attempts(os.getppid()).open("ab") as file:
        file.write(b".")
    raise RuntimeError("not today")
