"""Inputs: what is kept as it is, what a network takes of it, and that looking makes no copy."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest

from barenet import Network
from barenet.losses import SquaredError
from barenet.model._array_dataset import ArrayDataset, validate_arrays
from barenet.model._arrays import validate_inputs

SINGLE, DOUBLE = np.dtype("float32"), np.dtype("float64")
BASE = np.arange(48).reshape(6, 8)


@pytest.mark.parametrize("kind", ["float32", "float64", "uint8"])
@pytest.mark.parametrize(
    "view",
    [
        lambda X: X,
        np.asfortranarray,
        np.transpose,
        lambda X: X[::-2, ::3],
        lambda X: np.broadcast_to(X[:1], (4, 8)),
        lambda X: np.ma.masked_array(X, mask=False),
    ],
    ids=["plain", "fortran", "transposed", "strided", "one_row_four_times", "nothing_masked"],
)
def test_what_is_kept(kind, view, dtype):
    X = view(BASE.astype(kind))
    kept = validate_inputs(X, np.dtype(dtype), None)
    assert type(kept) is np.ndarray and kept.dtype == kind
    assert (kept.strides, kept.ctypes.data) == (X.strides, X.ctypes.data)


def test_a_file_is_kept_where_it_is(tmp_path):
    np.save(tmp_path / "X.npy", BASE.astype("float64"))
    mapped = np.load(tmp_path / "X.npy", mmap_mode="r")
    assert np.shares_memory(validate_inputs(mapped, SINGLE, 8), mapped)


def unaligned():
    return np.frombuffer(b" " + BASE.astype("f8").tobytes(), "u1")[1:].view("f8").reshape(6, 8)


@pytest.mark.parametrize(
    "X",
    [BASE.tolist(), BASE, BASE.astype("f2"), BASE.astype("g"), BASE.astype(">f8"), unaligned()],
    ids=["list", "int64", "float16", "longdouble", "big_endian", "unaligned"],
)
def test_what_is_turned_into_the_networks_dtype(X, dtype):
    kept = validate_inputs(X, np.dtype(dtype), 8)
    assert kept.dtype == dtype and kept.flags.c_contiguous and kept.flags.aligned
    np.testing.assert_array_equal(kept, BASE)


def test_fields_of_records_are_turned_as_well(dtype):
    records = np.zeros((6, 8), [("value", "f8"), ("flag", "u1")])
    records["value"] = BASE
    kept = validate_inputs(records["value"], np.dtype(dtype), 8)
    assert kept.dtype == dtype and kept.flags.c_contiguous
    np.testing.assert_array_equal(kept, BASE)


@pytest.mark.parametrize("kind", ["float32", "float64", "uint8"])
@pytest.mark.parametrize("scale", [1.0, 1 / 255, 3.0])
def test_first_the_dtype_and_then_the_scale(kind, scale, dtype):
    X = (BASE * 5.3).astype(kind)
    one, factor = np.dtype(dtype).type(1), np.dtype(dtype).type(scale)
    expected = [[one * np.dtype(dtype).type(x) * factor for x in row] for row in X.tolist()]
    for view in (X, np.asfortranarray(X), X[::-1][::-1]):
        taken = ArrayDataset(view, view, None, scale).inputs(np.dtype(dtype))
        assert taken.dtype == dtype and taken.flags.c_contiguous
        assert taken.tobytes() == np.array(expected, dtype).tobytes()


def test_what_fits_is_not_copied(dtype):
    X = BASE.astype(dtype)
    assert ArrayDataset(X, X, None).inputs(X.dtype) is X


def peak_of_keeping(X):
    validate_inputs(X[:1], SINGLE, X.shape[1])  # what is imported on the way is imported now
    tracemalloc.start()
    validate_inputs(X, SINGLE, X.shape[1])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


@pytest.mark.parametrize("kind", ["float32", "float64", "uint8"])
def test_looking_makes_no_copy(kind):
    X = np.ones((3000, 1000), kind)
    assert peak_of_keeping(X) < 100_000
    assert peak_of_keeping(np.asfortranarray(X)) < X.nbytes / 5
    assert peak_of_keeping(X.repeat(2, axis=1)[:, ::2]) < X.nbytes / 5


def test_what_is_wrong_far_down_is_found():
    X = np.ones((2000, 500))
    X[1234, 56] = np.nan
    with pytest.raises(ValueError, match=r"^X: nan at \(1234, 56\); only finite numbers"):
        validate_inputs(X, SINGLE, 500)
    X[1234, 56] = -1e300
    with pytest.raises(ValueError, match=r"^X: 1e\+300 is too large for float32"):
        validate_inputs(X, SINGLE, 500)
    assert validate_inputs(X, DOUBLE, 500) is not None


def scaled(scale, dtype="float32"):
    network = Network.dense([1, 1], dtype=dtype)
    return validate_arrays(network, SquaredError(), [[1.0]], [1.0], scale=scale)


@pytest.mark.parametrize("scale", [0, -1.0, float("nan"), float("inf"), "1/255", None, True])
def test_what_is_no_scale(scale):
    with pytest.raises(ValueError, match=r"^scale: expected a number above 0"):
        scaled(scale)


def test_a_scale_must_be_a_number_of_the_dtype():
    for scale in (1e-60, 1e38):
        with pytest.raises(ValueError, match=r"^scale: .* is beyond the range of float32$"):
            scaled(scale)
        assert scaled(scale, "float64").scale == scale
