"""The JAX engine on encoded tables: entries on the device, and ensembles."""

import numpy as np
import pytest

from barenet import MLPEnsembleClassifier, MLPEnsembleRegressor, Network, Task, train
from barenet._sparse_rows import SparseRows
from barenet.tables.encoding._encoding import TableEncoding
from barenet.tables.encoding._table_rows import table_rows

pytest.importorskip("jax", reason="JAX is not installed: make test-jax")

from barenet.engines.jax import _jax_library as library
from barenet.engines.jax._sparse_batches import dense_batch, entries_of

RNG = np.random.default_rng(0)
N_ROWS = 240
TABLE = {
    "size": np.where(RNG.random(N_ROWS) < 0.1, np.nan, RNG.normal(size=N_ROWS)),
    "town": RNG.choice(["Rome", "Oslo", "", "Bern"], N_ROWS),
    "day": np.datetime_as_string(np.datetime64("2024-01-01") + RNG.integers(0, 400, N_ROWS)),
    "open": RNG.choice(["yes", "no"], N_ROWS),
    "age": RNG.integers(18, 90, N_ROWS).astype(float),
}
IS_LARGE = np.nan_to_num(TABLE["size"]) + (TABLE["town"] == "Rome") > 0.5


@pytest.fixture(scope="module")
def encoding():
    return TableEncoding.fit(TABLE, numbers="piecewise", bins=12)


def on_device(rows, selection):
    entries = entries_of(rows, rows.dtype)
    with library.wide_types():
        return np.asarray(dense_batch(library.jax.device_put(entries), selection))


def test_rows_of_a_table_become_those_of_its_encoding(encoding):
    dtype = "float32"
    factors = np.where(encoding.are_bins, 0.3, 1.0)
    rows = table_rows(encoding, TABLE, dtype, factors)
    assert rows.runs
    selection = RNG.permutation(N_ROWS)[:100]
    expected = (encoding.transform(TABLE) * factors).astype(dtype)[selection]
    # The entries are multiplied in the dtype.
    np.testing.assert_allclose(on_device(rows, selection), expected, rtol=1e-6, atol=0)


def test_copies_with_other_factors_stay_apart(encoding):
    factors = np.ones((2, encoding.n_inputs))
    factors[1] = 2.0
    copies = table_rows(encoding, TABLE, "float64").scaled_copies(factors)
    first = on_device(copies, np.arange(N_ROWS))
    second = on_device(copies, np.arange(N_ROWS, 2 * N_ROWS))
    np.testing.assert_array_equal(second, 2 * first)
    np.testing.assert_allclose(first, encoding.transform(TABLE), rtol=1e-12)


def test_rows_without_entries_are_zeros():
    rows = SparseRows(np.empty(0), np.empty(0, np.int32), np.zeros((3, 2), int), n_columns=4)
    np.testing.assert_array_equal(on_device(rows, np.arange(3)), np.zeros((3, 4)))


def test_a_network_learns_the_same_from_entries_and_from_dense_rows(encoding):
    rows = table_rows(encoding, TABLE, "float64")
    options = {"epochs": 4, "batch_size": 32, "optimizer": "adamw", "seed": 1}
    trained = []
    for X, engine in ((rows, "jax"), (encoding.transform(TABLE), "reference")):
        network = Network.dense(
            [encoding.n_inputs, 8, 1], output="sigmoid", seed=0, dtype="float64"
        )
        history = train(network, X, IS_LARGE.astype(float), engine=engine, **options)
        trained.append((network.parameters, history.loss))
    np.testing.assert_allclose(trained[0][0], trained[1][0], rtol=1e-9, atol=1e-11)
    np.testing.assert_allclose(trained[0][1], trained[1][1], rtol=1e-9)


@pytest.mark.parametrize(
    "kind", [MLPEnsembleClassifier, pytest.param(MLPEnsembleRegressor, marks=pytest.mark.slow)]
)
def test_an_ensemble_is_that_of_the_compiled_engine(kind):
    y = IS_LARGE
    if kind is MLPEnsembleRegressor:
        y = np.nan_to_num(TABLE["size"]) + TABLE["age"] / 40
    results = []
    for engine in ("jax", "compiled"):
        model = kind(max_iter=6, random_state=0, engine=engine).fit(TABLE, y)
        assert model.history_.engine == engine
        results.append(model)
    of_jax, compiled = results
    np.testing.assert_allclose(
        of_jax.out_of_fold_predictions_, compiled.out_of_fold_predictions_, atol=2e-3
    )
    assert of_jax.out_of_fold_score_ == pytest.approx(compiled.out_of_fold_score_, abs=0.01)
    np.testing.assert_allclose(of_jax.loss_curve_, compiled.loss_curve_, rtol=1e-3)


def test_a_task_trains_an_ensemble_with_jax():
    table = TABLE | {"large": np.where(IS_LARGE, "large", "small")}
    task = Task.open(table, "large")
    predictor = task.train(model="ensemble", epochs=3, engine="jax")
    assert predictor.card.settings["engine"] == "jax"
    assert len(predictor.predict(TABLE)) == N_ROWS
