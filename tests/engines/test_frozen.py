"""Frozen layers: their parameters keep their bits, and the others are trained as in PyTorch."""

import copy
import pickle

import numpy as np
import pytest
import scipy.sparse

from barenet import (
    Checkpoint,
    MLPClassifier,
    Network,
    check_gradients,
    explain,
    load,
    save,
    train,
    train_many,
)
from barenet.engines._engine import frozen_parts
from barenet.errors import ArgumentError, ResumeError
from barenet.layers import ActivationLayer, BatchNorm, Dense, LayerNorm, PReLU
from barenet.optimizers import OPTIMIZERS, SGD, Adam

RNG = np.random.default_rng(0)
X = RNG.normal(size=(90, 6))
Y = RNG.normal(size=(90, 3))


@pytest.fixture(params=["reference", "compiled"])
def engine(request):
    return request.param


#: For tests with a case of the JAX engine, whose programs take seconds to compile.
WITH_JAX = pytest.mark.parametrize("engine", ["reference", "compiled", "jax"])


def every_layer(trainable, dtype="float64"):
    """A network with each kind of layer that has parameters, some of which are trainable."""
    layers = [
        Dense(6, 8, "relu"), BatchNorm(8), Dense(8, 8, "tanh"), LayerNorm(8), PReLU(8), Dense(8, 3),
    ]  # fmt: skip
    network = Network(layers, seed=1, dtype=dtype)
    freeze_others(network, trainable)
    return network


def freeze_others(network, trainable):
    for number, layer in enumerate(network.layers):
        layer.trainable = number in trainable


def changed_layers(network, before):
    """The numbers of the layers with a parameter whose bits differ from before."""
    changed = set()
    for slot in network.layout.slots:
        part = slice(slot.start, slot.stop)
        if network.parameters[part].tobytes() != before[part].tobytes():
            changed.add(slot.layer)
    return changed


SPECS = [
    "sgd:learning_rate=0.1",
    "momentum:learning_rate=0.05,beta=0.8",
    "adagrad:learning_rate=0.1",
    "rmsprop:learning_rate=0.05,decay=0.9",
    "adam:learning_rate=0.1",
    "adamw:learning_rate=0.1,weight_decay=0.3",
]


@pytest.mark.parametrize(
    ("optimizer", "limit"), [(spec, (None, 0.2)[i % 2]) for i, spec in enumerate(SPECS)]
)
def test_steps_agree_with_pytorch(pytorch, engine, optimizer, limit):
    """PyTorch's weights are (out, in); the running averages of a frozen batch norm still move."""
    figures = pytorch["frozen"]
    end = figures["ends"][f"{optimizer} {limit}"]
    layers = [
        Dense(3, 4), BatchNorm(4), ActivationLayer("tanh"), Dense(4, 4, "tanh"), Dense(4, 3),
    ]  # fmt: skip
    network = Network(layers, dtype="float64")
    freeze_others(network, {3, 4})

    def flat(arrays):
        modules = (0, 1, None, 3, 5)
        parts = []
        for slot in network.layout.slots:
            kind = "bias" if slot.name == "bias" else "weight"
            parts.append(np.transpose(arrays[f"{modules[slot.layer]}.{kind}"]).ravel())
        return np.concatenate(parts)

    network.parameters[:] = flat(figures["start"])
    train(
        network,
        np.array(pytorch["network"]["X"]),
        np.array(pytorch["network"]["targets"]),
        optimizer=optimizer,
        epochs=figures["n_steps"],
        batch_size=None,
        shuffle=False,
        clip=limit and f"norm:limit={limit}",
        engine=engine,
    )
    tolerance = 1e-9
    if limit:  # PyTorch divides by the norm + 1e-6
        tolerance = 1e-6
    np.testing.assert_allclose(network.parameters, flat(end), rtol=1e-7, atol=tolerance)
    assert changed_layers(network, flat(figures["start"])) == {3, 4}
    running = [*end["running_mean"], *end["running_var"]]
    np.testing.assert_allclose(network.statistics, running, rtol=1e-10)


