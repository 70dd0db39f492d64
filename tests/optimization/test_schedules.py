"""Schedules: PyTorch's rates step by step, values by hand, settings that divide by nothing."""

import copy
import math

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from barenet.schedules import (
    SCHEDULES,
    Constant,
    Cosine,
    ExponentialDecay,
    InverseScaling,
    OneCycle,
    ReduceOnPlateau,
    StepDecay,
)


def test_rates_agree_with_pytorch(pytorch):
    """PyTorch counts steps, of which n have n − 1 ways between them: the last is our end.

    Its one-cycle has its peak at share · n − 1 of those, which is that share of n − 1 for us.
    """
    figures = pytorch["schedules"]
    n = figures["total_steps"]
    for name, schedule in {
        "step": StepDecay(every=3, gamma=0.5),
        "exponential": ExponentialDecay(gamma=0.9),
        "cosine": Cosine(floor=0.05),
        "one_cycle": OneCycle(rise=(0.3 * n - 1) / (n - 1), start=25, end=1e4),
    }.items():
        factors = [schedule.factor(step, n - 1) for step in range(n)]
        np.testing.assert_allclose(factors, figures[name], rtol=1e-12, atol=1e-15, err_msg=name)


@pytest.mark.parametrize("patience", [0, 1, 2])
def test_plateau_agrees_with_pytorch(pytorch, patience):
    """PyTorch's patience is how many bad epochs are borne; ours counts the one that is not."""
    figures = pytorch["schedules"]
    schedule = ReduceOnPlateau(gamma=0.5, patience=patience + 1, minimum_delta=1e-4)
    factors = []
    for loss in figures["losses"]:
        schedule.observe(loss)
        factors.append(schedule.factor(0, 1))
    assert factors == figures["reduce_on_plateau"][str(patience)]


@pytest.mark.parametrize(
    ("schedule", "epoch", "epochs", "expected"),
    [
        (Constant(), 3.5, 10, 1),
        (StepDecay(every=0.5, gamma=0.1), 0.75, 10, 0.1),
        (ExponentialDecay(gamma=0.25), 1.5, 10, 0.125),
        (InverseScaling(power=1), 4, 10, 0.2),
        (InverseScaling(power=0), 4, 10, 1),
        (Cosine(), 10 / 3, 10, 0.75),  # cos 60° = ½
        (Cosine(floor=0.2), 5, 10, 0.6),
        (Cosine(warmup=4), 1, 10, 0.25),
        (Cosine(warmup=4), 4, 10, 1),
        (Cosine(warmup=4), 7, 10, 0.5),
        (Cosine(warmup=10), 10, 10, 1),
        (Cosine(warmup=99), 5, 10, 5 / 99),
        (OneCycle(), 1.5, 10, 0.52),  # half way from 0.04 to 1
        (OneCycle(), 6.5, 10, 0.5 + 0.5 * 0.04 * 1e-4),
        (OneCycle(rise=0), 0, 10, 1),
        (OneCycle(rise=1), 10, 10, 1),
    ],
)
def test_values_by_hand(schedule, epoch, epochs, expected):
    assert schedule.factor(epoch, epochs) == pytest.approx(expected, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize("name", SCHEDULES)
@settings(max_examples=settings.default.max_examples // 4)
@given(epoch=st.floats(0, 50), extra=st.floats(0, 3))
def test_factors_are_between_zero_and_one(name, epoch, extra):
    """The optimizer's rate is the greatest one, at every moment, a little after the end too."""
    schedule = SCHEDULES[name]()
    factor = schedule.factor(epoch + extra, 50)
    assert 0 <= factor <= 1
    assert isinstance(factor, float)


def test_a_nan_loss_is_not_an_improvement():
    schedule = ReduceOnPlateau(patience=2)
    for loss in (1.0, math.nan, math.inf):
        schedule.observe(loss)
    assert (schedule.best, schedule.reductions) == (1.0, 1)
    schedule = ReduceOnPlateau(patience=2)
    for loss in (math.nan, 2.0):
        schedule.observe(loss)
    assert schedule.best == 2.0


def test_the_state_of_a_plateau_is_copied():
    schedule = ReduceOnPlateau(patience=1)
    for loss in (1.0, 2.0):
        schedule.observe(loss)
    assert copy.deepcopy(schedule).factor(0, 1) == 0.5
    assert schedule == ReduceOnPlateau(patience=1)  # equal settings
    flat = ReduceOnPlateau(patience=2)
    for _ in range(5):
        flat.observe(-2.0)  # as of gaussian_nll
    assert flat.reductions == 2
    assert repr(schedule) == "ReduceOnPlateau(gamma=0.5, patience=1, minimum_delta=0.0001)"
