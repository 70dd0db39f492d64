"""The choice of an engine: what the compiled one can't do goes to the reference, and is told."""

import numpy as np
import pytest

from barenet import Network, train
from barenet.activations import ACTIVATIONS
from barenet.engines import ENGINES, CompiledEngine, Job, ReferenceEngine, choose_engine
from barenet.engines.compiled._lowering import KNOWN
from barenet.errors import ArgumentError
from barenet.layers import Dense
from barenet.losses import LOSSES, SquaredError
from barenet.model._array_dataset import validate_arrays
from barenet.optimizers import OPTIMIZERS, SGD, ClipValue
from barenet.penalties import L2

Tanh = ACTIVATIONS["tanh"]
X = np.random.default_rng(0).normal(size=(12, 2))


class MyTanh(Tanh):
    """Somebody's own, of a name of its own."""

    name = "mine"


class Impostor(Tanh):
    """Somebody's own, of a name that barenet has."""

    def __call__(self, z):
        return np.sin(z)


class MyDense(Dense):
    """A layer that does something more."""


class MyError(SquaredError):
    """A loss of the name of another."""


class MyRule(SGD):
    """A rule of the name of another."""


class MyPenalty(L2):
    """A penalty of the name of another."""


class MyClipping(ClipValue):
    """A clipping of the name of another."""


def network_of(layer):
    return Network([layer, Dense(3, 1)], seed=0)


OWN = {
    "activation": lambda: (network_of(Dense(2, 3, MyTanh())), {}),
    "impostor": lambda: (network_of(Dense(2, 3, Impostor())), {}),
    "layer": lambda: (network_of(MyDense(2, 3, "tanh")), {}),
    "loss": lambda: (network_of(Dense(2, 3, "tanh")), {"loss": MyError()}),
    "optimizer": lambda: (network_of(Dense(2, 3, "tanh")), {"optimizer": MyRule()}),
    "penalty": lambda: (network_of(Dense(2, 3, "tanh")), {"penalty": MyPenalty(0.1)}),
    "clipping": lambda: (network_of(Dense(2, 3, "tanh")), {"clip": MyClipping(0.1)}),
}


@pytest.mark.parametrize("what", OWN)
def test_what_is_somebodys_own_goes_to_the_reference(what):
    network, settings = OWN[what]()
    history = train(network, X, X[:, 0], epochs=2, **settings)
    assert history.engine == "reference"
    twin, settings = OWN[what]()
    train(twin, X, X[:, 0], epochs=2, engine="reference", **settings)
    assert np.array_equal(network.parameters, twin.parameters)


@pytest.mark.parametrize("what", OWN)
def test_asked_for_by_name_the_compiled_engine_says_why_it_cannot(what):
    network, settings = OWN[what]()
    before = network.parameters.copy()
    with pytest.raises(ArgumentError, match=r"^engine: compiled cannot run this: .* user-defined"):
        train(network, X, X[:, 0], epochs=2, engine="compiled", **settings)
    assert np.array_equal(network.parameters, before)


def test_engines_by_name():
    network = network_of(Dense(2, 3))
    rows = validate_arrays(network, SquaredError(), X, X[:, 0])
    job = Job(network=network, rows=rows, loss=SquaredError(), optimizer=SGD())
    assert set(ENGINES) == {"reference", "compiled"}
    assert type(choose_engine("reference", job)) is ReferenceEngine
    assert (
        type(choose_engine("compiled", job)) is type(choose_engine("auto", job)) is CompiledEngine
    )
    with pytest.raises(ValueError, match=r"^engine: unknown 'compield', did you mean 'compiled'"):
        choose_engine("compield", job)


@pytest.mark.parametrize(
    ("role", "registry", "place"),
    [
        ("activation", ACTIVATIONS, "FORMULAS in engines/kernels/_activations.py"),
        ("loss", LOSSES, "FORMULAS in engines/kernels/_losses.py"),
        ("optimizer", OPTIMIZERS, "RULES in engines/kernels/_optimizers.py"),
    ],
)
def test_everything_registered_has_a_kernel(role, registry, place):
    missing = registry.keys() - KNOWN[role]
    assert not missing, f"add the kernel of {sorted(missing)} to {place}"
