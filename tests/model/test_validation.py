"""Checks at the public edge: what passes comes out the same, what does not is named."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from barenet._constraints import check_count, check_number, check_seed
from barenet.model._array_dataset import check_sample_weight
from barenet.model._arrays import as_finite, check_dtype, check_inputs, numeric_array
from barenet.model._network import Network

SINGLE, DOUBLE = np.dtype("float32"), np.dtype("float64")
NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("value", [1, 7, np.int64(3), np.uint8(3), 10**12])
def test_counts(value):
    assert check_count(value, "n") == value
    assert type(check_count(value, "n")) is int


@pytest.mark.parametrize("value", [0, -1, 2.5, 2.0, "8", None, True, NAN, [3], np.array([3])])
def test_fault_28_what_is_no_count(value):
    with pytest.raises(ValueError, match=r"^n: expected a whole number of 1 or more, got "):
        check_count(value, "n")


@pytest.mark.parametrize("value", [1, 0.5, np.float32(0.5), np.int64(3), Fraction(1, 2), 1e-300])
def test_positive_numbers(value):
    assert check_number(value, "rate", gt=0) == float(value)
    assert type(check_number(value, "rate", gt=0)) is float


@pytest.mark.parametrize("value", [0, -1, NAN, INF, -INF, "1", None, True, 1j, [1], Decimal(1)])
def test_fault_27_what_is_no_positive_number(value):
    with pytest.raises(ValueError, match=r"^rate: expected a number above 0, got "):
        check_number(value, "rate", gt=0)


@pytest.mark.parametrize("value", [0, 1, 2**32 - 1, np.int64(5)])
def test_seeds(value):
    assert np.random.RandomState(check_seed(value)) is not None


@pytest.mark.parametrize("value", [-1, 2**32, 0.0, "0", None, True, [1]])
def test_what_is_no_seed(value):
    with pytest.raises(ValueError, match=r"^seed: expected a whole number from 0 to 4294967295"):
        check_seed(value)


@pytest.mark.parametrize("value", ["float32", "f4", np.float32, SINGLE, "float64", float, "d"])
def test_precisions(value):
    assert check_dtype(value) == np.dtype(value)


@pytest.mark.parametrize(
    "value", ["float16", "int", "floaty", np.complex128, 32, object, ">f8", "O", None]
)
def test_what_is_no_precision(value):
    with pytest.raises(ValueError, match=r"^dtype: expected float32 or float64, got "):
        check_dtype(value)


@given(
    X=hnp.arrays(
        np.float64, hnp.array_shapes(min_dims=2, max_dims=2), elements=st.floats(-1e30, 1e30)
    ),
    dtype=st.sampled_from([SINGLE, DOUBLE]),
)
def test_numbers_pass_unchanged_but_for_the_precision(X, dtype):
    before = X.copy()
    result = check_inputs(X, dtype, X.shape[1])
    np.testing.assert_array_equal(result, X.astype(dtype))
    assert result.dtype == dtype
    assert result.flags.c_contiguous
    np.testing.assert_array_equal(X, before)


@pytest.mark.parametrize(
    "kind", ["float16", "int8", "uint8", "int64", "uint64", "bool", "longdouble"]
)
def test_fault_15_any_real_type_is_taken(kind, dtype):
    X = np.array([[0, 1], [1, 0]], kind)
    assert check_inputs(X, np.dtype(dtype), 2).tolist() == [[0, 1], [1, 0]]


def test_what_is_right_already_is_not_copied(dtype):
    X = np.ones((3, 2), dtype)
    assert np.shares_memory(check_inputs(X, np.dtype(dtype), 2), X)


def test_fault_13_any_order_in_memory():
    base = np.arange(24.0).reshape(4, 6)
    for X in (base.T, np.asfortranarray(base), base[::-1], base[:, ::-2], base[1::2, 1::3]):
        result = check_inputs(X, DOUBLE, None)
        np.testing.assert_array_equal(result, X)
        assert result.flags.c_contiguous


def test_fault_14_read_only_and_memory_mapped(tmp_path):
    X = np.ones((2, 2))
    X.flags.writeable = False
    np.testing.assert_array_equal(check_inputs(X, DOUBLE, 2), X)
    path = tmp_path / "X.npy"
    np.save(path, X)
    np.testing.assert_array_equal(check_inputs(np.load(path, mmap_mode="r"), SINGLE, 2), X)


def test_fault_08_objects_that_are_numbers():
    X = np.array([[1, 2.5], [Fraction(1, 2), Decimal("0.25")]], object)
    assert check_inputs(X, DOUBLE, 2).tolist() == [[1, 2.5], [0.5, 0.25]]


def test_anything_with_the_array_protocol():
    """Data frames and tensors of other libraries have it."""

    class Frame:
        def __array__(self, dtype=None, copy=None):
            return np.array([[1, 3.5], [2, 4.5]], dtype)

    assert check_inputs(Frame(), DOUBLE, 2).tolist() == [[1, 3.5], [2, 4.5]]


WRONG_INPUTS = {
    "fault_1_nan": ([[1.0, NAN]], r"^X: nan at \(0, 1\); only finite numbers can be used$"),
    "fault_1_none": ([[1.0, None]], r"^X: nan at \(0, 1\)"),
    "fault_2_inf": ([[1.0, 2.0], [-INF, 0.0]], r"^X: -inf at \(1, 0\)"),
    "fault_2_inf_and_minus_inf": ([[INF, -INF]], r"^X: inf at \(0, 0\)"),
    "fault_3_no_rows": (np.empty((0, 2)), r"^X: is empty, its shape is \(0, 2\)$"),
    "fault_4_no_features": (np.empty((2, 0)), r"^X: is empty"),
    "fault_5_a_vector": ([1.0, 2.0], r"X\.reshape\(1, -1\), for one feature X\.reshape\(-1, 1\)$"),
    "fault_5_a_number": (1.0, r"^X: expected 2 dimensions .* got shape \(\)$"),
    "fault_6_a_cube": (np.ones((2, 2, 2)), r"^X: expected 2 dimensions .* shape \(2, 2, 2\)$"),
    "fault_9_text": (np.array([[1, "a"]], object), r"^X: expected an array of numbers: .*'a'"),
    "fault_9_strings": ([["1", "2"]], r"^X: expected real numbers, got <U1$"),
    "fault_16_complex": ([[1j, 0]], r"^X: expected real numbers, got complex128$"),
    "fault_16_complex_objects": (np.array([[1j, 0]], object), r"^X: expected an array of numbers"),
    "fault_24_width": ([[1.0, 2.0, 3.0]], r"^X: has 3 features, and the network takes 2 inputs$"),
    "dates": (np.array([["2020", "2021"]], "M8[Y]"), r"^X: expected real numbers, got datetime64"),
    "ragged": ([[1.0, 2.0], [3.0]], r"^X: "),
    "an_integer_beyond_float": ([[10**400, 1]], r"^X: "),
    "none": (None, r"^X: expected 2 dimensions"),
    "text": ("abc", r"^X: expected real numbers"),
    "a_dictionary": ({"a": [1, 2]}, r"^X: expected an array of numbers"),
}


@pytest.mark.parametrize("case", WRONG_INPUTS)
def test_wrong_inputs(case):
    X, message = WRONG_INPUTS[case]
    network = Network.dense([2, 1], dtype="float64")
    for take in (network.predict, lambda X: network.value_and_gradient(X, [0.0])):
        with pytest.raises(ValueError, match=message):
            take(X)


def test_fault_11_too_large_for_float32():
    X = np.array([[1.0, 1e300]])
    with pytest.raises(ValueError, match=r"^X: 1e\+300 is too large for float32; scale the data"):
        check_inputs(X, SINGLE, 2)
    assert check_inputs(X, DOUBLE, 2).tolist() == [[1.0, 1e300]]


def test_fault_10_a_sum_that_overflows_is_no_infinity():
    """The quick look at the sum alone would take these for infinite."""
    largest = np.finfo("float64").max
    assert check_inputs([[largest, largest]], DOUBLE, 2).tolist() == [[largest, largest]]
    assert check_inputs(np.full((1, 2), 60000, "float16"), SINGLE, 2).tolist() == [[60000, 60000]]


@pytest.mark.parametrize("kind", ["csr", "csc", "coo"])
def test_fault_12_sparse(kind):
    with pytest.raises(ValueError, match=r"^X: sparse matrices are not supported; use X.toarray"):
        check_inputs(scipy.sparse.random_array((3, 2), format=kind), DOUBLE, 2)


def test_the_argument_is_named_as_it_was_given():
    with pytest.raises(ValueError, match=r"^X_test: has 3 features"):
        check_inputs(np.ones((1, 3)), DOUBLE, 2, "X_test")
    with pytest.raises(ValueError, match=r"X_test\.reshape\(1, -1\)"):
        check_inputs([1.0], DOUBLE, 2, "X_test")
    with pytest.raises(ValueError, match=r"^labels: expected real numbers"):
        numeric_array(["a"], "labels")
    with pytest.raises(ValueError, match=r"^labels: nan at \(1,\)"):
        as_finite([0, NAN], DOUBLE, "labels")


def test_weights_pass(dtype):
    weights = check_sample_weight([0, 1, 2.5], 3, np.dtype(dtype))
    assert weights.tolist() == [0, 1, 2.5]
    assert weights.dtype == dtype


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ([1, -1, 1], r"^sample_weight: expected weights of 0 or more, and not all of them zero$"),
        ([0, 0, 0], r"^sample_weight: expected weights of 0 or more, and not all of them zero$"),
        ([1, 1], r"^sample_weight: expected shape \(3,\), one for each row of X, got \(2,\)$"),
        ([[1], [1], [1]], r"^sample_weight: expected shape \(3,\)"),
        (1.0, r"^sample_weight: expected shape \(3,\)"),
        ([1, NAN, 1], r"^sample_weight: nan at \(1,\)"),
        ([1, INF, 1], r"^sample_weight: inf at \(1,\)"),
        (["a", "b", "c"], r"^sample_weight: expected real numbers"),
    ],
)
def test_fault_26_wrong_weights(weights, message):
    with pytest.raises(ValueError, match=message):
        check_sample_weight(weights, 3, DOUBLE)
