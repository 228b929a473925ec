"""No time zone is lost silently."""

from datetime import datetime
from pathlib import Path

import pytest

from eduscale.ingest.tables.zones import minutes_ahead, zone_of
from eduscale.models.reading import Override
from tests.ingest.reading import read


@pytest.mark.parametrize(
    ("zone", "minutes"),
    [("Z", 0), ("SEČ", 60), ("CEST", 120), ("GMT+2", 120), ("GMT-05:30", -330), ("+02:00", 120), ("-0500", -300)],
)
def test_a_zone_says_how_far_ahead_its_clocks_are(zone: str, minutes: int) -> None:
    assert minutes_ahead(zone) == minutes


def test_summer_and_winter_time_are_one_place() -> None:
    cells = {"2024/01/15 8:15:22 odp. SEČ": 1, "2024/07/15 8:15:22 odp. SELČ": 2}
    zone = zone_of(cells, month_first=False)
    assert zone is not None
    assert (zone.value, zone.to_utc, zone.evidence.code) == ("SELČ / SEČ", False, "zone_summer_and_winter")


def test_moments_without_a_zone_have_none() -> None:
    assert zone_of({"2024-09-03 14:05": 1, "3/9/2024 14:05:12": 1, "03-2024": 1}, month_first=False) is None


def read_moments(folder: Path, *moments: str) -> tuple[str, list[object], list[object]]:
    got = read(folder, "kdy;n\n" + "".join(f"{moment};1\n" for moment in moments))
    zones = [guess.value for guess in got.table.guesses if guess.what == "time_zone"]
    return got.types[0], [row[0] for row in got.rows()], zones


@pytest.mark.parametrize(
    ("moment", "zone"),
    [
        ("2024/09/03 8:15:22 odp. SEČ", "SEČ"),
        ("2024/09/03 8:15:22 PM GMT+2", "GMT+2"),
        ("2024-09-03T20:15:22+02:00", "+02:00"),
        ("2024-09-03T20:15:22.000Z", "Z"),
        ("03.09.2024 20:15:22 CEST", "CEST"),
    ],
)
def test_one_zone_keeps_its_clock_and_is_told(tmp_path: Path, moment: str, zone: str) -> None:
    type_, values, zones = read_moments(tmp_path, moment, moment)
    assert type_ == "datetime"
    assert values == [datetime(2024, 9, 3, 20, 15, 22)] * 2
    assert zones == [zone]


def test_several_zones_are_converted_to_utc(tmp_path: Path) -> None:
    moments = ("2024-09-03T20:15:22+02:00", "2024-09-03T14:15:22-04:00", "2024-09-03T18:15:22Z")
    type_, values, zones = read_moments(tmp_path, *moments)
    assert (type_, zones) == ("datetime", ["UTC"])
    assert values == [datetime(2024, 9, 3, 18, 15, 22)] * 3


def test_named_zones_are_converted_too(tmp_path: Path) -> None:
    moments = ("2024/09/03 8:15:22 PM EST", "2024/09/03 8:15:22 odp. SELČ", "2024/09/03 8:15:22 PM GMT+10")
    _, values, zones = read_moments(tmp_path, *moments)
    assert zones == ["UTC"]
    assert values == [
        datetime(2024, 9, 4, 1, 15, 22),
        datetime(2024, 9, 3, 18, 15, 22),
        datetime(2024, 9, 3, 10, 15, 22),
    ]


def test_where_some_moments_name_no_zone_clocks_stay_and_it_is_told(tmp_path: Path) -> None:
    _, values, zones = read_moments(tmp_path, "2024-09-03T20:15:22+02:00", "2024-09-03T20:15:22")
    assert values == [datetime(2024, 9, 3, 20, 15, 22)] * 2
    assert zones == ["+02:00"]


@pytest.mark.parametrize(
    ("wanted", "moments", "hours"),
    [
        ("UTC", ("2024-09-03T20:15:22+02:00", "2024-09-03T20:15:22+02:00"), (18, 18)),
        ("local", ("2024-09-03T20:15:22+02:00", "2024-09-03T20:15:22Z"), (20, 20)),
    ],
    ids=["one zone converted", "several zones kept"],
)
def test_a_person_decides_which_clock_counts(
    tmp_path: Path, wanted: str, moments: tuple[str, ...], hours: tuple[int, ...]
) -> None:
    override = Override(what="time_zone", value=wanted, column="kdy", table=0)
    got = read(tmp_path, "kdy;n\n" + "".join(f"{moment};1\n" for moment in moments), overrides=(override,))
    assert [row[0] for row in got.rows()] == [datetime(2024, 9, 3, hour, 15, 22) for hour in hours]


def test_moments_that_do_not_all_name_a_zone_are_not_converted_and_it_is_said(tmp_path: Path) -> None:
    override = Override(what="time_zone", value="UTC", column="kdy", table=0)
    sent = "kdy;n\n2024-09-03T20:15:22+02:00;1\n2024-09-03T20:15:22;2\n"
    got = read(tmp_path, sent, overrides=(override,))
    assert [row[0] for row in got.rows()] == [datetime(2024, 9, 3, 20, 15, 22)] * 2
    assert [refused.said.code for refused in got.reading.refused] == ["override_zones_unknown"]
