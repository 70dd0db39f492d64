"""The timetable: order, rates and weights of each epoch, though little of it is made anew."""

from __future__ import annotations

import numpy as np
import pytest

from barenet import SCHEDULES, SGD, Constant, Network, ReduceOnPlateau, SquaredError, StepDecay
from barenet.engines import Job
from barenet.model.array_dataset import ArrayDataset
from barenet.training.config import TrainingConfig
from barenet.training.epoch import EpochPlan, epoch_order

WEIGHT = np.array([3.0, 0.0, 1.0, 2.0, 5.0, 4.0, 0.5])


def plan(weight=None, **settings):
    rows = ArrayDataset(np.zeros((7, 1)), np.zeros((7, 1)), weight)
    optimizer = settings.pop("optimizer", SGD(0.1))
    job = Job(
        network=Network.dense([1, 1]), rows=rows, loss=SquaredError(), optimizer=optimizer, seed=5
    )
    return EpochPlan(job, optimizer, TrainingConfig(epochs=10, batch_size=3, **settings))


def test_the_order_is_that_of_the_epoch():
    shuffled, plain = plan(), plan(shuffle=False)
    for epoch in (0, 3, 1):
        shuffled.set_epoch(epoch)
        plain.set_epoch(epoch)
        assert np.array_equal(shuffled.order, epoch_order(7, seed=5, epoch=epoch))
        assert plain.order.tolist() == list(range(7))


def test_the_order_can_be_somebody_elses():
    pages = plan(order=lambda epoch: np.roll(np.arange(7), epoch))
    for epoch in (0, 1, 2):
        pages.set_epoch(epoch)
        assert pages.order[epoch] == 0


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_step_has_its_own_rate(name):
    pages, schedule = plan(schedule=SCHEDULES[name]()), SCHEDULES[name]()
    for epoch in range(10):
        pages.set_epoch(epoch)
        times = [epoch + batch / 3 for batch in range(3)]
        assert pages.rates.tolist() == [0.1 * schedule.factor(time, 10) for time in times]


@pytest.mark.parametrize("every", [1, 2.0, 2.5, 0.5])
def test_a_step_within_an_epoch_is_seen(every):
    schedule = StepDecay(every=every)
    pages = plan(schedule=schedule)
    for epoch in range(10):
        pages.set_epoch(epoch)
        assert pages.rates[-1] == 0.1 * schedule.factor(epoch + 2 / 3, 10)


def test_a_steady_rate_follows_the_schedule_and_the_optimizer():
    schedule, optimizer = ReduceOnPlateau(gamma=0.5), SGD(0.1)
    pages = plan(schedule=schedule, optimizer=optimizer)
    pages.set_epoch(0)
    assert pages.rates.tolist() == [0.1] * 3
    schedule.reductions = 1
    pages.set_epoch(1)
    assert pages.rates.tolist() == [0.05] * 3
    optimizer.learning_rate = 1.0
    pages.set_epoch(2)
    assert pages.rates.tolist() == [0.5] * 3


def test_what_stays_the_same_is_made_once():
    pages = plan(schedule=Constant(), shuffle=False)
    pages.set_epoch(0)
    order, rates = pages.order, pages.rates
    pages.set_epoch(1)
    assert pages.order is order and pages.rates is rates


@pytest.mark.parametrize("shuffle", [False, True])
@pytest.mark.parametrize("weight", [None, WEIGHT])
def test_the_mean_is_over_the_rows(weight, shuffle):
    pages, losses = plan(weight, shuffle=shuffle), np.array([1.0, 10.0, 100.0])
    each = np.ones(7) if weight is None else weight
    for epoch in range(3):
        pages.set_epoch(epoch)
        of_each_row = np.repeat(losses, [3, 3, 1])
        expected = np.average(of_each_row, weights=each[pages.order])
        assert pages.mean(losses) == pytest.approx(expected)
