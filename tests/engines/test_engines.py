"""The choice of an engine: what the compiled one can't do goes to the reference, and is told."""

import copy
import dataclasses
import subprocess
import sys

import numpy as np
import pytest

from barenet import Network, train
from barenet.activations import ACTIVATIONS
from barenet.engines import (
    ENGINES,
    CompiledEngine,
    ReferenceEngine,
    _engine,
    choose_engine,
)
from barenet.engines.kernels import (
    _activations as activation_kernels,
    _losses as loss_kernels,
    _optimizers as optimizer_kernels,
)
from barenet.errors import ArgumentError
from barenet.layers import Dense
from barenet.losses import LOSSES, SquaredError
from barenet.model._activations import ENTRYWISE
from barenet.optimizers import OPTIMIZERS, SGD, ClipValue
from barenet.penalties import L2

Tanh = ACTIVATIONS["tanh"]
X = np.random.default_rng(0).normal(size=(12, 2))


class MyTanh(Tanh):
    """User-defined, with a name of its own; the others have names that barenet has."""

    name = "mine"


class Impostor(Tanh):
    def __call__(self, z):
        return np.sin(z)


MyDense, MyError, MyRule, MyPenalty, MyClipping = (
    type(f"My{base.__name__}", (base,), {}) for base in (Dense, SquaredError, SGD, L2, ClipValue)
)


def network_of(layer):
    return Network([layer, Dense(3, 1)], seed=0)


OWN = {
    "activation": (Dense(2, 3, MyTanh()), {}),
    "impostor": (Dense(2, 3, Impostor()), {}),
    "layer": (MyDense(2, 3, "tanh"), {}),
    "loss": (Dense(2, 3, "tanh"), {"loss": MyError()}),
    "optimizer": (Dense(2, 3, "tanh"), {"optimizer": MyRule()}),
    "penalty": (Dense(2, 3, "tanh"), {"penalty": MyPenalty(0.1)}),
    "clipping": (Dense(2, 3, "tanh"), {"clip": MyClipping(0.1)}),
}


@pytest.mark.parametrize(("layer", "settings"), OWN.values(), ids=OWN)
def test_user_defined_parts_need_the_reference_engine(layer, settings):
    def learn(engine):
        network = network_of(copy.deepcopy(layer))
        history = train(network, X, X[:, 0], epochs=2, engine=engine, **copy.deepcopy(settings))
        return history.engine, network.parameters.tobytes()

    assert learn("auto") == learn("reference")
    with pytest.raises(ArgumentError, match=r"^engine: compiled cannot run this: .* has no kernel"):
        learn("compiled")


#: Registers a class in each of four registries before anything is trained; prints the engines.
REGISTER_FIRST = """
import numpy as np
import barenet
from barenet.activations import ACTIVATIONS
from barenet.layers import LAYERS
from barenet.losses import LOSSES
from barenet.optimizers import OPTIMIZERS

parts = {}
for registry, name in (
    (ACTIVATIONS, "tanh"), (LAYERS, "dense"), (LOSSES, "squared_error"), (OPTIMIZERS, "sgd"),
):
    registry["mine"] = parts[name] = type("Mine", (registry[name],), {"name": "mine"})

X = np.linspace(-1, 1, 12).reshape(6, 2)
for layer, settings in (
    (barenet.layers.Dense(2, 1, parts["tanh"]()), {}),
    (parts["dense"](2, 1, "tanh"), {}),
    (barenet.layers.Dense(2, 1), {"loss": "mine"}),
    (barenet.layers.Dense(2, 1), {"optimizer": "mine"}),
):
    network = barenet.Network([layer])
    print(barenet.train(network, X, X[:, 0], epochs=1, **settings).engine)
"""


@pytest.mark.integration
def test_a_class_registered_before_the_first_training_needs_the_reference_engine():
    command = [sys.executable, "-c", REGISTER_FIRST]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.stdout.split(), done.stderr) == (["reference"] * 4, "")


