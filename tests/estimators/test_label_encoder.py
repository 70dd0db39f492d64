"""LabelEncoder: compared with scikit-learn's LabelBinarizer."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.preprocessing import LabelBinarizer

from barenet.estimators._label_encoder import LabelEncoder

CASES = [
    ["b", "a", "b"],
    ["c", "a", "b", "a"],
    [2, 0, 2],
    [True, False, True],
    [-1.0, 1.0, 3.0],
    [7, 7],
    [[0, 1, 1], [1, 0, 0]],
]


@pytest.mark.parametrize("y", CASES, ids=str)
def test_targets_are_encoded_and_decoded_again(y):
    y = np.array(y)
    labels, theirs = LabelEncoder(y), LabelBinarizer().fit(y)
    encoded = labels.encode(y)
    assert encoded.tolist() == theirs.transform(y).tolist()
    assert labels.classes.tolist() == theirs.classes_.tolist()
    assert labels.decode(encoded).tolist() == y.tolist()


@pytest.mark.parametrize(
    ("first", "then", "message"),
    [
        ([0, 1], [0, 2], r"^y: classes \[2\] are not among \[0, 1\]"),
        (["a", "b"], [0, 1], r"^y: classes \[0, 1\] are not"),
        ([[0, 1], [1, 1]], [0, 1], r"^y: expected shape \(n_samples, 2\), as before"),
        ([[0, 1], [1, 1]], [[0, 1, 1], [1, 1, 0]], r"^y: expected shape"),
        ([0, 1], [[0, 1], [1, 1]], r"^y: expected shape \(n_samples,\)"),
    ],
)
def test_targets_of_another_kind_are_refused(first, then, message):
    with pytest.raises(ValueError, match=message):
        LabelEncoder(first).encode(np.array(then))
