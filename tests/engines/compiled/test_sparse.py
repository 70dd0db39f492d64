"""Sparse X: the results of a dense X up to rounding, from entries in any order and format."""

import copy
from functools import partial

import numpy as np
import pytest
import scipy.sparse

from barenet import Network, train
from barenet._sparse_rows import SparseRows
from barenet.errors import ArgumentError
from barenet.layers import ActivationLayer, BatchNorm, Dense, Dropout, LayerNorm
from barenet.optimizers import ClipNorm
from barenet.penalties import L1, L2
from barenet.typing import CompiledNetwork, Ensemble


def entries(n_columns, source="float64", density=0.05, n_rows=70):
    """Rows of different lengths, an empty one, and an explicit zero."""
    rng = np.random.default_rng(0)
    matrix = scipy.sparse.random_array(
        (n_rows, n_columns), density=density, format="lil", dtype=source, rng=rng
    )
    matrix[3] = 0
    matrix = matrix.tocsr()
    matrix.data[0], matrix.data[1] = 0, -1
    return matrix


@pytest.fixture
def agree(assert_engines_agree):
    """Compare the kernels with NumPy, which makes each mini-batch dense."""
    return partial(assert_engines_agree, n_rows=70)


def dense(*sizes, dtype="float32"):
    return partial(Network.dense, sizes, hidden="tanh", output="softmax", seed=1, dtype=dtype)


@pytest.mark.parametrize(
    ("n_inputs", "n_hidden", "source", "dtype"),
    [
        (5, 1, "float32", "float64"),
        (300, 16, "float64", "float32"),
        (5, 17, "float64", "float64"),
        (300, 64, "float32", "float32"),
        (300, 100, "float64", "float64"),
    ],
)
def test_any_width(n_inputs, n_hidden, source, dtype, agree):
    make, penalties = dense(n_inputs, n_hidden, 3, dtype=dtype), [L1(0.001), L2(0.01)]
    X = entries(n_inputs, source, density=0.3 if n_inputs == 5 else 0.05)
    agree(make, 33, X=X, weighted=True, optimizer="adam", penalties=penalties)
    agree(make, 1, X=X[:9], n_rows=9)


LAYERS = {
    "batch norm": [Dense(300, 20, "tanh"), BatchNorm(20), Dropout(0.4)],
    "softmax": [Dense(300, 20, "softmax"), LayerNorm(20), ActivationLayer("tanh")],
    "dropout first": [Dropout(0.4), Dense(300, 20, "tanh")],
    "batch norm first": [BatchNorm(300), Dense(300, 20, "tanh")],
}


def make(first, **options):
    return Network([*copy.deepcopy(LAYERS[first]), Dense(20, 3, "softmax")], seed=1, **options)


@pytest.mark.parametrize(("first", "batch_size"), [("batch norm", 2), ("softmax", 33)])
def test_any_layers_and_batches(first, batch_size, agree):
    settings = {"clipping": ClipNorm(0.5), "optimizer": "momentum"}
    agree(partial(make, first, dtype="float64"), batch_size, X=entries(300), **settings)


@pytest.mark.parametrize("first", LAYERS)
def test_other_first_layers_take_sparse_rows_made_dense(first):
    X, y, found = entries(300, "float32"), np.arange(70) % 3, []
    for rows in (X, X.toarray()):
        for validation in (X, X.toarray()):
            network = make(first)
            history = train(network, rows, y, epochs=2, validation_data=(validation, y))
            outputs = network.predict(X).ravel(), Ensemble([network]).predict(rows).ravel()
            found.append(np.concatenate([*outputs, history.loss, history["validation_loss"]]))
    for each in found:
        np.testing.assert_allclose(each, found[-1], rtol=1e-4)
    if "first" in first:
        with pytest.raises(ArgumentError, match="has no kernel for a sparse X"):
            train(make(first), X, y, epochs=1, engine="compiled")