@pytest.mark.case(165)
@pytest.mark.parametrize(
    ("engine", "optimizer"),
    [
        *(
            (engine, optimizer)
            for engine in ("reference", "compiled")
            for optimizer in (*OPTIMIZERS, "adamw:average=0.9", "sgd:average=0.5")
        ),
        ("jax", "adamw:average=0.9"),
    ],
)
def test_frozen_parameters_keep_their_bits(engine, optimizer):
    for trainable in ({2}, {0, 4, 5}):
        network = every_layer(trainable)
        before = network.parameters.copy()
        clip = None
        if optimizer != "lbfgs":
            clip = "norm:limit=0.1"
        history = train(
            network, X, Y, optimizer=optimizer, epochs=3, engine=engine, clip=clip,
            penalty=["l2:strength=0.1", "l1:strength=0.01"],
        )  # fmt: skip
        assert changed_layers(network, before) == trainable
        assert np.isfinite(history.loss).all()


@pytest.mark.parametrize(
    ("engine", "build", "optimizer", "batch_size"),
    [
        ("compiled", lambda: every_layer({0, 5}), "adamw", 32),
        ("compiled", lambda: every_layer({0, 5}), "lbfgs", None),
        ("compiled", lambda: wide({0, 2}), "muon", 32),
        ("compiled", lambda: wide({1}), "adamw", 1),
        ("jax", lambda: every_layer({0, 5}), "adamw", 32),
    ],
)
def test_engines_take_the_same_steps(engine, build, optimizer, batch_size):
    """Also with one row, whose gradient has kernels of its own, and with layers wide for it."""
    results = []
    for name in ("reference", engine):
        network = build()
        history = train(
            network, X[:40], Y[:40], optimizer=optimizer, epochs=2, engine=name,
            batch_size=batch_size, penalty="l2:strength=0.1",
        )  # fmt: skip
        results.append((network.parameters, history.loss, history["gradient_norm"]))
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-9)


def wide(trainable):
    """A network whose layers are wide for the rows of a batch."""
    network = Network.dense([6, 128, 128, 3], hidden="tanh", seed=1, dtype="float64")
    freeze_others(network, trainable)
    return network


def test_a_sparse_first_layer(engine):
    rows = scipy.sparse.random_array((90, 40), density=0.1, rng=np.random.default_rng(0))
    results = []
    for name in ("reference", engine):
        network = Network.dense([40, 8, 3], seed=1, dtype="float64")
        network.layers[0].trainable = False
        before = network.parameters.copy()
        train(network, rows.tocsr(), Y, epochs=3, engine=name)
        assert changed_layers(network, before) == {1}
        results.append(network.parameters)
    np.testing.assert_allclose(*results, rtol=1e-9, atol=1e-12)


def test_moments_of_earlier_steps_move_nothing(engine):
    """The vectors that an optimizer keeps for frozen parameters stay as they were, too."""
    for optimizer in (Adam(), SGD(average=0.9)):
        network = every_layer(range(6))
        train(network, X, Y, optimizer=optimizer, epochs=2, engine=engine)
        freeze_others(network, {2})
        before = network.parameters.copy()
        moments = {name: moment.copy() for name, moment in optimizer.moments.items()}
        train(network, X, Y, optimizer=optimizer, epochs=2, engine=engine)
        assert changed_layers(network, before) == {2}
        for name, moment in optimizer.moments.items():
            for part in frozen_parts(network):
                assert moment[part].tobytes() == moments[name][part].tobytes()
        freeze_others(network, range(6))
        train(network, X, Y, optimizer=optimizer, epochs=2, engine=engine)
        assert changed_layers(network, before) == {0, 1, 2, 3, 4, 5}


