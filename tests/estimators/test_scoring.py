"""Scoring: any scorer of scikit-learn, held against what it says of the estimator afterwards."""

from __future__ import annotations

import copy
import inspect
import math
import pickle
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.datasets import load_iris, make_multilabel_classification
from sklearn.metrics import (
    accuracy_score,
    brier_score_loss,
    d2_log_loss_score,
    get_scorer,
    get_scorer_names,
    log_loss,
    make_scorer,
    r2_score,
    roc_auc_score,
    top_k_accuracy_score,
)
from sklearn.model_selection import train_test_split
from sklearn.tree import DecisionTreeClassifier

from barenet import MLPClassifier, MLPRegressor
from barenet.callbacks import EarlyStopping
from barenet.estimators._scoring import ValidationScorer, accuracy, as_scorers, r2
from barenet.model._array_dataset import ArrayDataset

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning"),  # at the start
]

ENGINES = ("reference", "compiled")
SMALL = {"hidden_layer_sizes": (8,), "max_iter": 12, "random_state": 0, "learning_rate_init": 0.01}


def data(task):
    """Training rows, rows to score, and weights of the latter."""
    X, y = load_iris(return_X_y=True)
    X = (X - X.mean(axis=0)) / X.std(axis=0) + np.random.default_rng(0).normal(0, 0.1, X.shape)
    if task == "binary":
        X, y = X[50:], np.array(["rare", "usual"])[y[50:] - 1]
    elif task == "classes":
        y = np.array(["setosa", "versicolor", "virginica"])[y]
    elif task == "labels":
        X, y = make_multilabel_classification(n_samples=150, n_classes=3, random_state=0)
        X = X / X.max()
    elif task == "counts":
        y = y.astype(float)
    elif task == "numbers":
        y, X = X[:, [2, 3]], X[:, :2]
    learned, held_out, y, truth = train_test_split(X, y, test_size=0.4, random_state=1)
    return (learned, y), (held_out, truth), np.random.default_rng(0).random(len(truth))


def model_for(task, **settings):
    kind = MLPRegressor if task in ("counts", "numbers") else MLPClassifier
    more = {"loss": "poisson"} if task == "counts" else {}
    return kind(**{**SMALL, **more, **settings})


CASES = [
    ("binary", "roc_auc"),
    ("binary", "average_precision"),
    ("binary", "neg_log_loss"),
    ("binary", "neg_brier_score"),
    ("binary", "balanced_accuracy"),
    ("binary", "matthews_corrcoef"),
    ("binary", "d2_log_loss_score"),
    ("classes", "accuracy"),
    ("classes", "f1_macro"),
    ("classes", "roc_auc_ovr"),
    ("classes", "neg_log_loss"),
    ("classes", "top_k_accuracy"),
    ("labels", "roc_auc"),
    ("labels", "f1_samples"),
    ("labels", "jaccard_micro"),
    ("counts", "neg_mean_poisson_deviance"),
    ("counts", "d2_absolute_error_score"),
    ("counts", "neg_max_error"),  # which takes no weights
    ("counts", "neg_median_absolute_error"),
    ("numbers", "r2"),
    ("numbers", "explained_variance"),
    ("numbers", "neg_root_mean_squared_error"),
]


def says(name, model, rows, weight):
    """What scikit-learn makes of a fitted estimator."""
    scorer, (X, y) = get_scorer(name), rows
    if name in NOT_OF_TEXT:
        model = copy.copy(model)
        y, model.classes_ = (y == model.classes_[1]).astype(int), np.arange(2)
    weighs = "sample_weight" in inspect.signature(scorer._score_func).parameters
    return scorer(model, X, y, **({"sample_weight": weight} if weighs else {}))


#: scikit-learn's scorers that want to be told which of two texts is the yes.
NOT_OF_TEXT = {"average_precision", "neg_brier_score"}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(("task", "name"), CASES)
def test_early_stopping_follows_it_and_puts_the_best_network_back(task, name, engine):
    learned, held_out, weight = data(task)
    settings = {"scoring": name, "early_stopping": True, "max_iter": 60, "n_iter_no_change": 5,
                "batch_norm": True, "batch_size": 20, "engine": engine}  # fmt: skip
    model = model_for(task, **settings).fit(*learned, validation_data=(*held_out, weight))
    assert model.validation_scores_ == model.history_[f"validation_{name}"]
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert model.validation_scores_[model.history_.best_epoch - 1] == model.best_validation_score_
    found = says(name, model, held_out, weight)
    assert found == pytest.approx(model.best_validation_score_, rel=1e-9)


