"""Scoring: any scorer of scikit-learn, compared with its score of the fitted estimator."""

import copy
import inspect
import pickle
import warnings

import numpy as np
import pytest
from sklearn import config_context, metrics
from sklearn.datasets import make_multilabel_classification
from sklearn.model_selection import GroupKFold, cross_validate, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier

from barenet import MLPClassifier, MLPRegressor

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.UndefinedMetricWarning")

WITH_D2 = pytest.mark.skipif(
    "d2_log_loss_score" not in metrics.get_scorer_names(),
    reason="lower versions of scikit-learn have no such scorer",
)

#: Scorers of each task; the weights are passed to those that accept them.
CASES = {
    "binary": ["roc_auc", "average_precision", "neg_log_loss", "neg_brier_score",
               "balanced_accuracy", "matthews_corrcoef"],
    "classes": ["accuracy", "f1_macro", "roc_auc_ovr", "neg_log_loss", "top_k_accuracy"],
    "labels": ["roc_auc", "f1_samples", "jaccard_micro"],
    "counts": ["neg_mean_poisson_deviance", "d2_absolute_error_score", "neg_max_error",
               "neg_median_absolute_error"],
    "numbers": ["r2", "explained_variance", "neg_root_mean_squared_error"],
}  # fmt: skip
#: scikit-learn's scorers that need to know which of two texts is positive.
NOT_OF_TEXT = {"average_precision", "neg_brier_score"}


@pytest.fixture
def data(iris):
    """Training rows, rows to score, and weights of the latter."""

    def make(task):
        X, y = iris
        X = X + np.random.default_rng(0).normal(0, 0.1, X.shape)
        labels = make_multilabel_classification(n_samples=150, n_classes=3, random_state=0)
        X, y = {
            "binary": (X[50:], np.array(["rare", "usual"])[y[50:] - 1]),
            "classes": (X, np.array(["setosa", "versicolor", "virginica"])[y]),
            "labels": (labels[0] / labels[0].max(), labels[1]),
            "counts": (X, y.astype(float)),
            "numbers": (X[:, :2], X[:, 2:]),
        }[task]
        X, held_out, y, y_held_out = train_test_split(X, y, test_size=0.4, random_state=1)
        return (X, y), (held_out, y_held_out), np.random.default_rng(0).random(len(y_held_out))

    return make


def model_for(task, **settings):
    usual = {"hidden_layer_sizes": (8,), "max_iter": 12, "random_state": 0,
             "learning_rate_init": 0.01}  # fmt: skip
    if task == "counts":
        usual["loss"] = "poisson"
    return (MLPRegressor if task in ("counts", "numbers") else MLPClassifier)(**usual | settings)


def score_of(name, model, X, y, weight):
    """The score by scikit-learn of a fitted estimator."""
    scorer = metrics.get_scorer(name)
    if name in NOT_OF_TEXT:
        model = copy.copy(model)
        y, model.classes_ = (y == model.classes_[1]).astype(int), np.arange(2)
    weighs = "sample_weight" in inspect.signature(scorer._score_func).parameters
    return scorer(model, X, y, **({"sample_weight": weight} if weighs else {}))


@pytest.mark.integration
@pytest.mark.parametrize(
    ("task", "name"),
    [
        *((task, name) for task, names in CASES.items() for name in names),
        pytest.param("binary", "d2_log_loss_score", marks=WITH_D2),
    ],
)
def test_early_stopping_follows_the_score_and_restores_the_best_network(data, task, name):
    rows, held_out, weight = data(task)
    settings = {"scoring": name, "early_stopping": True, "max_iter": 30, "n_iter_no_change": 5,
                "batch_norm": True, "batch_size": 20}  # fmt: skip
    model = model_for(task, **settings).fit(*rows, validation_data=(*held_out, weight))
    assert model.validation_scores_ == model.history_[f"validation_{name}"]
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert model.validation_scores_[model.history_.best_epoch - 1] == model.best_validation_score_
    expected = score_of(name, model, *held_out, weight)
    assert model.best_validation_score_ == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("task", ["binary", "numbers"])
