"""Metrics against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics as sklearn_metrics

from barenet import METRICS
from barenet.training._train import as_metrics

seeds = st.integers(0, 10_000)


def draw(seed, n_outputs):
    rng = np.random.default_rng(seed)
    y = rng.normal(size=(12, n_outputs))
    return y + rng.normal(size=y.shape), y


@given(seeds, st.integers(1, 3))
def test_numbers(seed, n_outputs):
    output, y = draw(seed, n_outputs)
    expected = {
        "r2": sklearn_metrics.r2_score(y, output),
        "mean_absolute_error": sklearn_metrics.mean_absolute_error(y, output),
        "root_mean_squared_error": np.sqrt(sklearn_metrics.mean_squared_error(y, output)),
    }
    for name, value in expected.items():
        assert METRICS[name](output, y) == pytest.approx(value)


@given(seeds, st.integers(2, 5))
def test_accuracy_of_classes(seed, n_classes):
    rng = np.random.default_rng(seed)
    labels, output = rng.integers(n_classes, size=20), rng.random((20, n_classes))
    expected = sklearn_metrics.accuracy_score(labels, output.argmax(axis=1))
    assert METRICS["accuracy"](output, np.eye(n_classes)[labels]) == pytest.approx(expected)


@given(seeds)
def test_accuracy_of_yes_or_no(seed):
    rng = np.random.default_rng(seed)
    labels, output = rng.integers(2, size=(20, 1)).astype(float), rng.random((20, 1))
    expected = sklearn_metrics.accuracy_score(labels, output > 0.5)
    assert METRICS["accuracy"](output, labels) == pytest.approx(expected)


@given(seeds)
def test_accuracy_of_several_labels_at_once(seed):
    rng = np.random.default_rng(seed)
    labels, output = rng.integers(2, size=(20, 3)), rng.random((20, 3))
    labels[0] = [1, 1, 0]
    expected = sklearn_metrics.accuracy_score(labels, output > 0.5)
    assert METRICS["accuracy"](output, labels.astype(float)) == pytest.approx(expected)


def test_r2_of_a_constant_target():
    constant = np.ones((3, 1))
    assert METRICS["r2"](constant, constant) == 1.0
    assert METRICS["r2"](constant + np.array([[0.1], [0], [0]]), constant) == 0.0


def test_names():
    assert list(as_metrics("accuracy")) == ["accuracy"]
    with pytest.raises(ValueError, match=r"metrics: unknown 'acc'.*choose from accuracy"):
        as_metrics(["acc"])


def test_a_yes_is_more_than_a_half_as_in_predictions():
    """Where both are as likely, the first class is predicted: accuracy may not say otherwise."""
    half, yes = np.full((3, 1), 0.5), np.ones((3, 1))
    assert METRICS["accuracy"](half, yes) == 0
    assert METRICS["accuracy"](half, 1 - yes) == 1
