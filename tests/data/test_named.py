"""The named data sets: described without loading them, and loaded with their settings."""

import numpy as np
import pytest
from sklearn import datasets

from barenet.data import DATASETS, DEFAULTS
from barenet.data._images import IMAGES
from barenet.data._named import EMBEDDED

LOADABLE = sorted(DATASETS.keys() - IMAGES.keys())


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_every_set_has_a_description_of_one_line(name):
    named = DATASETS[name]
    assert named.kind in ("embedded", "generated", "images")
    assert 10 < len(named.description) <= 80 and "\n" not in named.description
    assert not named.description.endswith(".")


@pytest.mark.parametrize("name", LOADABLE)
def test_every_set_fits_its_settings(name):
    data = DATASETS[name].load()
    config, n_classes = data.config.over(DEFAULTS), len(data.classes or ())
    assert config.layers[0] == data.n_features == len(data.feature_names)
    assert config.layers[-1] == (n_classes if n_classes > 2 else 1)
    assert data.name == name and data.description == DATASETS[name].description
    assert len(data.y) == data.n_samples
    assert np.isfinite(data.X).all() and np.isfinite(data.y).all()
    assert data.classes is None or np.bincount(data.y, minlength=n_classes).min() > 0


@pytest.mark.parametrize("name", sorted(EMBEDDED))
def test_the_rows_are_scikit_learns(name):
    oracle = getattr(datasets, f"load_{name}")(**({"scaled": False} if name == "diabetes" else {}))
    data = EMBEDDED[name].load()
    np.testing.assert_array_equal(data.X, oracle.data)
    np.testing.assert_array_equal(data.y, oracle.target)
    assert data.feature_names == tuple(oracle.feature_names)
    classes = None if name == "diabetes" else tuple(map(str, oracle.target_names))
    assert (data.classes, data.y.dtype) == (classes, np.float64 if classes is None else np.int64)


def test_diabetes_has_ages_in_years_and_digits_are_images():
    diabetes, digits = EMBEDDED["diabetes"].load(), EMBEDDED["digits"].load()
    age = diabetes.X[:, diabetes.feature_names.index("age")]
    assert (age.min(), age.max()) == (19, 79)
    assert digits.image_shape == (8, 8)
