"""Agreement with scikit-learn: the same first weights and batches, and so the same numbers."""

import inspect
import itertools

import numpy as np
import pytest
import sklearn.neural_network
from sklearn.datasets import load_diabetes, load_iris, make_multilabel_classification
from sklearn.preprocessing import scale

import barenet

ACTIVATIONS = ("relu", "tanh", "logistic", "identity")
COMMON = {"hidden_layer_sizes": (12, 7), "max_iter": 25, "batch_size": 32, "random_state": 3,
          "alpha": 0.01}  # fmt: skip
SOLVERS = {
    "sgd": {"solver": "sgd", "momentum": 0, "learning_rate_init": 0.05},
    "momentum": {"solver": "sgd", "nesterovs_momentum": False, "learning_rate_init": 0.02},
    "nesterov": {"solver": "sgd", "learning_rate_init": 0.02},
    "adam": {"solver": "adam", "learning_rate_init": 0.01},
    "invscaling": {"solver": "sgd", "learning_rate": "invscaling", "learning_rate_init": 0.05,
                   "power_t": 0.1},
    "adaptive": {"solver": "sgd", "learning_rate": "adaptive", "learning_rate_init": 0.02,
                 "tol": 0.01, "n_iter_no_change": 2},
}  # fmt: skip


def data(task):
    if task == "labels":
        X, y = make_multilabel_classification(n_samples=150, random_state=0)
        return X / X.max(), y
    if task in ("multi-class", "binary"):
        X, y = load_iris(return_X_y=True)
        X, rows = scale(X), slice(100 if task == "binary" else None)
        return X[rows], y[rows]
    X, y = load_diabetes(return_X_y=True)
    y = scale(y[:200])
    return 20 * X[:200], np.round(np.exp(y)) if task == "poisson" else y


TASKS = ("multi-class", "binary", "labels", "numbers", "poisson")


def pair(task, engine, **settings):
    """The same estimator twice: scikit-learn's and barenet's."""
    name = "MLPRegressor" if task in ("numbers", "poisson", "targets") else "MLPClassifier"
    settings = {**COMMON, **settings}
    if task == "poisson":
        settings["loss"] = "poisson"
    theirs = getattr(sklearn.neural_network, name)(**settings)
    return theirs, getattr(barenet, name)(engine=engine, **settings)


def fitted(task, engine, **settings):
    return (each.fit(*data(task)) for each in pair(task, engine, **settings))


def assert_alike(theirs, ours, rtol=1e-10):
    for name in ("loss_", "best_loss_", "loss_curve_", "validation_scores_", "n_iter_", "t_",
                 "best_validation_score_", "n_layers_", "n_outputs_", "n_features_in_",
                 "out_activation_"):  # fmt: skip
        expected, found = getattr(theirs, name), getattr(ours, name)
        if isinstance(expected, str | None):
            assert found == expected, name
        else:
            assert found == pytest.approx(expected, rel=rtol, abs=1e-12), name
    assert_same_weights(theirs, ours, atol=rtol)


def assert_same_weights(theirs, ours, atol=1e-10):
    pairs = zip(theirs.coefs_ + theirs.intercepts_, ours.coefs_ + ours.intercepts_, strict=True)
    for expected, found in pairs:
        assert found.dtype == expected.dtype
        np.testing.assert_allclose(found, expected, rtol=0, atol=atol)


@pytest.mark.parametrize("name", ["MLPClassifier", "MLPRegressor"])
def test_parameters_have_scikit_learns_names_order_and_defaults(name):
    theirs, ours = (
        list(inspect.signature(getattr(module, name)).parameters.values())
        for module in (sklearn.neural_network, barenet)
    )
    for expected, found in zip(theirs, ours, strict=False):
        assert (found.name, found.kind) == (expected.name, expected.kind)
        assert found.default == expected.default
    assert len(ours) > len(theirs)
    assert all(extra.kind is extra.KEYWORD_ONLY for extra in ours[len(theirs) :])


def is_slow(task, engine, solver, activation):
    """Whether a case is not one of few: every solver, activation and task with usual others."""
    if activation == "tanh" and solver == "adam":
        return False
    if task == "multi-class" and activation == "tanh":
        return False
    return (engine, solver) != ("compiled", "adam") or task not in ("multi-class", "numbers")


