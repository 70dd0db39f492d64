"""Attributes that a class does not declare are refused, as they would have no effect."""

import copy
import pickle
from dataclasses import dataclass

import numpy as np
import pytest

import barenet
from barenet import Network, train
from barenet._registry import build
from barenet.activations import ACTIVATIONS
from barenet.callbacks import Callback, EarlyStopping, LambdaCallback, Progress, TimeLimit
from barenet.initializers import INITIALIZERS
from barenet.layers import (
    LAYERS,
    ActivationLayer,
    BatchNorm,
    Dense,
    Dropout,
    Layer,
    LayerNorm,
    PReLU,
)
from barenet.losses import LOSSES
from barenet.model._ensemble import Ensemble
from barenet.optimization._penalties import PENALTIES
from barenet.optimization.optimizers import OPTIMIZERS, Adam
from barenet.optimization.optimizers._optimizer import CLIPPINGS
from barenet.schedules import SCHEDULES

EVERY_LAYER = [
    Dense(3, 4), BatchNorm(4), ActivationLayer("tanh"), Dropout(0.1), LayerNorm(4), PReLU(4),
    Dense(4, 1),
]  # fmt: skip


def every_layer():
    """A network with each kind of layer."""
    return Network(copy.deepcopy(EVERY_LAYER), seed=1)


def task():
    numbers = np.arange(60.0)
    return barenet.Task.open({"a": numbers, "y": 2 * numbers}, "y")


class Table(ActivationLayer):
    """A layer with an array of its own, which is no parameter."""

    table: np.ndarray

    def __init__(self):
        super().__init__("tanh")
        self.table = np.array([1, 2])


def test_only_parameters_and_statistics_are_assigned_in_place():
    layer = Table()
    layer.table = np.array([0.5, 1.5, 2.5])
    assert layer.table.tolist() == [0.5, 1.5, 2.5]
    network = Network.dense([2, 3])
    network.layers[0].bias = 7.0
    assert (network.parameters == 7).sum() == 3


@pytest.mark.case(165)
@pytest.mark.parametrize("name", ["requires_grad", "frozen"])
def test_a_layer_and_a_network_are_not_frozen_by_an_attribute_without_effect(name):
    network = every_layer()
    assert {type(layer).name for layer in network.layers} == {*LAYERS}
    for thing in (*network.layers, *EVERY_LAYER, network):
        with pytest.raises(AttributeError, match=f"'{name}': setting it has no effect"):
            setattr(thing, name, False)
        assert not hasattr(thing, name)
    with pytest.raises(AttributeError, match="'trainable': setting it has no effect"):
        network.trainable = False


#: An object of each class that takes settings, and all of the registries.
OBJECTS = {
    "network": every_layer,
    "ensemble": lambda: Ensemble([Network.dense([2, 1])]),
    "task": task,
    "early stopping": EarlyStopping,
    "time limit": lambda: TimeLimit(60),
    "function": lambda: LambdaCallback(print),
    "progress": Progress,
    **{
        f"{kind.__name__} {name}": lambda kind=kind: kind.__new__(kind)
        for registry in (
            ACTIVATIONS, LOSSES, OPTIMIZERS, SCHEDULES, PENALTIES, CLIPPINGS, INITIALIZERS, LAYERS,
        )
        for name, kind in registry.items()
    },
}  # fmt: skip


@pytest.mark.case(165)
def test_an_unknown_attribute_is_an_error():
    for name, make in OBJECTS.items():
        thing = make()
        with pytest.raises(AttributeError):
            thing.no_such_setting = 1
        assert not hasattr(thing, "no_such_setting"), name


