"""The gradient check: correct gradients pass and wrong ones are found, for any network."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from barenet import Network, check_gradients
from barenet.activations import ACTIVATIONS
from barenet.layers import ActivationLayer, BatchNorm, Dense, Dropout, LayerNorm

X = np.random.default_rng(0).normal(size=(7, 3))


def every_layer():
    layers = [Dense(3, 5, "tanh"), BatchNorm(5), ActivationLayer("silu"), Dropout(0.3)]
    return Network([*layers, LayerNorm(5), Dense(5, 2, "softmax")], seed=3)


@pytest.mark.parametrize("training", [True, False])
def test_every_layer_passes_in_both_modes(training):
    network = every_layer()
    arrays = network.parameters, network.statistics
    before = [each.copy() for each in arrays]
    report = check_gradients(network, X, [0, 1, 1, 0, 1, 0, 0], training=training)
    assert report, str(report)
    assert report.relative_error < 1e-7
    assert all(map(np.array_equal, arrays, before)) and network.dtype == np.float32


@settings(max_examples=settings.default.max_examples * 2 // 5)
@given(
    st.lists(st.integers(1, 4), min_size=2, max_size=4),
    st.sampled_from(sorted(ACTIVATIONS)),
    st.integers(0, 1000),
)
def test_random_networks_pass_despite_kinks(sizes, hidden, seed):
    rng = np.random.default_rng(seed)
    network = Network.dense(sizes, hidden=hidden, seed=seed)
    rows, y = rng.normal(size=(4, sizes[0])), rng.normal(size=(4, sizes[-1]))
    report = check_gradients(network, rows, y, "huber", sample_weight=rng.random(4))
    assert report, str(report)


@pytest.mark.parametrize("error", [1.0, 1e-2, 1e-5])
def test_a_wrong_backward_pass_is_detected(error, wrong_layer):
    network = Network([Dense(3, 2), wrong_layer(error), Dense(2, 1)], seed=1)
    report = check_gradients(network, X, X[:, 0])
    assert not report
    wrong = [entry.relative_error > report.tolerance for entry in report.parameters]
    assert wrong == [True, True, False, False, False]
    assert report.relative_error == pytest.approx(error / (1 + error), rel=0.01)
    assert "wrong" in str(report).splitlines()[1] and "DIFFER" in str(report)
    assert check_gradients(Network([Dense(3, 2), wrong_layer(0), Dense(2, 1)]), X, X[:, 0])


def test_the_report_has_both_gradients():
    network = Network.dense([3, 2, 1], hidden="tanh", seed=1, dtype="float64")
    report = check_gradients(network, X, X[:, 0])
    loss, gradient = network.value_and_gradient(X, X[:, 0])
    assert report.loss == loss
    assert [entry.analytic.shape for entry in report.parameters] == [(3, 2), (2,), (2, 1), (1,)]
    assert np.array_equal(np.concatenate([e.analytic.ravel() for e in report.parameters]), gradient)
    numeric = np.concatenate([e.numeric.ravel() for e in report.parameters])
    assert numeric == pytest.approx(gradient, abs=1e-9)
    lines = str(report).splitlines()
    assert len(lines) == 6 and len({len(line) for line in lines[:5]}) == 1


def test_nan_gradients_fail(wrong_layer):
    class Careless(wrong_layer):
        def backward(self, cache, d_output, out):
            out["factor"][:] = np.nan
            return self.factor * d_output

    report = check_gradients(Network([Dense(3, 2), Careless(0), Dense(2, 1)], seed=1), X, X[:, 0])
    assert not report and report.relative_error == np.inf
    assert "DIFFER" in str(report)


def test_zero_gradients_agree_and_on_a_kink_any_subgradient_does():
    report = check_gradients(Network.dense([3, 2, 1], init="zeros"), X, np.zeros(7))
    assert report and report.relative_error == 0
    network = Network.dense([3, 4, 1], hidden="leaky_relu", seed=1)  # biases start from 0
    assert check_gradients(network, np.zeros((1, 3)), [1.0])
