"""Losses for numbers: scikit-learn's loss of quantiles, hand-worked and extreme cases."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as hnp

from barenet import Network, train
from barenet.losses import (
    AbsoluteError,
    Gamma,
    GaussianNLL,
    Huber,
    Loss,
    Poisson,
    Quantile,
    SquaredError,
    Tweedie,
)


def columns(elements: st.SearchStrategy[float]) -> st.SearchStrategy[np.ndarray]:
    """Predictions, targets and weights, a column each."""
    return st.integers(1, 8).flatmap(lambda n: hnp.arrays(np.float64, (3, n), elements=elements))


def test_several_outputs_are_summed():
    from sklearn import metrics  # which takes seconds to import

    output, y = np.array([[1.0, 2.0], [3.0, 5.0]]), np.array([[0.0, 0.0], [3.0, 1.0]])
    # ½ · [(1 + 4) + (0 + 16)] / 2
    assert SquaredError().value(output, y) == 5.25
    # scikit-learn's and PyTorch's mean over the outputs too: half of the sum
    assert SquaredError(factor=1).value(output, y) / 2 == metrics.mean_squared_error(y, output)
    assert AbsoluteError().value(output, y) == (1 + 2 + 0 + 4) / 2


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


@pytest.mark.parametrize("power", [1.0, 1.01, 1.3, 1.5, 1.9, 1.99, 2.0])
def test_a_deviance_is_half_of_scikit_learns(power):
    from sklearn.metrics import mean_tweedie_deviance

    losses = {1.0: Poisson(), 2.0: Gamma()}
    loss = losses.get(power) or Tweedie(power=power)
    rng = np.random.default_rng(0)
    output, y, weights = rng.gamma(0.5, size=(3, 200))
    if power < 2:
        y[::3] = 0
    expected = mean_tweedie_deviance(y, output, sample_weight=weights, power=power)
    assert 2 * loss.value(output[:, None], y[:, None], weights) == pytest.approx(expected)
    assert loss.value(y[1::3, None], y[1::3, None]) == pytest.approx(0, abs=1e-13)


@pytest.mark.parametrize("loss", [Gamma(), Tweedie(power=1.9)], ids=repr)
def test_a_mean_that_was_rounded_to_zero_has_a_finite_deviance(loss: Loss, dtype):
    zero, one = np.zeros((1, 1), dtype), np.ones((1, 1), dtype)
    assert np.isfinite(loss.value(zero, one))
    assert np.isfinite(loss.value(one, one / 1000))


@pytest.mark.parametrize("loss", [AbsoluteError(), Huber(), Quantile(q=0.9)], ids=repr)
def test_an_error_whose_square_overflows(loss: Loss):
    """1e30 squared is beyond float32; a loss that grows like a line has no need of the square."""
    output, y = np.full((1, 1), 1e30, np.float32), np.zeros((1, 1), np.float32)
    assert loss.value(output, y) == pytest.approx(1e30, rel=0.91)
    assert np.isfinite(loss.gradient(output, y)).all()


def test_several_means_come_before_their_log_variances():
    loss, y = GaussianNLL(), np.array([[1.0, 2, 1, 2]])
    output = np.array([[1.5, 0, 0.1, -0.3]])
    alone = [loss.value(output[:, [j, j + 2]], y[:, [j, j + 2]]) for j in (0, 1)]
    assert loss.value(output, y) == pytest.approx(sum(alone), rel=1e-14)
    assert loss.point(output).tolist() == [[1.5, 0]]


@given(data=columns(st.floats(-20, 20)))
def test_several_quantiles_are_the_sum_of_single_ones(data):
    from sklearn import metrics  # which takes seconds to import

    output, y, weights = np.sort(data.T[:, :1] + np.arange(3)), data[1], np.abs(data[2]) + 1
    levels, tiled = (0.2, 0.5, 0.9), np.tile(y[:, None], 3)
    parts = zip(output.T, levels, strict=True)
    metric = metrics.mean_pinball_loss
    expected = sum(metric(y, part, alpha=q, sample_weight=weights) for part, q in parts)
    loss = Quantile(levels=levels)
    assert loss.value(output, tiled, weights) == pytest.approx(expected, rel=1e-9)
    assert loss.point(output).tolist() == output[:, 1:2].tolist()
    singles = [(Quantile(q=q), output[:, [j]], y[:, None]) for j, q in enumerate(levels)]
    total = sum(single.value(*rows, weights) for single, *rows in singles)
    assert total == pytest.approx(expected, rel=1e-9)
    derivatives = [single.derivative(*rows) for single, *rows in singles]
    np.testing.assert_array_equal(loss.derivative(output, tiled), np.hstack(derivatives))


@pytest.mark.parametrize(
    ("sizes", "output", "y", "problem"),
    [
        ([1, 3], "identity", [1.0], "^loss: quantile needs an output activation of ascending"),
        ([1, 3], "ascending", [[1.0, 2, 3]], r"^y: expected shape \(1, 1\)"),
        ([1, 2], "ascending", [1.0], "^loss: quantile needs 3 outputs a target, and the network h"),
        ([1, 6], "ascending", [[1.0, 2]], "^y: 3 quantiles are of one target"),
    ],
)
def test_quantiles_of_another_network_are_refused(sizes, output, y, problem):
    network = Network.dense(sizes, output=output)
    with pytest.raises(ValueError, match=problem):
        train(network, [[1.0]], y, loss="quantile:levels=[0.1,0.5,0.9]")


@pytest.mark.parametrize("engine", ["reference", "compiled"])
def test_metrics_are_of_the_middle_quantile_and_of_the_mean(engine):
    from sklearn import metrics  # which takes seconds to import

    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 2)), rng.normal(size=40)
    for loss, n_out, output in [
        ("quantile:levels=[0.2,0.5,0.9]", 3, "ascending"),
        ("gaussian_nll", 2, "identity"),
    ]:
        network = Network.dense([2, 4, n_out], output=output, dtype="float64")
        how = {"loss": loss, "metrics": "r2", "validation_data": (X, y), "epochs": 3}
        history = train(network, X, y, engine=engine, **how)
        expected = metrics.r2_score(y, network.predict(X)[:, (n_out - 1) // 2])
        assert history["r2"][-1] == pytest.approx(expected, rel=1e-9)
        assert history["validation_r2"][-1] == history["r2"][-1]
        assert history["validation_loss"][-1] == pytest.approx(
            network.value_and_gradient(X, y, loss)[0], rel=1e-9
        )
