"""What is reported reaches who listens: within its part of the whole, seldom enough, and never a step back."""

import threading
import time

import pytest

from eduscale.core.progress import SPARE_STAGES, STAGES, calmed, heard_by, listener, part, report


def test_reporting_to_nobody_does_nothing() -> None:
    report("reading", 0.5)
    with part(0.2, 0.4):
        assert listener() is None


def test_a_part_is_a_share_of_the_whole() -> None:
    """Parts nest, and outside of them the whole counts again."""
    heard: list[tuple[str, float]] = []
    with heard_by(lambda stage, fraction: heard.append((stage, fraction))):
        with part(0.5, 1):
            report("reading", 0)
            with part(0.5, 0.75):
                report("converting", 1)
        report("storing", 0.9)
    assert heard == [("reading", 0.5), ("converting", 0.875), ("storing", 0.9)]


def test_a_thread_does_not_report_by_itself() -> None:
    """What another thread does is somebody else's work, unless it is handed the listener."""
    heard: list[float] = []
    with heard_by(lambda stage, fraction: heard.append(fraction)):
        thread = threading.Thread(target=report, args=("reading", 0.5))
        thread.start()
        thread.join()
    assert heard == []


def test_a_calmed_listener_hears_few_words_and_no_step_back(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    heard: list[tuple[str, float]] = []
    tell = calmed(lambda stage, fraction: heard.append((stage, fraction)))
    tell("reading", 0.1)
    tell("reading", 0.2)  # too soon
    now += 0.3
    tell("reading", 0.3)
    now += 0.3
    tell("reading", 0.25)  # nothing new
    tell("converting", 0.2)  # a new stage is news, a smaller share is not
    tell("checking", 7)
    assert heard == [("reading", 0.1), ("reading", 0.3), ("converting", 0.3), ("checking", 1)]


def test_stages_that_change_all_the_time_are_calmed_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    heard: list[str] = []
    tell = calmed(lambda stage, fraction: heard.append(stage))
    for number in range(100):
        tell(STAGES[number % 2], 0.5)
    assert len(heard) == SPARE_STAGES
