from __future__ import annotations

import pytest

from barenet.optimization._schedules import Cosine
from barenet.playground._page_state import NetworkSettings
from barenet.playground._resumed_schedule import DEFAULT_EPOCHS, ResumedSchedule


def test_it_goes_on_where_it_was():
    schedule = ResumedSchedule(NetworkSettings(schedule="cosine", stop_epoch=100), 40)
    assert schedule.factor(10, 0) == Cosine().factor(50, 100)
    assert schedule.factor(1000, 0) == Cosine().factor(100, 100)
    assert ResumedSchedule(NetworkSettings(schedule="cosine"), 0).factor(7, 0) == Cosine().factor(
        7, DEFAULT_EPOCHS
    )


def test_it_is_as_steady_as_what_it_carries():
    assert ResumedSchedule(NetworkSettings(), 0).steady
    assert not ResumedSchedule(NetworkSettings(schedule="cosine"), 0).steady


def test_a_plateau_is_seen_through_it():
    schedule = ResumedSchedule(NetworkSettings(schedule="reduce_on_plateau:patience=1"), 0)
    for _ in range(5):
        schedule.observe(1.0)
    assert schedule.factor(5, 0) == pytest.approx(schedule.schedule.factor(5, DEFAULT_EPOCHS))
    assert schedule.factor(5, 0) < 1