def test_validation_scores_use_sample_weights(data, task):
    """The split is scikit-learn's of the same seed."""
    (X, y), _, _ = data(task)
    name = {"numbers": "r2", "binary": "roc_auc"}[task]
    weight, seen = np.random.default_rng(1).random(len(X)), []
    settings = {"early_stopping": True, "validation_fraction": 0.3}
    model = model_for(task, scoring=name, **settings).fit(X, y, sample_weight=weight)
    model_for(task, scoring=lambda *a: seen.append(a) or len(seen), **settings).fit(X, y)
    _, held_out, y_held_out = seen[0]
    rows = [np.flatnonzero((row == X).all(axis=1))[0] for row in held_out]
    assert y_held_out.tolist() == y[rows].tolist()
    expected = score_of(name, model, held_out, y_held_out, weight[rows])
    assert model.best_validation_score_ == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("task", "name"), [("classes", "accuracy"), ("labels", "accuracy"), ("numbers", "r2")]
)
def test_the_default_score_is_accuracy_or_r2(data, task, name):
    rows, held_out, weight = data(task)
    default, named = (
        model_for(task, scoring=scoring).fit(*rows, validation_data=(*held_out, weight))
        for scoring in (None, name)
    )
    found, expected = (m.history_[f"validation_{name}"] for m in (default, named))
    assert found == pytest.approx(expected, rel=1e-12)
    assert default.history_.curves.keys() == named.history_.curves.keys()
    assert default.validation_scores_ is None  # without early stopping


AUC = {"multi_class": "ovr", "response_method": "predict_proba"}
MINE = metrics.make_scorer(metrics.roc_auc_score, **AUC)


@pytest.mark.parametrize("scoring", [["neg_log_loss", "accuracy"], {"a": MINE, "b": "accuracy"}])
def test_several_scorers_give_curves_and_the_first_decides(data, scoring):
    rows, held_out, _ = data("classes")
    model = model_for("classes", scoring=scoring, early_stopping=True)
    model.fit(*rows, validation_data=held_out)
    curves = [model.history_[f"validation_{name}"] for name in scoring]
    assert [len(curve) for curve in curves] == [model.n_iter_] * 2
    assert model.validation_scores_ == curves[0]


def hits(estimator, X, y):
    return (estimator.predict(X) == y).sum()


def test_a_callable_scorer_predicts_once_per_epoch(data, monkeypatch):
    rows, held_out, _ = data("classes")
    calls = []

    def hits_twice(estimator, X, y):
        assert isinstance(estimator, MLPClassifier)
        calls.append(estimator.predict_proba(X).shape)
        return hits(estimator, X, y)

    monkeypatch.setattr(MLPClassifier, "_predict_output", lambda self, X: 1 / 0)
    model = model_for("classes", scoring=hits_twice).fit(*rows, validation_data=held_out)
    assert calls == [(60, 3)] * (model.n_iter_ + 1)  # one more to try it, before the first epoch
    monkeypatch.undo()
    assert model.history_["validation_hits_twice"][-1] == hits(model, *held_out)

    def hits_first(estimator, X, y):
        return hits(estimator, X[:30], y[:30])  # of rows whose output is not known yet

    model.set_params(scoring=hits_first).fit(*rows, validation_data=held_out)
    assert model.history_["validation_hits_first"][-1] == hits_first(model, *held_out)