@pytest.mark.parametrize("part", ["activation", "loss", "optimizer"])
def test_a_missing_kernel_is_named_with_the_file_to_add_it_to(part, monkeypatch):
    """For a class that is new in barenet, and registered already."""
    layer, settings = OWN[part]
    kinds = {MyTanh, MyError, MyRule}
    for kind in kinds:
        monkeypatch.setattr(kind, "name", "mine")
    built_in = _engine.BUILT_IN_PARTS | kinds
    monkeypatch.setattr(_engine, "BUILT_IN_PARTS", built_in)
    places = {
        "activation": "model/_activations",
        "loss": "PRINTED or FORMULAS in engines/kernels/_losses",
        "optimizer": "RULES in engines/kernels/_optimizers",
    }
    match = f"^no kernel for 'mine': add a formula for it to {places[part]}.py$"
    with pytest.raises(LookupError, match=match):
        train(network_of(copy.deepcopy(layer)), X, X[:, 0], epochs=1, engine="compiled", **settings)


def test_engines_are_selected_by_name(make_job, refused):
    job = make_job(network_of(Dense(2, 3)))
    assert set(ENGINES) == {"reference", "compiled", "jax"}
    kinds = [type(choose_engine(name, job)) for name in ("reference", "compiled", "auto")]
    assert kinds == [ReferenceEngine, CompiledEngine, CompiledEngine]
    with refused("engine"):
        choose_engine("compield", job)


def test_an_engine_takes_another_job_of_the_same_structure(make_job):
    def job_of(layer, **settings):
        return make_job(network_of(layer), **settings)

    engine = CompiledEngine(job_of(Dense(2, 3, "tanh")))
    other = job_of(Dense(2, 3, "tanh"))
    assert not engine.take_job(other)  # it has made no program yet
    before = engine.evaluate(other.rows)
    assert engine.take_job(other) and engine.job is other
    assert np.array_equal(engine.evaluate(other.rows)[1], before[1])
    for different in (Dense(2, 4, "tanh"), Dense(2, 3, "relu"), Dense(2, 3)):
        network = Network([different, Dense(different.n_out, 1)], seed=0)
        assert not engine.take_job(make_job(network)) and engine.job is other
    frozen = network_of(Dense(2, 3, "tanh"))
    frozen.layers[0].trainable = False
    assert not engine.take_job(make_job(frozen))
    assert not ReferenceEngine(other).take_job(other)


@pytest.mark.parametrize("engine", [CompiledEngine, ReferenceEngine])
@pytest.mark.parametrize(
    ("weight", "selection"),
    [(None, None), (np.arange(12.0), np.arange(0, 12, 2)), (None, np.array([7]))],
)
def test_the_final_loss_is_that_of_the_last_rows(engine, weight, selection, make_job):
    job = make_job(network_of(Dense(2, 3, "tanh")), n_rows=12, sample_weight=weight)
    job = dataclasses.replace(job, rows=job.rows._replace(selection=selection))
    for n_rows in (3, 2, 99):
        loss, _ = engine(job).evaluate(job.rows.take(slice(-n_rows, None)))
        assert engine(job).final_loss(n_rows) == pytest.approx(loss, rel=1e-12)
    used = engine(job)
    losses = [used.final_loss(n_rows) for n_rows in (3, 2, 2, 3)]
    assert losses[:2] == losses[:1:-1] and losses[0] == engine(job).final_loss(3)


#: The names of the kernels of each role; SciPy takes the steps of L-BFGS.
KERNELS = {
    "activation": {*ENTRYWISE, *activation_kernels.BY_ROW},
    "loss": {*loss_kernels.LOSSES},
    "optimizer": {*optimizer_kernels.RULES, "lbfgs"},
}


@pytest.mark.parametrize(
    ("role", "registry", "place"),
    [
        ("activation", ACTIVATIONS, "BY_ROW in engines/kernels/_activations.py"),
        ("loss", LOSSES, "FORMULAS in engines/kernels/_losses.py"),
        ("optimizer", OPTIMIZERS, "RULES in engines/kernels/_optimizers.py"),
    ],
)
def test_everything_registered_has_a_kernel(role, registry, place):
    if role == "loss":
        forms = {name: kind.on_logits.values() for name, kind in registry.items()}
        needed = {each.name for kinds in forms.values() for each in kinds}
        needed |= {name for name, kinds in forms.items() if not kinds}
    else:
        needed = {name for name, kind in registry.items() if getattr(kind, "elementwise", True)}
    missing = needed - KERNELS[role]
    assert not missing, f"add the kernel of {sorted(missing)} to {place}"
