"""Metrics against scikit-learn's."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from sklearn import metrics as sklearn_metrics

from barenet import METRICS, Network, train

seeds = st.integers(0, 10_000)


@given(seeds, st.integers(1, 5))
def test_the_accuracy_of_labels(seed, n_outputs):
    rng = np.random.default_rng(seed)
    output, labels = rng.random((20, n_outputs)), rng.integers(2, size=(20, n_outputs))
    labels[0] = 0  # of no class: each output is a label of its own
    expected = sklearn_metrics.accuracy_score(labels, output > 0.5)
    assert METRICS["accuracy"](output, labels.astype(float)) == pytest.approx(expected)


def weights_of_any_kind(rng, n_rows):
    """None, or weights of which some are 0, but not that of the first row."""
    weight = np.append(1.0, rng.choice([0, 0.5, 1, 2], n_rows - 1))
    return None if rng.random() < 0.5 else weight


@pytest.mark.case(132)
@pytest.mark.parametrize("complete", [True, False])
@settings(max_examples=settings.default.max_examples // 2)
@given(seed=seeds)
def test_scores_of_classes_are_scikit_learns(complete, seed):
    """Equal scores, probabilities of 0, and classes without rows, weight or predictions."""
    rng = np.random.default_rng(seed)
    n_rows, n_classes = rng.choice([1, 2, 3, 10, 50]), int(rng.integers(2, 6))
    classes = rng.integers(n_classes, size=n_rows)
    classes = np.append(np.arange(n_classes), classes) if complete else classes
    p = rng.dirichlet(np.ones(n_classes), len(classes)).round(1) + 0.01
    p = np.eye(n_classes)[p.argmax(axis=1)] if rng.random() < 0.3 else p / p.sum(1, keepdims=True)
    p, weight = p.astype(rng.choice([np.float32, np.float64])), weights_of_any_kind(rng, len(p))
    one = {"average": "binary" if n_classes == 2 else "macro", "zero_division": 0}
    predicted, options = p.argmax(axis=1), {"sample_weight": weight}
    expected = {
        "accuracy": sklearn_metrics.accuracy_score(classes, predicted, **options),
        "f1": sklearn_metrics.f1_score(classes, predicted, **one, **options),
        "log_loss": sklearn_metrics.log_loss(classes, p, labels=range(n_classes), **options),
    }
    if complete:  # every class keeps a row
        weight = np.append(np.ones(n_classes), rng.choice([0, 2], n_rows))
        scores, options = p[:, 1] if n_classes == 2 else p, {"sample_weight": weight}
        expected = {
            "auc": sklearn_metrics.roc_auc_score(classes, scores, multi_class="ovr", **options),
            "balanced_accuracy": sklearn_metrics.balanced_accuracy_score(
                classes, predicted, **options
            ),
        }
    y = np.eye(n_classes)[classes]
    for name, value in expected.items():
        found = METRICS[name](p, y, weight)
        assert found == pytest.approx(value, rel=1e-6, abs=1e-6), name
        if n_classes == 2:  # one output, the probability of the second class
            assert METRICS[name](p[:, 1:], y[:, 1:], weight) == pytest.approx(found, rel=1e-6), name


@given(seeds)
def test_the_auc_of_several_labels(seed):
    rng = np.random.default_rng(seed)
    output, labels = rng.random((20, 3)).round(1), rng.integers(2, size=(20, 3))
    labels[0], labels[1], weight = 0, 1, rng.random(20)
    expected = sklearn_metrics.roc_auc_score(labels, output, sample_weight=weight)
    assert METRICS["auc"](output, labels.astype(float), weight) == pytest.approx(expected)


def numbers_of_any_kind(rng):
    """Predictions, targets and weights: one row or more, far from 0, in either precision."""
    n_rows, dtype = rng.choice([1, 2, 3, 10, 50]), rng.choice([np.float32, np.float64])
    y = rng.choice([0, 1000, 1e5]) + rng.normal(size=(n_rows, rng.integers(1, 4)))
    if rng.random() < 0.3:
        y[:, 0] = rng.choice([0, 3, 1000])
    output = y + rng.normal(size=y.shape) * rng.choice([0, 0.3, 1])
    return output.astype(dtype), y.astype(dtype), weights_of_any_kind(rng, n_rows)


@pytest.mark.case(130, 132)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")
@given(seeds)
def test_scores_of_any_numbers_are_scikit_learns(seed):
    output, y, weight = numbers_of_any_kind(np.random.default_rng(seed))
    exact = y.astype(float), output.astype(float)
    expected = {
        "r2": sklearn_metrics.r2_score(*exact, sample_weight=weight),
        "mae": sklearn_metrics.mean_absolute_error(*exact, sample_weight=weight),
        "rmse": sklearn_metrics.root_mean_squared_error(*exact, sample_weight=weight),
    }
    for name, value in expected.items():
        found = METRICS[name](output, y, weight)
        assert found == pytest.approx(value, rel=1e-6, nan_ok=True), name


@pytest.mark.case(132)
@pytest.mark.parametrize("value", [0.1, 0.3, 7.3, 1000.1])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_r2_of_a_constant_target_without_an_exact_mean_is_right(value, dtype):
    """By scikit-learn's definition it is 0, or 1; a mean that is rounded makes it -1e31 there."""
    for n_rows in (3, 7, 10, 11, 20):
        y, weight = np.full((n_rows, 1), value, dtype), np.arange(n_rows) + 0.3
        assert METRICS["r2"](y, y) == METRICS["r2"](y, y, weight) == 1
        assert METRICS["r2"](y + 1, y) == METRICS["r2"](y + 1, y, weight) == 0


@pytest.mark.case(132)
@given(seeds)
def test_scores_of_labels_that_never_occur_are_scikit_learns(seed):
    rng = np.random.default_rng(seed)
    n_rows, n_labels = rng.choice([1, 2, 3, 10, 50]), rng.integers(2, 5)
    labels = (rng.random((n_rows, n_labels)) < rng.choice([0.1, 0.5])).astype(float)
    labels[0] = 0  # of no class: each output is a label of its own
    output, options = rng.random(labels.shape), {"sample_weight": weights_of_any_kind(rng, n_rows)}
    found = METRICS["f1"](output, labels, options["sample_weight"])
    options |= {"average": "macro", "zero_division": 0}
    assert found == pytest.approx(sklearn_metrics.f1_score(labels, output > 0.5, **options))


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


def test_an_unknown_metric_is_a_key_error_with_a_suggestion():
    expected = r"^METRICS: unknown 'acc', did you mean 'accuracy'\? \(choose from accuracy, auc,"
    with pytest.raises(KeyError, match=expected):
        METRICS["acc"]
    with pytest.raises(ValueError, match=r"unknown 'accuracyy', did you mean 'accuracy'\?"):
        METRICS["accuracyy"]
    with pytest.raises(KeyError, match=r"METRICS: expected one of accuracy, .*, got 3"):
        METRICS[3]
    assert METRICS.get("acc") is None
    assert "acc" not in METRICS
