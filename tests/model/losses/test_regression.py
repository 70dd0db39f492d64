"""Losses for numbers: scikit-learn's metrics, the best constants, hand-worked and extreme cases."""

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as hnp
from sklearn import metrics

from barenet.model.losses import AbsoluteError, Huber, Loss, Poisson, Quantile, SquaredError
from barenet.model.losses._regression import ExponentialPoisson


def columns(elements: st.SearchStrategy[float]) -> st.SearchStrategy[np.ndarray]:
    """Predictions, targets and weights, a column each."""
    return st.integers(1, 8).flatmap(lambda n: hnp.arrays(np.float64, (3, n), elements=elements))


ORACLES = {
    "squared": (
        SquaredError(factor=1),
        lambda p, y, w: metrics.mean_squared_error(y, p, sample_weight=w),
    ),
    "absolute": (
        AbsoluteError(),
        lambda p, y, w: metrics.mean_absolute_error(y, p, sample_weight=w),
    ),
    "quantile": (
        Quantile(q=0.8),
        lambda p, y, w: metrics.mean_pinball_loss(y, p, sample_weight=w, alpha=0.8),
    ),
    "poisson": (
        Poisson(),  # half the deviance
        lambda p, y, w: 0.5 * metrics.mean_poisson_deviance(y, p, sample_weight=w),
    ),
    "exponential_poisson": (
        ExponentialPoisson(),
        lambda z, y, w: 0.5 * metrics.mean_poisson_deviance(y, np.exp(z), sample_weight=w),
    ),
}


@pytest.mark.parametrize("name", ORACLES)
@given(data=columns(st.floats(0.01, 50)))
def test_scikit_learns_metric(name, data):
    loss, metric = ORACLES[name]
    output, y, weights = data
    expected = metric(output, y, weights)
    value = loss.value(output[:, None], y[:, None], weights)
    assert value == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_several_outputs_are_summed():
    output, y = np.array([[1.0, 2.0], [3.0, 5.0]]), np.array([[0.0, 0.0], [3.0, 1.0]])
    # ½ · [(1 + 4) + (0 + 16)] / 2
    assert SquaredError().value(output, y) == 5.25
    # scikit-learn's and PyTorch's mean over the outputs too: half of the sum
    assert SquaredError(factor=1).value(output, y) / 2 == metrics.mean_squared_error(y, output)
    assert AbsoluteError().value(output, y) == (1 + 2 + 0 + 4) / 2


def test_huber_by_hand():
    errors = np.array([[0.0], [0.5], [1.0], [-1.0], [2.0], [-4.0]])
    y = np.zeros_like(errors)
    # δ = 1: ½e² up to 1, then |e| − ½
    assert Huber().per_sample(errors, y).tolist() == [0, 0.125, 0.5, 0.5, 1.5, 3.5]
    assert Huber().derivative(errors, y).ravel().tolist() == [0, 0.5, 1, -1, 1, -1]
    # δ = 2: ½e² up to 2, then 2(|e| − 1)
    assert Huber(delta=2).per_sample(errors, y).tolist() == [0, 0.125, 0.5, 0.5, 2, 6]
    assert Huber(delta=2).derivative(errors, y).ravel().tolist() == [0, 0.5, 1, -1, 2, -2]


def test_quantile_by_hand():
    output, y = np.array([[1.0], [1.0], [1.0]]), np.array([[3.0], [0.0], [1.0]])
    # too little by 2 costs 0.9 · 2, too much by 1 costs 0.1 · 1
    assert Quantile(q=0.9).per_sample(output, y).round(12).tolist() == [1.8, 0.1, 0]
    assert Quantile(q=0.9).derivative(output, y).round(12).ravel().tolist() == [-0.9, 0.1, 0]
    half = Quantile(q=0.5).value(output, y)
    assert half == AbsoluteError().value(output, y) / 2


Y = np.array([1.0, 2.0, 4.0, 8.0, 30.0])


@pytest.mark.parametrize(
    ("loss", "constant"),
    [
        (SquaredError(), Y.mean()),
        (AbsoluteError(), 4.0),
        (Quantile(q=0.5), 4.0),
        (Quantile(q=0.9), 30.0),
        (Quantile(q=0.3), 2.0),
        (Huber(delta=1e6), Y.mean()),
        (Huber(delta=1e-6), 4.0),
        (Poisson(), Y.mean()),
    ],
    ids=repr,
)
def test_the_best_constant(loss: Loss, constant):
    """Each loss is known by the constant that makes it smallest."""
    result = scipy.optimize.minimize_scalar(
        lambda c: loss.value(np.full((5, 1), c), Y[:, None]),
        bounds=(0.5, 40),
        method="bounded",
        options={"xatol": 1e-9},
    )
    assert result.x == pytest.approx(constant, rel=1e-4)


def test_the_derivative_at_the_kinks():
    at = np.array([[2.0]])
    assert AbsoluteError().derivative(at, at) == 0
    assert Quantile(q=0.9).derivative(at, at) == 0
    assert Huber().derivative(at, at) == 0


def test_poisson_of_no_counts_and_of_no_rate(dtype):
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


def test_counts_below_zero():
    with pytest.raises(ValueError, match=r"^y: the poisson loss needs counts of 0 or more, got -1"):
        Poisson().check_targets(np.array([[2.0], [-1.0]]))
    Poisson().check_targets(np.array([[0.0], [2.5]]))
