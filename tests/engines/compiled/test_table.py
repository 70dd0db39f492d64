"""Rows of a table whose entries are looked up: the numbers of a dense X, to rounding."""

import copy

import numpy as np
import pytest

from barenet import Network, TableEncoding, train
from barenet.engines import CompiledEngine, Job
from barenet.errors import DataError
from barenet.layers import ActivationLayer, BatchNorm, Dense, Dropout, LayerNorm
from barenet.losses import SquaredError
from barenet.model._array_dataset import validate_arrays
from barenet.optimizers import SGD
from barenet.tables.encoding._table_rows import table_rows

TOLERANCE = {"float32": 3e-6, "float64": 1e-13}


def table(n_rows=150, seed=0):
    """Numbers and dates with bins, missing ones among them, others without, and categories."""
    rng = np.random.default_rng(seed)
    age, size = rng.standard_normal(n_rows), rng.integers(0, 9, n_rows).astype(float)
    age[7], size[3:9] = 30, np.nan  # beyond the last edge, and missing
    hours = rng.integers(0, 5000, n_rows)
    hours[11] = 10**7  # beyond the last edge
    day = np.datetime64("2024-01-01", "us") + hours * np.timedelta64(1, "h")
    day[5:8] = np.datetime64("NaT", "us")
    return {
        "day": day,
        "age": age,
        "town": rng.choice(["Oslo", "Rome", "Lima"], n_rows),
        "size": size,
        "member": rng.integers(0, 2, n_rows).astype(bool),
    }


def rows(bins, dtype="float32", seed=0):
    """Entries, and the same rows dense."""
    encoding = TableEncoding.fit(table(), numbers="piecewise", bins=bins)
    factors = np.where(encoding.are_bins, 0.5, 1).astype(dtype)
    X = table(seed=seed)
    return table_rows(encoding, X, dtype, factors), encoding.transform(X, dtype) * factors


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("seed", [0, 1])  # the rows of the fit, and others
def test_the_entries_are_those_of_the_dense_rows(dtype, seed):
    entries, dense = rows(24, dtype, seed)
    assert np.array_equal(np.asarray(entries), dense)
    assert np.array_equal(np.asarray(entries[[5, 3]]), dense[[5, 3]])
    assert len(entries.values) < 16 * len(entries) < dense.size / 3


def trained(X, layers, engine, **options):
    y = np.random.default_rng(2).standard_normal((len(X), 2))
    if isinstance(layers, int):
        layers = [Dense(X.shape[1], layers, "tanh"), Dense(layers, 2)]
    network = Network(copy.deepcopy(layers), seed=1, dtype=X.dtype)
    options = {"epochs": 3, "batch_size": 64, "optimizer": "adam:learning_rate=0.01"} | options
    history = train(network, X, y, engine=engine, validation_data=(X[:90], y[:90]), **options)
    return np.concatenate([network.parameters, history.loss, history.curves["validation_loss"]])


@pytest.mark.parametrize(
    ("width", "dtype", "options"),
    [
        (1, "float32", {"penalty": ["l1:strength=0.001", "l2:strength=0.01"]}),
        (16, "float64", {"penalty": ["l1:strength=0.001", "l2:strength=0.01"]}),
        (7, "float32", {"clip": "norm:limit=0.1", "scale": 0.3, "threads": 2}),
        (33, "float64", {"clip": "norm:limit=0.1", "scale": 0.3, "threads": 2}),
        (64, "float32", {"clip": "value:limit=0.01", "optimizer": "adam:average=0.9"}),
        (100, "float64", {"optimizer": "lbfgs", "batch_size": None}),
    ],
)
def test_any_width(width, dtype, options):
    entries, dense = rows(24, dtype)
    found, expected = (
        trained(X, width, engine, **options)
        for X, engine in ((entries, "compiled"), (dense, "reference"))
    )
    assert found == pytest.approx(expected, rel=0, abs=30 * TOLERANCE[dtype])


@pytest.mark.parametrize(
    "first",
    [
        lambda n: [Dense(n, 20, "tanh"), BatchNorm(20)],
        lambda n: [Dense(n, 20, "softmax"), LayerNorm(20), ActivationLayer("tanh")],
        lambda n: [Dropout(0.4), Dense(n, 20, "tanh")],
        lambda n: [BatchNorm(n), Dense(n, 20, "tanh")],
    ],
)
def test_any_layers(first):
    entries, dense = rows(4, "float64")
    layers = [*first(entries.shape[1]), Dense(20, 2)]
    expected = trained(dense, layers, "reference")
    for X, engine in ((entries, "auto"), (entries, "reference")):
        assert trained(X, layers, engine) == pytest.approx(expected, rel=0, abs=1e-11)


@pytest.mark.integration
@pytest.mark.parametrize("bits", [0, pytest.param(128, marks=pytest.mark.slow)])
def test_narrower_vectors(bits, monkeypatch):
    monkeypatch.setenv("BARENET_SIMD_BITS", str(bits))
    entries, dense = rows(24)
    for width in (1, 16, 65):
        found, expected = trained(entries, width, "compiled"), trained(dense, width, "reference")
        assert found == pytest.approx(expected, rel=0, abs=30 * TOLERANCE["float32"])


def test_the_bits_do_not_depend_on_the_threads():
    entries, _ = rows(24)
    found = {trained(entries, 64, "compiled", threads=each).tobytes() for each in (1, 2)}
    assert len(found) == 1


def test_a_number_beyond_float32_is_refused_by_its_row_and_column():
    encoding = TableEncoding.fit({"x": [3.0, 4.0, 3.0]})
    with pytest.raises(DataError, match="row 1: column 'x': expected a number nearer"):
        table_rows(encoding, {"x": [3.0, 1e300]}, "float32")


def test_gradients_agree_with_finite_differences():
    entries, dense = rows(24, "float64")
    network = Network([Dense(entries.shape[1], 5, "tanh"), Dense(5, 2)], seed=1, dtype="float64")
    y = np.random.default_rng(2).standard_normal((len(dense), 2))
    data = validate_arrays(network, SquaredError(), entries, y)
    job = Job(network=network, rows=data, loss=SquaredError(), optimizer=SGD())
    _, gradient = CompiledEngine(job).value_and_gradient()

    def loss_at(at, step):
        moved = network.copy()
        moved.parameters[at] += step
        return np.mean(np.sum((moved.predict(dense) - y) ** 2, axis=1)) / 2

    for at in range(0, network.n_parameters, 7):
        slope = (loss_at(at, 1e-6) - loss_at(at, -1e-6)) / 2e-6
        assert gradient[at] == pytest.approx(slope, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("order", ["ab", "ba"])
def test_predictions_of_tables_with_other_runs(order):
    """The programs of a network are kept for the next rows that it predicts."""
    rng, network = np.random.default_rng(0), Network.dense([80, 8, 2], seed=1, dtype="float64")
    tables = {
        "a": {"number": rng.standard_normal(400), "town": np.arange(400) % 49},
        "b": {"town": np.arange(400) % 49, "number": rng.standard_normal(400)},
    }
    for name in order:
        options = {"numbers": "piecewise", "bins": 30, "rare": 0, "categories": ["town"]}
        encoding = TableEncoding.fit(tables[name], **options)
        entries = table_rows(encoding, tables[name], "float64")
        assert network.predict(entries) == pytest.approx(network.predict(np.asarray(entries)))
