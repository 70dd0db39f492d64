"""Continued training: the start of the next call of fit or partial_fit, to the last bit."""

import pickle

import numpy as np
import pytest

from barenet import MLPClassifier, MLPRegressor
from barenet.activations import LeakyReLU
from barenet.optimizers import OPTIMIZERS

#: The rows keep their order, no rule ends the run, and all batches have the same size.
EXACT = {"max_iter": 5, "random_state": 0, "batch_size": 30, "learning_rate_init": 0.01,
         "shuffle": False, "n_iter_no_change": np.inf}  # fmt: skip
PAIRS = [(MLPClassifier, "compiled"), (MLPRegressor, "reference")]
INVERSE = {"solver": "sgd", "learning_rate": "invscaling"}
SETTINGS = [
    {"solver": "adam"},
    {"solver": "sgd"},
    {"solver": "sgd", "nesterovs_momentum": False},
    {"batch_norm": True},
    {"clip": "norm:limit=0.1"},
    *({"optimizer": name} for name in sorted(set(OPTIMIZERS) - {"lbfgs"})),
    {"optimizer": "adam:average=0.99"},
]


@pytest.fixture
def exact(kind):
    return lambda **settings: kind(hidden_layer_sizes=8, **{**EXACT, **settings})


def copied(model):
    twin = pickle.loads(pickle.dumps(model))
    assert np.shares_memory(twin.coefs_[0], twin.network_.parameters)
    return twin


def assert_same(one, other):
    """The network, and everything that the next step needs."""
    for name in ("parameters", "statistics"):
        assert (getattr(one.network_, name) == getattr(other.network_, name)).all()
    assert one.loss_curve_ == other.loss_curve_
    assert one.t_ == other.t_ == 150 * len(one.loss_curve_)
    mine, yours = one._optimizer, other._optimizer
    assert mine.n_steps == yours.n_steps == 5 * len(one.loss_curve_)
    assert mine.moments.keys() == yours.moments.keys()
    assert all((mine.moments[name] == yours.moments[name]).all() for name in mine.moments)


@pytest.mark.parametrize(("kind", "engine"), PAIRS[:1])
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
def test_warm_start_five_epochs_twice_equals_ten(iris, exact, settings, engine):
    whole = exact(max_iter=10, engine=engine, **settings).fit(*iris)
    half = exact(warm_start=True, engine=engine, **settings).fit(*iris)
    assert_same(copied(half).fit(*iris), whole)
    assert_same(half.fit(*iris), whole)
    assert half.n_iter_ == 5


@pytest.mark.integration
@pytest.mark.parametrize(("kind", "engine"), PAIRS)
@pytest.mark.parametrize(
    "settings", [{"batch_norm": True}, {"optimizer": "muon"}, INVERSE], ids=str
)
def test_ten_partial_fits_equal_ten_epochs(iris, exact, all_classes, settings, engine):
    whole = exact(max_iter=10, engine=engine, **settings).fit(*iris)
    parts = exact(engine=engine, **settings)
    for _ in range(10):
        parts = copied(parts.partial_fit(*iris, **all_classes(3)))
    assert_same(parts, whole)


def test_fits_start_over_or_continue_partial_fits_and_earlier_versions(iris, exact):
    assert_same(exact().fit(*iris).fit(*iris), exact().fit(*iris))
    mixed = exact(warm_start=True, max_iter=4).fit(*iris)
    for _ in range(3):
        mixed.partial_fit(*iris)
    del mixed._built_with  # as in an estimator that 0.2.0 has pickled
    assert_same(mixed.set_params(max_iter=3).fit(*iris), exact(max_iter=10).fit(*iris))


def test_another_optimizer_starts_without_moments(iris, exact):
    model = exact(solver="adam", warm_start=True).fit(*iris)
    parameters = model.network_.parameters.copy()
    model.set_params(solver="sgd", momentum=0, learning_rate_init=1e-300).fit(*iris)
    assert (model.network_.parameters == parameters).all()
    assert model._optimizer.n_steps == 25
    model.set_params(solver="lbfgs").fit(*iris)
    assert model.loss_ < model.loss_curve_[0]


@pytest.mark.parametrize(
    "settings",
    [
        {"solver": "sgd", "learning_rate": "adaptive", "n_iter_no_change": 1, "tol": 9.0},
        INVERSE,
        {"schedule": "step:every=2"},
    ],
)
def test_each_fit_restarts_the_learning_rate(iris, settings):
    model = MLPRegressor(warm_start=True, **{**EXACT, **settings})
    curves = [model.fit(*iris).history_["learning_rate"] for _ in range(2)]
    assert curves[0][0] == curves[1][0] == 0.01
    assert curves[0][-1] < 0.01


def test_the_options_of_an_activation_are_compared(iris, exact):
    model = exact(warm_start=True, activation=LeakyReLU(0.1), dropout=0).fit(*iris)
    model.set_params(activation="leaky_relu:slope=0.1", dropout=0.0).fit(*iris)
    with pytest.raises(ValueError, match=r"slope=0.3.*, and the network to continue has .*=0.1"):
        model.set_params(activation=LeakyReLU(0.3)).fit(*iris)
