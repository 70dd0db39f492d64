"""MLPClassifier: what scikit-learn's has not, and a worked example."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import load_digits, make_classification
from sklearn.utils.class_weight import compute_sample_weight

from barenet import MLPClassifier
from barenet.estimators._label_encoder import LabelEncoder


def test_a_step_by_hand():
    """scikit-learn's worked example: 3 inputs, 2 sigmoids and one more; a step of SGD.

    h = σ(x W₁ + b₁) = (0.679179, 0.574443), p = σ(h W₂ + b₂), and with the target 0
    dL/dz₂ = p, dL/dz₁ = p W₂ h (1 − h); each weight's gradient has 0.1 of the weight added.
    """
    model = MLPClassifier(2, "logistic", solver="sgd", learning_rate_init=0.1, alpha=0.1,
                          momentum=0, warm_start=True, random_state=1)  # fmt: skip
    x = np.array([[0.6, 0.8, 0.7]])
    model.partial_fit(x, [0], classes=[0, 1])
    model.coefs_ = [[[0.1, 0.2], [0.3, 0.1], [0.5, 0]], [[0.1], [0.2]]]
    model.intercepts_ = [[0.1, 0.1], [1.0]]
    model.partial_fit(x, [0])
    h = np.array([0.679178699, 0.574442517])
    p = 1 / (1 + np.exp(-(0.1 * h[0] + 0.2 * h[1] + 1)))
    d = p * np.array([0.1, 0.2]) * h * (1 - h)
    W = np.array([[0.1, 0.2], [0.3, 0.1], [0.5, 0]])
    np.testing.assert_allclose(model.coefs_[0], W - 0.1 * (np.outer(x, d) + 0.1 * W), atol=1e-8)
    expected = [[0.1 - 0.1 * (p * h[0] + 0.01)], [0.2 - 0.1 * (p * h[1] + 0.02)]]
    np.testing.assert_allclose(model.coefs_[1], expected, atol=1e-8)
    np.testing.assert_allclose(model.intercepts_[0], 0.1 - 0.1 * d, atol=1e-8)
    np.testing.assert_allclose(model.intercepts_[1], 1 - 0.1 * p, atol=1e-8)


X, Y = make_classification(400, n_informative=4, weights=[0.93], class_sep=0.5, random_state=0)
SMALL = {"hidden_layer_sizes": (8,), "max_iter": 60, "random_state": 0, "engine": "reference"}


def test_balanced_classes_count_the_same():
    plain = MLPClassifier(**SMALL).fit(X, Y)
    balanced = MLPClassifier(**SMALL, class_weight="balanced").fit(X, Y)
    assert balanced.predict(X).mean() > 3 * plain.predict(X).mean()
    weighted = MLPClassifier(**SMALL)
    weighted.fit(X, Y, sample_weight=compute_sample_weight("balanced", Y))
    assert (weighted.network_.parameters == balanced.network_.parameters).all()


def test_a_class_weight_too_large_for_a_float_is_refused():
    with pytest.raises(ValueError, match=r"^class_weight: expected numbers that fit a float"):
        MLPClassifier(class_weight={0: 10**400, 1: 1}).fit(X, Y)


def test_class_weights_multiply_the_rows_own():
    own = np.random.default_rng(0).random(400)
    model = MLPClassifier(**SMALL, class_weight={0: 1, 1: 5}).fit(X, Y, sample_weight=own)
    same = MLPClassifier(**SMALL).fit(X, Y, sample_weight=own * np.where(Y, 5, 1))
    assert (model.network_.parameters == same.network_.parameters).all()
    with pytest.raises(ValueError, match=r"^class_weight: partial_fit does not have all rows"):
        MLPClassifier(class_weight="balanced").partial_fit(X, Y, classes=[0, 1])


def test_validation_rows_are_stratified_for_several_classes(monkeypatch):
    """Of 10 digits, each has its tenth among the validation rows."""
    X, y = load_digits(return_X_y=True)
    kept = np.r_[np.flatnonzero(y != 3), np.flatnonzero(y == 3)[:10]]
    seen = []
    monkeypatch.setattr(LabelEncoder, "score", lambda self, _, rows: len(seen.append(rows.y) or ""))
    MLPClassifier(4, early_stopping=True, max_iter=1).fit(X[kept] / 16, y[kept])
    assert seen[0][:, 3].sum() == 1


def test_text_for_labels_with_early_stopping():
    names = np.array(["usual", "rare"], dtype=object)[Y]
    model = MLPClassifier(**SMALL, early_stopping=True).fit(X, names)
    assert model.classes_.tolist() == ["rare", "usual"]
    assert set(model.predict(X)) <= {"rare", "usual"}
    assert np.isfinite(model.validation_scores_).all()


def test_the_order_of_the_classes_does_not_matter():
    one = MLPClassifier(**SMALL).partial_fit(X, Y, classes=[0, 1])
    other = MLPClassifier(**SMALL).partial_fit(X, Y, classes=[1, 0, 1])
    assert (one.predict_proba(X) == other.predict_proba(X)).all()


def test_sure_of_itself_it_has_logarithms_of_minus_infinity_and_no_warning():
    model = MLPClassifier(**SMALL).fit(X, Y)
    model.intercepts_[-1][:] = -1e4
    assert (model.predict_log_proba(X)[:, 1] == -np.inf).all()


@pytest.mark.parametrize("smoothing", [0.1, 0.3])
def test_a_smoothed_network_is_no_surer_than_its_targets(smoothing, engine):
    """Where one row has one class, the loss is least at the targets: 1 − ε + ε/k and ε/k."""
    X = np.eye(3)
    for y, k in (([0, 1, 2], 3), ([0, 1, 1], 2), (np.eye(3, dtype=int), 2)):
        model = MLPClassifier((), label_smoothing=smoothing, alpha=0, solver="lbfgs", tol=1e-9,
                              max_iter=500, random_state=0, engine=engine).fit(X, y)  # fmt: skip
        found = np.unique(model.predict_proba(X).round(4))
        np.testing.assert_allclose(found, [smoothing / k, 1 - smoothing + smoothing / k], atol=1e-3)
        assert (model.predict(X) == y).all()


def test_smoothing_is_in_the_loss_of_the_validation_rows_and_not_in_the_score():
    model = MLPClassifier(**SMALL, label_smoothing=0.2)
    model.fit(X, Y, validation_data=(X, Y))
    soft = (0.8 * Y + 0.1).reshape(-1, 1)
    value, _ = model.network_.value_and_gradient(X, soft, training=False)
    assert model.history_.validation_loss[-1] == pytest.approx(value, rel=1e-9)
    assert model.history_["validation_accuracy"][-1] == pytest.approx(model.score(X, Y))


@pytest.mark.parametrize("smoothing", [-0.1, 1, np.nan, "a"])
def test_a_smoothing_that_is_none(smoothing):
    with pytest.raises(ValueError, match=r"^label_smoothing: "):
        MLPClassifier(label_smoothing=smoothing).fit(X, Y)


@pytest.mark.parametrize("task", ["two", "three", "labels"])
def test_focal_loss(task, engine):
    """Its value is the formula's, on what the network says; and with γ = 0 it is the log loss."""
    y = {"two": Y, "three": Y + (X[:, 0] > 1), "labels": np.column_stack([Y, X[:, 0] > 0]) * 1}[
        task
    ]
    settings = {**SMALL, "engine": engine, "alpha": 0}
    model = MLPClassifier(**settings, loss="focal:gamma=3").fit(X, y, validation_data=(X, y))
    p = model.predict_proba(X)
    if task == "three":
        true = p[np.arange(400), y]
        expected = (-((1 - true) ** 3) * np.log(true)).mean()
    else:
        p = p if task == "labels" else p[:, 1:]
        true = np.where(y.reshape(p.shape) == 1, p, 1 - p)
        expected = (-((1 - true) ** 3) * np.log(true)).sum(axis=1).mean()
    assert model.history_.validation_loss[-1] == pytest.approx(expected, rel=1e-9)
    usual = MLPClassifier(**settings).fit(X, y)
    none = MLPClassifier(**settings, loss="focal:gamma=0").fit(X, y)
    np.testing.assert_allclose(none.loss_curve_, usual.loss_curve_, rtol=1e-9)
    assert usual.loss == "log_loss"


def test_an_easy_row_counts_less_by_focal_loss():
    """Of a class that is rare, more is found."""
    found = [
        MLPClassifier(**SMALL, loss=loss).fit(X, Y).predict_proba(X)[Y == 1, 1].mean()
        for loss in ("log_loss", "focal", "focal:gamma=5")
    ]
    assert found[0] < found[1] < found[2]


@pytest.mark.parametrize("loss", ["focall", 5, "focal:gamma=-1", "quantile:q=2"])
def test_a_loss_that_is_none(loss):
    with pytest.raises(ValueError, match=r"^loss: "):
        MLPClassifier(loss=loss).fit(X, Y)