@pytest.mark.parametrize("task", ["binary", "classes", "labels", "numbers"])
def test_rows_that_are_set_aside_are_scored_as_well(task):
    """Learned from and scored with weights; the split is scikit-learn's of the same seed."""
    (X, y), _, _ = data(task)
    name = {"numbers": "r2", "classes": "roc_auc_ovr"}.get(task, "roc_auc")
    weight = np.random.default_rng(1).random(len(X))
    model = model_for(task, scoring=name, early_stopping=True, validation_fraction=0.3)
    model.fit(X, y, sample_weight=weight)
    seen = []
    twin = model_for(task, early_stopping=True, validation_fraction=0.3, scoring=lambda *a: (
        seen.append(a), float(len(seen)))[1])  # fmt: skip
    twin.fit(X, y)
    _, held_out, truth = seen[0]
    rows = [np.flatnonzero((row == X).all(axis=1))[0] for row in held_out]
    assert truth.tolist() == y[rows].tolist()
    found = says(name, model, (held_out, truth), weight[rows])
    assert found == pytest.approx(model.best_validation_score_, rel=1e-9)


def test_the_usual_score_is_accuracy_or_r2():
    for task, name in (("classes", "accuracy"), ("labels", "accuracy"), ("numbers", "r2")):
        learned, held_out, weight = data(task)
        usual, asked = (
            model_for(task, scoring=scoring).fit(*learned, validation_data=(*held_out, weight))
            for scoring in (None, name)
        )
        found, expected = (m.history_[f"validation_{name}"] for m in (usual, asked))
        assert found == pytest.approx(expected, rel=1e-12)
        assert usual.history_.curves.keys() == asked.history_.curves.keys()
        assert usual.validation_scores_ is None  # without early stopping


def test_several_scores_are_curves_and_the_first_counts():
    learned, held_out, _ = data("classes")
    names = ["neg_log_loss", "accuracy"]
    mine = make_scorer(roc_auc_score, multi_class="ovr", response_method="predict_proba")
    several = {"mine": mine, "theirs": "accuracy"}
    for scoring, expected in ((names, names), (several, ["mine", "theirs"])):
        model = model_for("classes", scoring=scoring, early_stopping=True)
        model.fit(*learned, validation_data=held_out)
        for name in expected:
            assert len(model.history_[f"validation_{name}"]) == model.n_iter_
        assert model.validation_scores_ == model.history_[f"validation_{expected[0]}"]


def hits(estimator, X, y):
    return (estimator.predict(X) == y).sum()


def test_a_function_is_a_scorer_and_asks_the_network_once_an_epoch(monkeypatch):
    learned, held_out, _ = data("classes")
    calls = []

    def hits_twice(estimator, X, y):
        assert isinstance(estimator, MLPClassifier)
        calls.append(estimator.predict_proba(X).shape)
        return hits(estimator, X, y)

    def never(self, X):
        raise AssertionError("computed once more")

    monkeypatch.setattr(MLPClassifier, "_predict_output", never)
    model = model_for("classes", scoring=hits_twice).fit(*learned, validation_data=held_out)
    assert calls == [(60, 3)] * (model.n_iter_ + 1)  # one more to try it, before the first epoch
    monkeypatch.undo()
    assert model.history_["validation_hits_twice"][-1] == hits(model, *held_out)
    assert pickle.loads(pickle.dumps(model_for("classes", scoring=hits))).scoring is not None


def test_a_function_may_ask_for_other_rows_too():
    learned, held_out, _ = data("classes")

    def of_the_first(estimator, X, y):
        return float((estimator.predict(X[:30]) == y[:30]).mean())

    model = model_for("classes", scoring=of_the_first).fit(*learned, validation_data=held_out)
    assert model.history_["validation_of_the_first"][-1] == of_the_first(model, *held_out)


def test_callbacks_know_which_way_a_score_goes():
    learned, held_out, _ = data("classes")
    stop = EarlyStopping("validation_neg_log_loss", patience=3)
    model = model_for("classes", scoring="neg_log_loss", callbacks=stop, max_iter=400, tol=0)
    model.fit(*learned, validation_data=held_out)
    curve = model.history_["validation_neg_log_loss"]
    assert curve[model.history_.best_epoch - 1] == max(curve)
    assert model.history_.best_epoch > 5


