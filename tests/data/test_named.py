"""What every named data set must be able to say, loaded or not."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn import datasets

from barenet.data._datasets import DATASETS
from barenet.data._embedded import EMBEDDED
from barenet.data._images import IMAGES
from barenet.data._named import NamedDataset
from barenet.data._run_config import DEFAULTS

LOADABLE = sorted(DATASETS.keys() - IMAGES.keys())


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_every_set_describes_itself_in_a_line(name):
    named = DATASETS[name]
    assert isinstance(named, NamedDataset)
    assert named.kind in ("embedded", "generated", "images")
    assert 10 < len(named.description) <= 80 and "\n" not in named.description
    assert not named.description.endswith(".")


@pytest.mark.parametrize("name", LOADABLE)
def test_every_set_fits_its_recipe(name):
    """The first and the last layer are as wide as the data ask for."""
    data = DATASETS[name].load()
    config = data.config.over(DEFAULTS)
    assert config.layers is not None
    assert config.layers[0] == data.n_features
    n_classes = len(data.classes or ())
    assert config.layers[-1] == (n_classes if n_classes > 2 else 1)
    assert data.name == name and data.description == DATASETS[name].description
    assert len(data.feature_names) == data.n_features and len(data.y) == data.n_samples
    assert np.isfinite(data.X).all() and np.isfinite(data.y).all()
    if data.classes is not None:
        assert np.bincount(data.y, minlength=n_classes).min() > 0
    train, test = data.split(config.test_size, config.split_seed)
    assert train.n_samples + (0 if test is None else test.n_samples) == data.n_samples


@pytest.mark.parametrize("name", sorted(EMBEDDED))
def test_the_rows_are_scikit_learns(name):
    scaled = {"scaled": False} if name == "diabetes" else {}
    oracle = getattr(datasets, f"load_{name}")(**scaled)
    data = EMBEDDED[name].load()
    np.testing.assert_array_equal(data.X, oracle.data)
    np.testing.assert_array_equal(data.y, oracle.target)
    assert data.feature_names == tuple(oracle.feature_names)
    if name == "diabetes":
        assert data.classes is None and data.y.dtype == np.float64
    else:
        assert data.classes == tuple(map(str, oracle.target_names)) and data.y.dtype == np.int64


def test_diabetes_keeps_its_units():
    """Ages in years, not in standard deviations as scikit-learn gives them unless asked."""
    data = EMBEDDED["diabetes"].load()
    age = data.X[:, data.feature_names.index("age")]
    assert (age.min(), age.max()) == (19, 79)


def test_digits_are_images():
    digits = EMBEDDED["digits"].load()
    assert digits.image_shape == (8, 8)
    np.testing.assert_array_equal(digits.X[0].reshape(8, 8), datasets.load_digits().images[0])
