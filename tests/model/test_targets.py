"""Targets: class indices against scikit-learn's one-hot rows, and every shape that is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.preprocessing import label_binarize

from barenet.model._array_dataset import check_targets, one_hot

DOUBLE = np.dtype("float64")


@given(y=st.lists(st.integers(0, 4), min_size=1))
def test_one_hot_is_scikit_learns_label_binarize(y):
    expected = label_binarize(y, classes=range(5))
    np.testing.assert_array_equal(one_hot(y, 5), expected)
    np.testing.assert_array_equal(check_targets(y, len(y), 5, DOUBLE), expected)


@pytest.mark.parametrize("kind", ["int8", "uint8", "int64", "uint64", "bool"])
def test_indices_of_any_whole_type(kind, dtype):
    rows = one_hot(np.array([1, 0, 1], kind), 2, dtype)
    assert rows.tolist() == [[0, 1], [1, 0], [0, 1]]
    assert rows.dtype == dtype


@pytest.mark.parametrize("y", [[0.0, 1.0], [[0], [1]], 1, []])
def test_one_hot_takes_a_vector_of_whole_numbers(y):
    with pytest.raises(ValueError, match=r"^y: expected class indices, whole numbers of shape"):
        one_hot(y, 2)


@pytest.mark.parametrize("n_classes", [0, -1, 2.5, True, "3"])
def test_one_hot_needs_a_count_of_classes(n_classes):
    with pytest.raises(ValueError, match=r"^n_classes: expected a whole number of 1 or more"):
        one_hot([0], n_classes)


@pytest.mark.parametrize("y", [[0, 3], [-1, 0], np.array([2**63], "uint64")])
def test_an_index_out_of_range(y):
    for refuse in (lambda: one_hot(y, 3), lambda: check_targets(y, len(y), 3, DOUBLE)):
        with pytest.raises(ValueError, match=r"^y: class indices go from .* 3 outputs take 0 to 2"):
            refuse()


@pytest.mark.parametrize(
    ("y", "n_outputs", "expected"),
    [
        ([1, 2], 1, [[1], [2]]),  # numbers, as one output is no choice of classes
        ([[1.5], [2.5]], 1, [[1.5], [2.5]]),
        ([True, False], 1, [[1], [0]]),
        ([[1, 2], [3, 4]], 2, [[1, 2], [3, 4]]),
        ([[0.25, 0.75], [1, 0]], 2, [[0.25, 0.75], [1, 0]]),
        ([1, 0], 2, [[0, 1], [1, 0]]),
        ([True, False], 2, [[0, 1], [1, 0]]),
        (np.array([1, 2], dtype=object), 1, [[1], [2]]),
    ],
)
def test_what_becomes_of_y(y, n_outputs, expected, dtype):
    targets = check_targets(y, 2, n_outputs, np.dtype(dtype))
    assert targets.tolist() == expected
    assert targets.dtype == dtype


@pytest.mark.parametrize(
    ("y", "n_outputs", "message"),
    [
        ([1.0, 2.0, 3.0], 1, r"^y: has 3 rows, and X has 2$"),
        ([], 1, r"^y: has 0 rows, and X has 2$"),
        (1.0, 1, r"^y: has no rows, and X has 2$"),
        ([0.0, 1.0], 3, r"^y: expected shape \(2, 3\), or class indices .* got float64 of shape"),
        ([[0], [1]], 3, r"^y: expected shape \(2, 3\), or class indices .* got int64 of shape"),
        ([[1, 2], [3, 4]], 1, r"^y: expected shape \(2, 1\)"),
        ([[[1]], [[2]]], 1, r"^y: expected shape \(2, 1\)"),
        ([1.0, float("nan")], 1, r"^y: nan at \(1, 0\); only finite numbers can be used$"),
        ([[1.0, 2.0], [float("inf"), 0]], 2, r"^y: inf at \(1, 0\); only finite numbers"),
        (["a", "b"], 2, r"^y: expected real numbers, .*; number the classes first: classes, y ="),
        (
            np.array(["a", "b"], object),
            2,
            r"^y: expected an array of numbers: .*number the classes",
        ),
        ([[1], [2, 3]], 1, r"^y: expected an array of numbers"),
        ([1j, 0], 1, r"^y: expected real numbers, got complex128"),
        (None, 1, r"^y: has no rows"),
        ([10**400, 0], 1, r"^y: "),
    ],
)
def test_what_is_refused(y, n_outputs, message):
    with pytest.raises(ValueError, match=message):
        check_targets(y, 2, n_outputs, DOUBLE)


def test_a_number_too_large_for_the_precision():
    with pytest.raises(ValueError, match=r"^y: 1e\+300 is too large for float32; scale the data"):
        check_targets([1e300, 0], 2, 1, np.dtype("float32"))
