"""Rows that Dask has in parts are refused in one line, and not loaded without a word."""

import numpy as np
import pytest

from barenet import (
    MLPClassifier,
    MLPEnsembleRegressor,
    MLPRegressor,
    Network,
    TablePreprocessor,
    Task,
    train,
)

da = pytest.importorskip("dask.array")
dd = pytest.importorskip("dask.dataframe")
pd = pytest.importorskip("pandas")
dask = pytest.importorskip("dask")

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 2))
Y = X.sum(axis=1)
TABLE = pd.DataFrame(X, columns=["a", "b"])
IN_PARTS = r"^X: expected rows in memory, and Dask has these in parts; pass X\.compute\(\)"


def unloaded():
    """An array whose parts must not be loaded."""

    def load():
        raise AssertionError("a part is loaded")

    parts = [da.from_delayed(dask.delayed(load)(), (20, 2), float) for _ in range(2)]
    return da.concatenate(parts)


def unloaded_frame():
    """A data frame whose parts must not be loaded."""

    def load():
        raise AssertionError("a part is loaded")

    return dd.from_delayed([dask.delayed(load)()] * 2, meta=TABLE[:0], verify_meta=False)


@pytest.mark.case(195)
@pytest.mark.parametrize("make", [unloaded, unloaded_frame])
@pytest.mark.parametrize("kind", [MLPRegressor, MLPClassifier, MLPEnsembleRegressor])
def test_fit_refuses_the_parts_of_dask(make, kind, refused):
    with refused("X", IN_PARTS + ".* barenet.train$"):
        kind(max_iter=1).fit(make(), np.sign(Y))


@pytest.mark.case(195)
@pytest.mark.parametrize("make", [unloaded, unloaded_frame])
def test_predict_and_all_else_refuse_the_parts_of_dask(make, refused):
    rows = make()
    regressor = MLPRegressor(hidden_layer_sizes=(4,), max_iter=2).fit(X, Y)
    network = Network.dense([2, 1])
    for use in (regressor.predict, lambda rows: regressor.score(rows, Y), network.predict):
        with refused("X", IN_PARTS):
            use(rows)
    with refused("X", IN_PARTS):
        TablePreprocessor().fit(rows)
    with refused("data", "^data: expected rows in memory, and Dask has these in parts; pass"):
        Task.open(rows, Y)
    with refused("y", "expected rows in memory, .*; pass y.compute"):
        regressor.fit(X, da.from_array(Y))
    with refused("y", "expected rows in memory, .*; pass y.compute"):
        train(Network.dense([2, 1]), X, da.from_array(Y))


@pytest.mark.case(195)
def test_the_remedies_predict_part_by_part():
    model = MLPRegressor(hidden_layer_sizes=(4,), max_iter=2, random_state=0).fit(TABLE, Y)
    expected = model.predict(TABLE)
    plain = MLPRegressor(hidden_layer_sizes=(4,), max_iter=2, random_state=0).fit(X, Y)
    parts = da.from_array(X, chunks=(10, 2)).map_blocks(plain.predict, drop_axis=1, dtype=float)
    np.testing.assert_allclose(parts.compute(), plain.predict(X), rtol=1e-6)
    frame = dd.from_pandas(TABLE, npartitions=4)
    found = frame.map_partitions(model.predict).compute()
    np.testing.assert_allclose(found, expected, rtol=1e-6)
