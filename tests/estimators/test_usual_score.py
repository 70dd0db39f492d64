"""The usual score: what scikit-learn's functions say, and what they say of odd rows."""

from __future__ import annotations

import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, r2_score

from barenet.estimators.usual_score import UsualScore, share_right, variance_explained
from barenet.model.array_dataset import ArrayDataset


@given(st.integers(0, 2**32 - 1), st.integers(2, 9), st.integers(1, 3), st.booleans())
def test_as_scikit_learn_says(seed, n_rows, n_outputs, weighted):
    rng = np.random.default_rng(seed)
    y, output = rng.integers(0, 3, size=(2, n_rows, n_outputs)).astype(float)
    weight = rng.random(n_rows) if weighted else None
    expected = r2_score(y, output, sample_weight=weight)
    assert variance_explained(y, output, weight) == pytest.approx(expected, rel=1e-9, abs=1e-9)
    right = (y == output).all(axis=1)
    expected = accuracy_score(np.ones(n_rows), right, sample_weight=weight)
    assert share_right(right, weight) == pytest.approx(expected)


def test_rows_that_say_nothing():
    one, none = np.ones((1, 1)), np.zeros(3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert math.isnan(variance_explained(one, one, None))
        assert math.isnan(variance_explained(np.ones((3, 1)), np.ones((3, 1)), none))
        assert math.isnan(share_right(np.ones(3, bool), none))


def test_of_no_number_there_is_no_score():
    rows = ArrayDataset(np.zeros((2, 1)), np.zeros((2, 1)), None)
    judge = UsualScore("r2", lambda output, rows: variance_explained(rows.y, output, None), rows)
    assert judge(np.zeros((2, 1))) == {"r2": 1.0}
    assert math.isnan(judge(np.array([[0.0], [np.inf]]))["r2"])
