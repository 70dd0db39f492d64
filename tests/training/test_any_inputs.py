"""Inputs of every kind: the same bits as from a plain array, without a copy of the whole."""

import numpy as np
import pytest

from barenet import Network, train

RNG = np.random.default_rng(0)
BYTES = RNG.integers(0, 256, (90, 5), dtype=np.uint8)
FLOATS = RNG.normal(size=(90, 5)).astype(np.float32)
Y = RNG.normal(size=90)


#: By name: how the rows lie in memory.
FORMS = {
    "plain": np.copy,
    "fortran": np.asfortranarray,
    "every_other_row": lambda X: np.repeat(X, 2, axis=0)[::2],
    "every_third_column": lambda X: np.repeat(X, 3, axis=1)[:, ::3],
    "rows_reversed": lambda X: X[::-1].copy()[::-1],
    "all_reversed": lambda X: X[::-1, ::-1].copy()[::-1, ::-1],
    "one_row": lambda X: np.broadcast_to(X[0], X.shape),
}


def run_on(X, *, dtype, engine="reference", scale=1.0, **settings):
    network = Network.dense([X.shape[1], 6, 1], hidden="tanh", seed=1, dtype=dtype)
    history = train(
        network, X, Y, epochs=3, batch_size=32, engine=engine, scale=scale, metrics="r2",
        validation_data=(X[:40], Y[:40]), **settings,
    ).to_dict()  # fmt: skip
    del history["seconds"]
    return history, network.parameters.tobytes()


def assert_same_bits(X, scale=1.0, **settings):
    before = X.copy()
    plain = np.ascontiguousarray(X, settings["dtype"])
    if scale != 1:
        plain = plain * plain.dtype.type(scale)
    assert run_on(X, scale=scale, **settings) == run_on(plain, **settings)
    np.testing.assert_array_equal(X, before)


@pytest.mark.case(13)
@pytest.mark.parametrize(
    ("kind", "engine", "dtype"),
    [
        ("float32", "reference", "float64"),
        ("float64", "compiled", "float32"),
        ("uint8", "compiled", "float32"),
    ],
)
@pytest.mark.parametrize("form", FORMS)
def test_any_memory_order_and_stride_gives_the_same_result(form, kind, engine, dtype):
    X = FORMS[form](BYTES if kind == "uint8" else FLOATS.astype(kind))
    assert_same_bits(X, 1 / 255 if kind == "uint8" else 1.0, dtype=dtype, engine=engine)


@pytest.mark.case(14)
@pytest.mark.parametrize("kind", ["float32", "float64", "uint8"])
def test_memory_mapped_rows_give_the_same_bits(kind, tmp_path):
    dtype = "float32"
    np.save(tmp_path / "X.npy", (BYTES if kind == "uint8" else FLOATS).astype(kind))
    content = (tmp_path / "X.npy").read_bytes()
    for mode in ("r", "r+"):
        X = np.load(tmp_path / "X.npy", mmap_mode=mode)
        assert_same_bits(X, 1 / 255 if kind == "uint8" else 1.0, dtype=dtype)
    assert (tmp_path / "X.npy").read_bytes() == content


@pytest.mark.parametrize("settings", [{"optimizer": "lbfgs"}, {"sample_weight": np.arange(90)}])
@pytest.mark.parametrize("X", [BYTES, FLOATS.astype("float64")], ids=["bytes", "floats"])
def test_equivalent_settings_give_the_same_bits(X, settings):
    assert_same_bits(np.asfortranarray(X), 0.3, dtype="float32", **settings)


N_ROWS, N_FEATURES = 20_000, 200


@pytest.mark.parametrize(
    ("engine", "kind"),
    [
        ("compiled", "uint8"),
        ("reference", "float64"),
        ("compiled", "strided"),
        ("compiled", "file"),
    ],
)
def test_training_does_not_copy_x(kind, engine, tmp_path, peak_memory):
    X = RNG.integers(0, 256, (N_ROWS, N_FEATURES)).astype("uint8" if kind == "uint8" else "float64")
    if kind == "strided":
        X = np.repeat(X, 2, axis=1)[:, ::2]
    if kind == "file":
        np.save(tmp_path / "X.npy", X)
        X = np.load(tmp_path / "X.npy", mmap_mode="r")
    network, y = Network.dense([N_FEATURES, 4, 1], seed=1), X[:, 0] / 255
    settings = {"batch_size": 100, "scale": 1 / 255, "metrics": "r2", "engine": engine}
    train(network, X[:200], y[:200], epochs=1, **settings)  # compiles the kernels
    settings |= {"validation_data": (X[:8000], y[:8000])}
    peak = peak_memory(train, network, X, y, epochs=1, **settings)
    assert peak < 0.5 * N_ROWS * N_FEATURES * network.dtype.itemsize
