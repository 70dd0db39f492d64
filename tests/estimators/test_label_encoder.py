"""LabelEncoder: there and back, against scikit-learn's LabelBinarizer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
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
def test_there_and_back(y):
    y = np.array(y)
    labels, theirs = LabelEncoder(y), LabelBinarizer().fit(y)
    encoded = labels.encode(y)
    assert encoded.tolist() == theirs.transform(y).tolist()
    assert labels.classes.tolist() == theirs.classes_.tolist()
    assert labels.decode(encoded).tolist() == y.tolist()


@given(st.lists(st.sampled_from("abcdef"), min_size=1), st.permutations("abcdef"))
def test_property_labels_may_have_other_names_in_the_same_order(y, names):
    """What a network sees of classes is their order alone."""
    renamed = dict(zip(sorted(set(y)), sorted(names), strict=False))
    other = np.array([renamed[each] for each in y])
    assert (LabelEncoder(y).encode(np.array(y)) == LabelEncoder(other).encode(other)).all()


def test_the_most_probable_class():
    labels = LabelEncoder(["a", "b", "c"])
    assert labels.decode(np.array([[0.1, 0.5, 0.4], [0.5, 0.3, 0.2]])).tolist() == ["b", "a"]
    assert labels.activation == "softmax"


def test_probabilities():
    output = np.array([[0.25], [0.75]])
    assert LabelEncoder([0, 1]).probabilities(output).tolist() == [[0.75, 0.25], [0.25, 0.75]]
    assert LabelEncoder([0]).probabilities(output).tolist() == [[1], [1]]
    both = np.array([[0.25, 0.5]])
    assert LabelEncoder([[0, 1], [1, 0]]).probabilities(both) is both


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
def test_what_does_not_fit_what_was_met(first, then, message):
    with pytest.raises(ValueError, match=message):
        LabelEncoder(first).encode(np.array(then))
