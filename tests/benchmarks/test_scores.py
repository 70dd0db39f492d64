"""Scores: accuracy is no worse than scikit-learn's, on rows that were held out."""

import numpy as np
import pytest
from benchmarks.scores import DATA, compare, rows_of


@pytest.mark.integration
@pytest.mark.parametrize(
    ("data", "solver"),
    [("iris", "adam"), ("wine", "sgd"), ("breast_cancer", "lbfgs"), ("diabetes", "adam")],
)
def test_accuracy_is_no_worse_than_scikit_learns(data, solver):
    """Both learn from the same rows and first weights, so far less than noise should part them."""
    found = compare(data, solver, seeds=3)
    ours, theirs = (np.array(found[name]["scores"]) for name in ("barenet", "scikit-learn"))
    assert ours.mean() >= theirs.mean() - 0.01
    assert ours.mean() > (0.2 if data == "diabetes" else 0.9)
    assert np.isfinite(found["barenet"]["seconds"] + found["scikit-learn"]["seconds"]).all()


def test_test_rows_are_not_part_of_the_scaling():
    for data, kind in DATA.items():
        (X, y), (held_X, held_y) = rows_of(data, 0)
        np.testing.assert_allclose(X.mean(axis=0), 0, atol=1e-9)
        assert abs(held_X.mean(axis=0)).max() > 1e-3
        assert len(held_X) == len(held_y) == pytest.approx(0.3 * (len(X) + len(held_X)), abs=1)
        if kind == "MLPRegressor":
            np.testing.assert_allclose(y.std(axis=0), 1)