@pytest.mark.integration
@pytest.mark.parametrize(
    ("task", "engine", "solver", "activation"),
    [
        pytest.param(*case, marks=pytest.mark.slow if is_slow(*case) else ())
        for case in itertools.product(TASKS, ("reference", "compiled"), SOLVERS, ACTIVATIONS)
    ],
)
def test_loss_curves_agree_with_scikit_learn(task, engine, solver, activation):
    theirs, ours = fitted(task, engine, activation=activation, **SOLVERS[solver])
    assert_alike(theirs, ours)
    assert len(ours.loss_curve_) > 3


#: Every task with one activation, every activation with one task, and two with the other engine.
OF_LBFGS = [
    *((task, "compiled", "tanh") for task in TASKS),
    *(("binary", "compiled", name) for name in ("relu", "logistic", "identity")),
    *((task, "reference", "relu") for task in ("multi-class", "numbers")),
]


@pytest.mark.parametrize(("task", "engine", "activation"), OF_LBFGS)
def test_lbfgs_agrees_with_scikit_learn(task, engine, activation):
    """To fewer digits: it searches along lines, and rounding grows from step to step."""
    theirs, ours = fitted(task, engine, activation=activation, solver="lbfgs", max_iter=20)
    assert ours.n_iter_ == theirs.n_iter_
    assert ours.loss_ == pytest.approx(theirs.loss_, rel=1e-8)
    assert ours.loss_curve_[-1] > ours.loss_
    assert_same_weights(theirs, ours, atol=1e-6)


@pytest.mark.parametrize(
    ("task", "engine", "solver"),
    [
        ("binary", "reference", "adam"),
        ("labels", "compiled", "adam"),
        ("multi-class", "compiled", "nesterov"),
        ("numbers", "compiled", "adaptive"),
    ],
)
def test_early_stopping_restores_scikit_learns_best_weights(task, engine, solver):
    rules = {"early_stopping": True, "n_iter_no_change": 4, "validation_fraction": 0.3}
    theirs, ours = fitted(task, engine, **SOLVERS[solver] | rules | {"max_iter": 60})
    assert_alike(theirs, ours)
    assert ours.n_iter_ < 60 or solver == "adaptive"
    assert len(ours.history_["validation_loss"]) == ours.n_iter_


@pytest.mark.parametrize("solver", SOLVERS)
def test_partial_fit_agrees_with_scikit_learn(solver):
    task = "multi-class" if solver in ("momentum", "adam", "adaptive") else "numbers"
    X, y = data(task)
    theirs, ours = pair(task, "reference", **SOLVERS[solver])
    more = {"classes": [2, 0, 1]} if task == "multi-class" else {}
    for start in (0, 50, 100, 0, 50):
        for each in (theirs, ours):
            each.partial_fit(X[start : start + 50], y[start : start + 50], **more)
    assert_alike(theirs, ours)


def test_warm_start_agrees_with_scikit_learn():
    """Without momentum there is no state that scikit-learn would reset."""
    settings = {**SOLVERS["sgd"], "warm_start": True, "learning_rate": "invscaling"}
    theirs, ours = pair("multi-class", "reference", **settings)
    for each in (theirs, ours):
        each.set_params(max_iter=5)
    for _ in range(3):
        assert_alike(theirs.fit(*data("multi-class")), ours.fit(*data("multi-class")))
    assert len(ours.loss_curve_) == 15


def rows_for(task):
    """A few rows; with large numbers, networks are certain of wrong classes at first."""
    name, _, size = task.partition(" of ")
    X, y = data("numbers" if name == "targets" else name)
    X, y = X[::2], y[::2]
    if name == "targets":
        y = np.column_stack([y, y**2, X[:, 0] - y])
    return (100 * X if size else X), y


