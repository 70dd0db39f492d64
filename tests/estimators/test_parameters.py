"""Constraints of the parameters, and the network and optimizer that they describe.

The initial weights are compared with scikit-learn's in test_agreement.py.
"""

import math

import numpy as np
import pytest

from barenet import MLPClassifier, MLPEnsembleRegressor, MLPRegressor
from barenet.errors import BarenetError
from barenet.estimators._parameters import dense_layers_of
from barenet.estimators._target_encoders import LabelEncoder
from barenet.model._activations import as_activation
from barenet.optimizers import SGD

X, Y = np.arange(12.0).reshape(6, 2) / 10, np.array([0, 1, 0, 1, 0, 1])

#: Values that are refused: 27 is the learning rate, 28 and 30 the hidden layers, 31 the batch size,
#: 34 the validation rows.
REFUSED = {
    "learning_rate_init": [-1, 0, math.nan, math.inf, "0.1", None],
    "hidden_layer_sizes": [(0,), (-1,), (2.5,), "8", 0, -1, 2.5, None, [4, "x"], True, np.array(7),
                           (10**10,)],
    "batch_size": [0, -1, 2.5, "all", None],
    "activation": ["softplus2", ["relu", "relu"], None], "max_fun": [0],
    "validation_fraction": [1.5, 1, -0.1, math.nan],
    "max_iter": [0, 2.5], "alpha": [-1, math.nan], "n_iter_no_change": [0, 1.5],
    "learning_rate": ["slow"], "power_t": [-1], "momentum": [1.1], "beta_1": [1], "beta_2": [-0.1],
    "epsilon": [0], "tol": [-1e-3], "random_state": ["x"], "shuffle": ["yes"], "warm_start": [1],
    "verbose": ["much"], "dropout": [1], "batch_norm": [None], "engine": ["fast"], "threads": [0],
    "solver": ["newton"], "optimizer": ["adamm"], "schedule": ["steps"],
    "clip": ["norm:limit=0"], "callbacks": [[3]],
}  # fmt: skip
OF_A_CLASSIFIER = {
    "label_smoothing": [-0.1, 1, np.nan, "a"],
    "loss": ["focall", 5, "focal:gamma=-1", "quantile:q=2"],
    "class_weight": [{0: 10**400, 1: 1}, 3],
}
OF_A_REGRESSOR = {"loss": ["squared", 3, None, "binary_cross_entropy"]}

#: Parameters that exclude each other, and the one that is named.
EXCLUDING = [
    ({"solver": "lbfgs", "dropout": 0.1}, "optimizer"),
    ({"solver": "lbfgs", "schedule": "cosine"}, "schedule"),
    ({"solver": "lbfgs", "clip": "norm:limit=1"}, "clip"),
    ({"batch_norm": True, "batch_size": 1}, "batch_size"),
]


@pytest.mark.case(27, 28, 30, 31, 33, 34)
@pytest.mark.parametrize(
    ("kind", "name", "values"),
    [
        *((MLPClassifier, *case) for case in (REFUSED | OF_A_CLASSIFIER).items()),
        *((MLPRegressor, *case) for case in OF_A_REGRESSOR.items()),
    ],
)
def test_a_parameter_out_of_its_range_is_refused(kind, name, values, refused):
    for value in values:
        estimator = kind(**{name: value})
        with refused(name):
            estimator.fit(X, Y)
        assert not hasattr(estimator, "network_")


@pytest.mark.parametrize(("settings", "argument"), EXCLUDING)
def test_parameters_that_exclude_each_other_are_refused(settings, argument, refused):
    with refused(argument):
        MLPRegressor(**settings).fit(X, Y)


def test_a_time_limit_of_an_ensemble_applies_to_all_of_its_networks(refused, small_ensembles):
    with refused("time_limit"):
        MLPEnsembleRegressor(time_limit="ten minutes").fit(X, Y)
    model = MLPEnsembleRegressor(max_iter=2, time_limit="1h").fit(X, Y)
    assert model.n_iter_ == 2
    with pytest.raises(BarenetError, match="limit of 1e-06 s was reached within the first"):
        model.set_params(time_limit=1e-6).fit(X, Y)


@pytest.mark.case(29)
def test_no_hidden_layers_is_a_linear_model():
    model = MLPRegressor(hidden_layer_sizes=(), solver="lbfgs", alpha=0, tol=1e-10)
    target = X @ [2.0, -1.0] + 3
    assert model.fit(X, target).predict(X) == pytest.approx(target, abs=1e-4)
    assert [each.shape for each in model.coefs_] == [(2, 1)]


@pytest.mark.case(32)
def test_batch_size_is_clipped_to_the_rows():
    with pytest.warns(UserWarning, match=r"^batch_size: 7 is more than the 6 rows"):
        large = MLPClassifier(2, batch_size=7, random_state=0, tol=1).fit(X, Y)
    assert large.loss_curve_ == MLPClassifier(2, random_state=0, tol=1).fit(X, Y).loss_curve_


@pytest.mark.case(34)
@pytest.mark.parametrize(
    ("fraction", "y", "message"),
    [(0.1, Y, "test_size = 1 should be greater"), (0.5, [0, 0, 0, 0, 0, 1], "least populated")],
)
def test_rows_that_cannot_be_split_are_refused(fraction, y, message, refused):
    model = MLPClassifier(early_stopping=True, validation_fraction=fraction)
    with refused("validation_fraction", message):
        model.fit(X, y)
    assert not hasattr(model, "classes_")


def test_an_optimizer_instance_is_not_changed():
    mine = SGD(0.1)
    model = MLPRegressor(hidden_layer_sizes=3, optimizer=mine, tol=1).fit(X, Y)
    assert mine.n_steps == 0
    assert model._optimizer.n_steps == model.n_iter_


def network_of(**settings):
    model = MLPClassifier(**settings)
    model._encoder = LabelEncoder([0, 1, 2])
    return model._make_network(np.zeros((1, 2)), 3, np.random.RandomState(0))


def test_an_activation_for_each_layer_and_prelu_in_its_place():
    activations = [as_activation("tanh"), "leaky_relu:slope=0.1"]
    assert repr(network_of(hidden_layer_sizes=(4, 5), activation=activations).layers) == (
        "[Dense(2, 4, 'tanh'), Dense(4, 5, 'leaky_relu:slope=0.1'), Dense(5, 3, 'softmax')]"
    )
    _, prelu, _ = network_of(hidden_layer_sizes=4, activation="prelu").layers
    assert repr(prelu) == "PReLU(n_in=4, slope=0.25)"


def test_initialization_bounds_depend_on_the_activation():
    network = network_of(hidden_layer_sizes=(300, 300), activation=["logistic", "relu"])
    bounds = [np.abs(layer.weights).max() for layer in dense_layers_of(network)]
    expected = [np.sqrt(2 / 302), np.sqrt(6 / 600), np.sqrt(6 / 303)]
    np.testing.assert_allclose(bounds, expected, rtol=0.01)
