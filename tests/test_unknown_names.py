"""A name, an argument or an attribute that barenet lacks is an error, with the nearest one."""

import numpy as np
import pytest

import barenet
from barenet import (
    MLPClassifier,
    MLPEnsembleClassifier,
    MLPEnsembleRegressor,
    MLPRegressor,
    Network,
    batches,
    train,
)
from barenet._unknown_names import MODULES
from barenet.callbacks import TimeLimit
from barenet.errors import ArgumentError
from barenet.optimizers import SGD, Adam
from barenet.penalties import L2

X = np.random.default_rng(0).normal(size=(40, 3))
Y = (X[:, 0] > 0).astype(int)


@pytest.mark.case(186)
def test_a_name_of_a_module_is_found():
    with pytest.raises(AttributeError, match=r"'Adam'; use barenet\.optimizers\.Adam$"):
        barenet.Adam  # noqa: B018
    with pytest.raises(AttributeError, match="did you mean 'Network'"):
        barenet.Netwrok  # noqa: B018
    with pytest.raises(AttributeError, match="did you mean 'Dense'"):
        barenet.layers.Dens  # noqa: B018
    assert set(MODULES) < set(barenet.__all__)


@pytest.mark.case(186)
def test_a_notebook_completes_public_names_alone():
    assert sorted(barenet.__all__) == [name for name in dir(barenet) if not name.startswith("_")]


#: Misspelled arguments, and the names that errors suggest.
MISSPELLED = [
    (Network.dense, "hiden", "hidden"),
    (MLPEnsembleClassifier, "max_itr", "max_iter"),
    (MLPEnsembleRegressor, "monotonc", "monotonic"),
    (MLPClassifier, "learning_rate_int", "learning_rate_init"),
    (MLPRegressor, "hidden_layers_sizes", "hidden_layer_sizes"),
    (MLPClassifier().fit, "validation_dat", "validation_data"),
    (MLPEnsembleClassifier().fit, "sample_weights", "sample_weight"),
    (MLPEnsembleRegressor().predict_interval, "coverge", "coverage"),
    (batches, "batchsize", "batch_size"),
    (Adam, "lr", "learning_rate"),
    (SGD, "lr", "learning_rate"),
]


@pytest.mark.case(186)
@pytest.mark.parametrize(("function", "name", "nearest"), MISSPELLED)
def test_a_misspelled_argument_is_refused_with_the_nearest(function, name, nearest, refused):
    with refused(name, f"did you mean {nearest!r}"):
        function(**{name: 1})


def test_an_optimizer_takes_no_parameters():
    network = Network.dense([3, 1])
    for parameters in (network.parameters, network):
        with pytest.raises(ArgumentError, match="adam's learning_rate: expected a number above 0"):
            Adam(parameters)


@pytest.mark.case(232)
@pytest.mark.parametrize(
    ("setting", "wrong", "right"),
    [("penalty", L2, L2(0.1)), ("callbacks", TimeLimit, TimeLimit(60))],
)
def test_a_class_in_place_of_an_instance_is_refused(setting, wrong, right):
    network = Network.dense([3, 1])
    with pytest.raises(ArgumentError, match=rf"pass an instance: {wrong.__name__}\(\.\.\.\)"):
        train(network, X, Y, epochs=1, **{setting: wrong})
    train(network, X, Y, epochs=1, **{setting: right})
