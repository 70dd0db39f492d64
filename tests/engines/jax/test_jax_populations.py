"""Populations on the JAX engine: similar networks are computed together."""

import numpy as np
import pytest

from barenet import Network, search, train, train_many
from barenet.callbacks import EarlyStopping
from barenet.engines.jax import _jax_engine
from barenet.engines.jax._printed_functions import update_rule
from barenet.layers import BatchNorm, Dense, Dropout
from barenet.optimizers import SGD, Adam
from barenet.population import _thread_pool

jax = pytest.importorskip("jax", reason="JAX is not installed: make test-jax")

rng = np.random.default_rng(0)
X = rng.normal(size=(80, 5))
y = (X[:, 0] * X[:, 1] > 0).astype(int)


def make_network(seed, width=8):
    layers = [Dense(5, width, "tanh"), BatchNorm(width), Dropout(0.2), Dense(width, 2, "softmax")]
    return Network(layers, seed=seed, dtype="float64")


@pytest.fixture
def widths(monkeypatch):
    """The numbers of networks and of places of each call for several networks."""
    seen = []

    def run_together(chunks, n_places):
        seen.append((len(chunks), n_places))
        _jax_engine.run_together(chunks, n_places)

    monkeypatch.setattr(_thread_pool, "run_together", run_together)
    return seen


def options_of(index):
    """The options of one of four networks, the last of which has other layers."""
    return {
        "seed": index,
        "optimizer": f"adam:learning_rate={0.01 * (index + 1)},beta1={0.9 - 0.05 * index}",
        "epochs": 8 if index == 1 else 12,
        "penalty": f"l2:strength={0.01 * index}",
        "schedule": "cosine" if index == 2 else None,
        "clip": "norm:limit=0.5",
        "batch_size": 16,
    }


def test_each_network_ends_as_if_it_were_trained_alone(widths):
    every_option = [options_of(index) for index in range(4)]
    sizes = [8] * 3 + [4]
    networks = [make_network(index, size) for index, size in enumerate(sizes)]
    rows = [np.arange(80)[index::2] for index in range(4)]
    lists = {name: [options[name] for options in every_option] for name in every_option[0]}
    held_out = {"validation_data": (X[:20], y[:20])}
    stopping = {"callbacks": EarlyStopping(patience=3), **held_out}
    result = train_many(networks, X, y, rows=rows, engine="jax", **lists, **stopping)
    assert (3, 3) in widths
    for index, options in enumerate(every_option):
        alone = make_network(index, sizes[index])
        chosen = rows[index]
        history = train(
            alone, X[chosen], y[chosen], engine="reference", **options, **held_out,
            callbacks=EarlyStopping(patience=3),
        )  # fmt: skip
        assert result.histories[index].engine == "jax"
        assert result.histories[index].best_epoch == history.best_epoch
        np.testing.assert_allclose(result.histories[index].loss, history.loss, rtol=1e-8)
        np.testing.assert_allclose(networks[index].statistics, alone.statistics, rtol=1e-5)


def test_the_bits_of_a_network_do_not_depend_on_how_many_have_ended():
    """The places of networks that have ended stay, so their programs stay the same."""
    long = [make_network(seed) for seed in range(4)]
    train_many(long, X, y, engine="jax", epochs=6, seed=[0, 1, 2, 3], batch_size=16)
    mixed = [make_network(seed) for seed in range(4)]
    train_many(mixed, X, y, engine="jax", epochs=[1, 6, 2, 3], seed=[0, 1, 2, 3], batch_size=16)
    assert mixed[1].parameters.tobytes() == long[1].parameters.tobytes()


def test_a_network_that_diverges_leaves_the_others_alone():
    networks = [make_network(seed) for seed in range(4)]
    rates = [f"sgd:learning_rate={rate}" for rate in (0.1, 1e300, 0.1, 0.2)]
    with pytest.warns(RuntimeWarning, match="1 of 4 networks failed"):
        result = train_many(networks, X, y, engine="jax", optimizer=rates, epochs=5)
    assert list(result.errors) == [1]
    twins = [make_network(seed) for seed in range(4)]
    train_many(twins, X, y, engine="jax", optimizer="sgd:learning_rate=0.1", epochs=5)
    assert networks[2].parameters.tobytes() == twins[2].parameters.tobytes()


@pytest.mark.slow
def test_a_resumed_population_ends_with_the_same_bits(tmp_path):
    options = {"engine": "jax", "epochs": 7, "batch_size": 16, "seed": [3, 4, 5]}
    whole = [make_network(seed) for seed in range(3)]
    train_many(whole, X, y, **options)

    def interrupt(run):
        if run.epoch == 3:
            run.stop("interrupted", resumable=True)

    folder = tmp_path / "states"
    interrupted = [make_network(seed) for seed in range(3)]
    train_many(interrupted, X, y, checkpoint=folder, callbacks=interrupt, **options)
    resumed = [make_network(seed) for seed in range(3)]
    result = train_many(resumed, X, y, checkpoint=folder, resume=True, **options)
    assert [len(history) for history in result.histories] == [7, 7, 7]
    for network, twin in zip(resumed, whole, strict=True):
        assert network.parameters.tobytes() == twin.parameters.tobytes()