@pytest.mark.case(224)
@pytest.mark.parametrize("solver", SOLVERS)
@pytest.mark.parametrize(
    "task", ["targets", "binary", "multi-class", "binary of large", "multi-class of large"]
)
def test_sample_weights_agree_with_scikit_learn(task, solver):
    """The runs stop at the same epoch, by the loss and by a score, with the default `tol`."""
    X, y = rows_for(task)
    settings = SOLVERS[solver] | {"tol": 1e-4, "n_iter_no_change": 10, "max_iter": 80}
    if "large" in task:
        settings["learning_rate_init"] = 0.001
    elif solver in ("nesterov", "adam"):
        settings["learning_rate_init"] = 0.1
    for seed, early_stopping in enumerate((False, True)):
        settings |= {"random_state": seed, "early_stopping": early_stopping}
        weight = np.random.default_rng(seed).random(len(X))
        if early_stopping and task != "targets":
            weight = np.where(y == 1, 3.0, 1.0)
        pairs = pair(task.partition(" of ")[0], "auto", **settings)
        theirs, ours = (each.fit(X, y, sample_weight=weight) for each in pairs)
        assert_alike(theirs, ours, rtol=1e-8)


@pytest.mark.case(224)
@pytest.mark.parametrize("engine", ["reference", "compiled"])
def test_every_loss_of_several_targets_is_scikit_learns(engine):
    X, y = rows_for("targets")
    weight = np.random.default_rng(0).random(len(X))
    for settings in ({"loss": "poisson"}, {}, {"solver": "lbfgs", "max_iter": 12}):
        target = np.exp(y / 4) if "loss" in settings else y
        pairs = pair("targets", engine, **settings)
        theirs, ours = (each.fit(X, target, sample_weight=weight) for each in pairs)
        assert ours.n_iter_ == theirs.n_iter_
        assert ours.loss_ == pytest.approx(theirs.loss_, rel=1e-8)
        np.testing.assert_allclose(ours.predict(X), theirs.predict(X), atol=1e-6)
        for each in pairs[: 2 * ("solver" not in settings)]:
            each.partial_fit(X, target, sample_weight=weight)
        assert ours.loss_ == pytest.approx(theirs.loss_, rel=1e-8)


@pytest.mark.parametrize("task", ["multi-class", "numbers"])
def test_float32_inputs_train_in_float32(task, engine):
    X, y = data(task)
    theirs, ours = (each.fit(X.astype("f4"), y) for each in pair(task, engine, max_iter=5))
    assert_alike(theirs, ours, rtol=1e-4)
    assert ours.network_.dtype == np.float32


@pytest.mark.parametrize("task", TASKS)
def test_attributes_and_predictions_agree_with_scikit_learn(task):
    X, y = data(task)
    theirs, ours = fitted(task, "reference")
    public = {each for each in dir(theirs) if not each.startswith("_")} - {"loss"}
    assert not {each for each in public if not hasattr(ours, each)} and len(public) > 30
    assert ours.predict(X).dtype == theirs.predict(X).dtype
    assert ours.score(X, y) == pytest.approx(theirs.score(X, y))
    for method in ("predict", "predict_proba", "predict_log_proba"):
        if hasattr(theirs, method):
            found, expected = getattr(ours, method)(X), getattr(theirs, method)(X)
            np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert getattr(ours, "classes_", y[:0]).tolist() == getattr(theirs, "classes_", y[:0]).tolist()


@pytest.mark.parametrize(
    ("hidden", "activation"),
    [
        ((), "relu"),
        (5, "tanh"),
        ((4, 3), "logistic"),
        (np.array([4, 3]), "relu"),
        ([6], "identity"),
    ],
)
def test_initial_weights_agree_with_scikit_learn(hidden, activation):
    """The activation determines those of a linear model, too."""
    settings = {"hidden_layer_sizes": hidden, "activation": activation, "max_iter": 1}
    settings |= {"solver": "sgd", "learning_rate_init": 1e-300}
    assert_same_weights(*fitted("multi-class", "reference", **settings), atol=0)
    linear = settings | {"hidden_layer_sizes": (), "learning_rate_init": 0.01}
    assert_alike(*fitted("multi-class", "reference", **linear))


@pytest.mark.case(216)
def test_rows_of_weight_0_are_treated_as_in_scikit_learn():
    """They count as rows of their mini-batches, and their class is one of the classes."""
    X, y = data("multi-class")
    weight = (y != 2).astype(float)
    theirs, ours = (
        each.fit(X, y, sample_weight=weight) for each in pair("multi-class", "compiled")
    )
    assert_alike(theirs, ours)
    assert ours.classes_.tolist() == theirs.classes_.tolist() == [0, 1, 2]
