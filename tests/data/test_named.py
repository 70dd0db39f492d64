"""What every named data set must be able to say, loaded or not."""

from __future__ import annotations

import numpy as np
import pytest

from barenet.data.datasets import DATASETS
from barenet.data.images import IMAGES
from barenet.data.named import NamedDataset
from barenet.data.run_config import DEFAULTS

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
    data = DATASETS[name].load(name)
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
