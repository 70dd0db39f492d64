"""Rows at the edge of a network: every wrong X, y and weight is named, and changes nothing."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from barenet import Network, one_hot
from barenet.model._array_dataset import validate_arrays
from barenet.model._arrays import check_targets
from barenet.model.layers import ActivationLayer
from barenet.model.losses import SquaredError

NAN, INF = float("nan"), float("inf")
DOUBLE = np.dtype("float64")
GOOD_X = [[1.0, 2.0], [3.0, 4.0]]
#: Targets of three classes, by the number of the fault, and the start of the error.
WRONG = {
    "fault_1_nan": ([[0, 1, NAN], [1, 0, 0]], r"^y: nan at \(0, 2\); only finite numbers"),
    "fault_2_inf": ([[0, 1, 0], [INF, 0, 0]], r"^y: inf at \(1, 0\)"),
    "fault_7_lengths": ([0, 1, 2], r"^y: has 3 rows, and X has 2$"),
    "fault_9_text": (["a", "b"], r"^y: expected real numbers, .*; number the classes first: "),
    "fault_17_labels": ([0, 3], r"^y: class indices go from 0 to 3, and 3 outputs take 0 to 2$"),
    "fault_17_below": ([-1, 0], r"^y: class indices go from -1"),
    "fault_17_large": (np.array([2**63, 0], "uint64"), r"^y: class indices go from 0 to 9223"),
    "fault_21_continuous": ([0.5, 1.5], r"^y: expected shape \(2, 3\), or class .* got float64"),
    "fault_22_a_column": ([[0], [2]], r"^y: expected shape \(2, 3\), or class .* got int64"),
    "no_targets": (None, r"^y: has no rows"),
    "no_rows": ([], r"^y: has 0 rows, and X has 2$"),
    "a_number": (1.0, r"^y: has no rows, and X has 2$"),
    "a_cube": ([[[1]], [[2]]], r"^y: expected shape \(2, 3\)"),
    "objects": (np.array(["a", "b"], object), r"^y: expected an array of .*number the classes"),
    "ragged": ([[1], [2, 3]], r"^y: expected an array of numbers"),
    "complex": ([1j, 0], r"^y: expected real numbers, got complex128"),
    "beyond_float": ([10**400, 0], r"^y: "),
    "rows_of_two_classes": ([[1, 1, 0], [1, 0, 0]], r"^y: .* rows that sum to 1"),
    "below_zero": ([[2, -1, 0], [1, 0, 0]], r"^y: .* targets from 0 to 1, got -1 to 2"),
}


@pytest.mark.parametrize("case", WRONG)
def test_invalid_targets_are_refused(case):
    y, message = WRONG[case]
    network = Network.dense([2, 4, 3], output="softmax", seed=1)
    parameters = network.parameters.copy()
    with pytest.raises(ValueError, match=message):
        network.value_and_gradient(GOOD_X, y)
    np.testing.assert_array_equal(network.parameters, parameters)


@given(y=st.lists(st.integers(0, 4), min_size=1))
def test_one_hot_agrees_with_scikit_learns_label_binarize(y):
    from sklearn.preprocessing import label_binarize  # which takes seconds to import

    expected = label_binarize(y, classes=range(5))
    np.testing.assert_array_equal(one_hot(y, 5), expected)
    np.testing.assert_array_equal(check_targets(y, len(y), 5, DOUBLE), expected)


def test_class_indices_of_any_integer_type(dtype):
    for kind in ("int8", "uint8", "int64", "uint64", "bool"):
        rows = one_hot(np.array([1, 0, 1], kind), 2, dtype)
        assert rows.tolist() == [[0, 1], [1, 0], [0, 1]]
        assert rows.dtype == dtype


def test_one_hot_needs_a_vector_of_integers(refused):
    for y in ([0.0, 1.0], [[0], [1]], 1, []):
        with refused("y"):
            one_hot(y, 2)
    with refused("n_classes"):
        one_hot([0], 2.5)


@pytest.mark.parametrize(
    ("y", "n_outputs", "expected"),
    [
        ([1, 2], 1, [[1], [2]]),  # numbers: one output is no choice of classes
        ([[1.5], [2.5]], 1, [[1.5], [2.5]]),
        ([True, False], 1, [[1], [0]]),
        ([[0.25, 0.75], [1, 0]], 2, [[0.25, 0.75], [1, 0]]),
        ([1, 0], 2, [[0, 1], [1, 0]]),
        (np.array([1, 2], dtype=object), 1, [[1], [2]]),
    ],
)
def test_targets_take_the_shape_of_the_output(y, n_outputs, expected):
    targets = check_targets(y, 2, n_outputs, DOUBLE)
    assert targets.tolist() == expected
    assert targets.dtype == DOUBLE


X = np.random.default_rng(0).integers(-9, 9, (4, 2)).astype(np.float64)


def test_arrays_are_converted_to_the_networks_dtype(dtype):
    network = Network.dense([2, 3], dtype=dtype)
    rows = validate_arrays(network, SquaredError(), GOOD_X, [0, 2], [1, 2])
    assert {rows.X.dtype, rows.y.dtype, rows.sample_weight.dtype} == {np.dtype(dtype)}
    assert rows.X.tolist() == GOOD_X
    assert rows.y.tolist() == [[1, 0, 0], [0, 0, 1]]
    assert rows.sample_weight.tolist() == [1, 2]
    assert validate_arrays(network, SquaredError(), GOOD_X, [0, 2]).sample_weight is None


def test_networks_of_any_width_take_targets_as_wide_as_x():
    network = Network([ActivationLayer("tanh")], dtype="float64")
    assert validate_arrays(network, SquaredError(), [[1, 2, 3]], [[1, 2, 3]]).y.shape == (1, 3)
    with pytest.raises(ValueError, match=r"^y: expected shape \(1, 3\)"):
        validate_arrays(network, SquaredError(), [[1, 2, 3]], [[1, 2]])


@given(n_rows=st.integers(1, 100), size=st.integers(1, 120))
def test_the_weight_of_a_batch_is_the_number_of_its_rows(n_rows, size):
    """As sums over slices of the rows; a weight of 1 for each row changes nothing."""
    X = np.zeros((n_rows, 2))
    network = Network.dense([2, 1])
    rows = validate_arrays(network, SquaredError(), X, X[:, 0])
    weighted = validate_arrays(network, SquaredError(), X, X[:, 0], np.ones(n_rows))
    expected = [len(X[start : start + size]) for start in range(0, n_rows, size)]
    for dataset in (rows, weighted):
        weights = dataset.batch_weights(size)
        assert weights.dtype == float
        assert weights.tolist() == expected
