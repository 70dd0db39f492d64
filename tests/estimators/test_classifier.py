"""MLPClassifier: parameters that scikit-learn's lacks."""

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import make_classification
from sklearn.neural_network import MLPClassifier as TheirClassifier
from sklearn.utils.class_weight import compute_sample_weight

from barenet import MLPClassifier, MLPEnsembleClassifier

X, Y = make_classification(400, n_informative=4, weights=[0.93], class_sep=0.5, random_state=0)


def classifier(**settings):
    usual = {"hidden_layer_sizes": (8,), "max_iter": 60, "random_state": 0, "engine": "reference"}
    return MLPClassifier(**usual | settings)


def test_property_renaming_classes_in_order_changes_nothing():
    kinds, names = Y + (X[:, 0] > 1), np.array(["adelie", "chinstrap", "gentoo"])
    numbered, named = classifier().fit(X, kinds), classifier().fit(X, names[kinds])
    assert numbered.loss_curve_ == named.loss_curve_
    assert named.predict(X).tolist() == names[numbered.predict(X)].tolist()


def test_balanced_class_weights():
    plain, balanced = classifier().fit(X, Y), classifier(class_weight="balanced").fit(X, Y)
    assert balanced.predict(X).mean() > 3 * plain.predict(X).mean()
    weighted = classifier().fit(X, Y, sample_weight=compute_sample_weight("balanced", Y))
    assert (weighted.network_.parameters == balanced.network_.parameters).all()


def test_class_weights_of_any_type_of_number_multiply_sample_weights():
    own = np.random.default_rng(0).random(400)
    same = classifier(max_iter=2).fit(X, Y, sample_weight=own * np.where(Y, 5, 1))
    for one in (1, True, Decimal(1), np.array(1.0)):
        model = classifier(max_iter=2, class_weight={0: one, 1: 5}).fit(X, Y, sample_weight=own)
        assert (model.network_.parameters == same.network_.parameters).all()


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        *((wrong, "expected 'balanced', or a dict") for wrong in ("balnced", [{0: 1}], np.ones(2))),
        *(({0: wrong, 1: 1}, "expected numbers of 0 or more, one of a class in y above 0")
          for wrong in (-1, np.nan, None, Decimal(-1))),
        *(({0: wrong, 1: 1}, "") for wrong in ("heavy", 10**400)), ({0: 0, 1: 0}, "in y above 0"),
    ],
)  # fmt: skip
def test_wrong_class_weights_are_named(weight, message, refused):
    for kind in (MLPClassifier, MLPEnsembleClassifier):
        with refused("class_weight", message):
            kind(class_weight=weight).fit(X, Y)
    with refused("class_weight"):
        MLPClassifier(class_weight=weight).fit(X, np.column_stack([Y, 1 - Y]))
    with refused("class_weight", "partial_fit does not have all rows"):
        MLPClassifier(class_weight="balanced").partial_fit(X, Y, classes=[0, 1])


@pytest.mark.parametrize("y", [[*[0, 1] * 30, 2], np.arange(61) // 3], ids=["one row", "many"])
def test_classes_of_few_rows_are_validated_as_by_scikit_learn(y):
    X, settings = np.random.default_rng(0).normal(size=(61, 4)), {"early_stopping": True}
    settings |= {"hidden_layer_sizes": (4,), "max_iter": 4, "random_state": 0}
    ours, theirs = (kind(**settings).fit(X, y) for kind in (MLPClassifier, TheirClassifier))
    assert ours.validation_scores_ == pytest.approx(theirs.validation_scores_)
    assert ours.loss_curve_ == pytest.approx(theirs.loss_curve_)


def test_log_probability_of_zero_is_minus_infinity_without_a_warning():
    model = classifier().fit(X, Y)
    model.intercepts_[-1][:] = -1e4
    assert (model.predict_log_proba(X)[:, 1] == -np.inf).all()


def test_label_smoothing_limits_the_confidence(engine):
    """Where one row has one class, the loss is least at the targets: 1 − ε + ε/k and ε/k."""
    X, smoothing = np.eye(3), 0.3
    for y, k in (([0, 1, 2], 3), ([0, 1, 1], 2), (np.eye(3, dtype=int), 2)):
        model = MLPClassifier((), label_smoothing=smoothing, alpha=0, solver="lbfgs", tol=1e-9,
                              max_iter=500, random_state=0, engine=engine).fit(X, y)  # fmt: skip
        found = np.unique(model.predict_proba(X).round(4))
        np.testing.assert_allclose(found, [smoothing / k, 1 - smoothing + smoothing / k], atol=1e-3)
        assert (model.predict(X) == y).all()


def test_smoothing_applies_to_the_validation_loss_and_not_to_the_score():
    model = classifier(label_smoothing=0.2).fit(X, Y, validation_data=(X, Y))
    soft = (0.8 * Y + 0.1).reshape(-1, 1)
    value, _ = model.network_.value_and_gradient(X, soft, training=False)
    assert model.history_.validation_loss[-1] == pytest.approx(value, rel=1e-9)
    assert model.history_["validation_accuracy"][-1] == pytest.approx(model.score(X, Y))


@pytest.mark.parametrize("task", ["two", "three", "labels"])
def test_focal_loss(task):
    """It is the loss for the kind of output; with γ = 0 it is the log loss."""
    labels = np.column_stack([Y, X[:, 0] > 0]) * 1
    y = {"two": Y, "three": Y + (X[:, 0] > 1), "labels": labels}[task]
    by_name = f"{'categorical' if task == 'three' else 'binary'}_focal:gamma=3"
    for loss, same in (("focal:gamma=3", by_name), ("focal:gamma=0", "log_loss")):
        found, expected = (classifier(max_iter=4, loss=each).fit(X, y) for each in (loss, same))
        np.testing.assert_allclose(found.loss_curve_, expected.loss_curve_, rtol=1e-9)


@pytest.mark.usefixtures("small_ensembles")
@pytest.mark.parametrize("kind", [MLPClassifier, MLPEnsembleClassifier])
def test_labels_of_pandas_keep_their_type(kind):
    X, positive = np.arange(60.0).reshape(-1, 1), np.arange(60) > 30
    for labels, dtype in [
        (positive, "boolean"),
        (2**60 + positive, "Int64"),
        (positive, "category"),
    ]:
        y = pd.Series(labels).astype(dtype)
        model = kind(max_iter=2, random_state=0).fit(X, y)
        assert model.classes_.tolist() == sorted(set(labels.tolist()))
        assert model.classes_.dtype == labels.dtype
    with pytest.raises(ValueError, match="y: row 7 has no value"):
        kind().fit(X, y.astype(object).where(np.arange(60) != 7))
