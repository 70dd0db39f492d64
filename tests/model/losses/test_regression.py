"""Losses for numbers: scikit-learn's metrics, the best constants, hand-worked and extreme cases."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics

from barenet.model.losses import AbsoluteError, Huber, Loss, Poisson, Quantile, SquaredError
from barenet.model.losses._regression import ExponentialPoisson


def columns(elements: st.SearchStrategy[float]) -> st.SearchStrategy[np.ndarray]:
    """Predictions, targets and weights, a column each."""
    return st.integers(1, 8).flatmap(lambda n: hnp.arrays(np.float64, (3, n), elements=elements))


def half_deviance(y, output, sample_weight):
    return 0.5 * metrics.mean_poisson_deviance(y, output, sample_weight=sample_weight)


ORACLES = {
    "squared": (SquaredError(factor=1), metrics.mean_squared_error),
    "absolute": (AbsoluteError(), metrics.mean_absolute_error),
    "quantile": (Quantile(q=0.8), partial(metrics.mean_pinball_loss, alpha=0.8)),
    "poisson": (Poisson(), half_deviance),
    "exponential_poisson": (
        ExponentialPoisson(),
        lambda y, z, sample_weight: half_deviance(y, np.exp(z), sample_weight),
    ),
}


@pytest.mark.parametrize("name", ORACLES)
@given(data=columns(st.floats(0.01, 50)))
def test_losses_agree_with_scikit_learns_metrics(name, data):
    loss, metric = ORACLES[name]
    output, y, weights = data
    expected = metric(y, output, sample_weight=weights)
    value = loss.value(output[:, None], y[:, None], weights)
    assert value == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_several_outputs_are_summed():
    output, y = np.array([[1.0, 2.0], [3.0, 5.0]]), np.array([[0.0, 0.0], [3.0, 1.0]])
    # ½ · [(1 + 4) + (0 + 16)] / 2
    assert SquaredError().value(output, y) == 5.25
    # scikit-learn's and PyTorch's mean over the outputs too: half of the sum
    assert SquaredError(factor=1).value(output, y) / 2 == metrics.mean_squared_error(y, output)
    assert AbsoluteError().value(output, y) == (1 + 2 + 0 + 4) / 2


Y = np.array([1.0, 2.0, 4.0, 8.0, 30.0])


def test_the_derivative_at_the_kinks():
    at = np.array([[2.0]])
    assert AbsoluteError().derivative(at, at) == 0
    assert Quantile(q=0.9).derivative(at, at) == 0
    assert Huber().derivative(at, at) == 0


def test_poisson_of_zero_counts_and_zero_rates(dtype):
    zero, one = np.zeros((1, 1), dtype), np.ones((1, 1), dtype)
    assert Poisson().value(one, zero) == 1  # ŷ − 0 + 0 · ln 0
    assert Poisson().value(zero, zero) == pytest.approx(0, abs=1e-6)
    assert np.isfinite(Poisson().value(zero, one))
    assert np.isfinite(Poisson().derivative(zero, one)).all()
    assert np.isfinite(Poisson().derivative(zero, 1000 * one)).all()


@pytest.mark.parametrize("loss", [AbsoluteError(), Huber(), Quantile(q=0.9)], ids=repr)
def test_an_error_whose_square_overflows(loss: Loss):
    """1e30 squared is beyond float32; a loss that grows like a line has no need of the square."""
    output, y = np.full((1, 1), 1e30, np.float32), np.zeros((1, 1), np.float32)
    assert loss.value(output, y) == pytest.approx(1e30, rel=0.91)
    assert np.isfinite(loss.gradient(output, y)).all()


def test_negative_counts_are_refused():
    with pytest.raises(ValueError, match=r"^y: the poisson loss needs counts of 0 or more, got -1"):
        Poisson().check_targets(np.array([[2.0], [-1.0]]))
    Poisson().check_targets(np.array([[0.0], [2.5]]))
