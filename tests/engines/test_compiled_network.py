"""Compiled networks: they say what `Network.predict` says, of one row and of many."""

import copy
import gc
import pickle
import sys
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from barenet import CompiledNetwork, Network, train
from barenet.errors import ArgumentError
from barenet.layers import ActivationLayer, BatchNorm, Dense, Dropout, LayerNorm


def trained(dtype="float32"):
    norms = [BatchNorm(18), ActivationLayer("silu"), Dropout(0.3), LayerNorm(18)]
    layers = [Dense(5, 18, "relu"), *norms, Dense(18, 3, "softmax")]
    network = Network(layers, seed=1, dtype=dtype)
    X = np.random.default_rng(0).normal(size=(60, 5))
    train(network, X, np.arange(60) % 3, epochs=2)
    return network


@pytest.mark.parametrize("n_rows", [1, 2, 511, 512, 513, 1500])
def test_it_says_what_the_network_says(dtype, n_rows):
    network, X = trained(dtype), np.random.default_rng(1).normal(size=(n_rows, 5))
    answer = CompiledNetwork(network).predict(X)
    assert answer.dtype == dtype
    np.testing.assert_allclose(answer, network.predict(X), rtol=0, atol=1e-6)


@pytest.mark.parametrize("n_in", [3, 300])
@pytest.mark.parametrize("output", ["identity", "sigmoid", "softmax", "exponential"])
def test_every_row_alone_is_as_among_others(n_in, output):
    network = Network.dense([n_in, 20, 4], output=output, seed=2, dtype="float64")
    X = np.random.default_rng(1).normal(size=(5, n_in))
    compiled = CompiledNetwork(network, threads=1)
    alone = np.concatenate([compiled.predict(row[None]) for row in X])
    np.testing.assert_allclose(alone, compiled.predict(X), rtol=1e-13)
    np.testing.assert_allclose(alone, network.predict(X), rtol=1e-12)


@pytest.mark.parametrize("row", [[[1, 2]], np.array([[1, 2]]), np.array([[1.0, 2.0]], "float16"),
                                 np.array([[1.0, 2.0]])[:, ::-1][:, ::-1]])  # fmt: skip
def test_a_row_may_come_as_anything_that_is_numbers(row):
    network = Network.dense([2, 4, 1], seed=0)
    expected = network.predict(row)
    np.testing.assert_allclose(CompiledNetwork(network).predict(row), expected, rtol=1e-6)


def test_answers_are_the_callers_own():
    compiled = CompiledNetwork(Network.dense([2, 3], seed=0))
    first = compiled.predict(np.ones((1, 2)))
    kept = first.copy()
    compiled.predict(np.zeros((1, 2)))
    assert np.array_equal(first, kept)
    first[:] = 7
    assert not np.array_equal(compiled.predict(np.ones((1, 2))), first)


def test_it_keeps_the_parameters_that_it_was_made_with():
    network = Network.dense([2, 3], seed=0)
    compiled = CompiledNetwork(network)
    before = compiled.predict(np.ones((1, 2)))
    network.parameters = 0
    assert np.array_equal(compiled.predict(np.ones((1, 2))), before)
    assert np.allclose(compiled.predict(np.ones((3, 2))), before)


@pytest.mark.parametrize(
    "X",
    [
        *([[1.0, bad]] for bad in (np.nan, np.inf, 1e300)),
        *(np.ones(shape) for shape in [(1, 3), 2, (0, 2)]),
        [["a", "b"]],
    ],
)
def test_inputs_are_refused_as_the_network_refuses_them(X):
    network, problems = Network.dense([2, 3], seed=0), []
    for owner in (network, CompiledNetwork(network)):
        with pytest.raises(ArgumentError) as caught:
            owner.predict(X)
        problems.append((caught.value.argument, str(caught.value)))
    assert problems[0] == problems[1] and problems[0][0] == "X"


def test_a_large_row_is_predicted_though_its_square_is_beyond_float32():
    network = Network.dense([2, 3], seed=0)
    row = np.array([[1e25, -1e25]], "float32")
    np.testing.assert_allclose(CompiledNetwork(network).predict(row), network.predict(row), 1e-5)


@pytest.mark.parametrize("owner", [CompiledNetwork, Network.copy])
@pytest.mark.parametrize("way", ["copy", "deepcopy", "pickle"])
def test_a_copy_and_a_pickle_predict_the_same_after_the_first_is_gone(way, owner):
    compiled, X = owner(trained()), np.random.default_rng(0).normal(size=(900, 5))
    expected, of_one = compiled.predict(X), compiled.predict(X[:1])
    content = pickle.dumps(compiled)
    twin = pickle.loads(content) if way == "pickle" else getattr(copy, way)(compiled)
    del compiled
    gc.collect()
    others = [np.full(300, 9.0) for _ in range(3000)]  # use the memory that was freed
    assert np.array_equal(twin.predict(X), expected) and len(others) == 3000
    assert np.array_equal(twin.predict(X[:1]), of_one)


@pytest.mark.parametrize("owner", [CompiledNetwork, Network.copy])
def test_threads_may_share_it(owner):
    compiled = owner(Network.dense([64, 256, 3], output="softmax", seed=0))
    rows = np.random.default_rng(0).normal(size=(16, 1, 64)).astype("float32")
    inputs = [*rows, *(np.tile(row, (600, 1)) for row in rows)] * 8
    expected = [compiled.predict(X) for X in inputs]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(compiled.predict, inputs))
    finally:
        sys.setswitchinterval(interval)
    assert all(map(np.array_equal, found, expected))


def test_what_can_not_be_compiled_is_refused():
    class Mine(Dense):
        name = "mine"

    with pytest.raises(ValueError, match=r"^network: it cannot be compiled: .* is user-defined"):
        CompiledNetwork(Network([Mine(2, 1)]))
    with pytest.raises(ValueError, match="no layer fixes the number of inputs"):
        CompiledNetwork(Network([ActivationLayer("relu")]))


@pytest.mark.parametrize("dtype", ["uint8", "float64"])
def test_a_large_input_is_turned_into_floats_block_by_block(dtype):
    X = np.random.default_rng(0).integers(0, 255, size=(60_000, 100)).astype(dtype)
    network = Network.dense([100, 3], seed=0)
    compiled, answers = CompiledNetwork(network), []
    for predict in (network.predict, compiled.predict):
        tracemalloc.start()
        answers.append(predict(X))
        assert tracemalloc.get_traced_memory()[1] < X.size * 4 / 2  # a copy in float32 is more
        tracemalloc.stop()
    np.testing.assert_allclose(*answers, rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize(
    ("argument", "make"),
    [
        *[("network", lambda it=it: CompiledNetwork(it)) for it in ("net", None, 3, Network)],
        *[("threads", lambda n=n: CompiledNetwork(Network.dense([2, 3]), n)) for n in (0, -5, "a")],
    ],
)
def test_wrong_arguments_are_named(argument, make):
    with pytest.raises(ArgumentError) as caught:
        make()
    assert caught.value.argument == argument


def test_it_says_what_it_is():
    assert repr(CompiledNetwork(Network.dense([2, 5, 3]))) == "<CompiledNetwork: 2-5-3, float32>"
