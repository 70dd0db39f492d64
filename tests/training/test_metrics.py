"""Metrics against scikit-learn's."""

import numpy as np
import pytest
from hypothesis import given, strategies as st
from sklearn import metrics as sklearn_metrics

from barenet import METRICS

seeds = st.integers(0, 10_000)


def draw(seed, n_outputs):
    rng = np.random.default_rng(seed)
    y = rng.normal(size=(12, n_outputs))
    return y + rng.normal(size=y.shape), y


@given(seeds, st.integers(1, 3))
def test_regression_metrics(seed, n_outputs):
    output, y = draw(seed, n_outputs)
    expected = {
        "r2": sklearn_metrics.r2_score(y, output),
        "mean_absolute_error": sklearn_metrics.mean_absolute_error(y, output),
        "root_mean_squared_error": np.sqrt(sklearn_metrics.mean_squared_error(y, output)),
    }
    for name, value in expected.items():
        assert METRICS[name](output, y) == pytest.approx(value)


@given(seeds, st.integers(1, 5))
def test_accuracy_of_classes_and_of_labels(seed, n_outputs):
    rng = np.random.default_rng(seed)
    output, labels = rng.random((20, n_outputs)), rng.integers(2, size=(20, n_outputs))
    labels[0] = 0  # of no class: each output is a label of its own
    expected = sklearn_metrics.accuracy_score(labels, output > 0.5)
    assert METRICS["accuracy"](output, labels.astype(float)) == pytest.approx(expected)
    if n_outputs > 1:
        classes = rng.integers(n_outputs, size=20)
        expected = sklearn_metrics.accuracy_score(classes, output.argmax(axis=1))
        assert METRICS["accuracy"](output, np.eye(n_outputs)[classes]) == pytest.approx(expected)


def test_r2_of_a_constant_target():
    constant = np.ones((3, 1))
    assert METRICS["r2"](constant, constant) == 1.0
    assert METRICS["r2"](constant + np.array([[0.1], [0], [0]]), constant) == 0.0


def test_binary_predictions_use_a_threshold_of_one_half():
    """Where both are as likely, the first class is predicted: accuracy may not say otherwise."""
    half, yes = np.full((3, 1), 0.5), np.ones((3, 1))
    assert METRICS["accuracy"](half, yes) == 0
    assert METRICS["accuracy"](half, 1 - yes) == 1