@pytest.mark.parametrize(
    ("scoring", "message"),
    [
        ("roc_aux", "unknown 'roc_aux'"),
        ([], "a scorer or several"),
        ({"loss": "accuracy"}, "none with the name 'loss'"),
        (["accuracy", 3], "a name, or a callable"),
        (5, "a name, or a callable"),
        (DecisionTreeClassifier, "a name, or a callable"),
        ([hits, lambda *a: 1, lambda *a: 2], "two scorers have one name"),
        ("neg_mean_gamma_deviance", "can't score these rows"),  # of class 0
        ("roc_auc", "can't score these rows"),  # there are three classes
        (lambda *a: {"a": 1}, "score can't score these rows: .*not 'dict'"),
    ],
)
def test_an_invalid_scorer_is_refused_before_training(data, scoring, message):
    rows, held_out, _ = data("classes")
    model = model_for("classes", warm_start=True, early_stopping=True).fit(*rows)
    before = pickle.dumps({name: each for name, each in vars(model).items() if name[0] != "_"})
    for validation_data in (None, held_out):
        with pytest.raises(ValueError, match=f"^scoring: .*{message}"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # scikit-learn's, about labels that are not numbers
            model.set_params(scoring=scoring).fit(*rows, validation_data=validation_data)
        state = {name: value for name, value in vars(model).items() if name[0] != "_"}
        assert pickle.dumps({**state, "scoring": None}) == before


def test_a_nan_score_is_not_an_improvement(data):
    (X, y), _, _ = data("binary")
    settings = {"early_stopping": True, "max_iter": 100, "n_iter_no_change": 3}
    model = model_for("binary", scoring=lambda *a: np.nan, **settings)
    with pytest.warns(RuntimeWarning, match="validation_score became nan"):
        model.fit(X, y)
    assert model.n_iter_ == 4


def rows_with_a_rare_class(labels):
    """Training rows, and validation rows that lack the last class."""
    X, y = np.random.default_rng(0).normal(size=(80, 3)), np.array([0, 1, 2] * 26 + [3, 3])
    y = {"numbers": y * 2 - 1, "text": np.array(["a", "b", "c", "d"])[y], "two": y == 3}[labels]
    return (X, y), (X[:30], y[:30])


WITH_LABELS = {
    "neg_log_loss": metrics.log_loss,
    "neg_brier_score": metrics.brier_score_loss,
    "d2_log_loss_score": metrics.d2_log_loss_score,
    "top_k_accuracy": metrics.top_k_accuracy_score,
}


@pytest.mark.case(100)
@pytest.mark.parametrize(
    ("labels", "name"),
    [
        ("numbers", "neg_log_loss"),
        ("text", "neg_brier_score"),
        ("two", "neg_brier_score"),
        ("two", "neg_log_loss"),
        pytest.param("two", "d2_log_loss_score", marks=WITH_D2),
        ("text", "top_k_accuracy"),
    ],
)
def test_validation_rows_may_lack_one_of_the_classes(name, labels):
    rows, held_out = rows_with_a_rare_class(labels)
    model = model_for("classes", scoring=name, early_stopping=True)
    model.fit(*rows, validation_data=held_out)
    numbers = np.searchsorted(model.classes_, held_out[1])
    P = model.predict_proba(held_out[0])
    given = P if labels != "two" or "log" in name else P[:, 1]
    expected = WITH_LABELS[name](numbers, given, labels=np.arange(len(model.classes_)))
    sign = -1 if name.startswith("neg") else 1
    assert model.best_validation_score_ == pytest.approx(sign * expected, rel=1e-6)


#: Scorers for two classes, for labels or for numbers above 0, and those that need every class.
UNDEFINED = {
    "f1", "f1_samples", "jaccard", "jaccard_samples", "precision", "precision_samples", "recall",
    "recall_samples", "neg_negative_likelihood_ratio", "positive_likelihood_ratio",
    "neg_mean_gamma_deviance", "neg_mean_poisson_deviance", "neg_mean_squared_log_error",
    "neg_root_mean_squared_log_error", "roc_auc", "average_precision", "roc_auc_ovr",
}  # fmt: skip


#: A scorer of each way to ask for predictions, and of each kind of refusal.
FEW = {"accuracy", "f1", "f1_samples", "roc_auc", "roc_auc_ovo", "neg_mean_gamma_deviance", "r2",
       "rand_score", "average_precision", "positive_likelihood_ratio"}  # fmt: skip


@pytest.mark.case(100)
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=() if name in FEW else pytest.mark.slow)
        for name in sorted(metrics.get_scorer_names())
    ],
)
def test_every_scorer_works_or_is_refused_before_training(name):
    rows, held_out = rows_with_a_rare_class("numbers")
    model = model_for("classes", scoring=name, early_stopping=True, max_iter=2)
    if name in UNDEFINED:
        with pytest.raises(ValueError, match=f"^scoring: {name} (can't score|is undefined for)"):
            model.fit(*rows, validation_data=held_out)
    else:
        model.fit(*rows, validation_data=held_out)
        assert np.isfinite(model.validation_scores_).all()