@WITH_JAX
def test_a_population_freezes_the_layers_of_each_network(engine):
    networks = [every_layer({5}), every_layer({0, 1, 2}), every_layer(range(6))]
    alone = [network.copy() for network in networks]
    before = networks[0].parameters.copy()
    train_many(networks, X, Y, epochs=3, engine=engine, progress=False)
    for network, single in zip(networks, alone, strict=True):
        trainable = {n for n, layer in enumerate(network.layers) if layer.trainable}
        assert changed_layers(network, before) == trainable
        train(single, X, Y, epochs=3, engine=engine)
        np.testing.assert_allclose(network.parameters, single.parameters, rtol=1e-9, atol=1e-12)


def test_many_short_epochs_at_once(engine):
    """Epochs that the engine runs ahead, and then measures."""
    network = every_layer({2, 3}, "float32")
    before = network.parameters.copy()
    train(network, X, Y, epochs=40, validation_data=(X, Y), engine=engine, batch_size=None)
    assert changed_layers(network, before) == {2, 3}


def test_copies_and_pickles_keep_it_and_files_do_not(tmp_path):
    network = every_layer({2})
    for twin in (network.copy(), copy.deepcopy(network), pickle.loads(pickle.dumps(network))):
        assert frozen_parts(twin) == frozen_parts(network)
    save(network, tmp_path / "model.safetensors")
    assert frozen_parts(load(tmp_path / "model.safetensors")) == ()


def interrupt(run):
    if run.epoch == 3:
        raise KeyboardInterrupt


def test_a_checkpoint_has_the_frozen_layers(tmp_path):
    whole = every_layer({2, 5})
    train(whole, X, Y, epochs=6)
    saving = {"checkpoint": Checkpoint(tmp_path / "run", every=1), "resume": True}
    part = every_layer({2, 5})
    with pytest.raises(KeyboardInterrupt):
        train(part, X, Y, epochs=6, callbacks=interrupt, **saving)
    with pytest.raises(ResumeError, match="frozen layers"):
        train(every_layer(range(6)), X, Y, epochs=6, **saving)
    resumed = every_layer({2, 5})
    train(resumed, X, Y, epochs=6, **saving)
    np.testing.assert_array_equal(resumed.parameters, whole.parameters)


def test_an_estimator_continues_with_frozen_layers():
    labels = (X[:, 0] > 0).astype(int)
    model = MLPClassifier((8, 8), random_state=0).partial_fit(X, labels, classes=[0, 1])
    model.network_.layers[0].trainable = False
    before = model.network_.parameters.copy()
    model.partial_fit(X, labels)
    assert changed_layers(model.network_, before) == {1, 2}


def test_the_summary_counts_frozen_parameters():
    network = Network.dense([6, 8, 3])
    assert "frozen" not in network.summary()
    network.layers[0].trainable = False
    lines = network.summary().splitlines()
    assert lines[1].split() == ["dense,", "frozen", "relu", "6", "→", "8", "56"]
    assert lines[-1].endswith(", 27 trainable, 56 frozen")
    assert "27 trainable, 56 frozen" in network._repr_html_()


def test_the_gradient_of_a_network_is_whole():
    network = every_layer({2})
    _, gradient = network.value_and_gradient(X, Y)
    freeze_others(network, range(6))
    _, expected = network.value_and_gradient(X, Y)
    np.testing.assert_array_equal(gradient, expected)
    freeze_others(network, {2})
    assert check_gradients(network, X[:9], Y[:9])


def test_what_is_refused():
    network = every_layer(())
    with pytest.raises(ArgumentError, match="network: none of its layers is trainable; set"):
        train(network, X, Y)
    with pytest.raises(ArgumentError, match="network: some of its layers are not trainable"):
        explain(every_layer({2}), X, Y)
    with pytest.raises(ArgumentError, match="trainable: expected True or False, got 'no'"):
        network.layers[0].trainable = "no"
    for kind, sizes in ((Dense, (2, 3)), (BatchNorm, (3,)), (LayerNorm, (3,)), (PReLU, (3,))):
        problem = f"trainable: is no argument of {kind.__name__}"
        with pytest.raises(ArgumentError, match=problem):
            kind(*sizes, trainable=False)
