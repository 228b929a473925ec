"""Datasets are what the live heads bring together."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from eduscale.models.reading import ReadColumn
from eduscale.models.upload import Head, StoredReceipt, StoredTable, UploadFacts
from eduscale.storage.local import LocalFolder
from eduscale.storage.uploads import UploadStore
from eduscale.warehouse.catalogue import Catalogue, place, widen

START = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def uploads(tmp_path: Path) -> UploadStore:
    return UploadStore(LocalFolder(tmp_path))


def column(name: str, kind: str = "text", storage: str = "VARCHAR", *, empty: bool = False) -> ReadColumn:
    return ReadColumn.model_validate(
        {"name": name, "label": name.title(), "type": kind, "storage": storage, "empty": empty}
    )


def load(
    uploads: UploadStore, upload_id: str, *columns: ReadColumn, replaces: str | None = None, rows: int = 3
) -> None:
    table = StoredTable(
        index=0, name="t", columns=columns, rows=rows, rejected_rows=0, set_aside_rows=0,
        rows_file="rows-0.parquet", dataset="zaci",
    )  # fmt: skip
    uploads.add_receipt(StoredReceipt(upload_id=upload_id, generation=1, duration_ms=1, tables=(table,)))
    facts = UploadFacts(
        upload_id=upload_id, filename="f.csv", sha256="0", size_bytes=1, region="r", dataset=None, sender=None,
        received_at=START + timedelta(seconds=len(uploads.heads())), replaces=replaces,
    )  # fmt: skip
    uploads.create_head(Head(state="loaded", generation=1, upload=facts, datasets=("zaci",)))


def names(catalogue: Catalogue) -> list[str]:
    return [column.name for column in catalogue.datasets()["zaci"].columns]


def test_uploads_of_one_dataset_append_and_a_new_column_is_added(uploads: UploadStore) -> None:
    catalogue = Catalogue(uploads)
    load(uploads, "a", column("id"), column("jmeno"))
    assert names(catalogue) == ["id", "jmeno"]
    load(uploads, "b", column("id"), column("trida"))
    assert names(catalogue) == ["id", "jmeno", "trida"]
    assert catalogue.datasets()["zaci"].rows == 6


def test_an_upload_that_a_live_one_replaces_does_not_count_until_that_is_undone(uploads: UploadStore) -> None:
    catalogue = Catalogue(uploads)
    load(uploads, "a", column("id"), rows=3)
    load(uploads, "b", column("id"), rows=5, replaces="a")
    assert catalogue.datasets()["zaci"].rows == 5
    head, version = uploads.head("b")
    uploads.move_head(head.model_copy(update={"state": "undone"}), version=version)
    assert catalogue.datasets()["zaci"].rows == 3


@pytest.mark.parametrize("order", ["lsd", "lds", "sld", "sdl", "dls", "dsl"])
def test_whole_numbers_that_no_double_holds_make_no_double_in_any_order(uploads: UploadStore, order: str) -> None:
    kinds = {
        "l": ReadColumn(name="id", label="ID", type="integer", storage="BIGINT", long=True),
        "s": column("id", "integer", "BIGINT"),
        "d": column("id", "decimal", "DOUBLE"),
    }
    catalogue = Catalogue(uploads)
    for kind in order:
        load(uploads, kind, kinds[kind])
    (joined,) = catalogue.datasets()["zaci"].columns
    assert (joined.type, joined.storage) == ("text", "VARCHAR")


def test_a_column_that_one_file_left_empty_keeps_the_type_of_the_others(uploads: UploadStore) -> None:
    load(uploads, "a", column("body", empty=True))
    load(uploads, "b", column("body", "integer", "BIGINT"))
    load(uploads, "c", column("body", empty=True))
    (body,) = Catalogue(uploads).datasets()["zaci"].columns
    assert (body.type, body.storage) == ("integer", "BIGINT")


@pytest.mark.parametrize(
    ("one", "other", "widest"),
    [
        (("integer", "BIGINT"), ("integer", "BIGINT"), ("integer", "BIGINT")),
        (("integer", "BIGINT"), ("decimal", "DOUBLE"), ("decimal", "DOUBLE")),
        (("integer", "BIGINT"), ("decimal", "DECIMAL(38,4)"), ("decimal", "DECIMAL(38,4)")),
        (("decimal", "DECIMAL(38,2)"), ("decimal", "DECIMAL(38,4)"), ("text", "VARCHAR")),
        (("decimal", "DECIMAL(20,2)"), ("decimal", "DECIMAL(20,4)"), ("decimal", "DECIMAL(22,4)")),
        (("date", "DATE"), ("datetime", "TIMESTAMP"), ("datetime", "TIMESTAMP")),
        (("date", "DATE"), ("integer", "BIGINT"), ("text", "VARCHAR")),
        (("boolean", "BOOLEAN"), ("integer", "BIGINT"), ("text", "VARCHAR")),
    ],
)
def test_a_conflicting_type_widens_to_one_that_holds_both(one, other, widest) -> None:  # type: ignore[no-untyped-def]
    assert widen(one, other) == widest
    assert widen(other, one) == widest


def test_unrelated_layouts_get_datasets_of_their_own(uploads: UploadStore) -> None:
    load(uploads, "a", column("id"), column("jmeno"), column("body"))
    datasets = Catalogue(uploads).datasets()
    assert place([column("id"), column("jmeno"), column("novy")], "zaci", datasets) == "zaci"
    assert place([column("id"), column("ucitel"), column("ucebna")], "zaci", datasets) == "zaci_2"
    assert (
        place([column(name) for name in ("id", "jmeno", "body", "p", "q", "r", "s")], "zaci", datasets) == "zaci"
    )
    assert place([column("x")], "jiny", datasets) == "jiny"