@pytest.mark.slow
def test_networks_are_dropped_and_replaced_between_slices(widths):
    networks = [make_network(seed) for seed in range(4)]

    def after_slice(population):
        if population.epoch == 2:
            population.drop(0)
            population.replace(1, make_network(9), epochs=2)

    result = train_many(networks, X, y, engine="jax", epochs=6, slice_epochs=2,
                        after_slice=after_slice)  # fmt: skip
    assert [len(history) for history in result.histories] == [2, 2, 6, 6]
    assert {width for _, width in widths} == {4}


def test_a_network_goes_on_alone_when_no_other_has_its_structure(widths):
    def after_slice(population):
        if population.epoch == 2:
            population.replace(1, make_network(9, width=4))

    networks = [make_network(seed) for seed in range(2)]
    result = train_many(networks, X, y, engine="jax", epochs=4, slice_epochs=2,
                        after_slice=after_slice)  # fmt: skip
    assert [len(history) for history in result.histories] == [4, 4]
    assert {width for _, width in widths} == {2, 1}
    alone = make_network(0)
    train(alone, X, y, engine="reference", epochs=4)
    np.testing.assert_allclose(networks[0].parameters, alone.parameters, rtol=1e-7)


@pytest.mark.slow
def test_more_networks_than_are_computed_together(monkeypatch, widths):
    monkeypatch.setattr(_thread_pool, "MOST_TOGETHER", 3)
    networks = [make_network(seed) for seed in range(7)]
    train_many(networks, X, y, engine="jax", epochs=2, batch_size=40)
    assert widths == [(3, 3), (3, 3), (1, 1)]
    alone = make_network(6)
    train(alone, X, y, engine="reference", epochs=2, batch_size=40)
    np.testing.assert_allclose(networks[6].statistics, alone.statistics, rtol=1e-6)


@pytest.mark.slow
def test_muon_and_lbfgs_are_computed_one_after_the_other(widths):
    for optimizer in ("muon", "lbfgs"):
        networks = [Network.dense([5, 6, 2], output="softmax", seed=seed) for seed in range(3)]
        result = train_many(networks, X, y, engine="jax", optimizer=optimizer, epochs=3)
        alone = Network.dense([5, 6, 2], output="softmax", seed=2)
        history = train(alone, X, y, engine="reference", optimizer=optimizer, epochs=3)
        np.testing.assert_allclose(result.histories[2].loss, history.loss, rtol=1e-4)
    assert widths == []


def test_an_error_of_a_shared_call_is_that_of_each_network(monkeypatch):
    def fail(chunks, n_places):
        raise MemoryError("the device is full")

    monkeypatch.setattr(_thread_pool, "run_together", fail)
    networks = [make_network(seed) for seed in range(3)]
    with pytest.raises(MemoryError, match="the device is full"):
        train_many(networks, X, y, engine="jax", epochs=2)


def test_a_search_takes_the_engine(widths):
    grid = {"learning_rate": [0.1, 0.01], "seed": [0, 1]}
    scores = []
    for engine in ("reference", "jax"):
        result = search(grid, X, y, cv=2, layers=[5, 6, 2], epochs=4, engine=engine)
        scores.append(result.cv_results_["mean_test_score"])
    np.testing.assert_allclose(scores[1], scores[0], rtol=1e-6)
    assert (8, 8) in widths


def test_networks_with_the_same_kind_of_optimizer_share_its_equations():
    slow = Adam(learning_rate=0.001)
    fast = Adam(learning_rate=0.1, beta1=0.5)
    assert update_rule(type(slow)) is update_rule(type(fast))
    assert update_rule(type(slow)) is not update_rule(SGD)


@pytest.mark.slow
def test_networks_that_are_measured_may_have_epochs_of_different_lengths():
    rows = [np.arange(80)[: 80 - 20 * index] for index in range(3)]
    options = {"epochs": 30, "batch_size": 16, "engine": "jax", "optimizer": "adam"}
    held_out = {"validation_data": (X[:20], y[:20])}
    networks = [make_network(seed) for seed in range(3)]
    population = train_many(networks, X, y, rows=rows, **options, **held_out)
    for seed, history in enumerate(population.histories):
        alone = make_network(seed)
        X_alone, y_alone = X[rows[seed]], y[rows[seed]]
        expected = train(alone, X_alone, y_alone, **options, **held_out)
        np.testing.assert_allclose(
            history["validation_loss"], expected["validation_loss"], rtol=1e-9
        )
        np.testing.assert_allclose(networks[seed].parameters, alone.parameters, rtol=1e-7)
