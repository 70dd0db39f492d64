"""Metrics against scikit-learn's."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, strategies as st
from sklearn import metrics as sklearn_metrics

from barenet import METRICS, Network, train

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
        "mae": sklearn_metrics.mean_absolute_error(y, output),
        "rmse": np.sqrt(sklearn_metrics.mean_squared_error(y, output)),
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


NAMES = ("accuracy", "balanced_accuracy", "f1", "auc", "log_loss")


@pytest.mark.parametrize("n_classes", [2, 3, 5])
@pytest.mark.parametrize("weighted", [False, True])
@given(seed=seeds)
def test_scores_of_classes(n_classes, weighted, seed):
    """Rows that are alike, weights of 0, and classes that are never predicted."""
    rng = np.random.default_rng(seed)
    classes = np.concatenate([np.arange(n_classes), rng.integers(n_classes, size=30)])
    p = rng.dirichlet(np.ones(n_classes), size=len(classes)).round(1) + 0.01
    p /= p.sum(axis=1, keepdims=True)
    weight = None
    if weighted:  # every class keeps a row
        weight = np.where(np.arange(len(p)) < n_classes, 1, rng.choice([0, 0.5, 2], len(p)))
    options, predicted = {"sample_weight": weight}, p.argmax(axis=1)
    several = {"average": "binary" if n_classes == 2 else "macro"}
    scores = p[:, 1] if n_classes == 2 else p
    expected = {
        "accuracy": sklearn_metrics.accuracy_score(classes, predicted, **options),
        "balanced_accuracy": sklearn_metrics.balanced_accuracy_score(classes, predicted, **options),
        "f1": sklearn_metrics.f1_score(classes, predicted, **several, **options),
        "auc": sklearn_metrics.roc_auc_score(classes, scores, multi_class="ovr", **options),
        "log_loss": sklearn_metrics.log_loss(classes, p, **options),
    }
    y = np.eye(n_classes)[classes]
    for name in NAMES:
        assert METRICS[name](p, y, weight) == pytest.approx(expected[name]), name
        if n_classes == 2:  # one output, the probability of the second class
            assert METRICS[name](p[:, 1:], y[:, 1:], weight) == pytest.approx(expected[name]), name


@given(seeds)
def test_scores_of_several_labels(seed):
    rng = np.random.default_rng(seed)
    output, labels = rng.random((20, 3)).round(1), rng.integers(2, size=(20, 3))
    labels[0], labels[1], weight = 0, 1, rng.random(20)
    options = {"average": "macro", "sample_weight": weight}
    expected = {
        "f1": sklearn_metrics.f1_score(labels, output > 0.5, **options),
        "auc": sklearn_metrics.roc_auc_score(labels, output, **options),
    }
    for name, value in expected.items():
        assert METRICS[name](output, labels.astype(float), weight) == pytest.approx(value)


@given(seeds, st.integers(1, 3))
def test_weighted_scores_of_numbers(seed, n_outputs):
    output, y = draw(seed, n_outputs)
    weight = np.random.default_rng(seed).random(12)
    expected = {
        "r2": sklearn_metrics.r2_score(y, output, sample_weight=weight),
        "mae": sklearn_metrics.mean_absolute_error(y, output, sample_weight=weight),
        "rmse": np.sqrt(sklearn_metrics.mean_squared_error(y, output, sample_weight=weight)),
    }
    for name, value in expected.items():
        assert METRICS[name](output, y, weight) == pytest.approx(value)


def test_a_single_row_has_no_r2():
    one = np.ones((1, 1))
    with pytest.warns(sklearn_metrics._regression.UndefinedMetricWarning):
        assert np.isnan(sklearn_metrics.r2_score(one, one))
    assert np.isnan(METRICS["r2"](one, one))


def test_scores_where_a_class_has_no_rows():
    p, y = np.array([[0.8, 0.1, 0.1], [0.3, 0.6, 0.1]]), np.eye(3)[[0, 1]]
    assert METRICS["auc"](p, y) == METRICS["balanced_accuracy"](p, y) == METRICS["f1"](p, y) == 1
    one = np.zeros((2, 1))
    assert np.isnan(METRICS["auc"](p[:, :1], one))
    assert METRICS["f1"](one, one) == 0


def test_training_measures_with_the_weights_of_its_sets():
    rng = np.random.default_rng(0)
    X, y, w = rng.normal(size=(40, 2)), rng.integers(3, size=40), rng.random(40)
    network = Network.dense([2, 4, 3], output="softmax")
    names = ("accuracy", "f1", "auc")
    history = train(
        network, X, y, sample_weight=w, epochs=1, metrics=names,
        validation_data=(X[:20], y[:20], w[:20]), test_data=(X, y),
    )  # fmt: skip
    p, one_hot = network.predict(X), np.eye(3)[y]
    for name in names:
        expected = METRICS[name](p[:20], one_hot[:20], w[:20])
        assert history[name][0] == pytest.approx(METRICS[name](p, one_hot, w), rel=1e-5)
        assert history[f"validation_{name}"][0] == pytest.approx(expected, rel=1e-5)
        assert history[f"test_{name}"][0] == pytest.approx(METRICS[name](p, one_hot), rel=1e-5)


def test_r2_of_a_constant_target():
    constant = np.ones((3, 1))
    assert METRICS["r2"](constant, constant) == 1.0
    assert METRICS["r2"](constant + np.array([[0.1], [0], [0]]), constant) == 0.0


def test_binary_predictions_use_a_threshold_of_one_half():
    """Where both are as likely, the first class is predicted: accuracy may not say otherwise."""
    half, yes = np.full((3, 1), 0.5), np.ones((3, 1))
    assert METRICS["accuracy"](half, yes) == 0
    assert METRICS["accuracy"](half, 1 - yes) == 1


def test_a_metric_of_ones_own_is_maximized_unless_it_is_an_error(monkeypatch):
    X, y = np.linspace(-1, 1, 20).reshape(-1, 1), np.linspace(-1, 1, 20)
    for name, like in {"within": "r2", "largest": "mae"}.items():
        metric = dataclasses.replace(METRICS[like], compute=lambda output, y, weight=None: 0.0)
        monkeypatch.setitem(METRICS, name, metric)
    seen = {}
    train(
        Network.dense([1, 1]), X, y, epochs=1, metrics=["within", "largest", "r2"],
        validation_data=(X, y), callbacks=lambda run: seen.update(all=run.maximized_metrics),
    )  # fmt: skip
    assert seen["all"] == {"within", "r2", "validation_within", "validation_r2"}
