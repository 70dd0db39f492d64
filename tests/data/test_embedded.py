"""scikit-learn's data sets, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import datasets

from barenet.data.embedded import EMBEDDED


@pytest.mark.parametrize("name", sorted(EMBEDDED))
def test_the_rows_are_scikit_learns(name):
    scaled = {"scaled": False} if name == "diabetes" else {}
    oracle = getattr(datasets, f"load_{name}")(**scaled)
    data = EMBEDDED[name].load(name)
    np.testing.assert_array_equal(data.X, oracle.data)
    np.testing.assert_array_equal(data.y, oracle.target)
    assert data.feature_names == tuple(oracle.feature_names)
    if name == "diabetes":
        assert data.classes is None and data.y.dtype == np.float64
    else:
        assert data.classes == tuple(map(str, oracle.target_names)) and data.y.dtype == np.int64


def test_diabetes_keeps_its_units():
    """Ages in years, not in standard deviations as scikit-learn gives them unless asked."""
    data = EMBEDDED["diabetes"].load("diabetes")
    age = data.X[:, data.feature_names.index("age")]
    assert (age.min(), age.max()) == (19, 79)


def test_digits_are_images():
    digits = EMBEDDED["digits"].load("digits")
    assert digits.image_shape == (8, 8)
    np.testing.assert_array_equal(digits.X[0].reshape(8, 8), datasets.load_digits().images[0])