@pytest.mark.parametrize(
    ("scoring", "said"),
    [
        ("roc_aux", "unknown 'roc_aux'"),
        ([], "a scorer or several"),
        ({"loss": "accuracy"}, "none with the name 'loss'"),
        (["accuracy", 3], "a name, or a callable"),
        (5, "a name, or a callable"),
        (DecisionTreeClassifier, "a name, or a callable"),
        ([hits, lambda *a: 1, lambda *a: 2], "two scorers have one name"),
        ("neg_mean_poisson_deviance", "can't score these rows"),
        ("roc_auc", "can't score these rows"),  # there are three classes
        (lambda *a: {"a": 1}, "expected a number"),
    ],
)
def test_what_is_no_scorer_is_refused_before_anything_is_learned(scoring, said):
    learned, held_out, _ = data("classes")
    model = model_for("classes", warm_start=True, early_stopping=True).fit(*learned)
    before = pickle.dumps({name: value for name, value in vars(model).items() if name[0] != "_"})
    for validation_data in (None, held_out):
        with pytest.raises(ValueError, match=f"^scoring: .*{said}"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # scikit-learn's, of labels that are no numbers
            model.set_params(scoring=scoring).fit(*learned, validation_data=validation_data)
        state = {name: value for name, value in vars(model).items() if name[0] != "_"}
        assert pickle.dumps({**state, "scoring": None}) == before


def test_a_score_that_is_no_number_ends_the_wait():
    """Of one class alone there is no area under a curve."""
    (X, y), _, _ = data("binary")
    model = model_for("binary", scoring=lambda *a: np.nan, early_stopping=True, max_iter=100)
    with pytest.warns(RuntimeWarning, match="validation_score became nan"):
        model.set_params(n_iter_no_change=3).fit(X, y)
    assert model.n_iter_ == 4


def test_names():
    assert list(as_scorers(None)) == []
    assert list(as_scorers("r2")) == ["r2"]
    assert list(as_scorers(hits)) == ["hits"]
    assert list(as_scorers(get_scorer("r2"))) == list(as_scorers(lambda *a: 1)) == ["score"]


def rows_with_a_rare_class(kind):
    """Validation rows that lack the last class."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(80, 3)), np.array([0, 1, 2] * 26 + [3, 3])
    y = {"numbers": y * 2 - 1, "text": np.array(["a", "b", "c", "d"])[y], "two": y == 3}[kind]
    return (X, y), (X[:30], y[:30])


WITH_LABELS = {
    "neg_log_loss": log_loss,
    "neg_brier_score": brier_score_loss,
    "d2_log_loss_score": d2_log_loss_score,
    "top_k_accuracy": top_k_accuracy_score,
}


@pytest.mark.parametrize("kind", ["numbers", "text", "two"])
@pytest.mark.parametrize("name", WITH_LABELS)
def test_fault_100_validation_rows_that_lack_a_class(name, kind):
    learned, held_out = rows_with_a_rare_class(kind)
    model = model_for("classes", scoring=name, early_stopping=True)
    model.fit(*learned, validation_data=held_out)
    numbers = np.searchsorted(model.classes_, held_out[1])
    P = model.predict_proba(held_out[0])
    given = P if kind != "two" or "log" in name else P[:, 1]
    expected = WITH_LABELS[name](numbers, given, labels=np.arange(len(model.classes_)))
    sign = -1 if name.startswith("neg") else 1
    assert model.best_validation_score_ == pytest.approx(sign * expected, rel=1e-6)


@pytest.mark.parametrize("name", sorted(get_scorer_names()))
def test_fault_100_every_scorer_is_a_number_or_refused_before_the_first_epoch(name):
    learned, held_out = rows_with_a_rare_class("numbers")
    model = model_for("classes", scoring=name, early_stopping=True)
    if name in UNDEFINED:
        with pytest.raises(ValueError, match=f"^scoring: {name} (can't score|is undefined for)"):
            model.fit(*learned, validation_data=held_out)
    else:
        model.fit(*learned, validation_data=held_out)
        assert np.isfinite(model.validation_scores_).all()


#: Scorers for two classes, for labels or for numbers above 0, and those that need every class.
UNDEFINED = {
    "f1", "f1_samples", "jaccard", "jaccard_samples", "precision", "precision_samples", "recall",
    "recall_samples", "neg_negative_likelihood_ratio", "positive_likelihood_ratio",
    "neg_mean_gamma_deviance", "neg_mean_poisson_deviance", "neg_mean_squared_log_error",
    "neg_root_mean_squared_log_error", "roc_auc", "average_precision", "roc_auc_ovr",
}  # fmt: skip


@given(st.integers(0, 2**32 - 1), st.integers(2, 9), st.integers(1, 3), st.booleans())
def test_default_scores_equal_scikit_learns(seed, n_rows, n_outputs, weighted):
    rng = np.random.default_rng(seed)
    y, output = rng.integers(0, 3, size=(2, n_rows, n_outputs)).astype(float)
    weight = rng.random(n_rows) if weighted else None
    expected = r2_score(y, output, sample_weight=weight)
    assert r2(y, output, weight) == pytest.approx(expected, rel=1e-9, abs=1e-9)
    right = (y == output).all(axis=1)
    expected = accuracy_score(np.ones(n_rows), right, sample_weight=weight)
    assert accuracy(right, weight) == pytest.approx(expected)


def test_default_scores_that_are_undefined():
    one, none = np.ones((1, 1)), np.zeros(3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert math.isnan(r2(one, one, None))
        assert math.isnan(r2(np.ones((3, 1)), np.ones((3, 1)), none))
        assert math.isnan(accuracy(np.ones(3, bool), none))


def test_an_output_that_is_not_finite_has_no_score():
    rows = ArrayDataset(np.zeros((2, 1)), np.zeros((2, 1)), None)
    scorer = ValidationScorer(rows, {"r2": lambda output: r2(rows.y, output, None)})
    assert scorer(np.zeros((2, 1))) == {"r2": 1.0}
    assert math.isnan(scorer(np.array([[0.0], [np.inf]]))["r2"])
