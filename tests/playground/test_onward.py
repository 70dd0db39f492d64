from __future__ import annotations

import pytest

from barenet.optimization.schedules import Cosine
from barenet.playground.design import Design
from barenet.playground.onward import HORIZON, Onward


def test_it_goes_on_where_it_was():
    schedule = Onward(Design(schedule="cosine", stop_epoch=100), 40)
    assert schedule.factor(10, 0) == Cosine().factor(50, 100)
    assert schedule.factor(1000, 0) == Cosine().factor(100, 100)
    assert Onward(Design(schedule="cosine"), 0).factor(7, 0) == Cosine().factor(7, HORIZON)


def test_it_is_as_steady_as_what_it_carries():
    assert Onward(Design(), 0).steady
    assert not Onward(Design(schedule="cosine"), 0).steady


def test_a_plateau_is_seen_through_it():
    schedule = Onward(Design(schedule="reduce_on_plateau:patience=1"), 0)
    for _ in range(5):
        schedule.observe(1.0)
    assert schedule.factor(5, 0) == pytest.approx(schedule.schedule.factor(5, HORIZON))
    assert schedule.factor(5, 0) < 1
