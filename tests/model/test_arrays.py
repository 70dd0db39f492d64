"""Arrays and numbers at the public edge: valid ones are kept or converted, wrong ones are named."""

from fractions import Fraction
from functools import partial

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as hnp

from barenet import Network
from barenet._constraints import check_count, check_number, check_seed
from barenet.model._array_dataset import validate_arrays
from barenet.model._arrays import (
    as_finite,
    check_dtype,
    check_inputs,
    numeric_array,
    validate_inputs,
)
from barenet.model.losses import SquaredError

SINGLE, DOUBLE = np.dtype("float32"), np.dtype("float64")
NAN, INF = float("nan"), float("inf")
BASE = np.arange(48).reshape(6, 8)


WHOLE = "expected a whole number of 1 or more, got "
POSITIVE = "expected a number above 0, got "
SEED = "expected a whole number from 0 to 4294967295, got "
check_positive = partial(check_number, gt=0)


@pytest.mark.case(27, 28)
@pytest.mark.parametrize(
    ("check", "good", "bad", "expected"),
    [
        (check_count, [1, np.uint8(3), 10**12], [0, -1, 2.0, "8", None, True, NAN, [3]], WHOLE),
        (check_positive, [0.5, np.float32(2), Fraction(1, 2)], [0, -INF, NAN, "1", 1j], POSITIVE),
        (check_seed, [0, np.int64(7), 2**32 - 1], [-1, 2**32, 0.0, "0", None, True], SEED),
    ],
)
def test_numbers_become_pythons_and_others_are_refused(check, good, bad, expected):
    for value in good:
        assert check(value, "n") == value and type(check(value, "n")) in (int, float)
    for value in [*bad, None, [1]]:
        with pytest.raises(ValueError, match=f"^n: {expected}"):
            check(value, "n")


def test_other_dtypes_than_two_are_refused(refused):
    for value in ("float32", "f4", np.float32, SINGLE, "float64", float, "d"):
        assert check_dtype(value) == np.dtype(value)
    for value in ("float16", "floaty", np.complex128, 32, object, ">f8", None):
        with refused("dtype"):
            check_dtype(value)


@given(
    X=hnp.arrays(
        np.float64, hnp.array_shapes(min_dims=2, max_dims=2), elements=st.floats(-1e30, 1e30)
    ),
    dtype=st.sampled_from([SINGLE, DOUBLE]),
)
def test_values_are_unchanged_except_for_precision(X, dtype):
    before = X.copy()
    result = check_inputs(X, dtype, X.shape[1])
    np.testing.assert_array_equal(result, X.astype(dtype))
    assert result.dtype == dtype
    assert result.flags.c_contiguous
    np.testing.assert_array_equal(X, before)


def read_only(array):
    array.flags.writeable = False
    return array


class Frame:
    """The array protocol, as data frames and tensors of other libraries have it."""

    def __array__(self, dtype=None, copy=None):
        return BASE.astype(dtype or float)


#: Forms of the same numbers, by the number of the fault.
FORMS = {
    **{f"13 {name}": view for name, view in {
        "fortran": np.asfortranarray(BASE), "transposed": BASE.T.copy().T,
        "reversed": BASE[::-1].copy()[::-1], "strided": BASE.repeat(3, axis=1)[:, ::3]}.items()},
    "14 read-only": read_only(BASE.astype(float)),
    **{f"15 {kind}": BASE.astype(kind) for kind in ("float16", "int8", "uint64", "longdouble")},
    "15 bool": BASE > 20,
    "any array protocol": Frame(),
}  # fmt: skip


@pytest.mark.case(13, 14, 15)
@pytest.mark.parametrize("form", FORMS)
def test_any_array_of_real_numbers_is_taken(form):
    result = check_inputs(FORMS[form], SINGLE, 8)
    np.testing.assert_array_equal(result, BASE if form != "15 bool" else BASE > 20)
    assert result.dtype == SINGLE and result.flags.c_contiguous


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
def test_invalid_inputs_are_refused(case):
    X, message = WRONG_INPUTS[case]
    network = Network.dense([2, 1], dtype="float64")
    for take in (network.predict, lambda X: network.value_and_gradient(X, [0.0])):
        with pytest.raises(ValueError, match=message):
            take(X)


