"""The parent's side of reading: hands a file to the child that reads it and takes back what it understood."""

from pathlib import Path

from eduscale.core import progress
from eduscale.core.sandbox import Sandbox
from eduscale.models.reading import Override, Reading, ReadLimits, ReadTask

TASK = "eduscale.ingest.tabular:read_file"


def read_sent_file(
    sandbox: Sandbox,
    *,
    path: Path,
    filename: str,
    folder: Path,
    memory_bytes: int,
    limits: ReadLimits,
    deadline_s: float,
    patience_s: float,
    overrides: tuple[Override, ...] = (),
) -> Reading:
    """Read a file in a child, as people decided it; its progress counts as ours.

    Its Parquet files are in `folder` afterwards.
    """
    task = ReadTask(
        path=str(path),
        filename=filename,
        folder=str(folder),
        memory_bytes=memory_bytes,
        limits=limits,
        overrides=overrides,
    )
    answer = sandbox.run(
        TASK,
        task.model_dump_json().encode(),
        deadline_s=deadline_s,
        patience_s=patience_s,
        on_progress=progress.listener(),
    )
    return Reading.model_validate_json(answer)
