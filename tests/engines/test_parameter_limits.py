"""Limits of parameters: each step ends with a projection, in every engine."""

import copy
import pickle

import numpy as np
import pytest
import scipy.sparse

from barenet import Checkpoint, Network, load, save, train, train_many
from barenet.errors import ArgumentError, ResumeError
from barenet.model._parameter_limits import ParameterLimits

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 6))
Y = RNG.normal(size=(40, 3))


@pytest.fixture(params=["reference", "compiled"])
def engine(request):
    return request.param


#: For tests with a case of the JAX engine, whose programs take seconds to compile.
WITH_JAX = pytest.mark.parametrize("engine", ["reference", "compiled", "jax"])


def limited(sizes=(6, 8, 3), hidden="relu", dtype="float64"):
    """A network whose parameters each have a lower limit, an upper one, both or none."""
    network = Network.dense(sizes, hidden=hidden, seed=1, dtype=dtype)
    n = network.n_parameters
    kinds = np.random.default_rng(1).integers(0, 4, n)
    lower = np.where(np.isin(kinds, (1, 3)), -0.01, -np.inf)
    upper = np.where(np.isin(kinds, (2, 3)), 0.02, np.inf)
    network._limits = ParameterLimits(lower, upper)
    network._limits.project(network.parameters)
    return network


def steps_by_hand(network, rate, n_steps):
    """Projected gradient descent on the mean of ½ |ŷ − y|², by formulas for two dense layers."""
    lower, upper = network._limits
    W1, b1, W2, b2 = (layer.copy() for layer in arrays_of(network, network.parameters))
    for _ in range(n_steps):
        Z = X @ W1 + b1
        A = np.maximum(Z, 0)
        d = (A @ W2 + b2 - Y) / len(X)
        dZ = (d @ W2.T) * (Z > 0)
        gradient = np.concatenate(
            [(X.T @ dZ).ravel(), dZ.sum(axis=0), (A.T @ d).ravel(), d.sum(axis=0)]
        )
        moved = np.concatenate([W1.ravel(), b1, W2.ravel(), b2]) - rate * gradient
        projected = np.minimum(np.maximum(moved, lower), upper)
        W1, b1, W2, b2 = arrays_of(network, projected)
    return projected


def arrays_of(network, vector):
    first, last = network.layout.views(vector)
    return first["weights"], first["bias"], last["weights"], last["bias"]


@WITH_JAX
def test_steps_are_projected_gradient_descent(engine):
    network = limited()
    expected = steps_by_hand(network, rate=0.3, n_steps=7)
    train(
        network, X, Y, optimizer="sgd:learning_rate=0.3", epochs=7, batch_size=None,
        shuffle=False, engine=engine,
    )  # fmt: skip
    np.testing.assert_allclose(network.parameters, expected, rtol=1e-9, atol=1e-12)
    n_at_limits = np.isin(network.parameters, (-0.01, 0.02)).sum()
    assert n_at_limits > network.n_parameters / 10


@pytest.mark.parametrize(
    ("optimizer", "sizes", "batch_size"),
    [
        ("adamw:weight_decay=0.3", (6, 128, 128, 3), 1),
        ("adamw:average=0.9", (6, 128, 128, 3), 16),
        ("muon", (6, 8, 3), 16),
    ],
)
def test_engines_take_the_same_steps(engine, optimizer, sizes, batch_size):
    """Also with one row, with wide layers that are used in place, and with a clipped gradient."""
    results = []
    for name in ("reference", engine):
        network = limited(sizes, hidden="tanh")
        train(
            network, X, Y, optimizer=optimizer, epochs=2, engine=name, batch_size=batch_size,
            clip="norm:limit=0.5" if batch_size > 1 else None,
        )  # fmt: skip
        check_limits(network)
        results.append(network.parameters)
    np.testing.assert_allclose(*results, rtol=1e-7, atol=1e-9)


def check_limits(network):
    lower, upper = network._limits
    assert (network.parameters >= lower).all()
    assert (network.parameters <= upper).all()


def test_a_sparse_first_layer(engine):
    rows = scipy.sparse.random_array((40, 30), density=0.1, rng=np.random.default_rng(0))
    results = []
    for name in ("reference", engine):
        network = limited((30, 8, 3))
        train(network, rows.tocsr(), Y, epochs=3, engine=name)
        check_limits(network)
        results.append(network.parameters)
    np.testing.assert_allclose(*results, rtol=1e-9, atol=1e-12)


@WITH_JAX
def test_networks_with_and_without_limits_share_no_program(engine):
    """Programs are kept for jobs of the same structure; limits are part of it."""
    networks = [limited(dtype="float32"), Network.dense([6, 8, 3], seed=1), limited()]
    alone = [network.copy() for network in networks]
    train_many(networks, X, Y, epochs=3, engine=engine, progress=False)
    for network, single in zip(networks, alone, strict=True):
        train(single, X, Y, epochs=3, engine=engine)
        np.testing.assert_allclose(network.parameters, single.parameters, rtol=1e-5, atol=1e-7)
    assert networks[1].parameters.min() < -0.02
    check_limits(networks[2])


def test_many_short_epochs_at_once(engine):
    network = limited()
    train(network, X, Y, epochs=40, validation_data=(X, Y), engine=engine, batch_size=None)
    check_limits(network)


def test_copies_and_pickles_keep_limits_and_files_do_not(tmp_path):
    network = limited()
    for twin in (network.copy(), copy.deepcopy(network), pickle.loads(pickle.dumps(network))):
        np.testing.assert_array_equal(twin._limits.lower, network._limits.lower)
        np.testing.assert_array_equal(twin._limits.upper, network._limits.upper)
    save(network, tmp_path / "model.safetensors")
    assert load(tmp_path / "model.safetensors")._limits is None


def test_a_checkpoint_belongs_to_its_limits(tmp_path):
    def interrupt(run):
        if run.epoch == 3:
            raise KeyboardInterrupt

    whole = limited()
    train(whole, X, Y, epochs=6)
    saving = {"checkpoint": Checkpoint(tmp_path / "run", every=1), "resume": True}
    with pytest.raises(KeyboardInterrupt):
        train(limited(), X, Y, epochs=6, callbacks=interrupt, **saving)
    others = limited()
    others._limits.upper[:] = 0.5
    with pytest.raises(ResumeError, match="limits of parameters"):
        train(others, X, Y, epochs=6, **saving)
    resumed = limited()
    train(resumed, X, Y, epochs=6, **saving)
    np.testing.assert_array_equal(resumed.parameters, whole.parameters)


def test_lbfgs_is_refused():
    with pytest.raises(ArgumentError, match="L-BFGS doesn't keep the limits"):
        train(limited(), X, Y, optimizer="lbfgs", epochs=2)