@pytest.mark.case(10)
def test_finite_numbers_with_an_overflowing_sum_are_accepted():
    """The quick look at the sum alone would take these for infinite."""
    largest = np.finfo("float64").max
    assert check_inputs([[largest, largest]], DOUBLE, 2).tolist() == [[largest, largest]]
    assert check_inputs(np.full((1, 2), 60000, "float16"), SINGLE, 2).tolist() == [[60000, 60000]]


@pytest.mark.case(12)
def test_sparse_matrices_are_refused_with_a_remedy():
    from scipy import sparse  # which takes long to import

    with pytest.raises(ValueError, match=r"^X: sparse matrices are not supported; use X.toarray"):
        check_inputs(sparse.random_array((3, 2), format="csr"), DOUBLE, 2)


def test_errors_use_the_callers_argument_name():
    with pytest.raises(ValueError, match=r"^X_test: has 3 features"):
        check_inputs(np.ones((1, 3)), DOUBLE, 2, "X_test")
    with pytest.raises(ValueError, match=r"X_test\.reshape\(1, -1\)"):
        check_inputs([1.0], DOUBLE, 2, "X_test")
    with pytest.raises(ValueError, match=r"^labels: expected real numbers"):
        numeric_array(["a"], "labels")
    with pytest.raises(ValueError, match=r"^labels: nan at \(1,\)"):
        as_finite([0, NAN], DOUBLE, "labels")


WEIGHTS_WRONG = {
    "fault_26_negative": ([1, -1, 1], "expected weights of 0 or more, and not all of them zero$"),
    "fault_26_all_zero": ([0, 0, 0], "expected weights of 0 or more, and not all of them zero$"),
    "fault_26_length": ([1, 1], r"expected shape \(3,\), one for each row of X, got \(2,\)$"),
    "fault_26_a_column": ([[1], [1], [1]], r"expected shape \(3,\)"),
    "fault_26_a_number": (1.0, r"expected shape \(3,\)"),
    "fault_26_nan": ([1, NAN, 1], r"nan at \(1,\)"),
    "fault_26_text": (["a", "b", "c"], "expected real numbers"),
}


@pytest.mark.case(26)
@pytest.mark.parametrize("case", WEIGHTS_WRONG)
def test_invalid_sample_weights_are_refused(case):
    weights, message = WEIGHTS_WRONG[case]
    with pytest.raises(ValueError, match=rf"^sample_weight: {message}"):
        Network.dense([1, 1]).value_and_gradient(np.ones((3, 1)), [1, 2, 3], sample_weight=weights)


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
def test_inputs_used_without_a_copy(view):
    for kind in ("float32", "float64", "uint8"):
        X = view(BASE.astype(kind))
        kept = validate_inputs(X, SINGLE, None)
        assert type(kept) is np.ndarray and kept.dtype == kind
        assert (kept.strides, kept.ctypes.data) == (X.strides, X.ctypes.data)


def unaligned():
    return np.frombuffer(b" " + BASE.astype("f8").tobytes(), "u1")[1:].view("f8").reshape(6, 8)


def field_of_records():
    records = np.zeros((6, 8), [("value", "f8"), ("flag", "u1")])
    records["value"] = BASE
    return records["value"]


@pytest.mark.parametrize(
    "X",
    [BASE.tolist(), BASE, BASE.astype("g"), BASE.astype(">f8"), unaligned(), field_of_records()],
    ids=["list", "int64", "longdouble", "big_endian", "unaligned", "field_of_records"],
)
def test_inputs_converted_to_the_networks_dtype(X):
    kept = validate_inputs(X, SINGLE, 8)
    assert kept.dtype == SINGLE and kept.flags.c_contiguous and kept.flags.aligned
    np.testing.assert_array_equal(kept, BASE)


def test_invalid_values_are_found_in_any_block():
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


def test_invalid_scales_are_refused(refused):
    for extreme in (1e-60, 1e38):
        with refused("scale", "is beyond the range of float32$"):
            scaled(extreme)
        assert scaled(extreme, "float64").scale == extreme
    for scale in (0, -1.0, NAN, INF, "1/255", None, True):
        with refused("scale"):
            scaled(scale)
