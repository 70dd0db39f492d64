"""Scores: accuracy is no worse than scikit-learn's, on rows that were held out."""

import numpy as np
import pytest
from benchmarks.scores import compare


@pytest.mark.slow
@pytest.mark.parametrize(
    ("data", "solver"),
    [
        ("iris", "adam"),
        ("diabetes", "adam"),
        pytest.param("wine", "sgd", marks=pytest.mark.slow),
        pytest.param("breast_cancer", "lbfgs", marks=pytest.mark.slow),
    ],
)
def test_accuracy_is_no_worse_than_scikit_learns(data, solver):
    """Both learn from the same rows and first weights, so far less than noise should part them."""
    found = compare(data, solver, seeds=3)
    ours, theirs = (np.array(found[name]["scores"]) for name in ("barenet", "scikit-learn"))
    assert ours.mean() >= theirs.mean() - 0.01
    assert ours.mean() > (0.2 if data == "diabetes" else 0.9)
    assert np.isfinite(found["barenet"]["seconds"] + found["scikit-learn"]["seconds"]).all()