def validation_rows_of(model, X, y, **arguments):
    """Fit a model with early stopping, and return the rows that it was scored on."""
    scored = []

    def score(estimator, X_scored, y_scored):
        scored.append(np.array(X_scored))
        return 0.5

    model.set_params(scoring=score, early_stopping=True).fit(X, y, **arguments)
    return scored[0]


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
def test_early_stopping_holds_out_whole_groups(kind):
    rng = np.random.default_rng(0)
    numbers = rng.integers(0, 20, 200)
    X = np.column_stack([numbers, rng.normal(size=200)]) / 20
    y = numbers % 2
    groups = [f"group {number}" for number in numbers]
    for seed in range(3):
        model = kind(
            hidden_layer_sizes=(4,), max_iter=2, random_state=seed, validation_fraction=0.25
        )
        held_out = validation_rows_of(model, X, y, groups=groups)
        held_out_numbers = np.unique((held_out[:, 0] * 20).round())
        assert len(held_out_numbers) == 5
        assert len(held_out) == np.isin(numbers, held_out_numbers).sum()
        assert model._n_rows == {"training": 200 - len(held_out), "validation": len(held_out)}
        if kind is MLPClassifier:  # the classes are in proportion
            assert 2 <= (held_out_numbers % 2).sum() <= 3


def test_a_class_of_a_single_group_is_held_out_or_trained_on():
    rng = np.random.default_rng(0)
    numbers = np.arange(60) % 6
    X = np.column_stack([numbers, rng.normal(size=60)]) / 6
    y = (numbers == 0) * 1
    model = MLPClassifier((4,), max_iter=2, random_state=0, validation_fraction=0.3)
    held_out = validation_rows_of(model, X, y, groups=numbers)
    assert len(held_out) == 20
    assert len(np.unique(held_out[:, 0])) == 2


def test_groups_have_no_effect_without_a_split_of_the_rows(data):
    (X, y), held_out, _ = data("classes")
    groups = np.arange(len(X)) % 7
    for settings, arguments in (
        ({"early_stopping": False}, {}),
        ({"early_stopping": True}, {"validation_data": held_out}),
    ):
        without = model_for("classes", **settings).fit(X, y, **arguments)
        with_groups = model_for("classes", **settings).fit(X, y, groups=groups, **arguments)
        assert without.loss_curve_ == with_groups.loss_curve_


def test_groups_of_a_network_are_checked_as_those_of_an_ensemble(data):
    (X, y), _, _ = data("classes")
    model = model_for("classes", early_stopping=True)
    missing = [None, *range(1, len(X))]
    for groups, problem in (
        (np.arange(3), r"expected shape \(90,\), one for each row of X, got \(3,\)"),
        (missing, "row 0 has no group"),
        (["Rome"] * len(X), "all rows are in the group 'Rome'"),
    ):
        with pytest.raises(ValueError, match=f"^groups: {problem}"):
            model.fit(X, y, groups=groups)
    weight = np.where(np.arange(len(X)) % 2 == 0, 1.0, 0.0)
    with pytest.raises(ValueError, match=r"^sample_weight: all 45 (training|validation) rows have"):
        model.fit(X, y, weight, groups=np.arange(len(X)) % 2)


def test_groups_are_routed_to_a_network_in_a_pipeline():
    numbers = np.repeat(np.arange(12), 5)
    X = np.column_stack([numbers, np.random.default_rng(0).normal(size=60)])
    scored = []

    def score(estimator, X_scored, y_scored):
        scored.append(X_scored[:, 0].copy())
        return 0.5

    with config_context(enable_metadata_routing=True):
        model = MLPRegressor(max_iter=2, early_stopping=True, scoring=score, random_state=0)
        pipeline = make_pipeline(StandardScaler(), model.set_fit_request(groups=True))
        scores = cross_validate(
            pipeline, X, numbers / 12, cv=GroupKFold(3), params={"groups": numbers}
        )
    assert np.isfinite(scores["test_score"]).all()
    for held_out in scored:
        _, counts = np.unique(held_out, return_counts=True)
        assert counts.tolist() == [5] * len(counts)
