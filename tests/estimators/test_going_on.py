"""Going on: what the next call of fit or partial_fit starts from, to the last bit."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.datasets import load_iris

from barenet import MLPClassifier, MLPRegressor
from barenet.optimizers import OPTIMIZERS

X, Y = load_iris(return_X_y=True)
X = (X - X.mean(axis=0)) / X.std(axis=0)
#: The rows come as they stand, no rule ends the run, and no batch is smaller than the others.
SMALL = {"hidden_layer_sizes": (8,), "max_iter": 5, "random_state": 0, "batch_size": 30,
         "learning_rate_init": 0.01, "shuffle": False, "n_iter_no_change": np.inf}  # fmt: skip
BY_BATCHES = sorted(set(OPTIMIZERS) - {"lbfgs"})
SETTINGS = [
    {"solver": "adam"},
    {"solver": "sgd"},
    {"solver": "sgd", "nesterovs_momentum": False},
    {"batch_norm": True},
    {"clip": "norm:limit=0.1"},
    *({"optimizer": name} for name in BY_BATCHES),
]
INVERSE = {"solver": "sgd", "learning_rate": "invscaling"}


def small(kind, **settings):
    return kind(**{**SMALL, **settings})


def assert_same(one, other):
    """The network, and all that the next step needs."""
    assert (one.network_.parameters == other.network_.parameters).all()
    assert (one.network_.statistics == other.network_.statistics).all()
    assert one.loss_curve_ == other.loss_curve_
    assert one.t_ == other.t_ == 150 * len(one.loss_curve_)
    mine, yours = one._optimizer, other._optimizer
    assert mine.n_steps == yours.n_steps == 5 * len(one.loss_curve_)
    assert mine.moments.keys() == yours.moments.keys()
    assert all((mine.moments[name] == yours.moments[name]).all() for name in mine.moments)


@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_five_epochs_and_five_more_are_ten(kind, settings, engine):
    whole = small(kind, max_iter=10, engine=engine, **settings).fit(X, Y)
    half = small(kind, warm_start=True, engine=engine, **settings).fit(X, Y)
    assert_same(pickle.loads(pickle.dumps(half)).fit(X, Y), whole)
    assert_same(half.fit(X, Y), whole)
    assert half.n_iter_ == 5


@pytest.mark.parametrize("settings", [*SETTINGS, INVERSE], ids=str)
def test_ten_parts_are_ten_epochs(kind, settings, engine):
    whole = small(kind, max_iter=10, engine=engine, **settings).fit(X, Y)
    more = {"classes": [0, 1, 2]} if kind is MLPClassifier else {}
    parts = small(kind, engine=engine, **settings)
    for _ in range(10):
        parts = pickle.loads(pickle.dumps(parts.partial_fit(X, Y, **more)))
    assert_same(parts, whole)


def test_parts_go_on_after_a_fit_and_a_fit_after_parts(kind):
    whole = small(kind, max_iter=10).fit(X, Y)
    mixed = small(kind, warm_start=True, max_iter=4).fit(X, Y)
    for _ in range(3):
        mixed.partial_fit(X, Y)
    assert_same(mixed.set_params(max_iter=3).fit(X, Y), whole)


def test_a_fit_without_warm_start_forgets_all(kind):
    model = small(kind).fit(X, Y)
    assert_same(model.fit(X, Y), small(kind).fit(X, Y))


def test_another_optimizer_starts_with_nothing_to_remember(kind):
    model = small(kind, solver="adam", warm_start=True).fit(X, Y)
    parameters = model.network_.parameters.copy()
    model.set_params(solver="sgd", momentum=0, learning_rate_init=1e-300).fit(X, Y)
    assert (model.network_.parameters == parameters).all()
    assert model._optimizer.n_steps == 25
    model.set_params(solver="lbfgs").fit(X, Y)
    assert model.loss_ < model.loss_curve_[0]


def test_what_starts_anew():
    """The order of the rows, the rate of "adaptive" and "invscaling", and the schedule."""
    whole = small(MLPRegressor, max_iter=10, shuffle=True).fit(X, Y)
    half = small(MLPRegressor, warm_start=True, shuffle=True).fit(X, Y).fit(X, Y)
    assert half.loss_curve_[:5] == whole.loss_curve_[:5]
    assert half.loss_curve_[5:] != whole.loss_curve_[5:]
    rates = {"solver": "sgd", "learning_rate": "adaptive", "n_iter_no_change": 1, "tol": 9.0}
    for settings in (rates, INVERSE, {"schedule": "step:every=2"}):
        model = small(MLPRegressor, warm_start=True, **settings)
        curves = [model.fit(X, Y).history_["learning_rate"] for _ in range(2)]
        assert curves[0][0] == curves[1][0] == 0.01
        assert curves[0][-1] < 0.01