@pytest.mark.slow
@pytest.mark.integration
@pytest.mark.parametrize("bits", [0, pytest.param(128, marks=pytest.mark.slow)])
def test_narrower_vectors(bits, monkeypatch, agree):
    monkeypatch.setenv("BARENET_SIMD_BITS", str(bits))
    for sizes in [(256, 65), (257, 1), (784, 3)]:
        agree(dense(*sizes, 3), X=entries(sizes[0]))


def test_the_bits_do_not_depend_on_the_threads():
    X, found = entries(2000, "float32", n_rows=1200), set()
    for threads in (1, 2):
        network = Network.dense([2000, 50, 3], output="softmax", seed=1)
        settings = {"batch_size": 500, "validation_data": (X[:600], np.arange(600) % 3)}
        history = train(network, X, np.arange(1200) % 3, epochs=2, threads=threads, **settings)
        outputs = CompiledNetwork(network, threads=threads).predict(X)
        curves = np.array([*history.loss, *history["validation_loss"]])
        found.add((network.parameters.tobytes(), outputs.tobytes(), curves.tobytes()))
    assert len(found) == 1


def unsorted(X):
    """Each row's entries in reverse, and one of them, −1, in two parts."""
    assert X.data[1] == -1
    rows, columns = (np.append(each, each[1])[::-1] for each in X.tocoo().coords)
    values = np.append(X.data, -0.75)[::-1]
    values[-2] = -0.25
    order = np.argsort(rows, kind="stable")
    starts = np.searchsorted(rows[order], np.arange(len(X.indptr)))
    return scipy.sparse.csr_array((values[order], columns[order], starts), shape=X.shape)


FORMS = {
    **{form: partial(scipy.sparse.csr_array.asformat, format=form)
       for form in ("bsr", "coo", "csc", "dok", "lil")},
    "csr_matrix": scipy.sparse.csr_matrix,
    "int64 indices": lambda X: scipy.sparse.csr_array(
        (X.data, X.indices.astype("int64"), X.indptr.astype("int64")), shape=X.shape
    ),
    "unsorted": unsorted,
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_any_format_is_converted_and_unchanged(form):
    X = FORMS[form](entries(300))
    before = copy.deepcopy(X)
    rows = SparseRows.of(X, np.dtype("float32"))
    np.testing.assert_array_equal(np.asarray(rows), entries(300).toarray())
    assert all((getattr(X, name) == getattr(before, name)).all() for name in ("data", "indices")
               if isinstance(getattr(X, name, None), np.ndarray))  # fmt: skip


@pytest.mark.parametrize(
    ("n_rows", "n_inputs", "dtype"),
    [(1, 30, "float64"), (15, 5000, "float32"), (600, 5000, "float64")],
)
def test_predictions_are_those_of_a_dense_array(n_rows, n_inputs, dtype):
    X = entries(n_inputs, n_rows=n_rows + 3)[3:]
    network = dense(n_inputs, 40, 3, dtype=dtype)()
    for predict in (network.predict, CompiledNetwork(network).predict):
        np.testing.assert_allclose(predict(X), predict(X.toarray()), rtol=2e-6)


def test_a_network_of_no_kernel_predicts_sparse_rows():
    network = Network([type("Mine", (Dense,), {"name": "mine"})(300, 3)], seed=1)
    X = entries(300, n_rows=200)
    np.testing.assert_array_equal(network.predict(X), network.predict(X.toarray()))


@pytest.mark.parametrize("engine", ["compiled", pytest.param("reference", marks=pytest.mark.slow)])
def test_x_is_never_made_dense(engine, peak_memory):
    X = entries(20_000, "float32", density=0.001, n_rows=4000)
    network, y = Network.dense([20_000, 4, 1], seed=1), np.arange(4000.0)
    settings = {"batch_size": 100, "validation_data": (X[:1000], y[:1000]), "engine": engine}
    train(network, X[:100], y[:100], epochs=1, **settings)  # compiles the kernels
    most = (0.03 if engine == "compiled" else 0.5) * 4 * 4000 * 20_000
    assert peak_memory(train, network, X, y, epochs=1, metrics="r2", **settings) < most
    assert peak_memory(network.predict, X) < most