@pytest.mark.case(165)
@pytest.mark.parametrize(
    ("make", "name", "hint"),
    [
        (lambda: Dense(2, 3), "activaton", "did you mean 'activation'"),
        (lambda: Network([Dense(2, 3)]).layers[0], "weigths", "did you mean 'weights'"),
        (lambda: Dropout(0.2), "rates", "did you mean 'rate'"),
        (Adam, "lr", "did you mean 'learning_rate'"),
        (Adam, "beta_1", "did you mean 'beta1'"),
        (EarlyStopping, "patienc", "did you mean 'patience'"),
        (every_layer, "parametres", "did you mean 'parameters'"),
        (task, "trainin", "did you mean 'training'"),
    ],
)
def test_the_error_names_the_nearest_attribute(make, name, hint):
    thing = make()
    with pytest.raises(AttributeError, match=f"has no attribute '{name}': .*{hint}") as caught:
        setattr(thing, name, 0.5)
    assert (caught.value.name, caught.value.obj) == (name, thing)


@pytest.mark.case(165)
def test_the_way_of_keras_to_end_a_run_is_refused():
    def stop(run):
        run.stop_training = True

    with pytest.raises(AttributeError, match="'stop_training': setting it has no effect"):
        train(Network.dense([1, 1]), [[1.0]], [1.0], callbacks=stop)


def test_weights_of_a_layer_without_a_network_are_refused():
    """The network would draw others in their place."""
    for name in ("weights", "bias"):
        with pytest.raises(AttributeError, match="it gets its arrays from a network"):
            setattr(Dense(2, 3), name, 1.0)
    with pytest.raises(AttributeError, match="it gets its arrays from a network"):
        BatchNorm(2).mean = 0.0


def test_declared_attributes_can_be_set():
    network = every_layer()
    network.layers[0].weights = 2.0
    assert (network.parameters[:12] == 2).all()
    network.layers[3].rate = 0.5
    network.layers[0].__doc__ = "Mine."
    network.layers[0]._mine = 1  # private names are free, as everywhere in Python
    adam = Adam()
    adam.learning_rate = 0.5
    assert adam.learning_rate == 0.5


def test_copies_keep_their_attributes():
    for make in (every_layer, task, Adam, EarlyStopping, lambda: TimeLimit(9)):
        thing = make()
        for twin in (copy.copy(thing), copy.deepcopy(thing), pickle.loads(pickle.dumps(thing))):
            assert vars(twin).keys() == vars(thing).keys()
            with pytest.raises(AttributeError, match="has no attribute 'trainable'"):
                twin.trainable = False


class Scale(Layer):
    """A layer of a user, with attributes of its own."""

    name = "scale"
    parameter_shapes = {"factor": (1,)}  # noqa: RUF012

    def initialize(self, rng):
        self.factor = 1.0
        self.drawn = True

    def forward(self, X, *, training=False, rng_key=0):
        self.calls = getattr(self, "calls", 0) + 1
        return self.factor * X, X

    def backward(self, cache, d_output, out):
        out["factor"][:] = (d_output * cache).sum()
        return self.factor * d_output


@dataclass
class Counting(Adam):
    """An optimizer of a user, which counts in an attribute that it does not declare."""

    name = "counting"

    def update(self, parameters, gradient, rate):
        self.counted = getattr(self, "counted", 0) + 1
        super().update(parameters, gradient, rate)


def test_classes_of_a_user_have_attributes_of_their_own():
    class Remember(Callback):
        def on_epoch(self, run):
            self.last = run.epoch

    class Slow(EarlyStopping):
        def on_start(self, run):
            self.started = True
            super().on_start(run)

    class Named(Network):
        pass

    class Frozen(Dense):
        pass

    network = Named([Frozen(2, 2), Scale(), Dense(2, 1)])
    network.title = "mine"
    network.layers[0].trainable = False
    counting, remember = Counting(), Remember()
    slow = Slow("loss", patience=99)
    train(
        network,
        np.ones((4, 2)),
        np.ones(4),
        epochs=3,
        optimizer=counting,
        callbacks=[remember, slow],
    )
    assert (network.layers[1].drawn, network.layers[1].calls > 0) == (True, True)
    assert (counting.counted, remember.last, slow.started) == (3, 3, True)
    assert build(barenet.optimizers.Optimizer, OPTIMIZERS, counting, "optimizer") is counting
