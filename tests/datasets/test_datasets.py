"""`load_dataset` and the named data sets, with their options and settings."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn import datasets

from barenet import RunConfig, load_dataset
from barenet.datasets._dataset_loading import DATASETS
from barenet.datasets._images import IMAGES
from barenet.datasets._named_datasets import EMBEDDED
from barenet.settings._run_config import DEFAULTS

SLICE = Path(__file__).parents[1] / "data" / "mnist_slice"
LOADABLE = sorted(DATASETS.keys() - IMAGES.keys())


def test_every_data_set_has_a_one_line_description():
    for named in DATASETS.values():
        assert named.source in ("embedded", "generated", "images")
        assert 10 < len(named.description) <= 80 and "\n" not in named.description
        assert not named.description.endswith(".")


def test_a_data_set_is_shown_in_one_line():
    assert repr(load_dataset("digits")) == (
        "Dataset('digits', 1,797 rows, 64 features, classification of 'digit')"
    )


@pytest.mark.parametrize("name", LOADABLE)
def test_every_data_set_fits_its_default_settings(name):
    data = DATASETS[name].load()
    config = RunConfig(**data.defaults).over(DEFAULTS)
    n_classes = len(data.classes or ())
    assert config.layers[0] == data.n_features == len(data.feature_names)
    assert config.layers[-1] == (n_classes if n_classes > 2 else 1)
    assert data.name == name and data.description == DATASETS[name].description
    assert len(data.y) == data.n_samples
    assert np.isfinite(data.X).all() and np.isfinite(data.y).all()
    assert data.classes is None or np.bincount(data.y, minlength=n_classes).min() > 0


@pytest.mark.parametrize("name", sorted(EMBEDDED.keys() - {"drawn_digits"}))
def test_the_rows_equal_scikit_learns(name):
    oracle = getattr(datasets, f"load_{name}")(**({"scaled": False} if name == "diabetes" else {}))
    data = EMBEDDED[name].load()
    rows = oracle.data
    if name == "diabetes":
        rows = rows.round(4)  # lower versions of scikit-learn don't round them
    np.testing.assert_array_equal(data.X, rows)
    np.testing.assert_array_equal(data.y, oracle.target)
    assert data.feature_names == tuple(oracle.feature_names)
    classes = None if name == "diabetes" else tuple(map(str, oracle.target_names))
    assert data.image_shape == ((8, 8) if name == "digits" else None)
    assert (data.classes, data.y.dtype) == (classes, np.float64 if classes is None else np.int64)


def test_drawn_digits_are_images_of_every_digit():
    digits = load_dataset("drawn_digits")
    assert digits.X.shape == (10_000, 196) and digits.X.dtype == np.uint8
    assert digits.image_shape == (14, 14) and digits.classes == tuple("0123456789")
    assert (digits.X.min(), digits.X.max(), digits.y.dtype) == (0, 16, np.int64)
    assert np.bincount(digits.y).min() > 800
    middles = np.arange(14) + 0.5
    images = digits.X.reshape(-1, 14, 14) / digits.X.sum(axis=1)[:, None, None]
    for axis in (1, 2):  # centred by mass, within 10 × 10 pixels
        np.testing.assert_allclose(images.sum(axis=3 - axis) @ middles, 7, atol=0.25)
    extents = [np.ptp(np.nonzero(image), axis=1).max() + 1 for image in images]
    assert min(extents) >= 10 and max(extents) <= 11


def test_options_reach_the_generator():
    assert load_dataset("mnist", data_dir=SLICE).n_samples == 260
    made = load_dataset("gaussians", samples=30, noise=0.5, data_seed=3)
    assert made.X.shape == (30, 2)
    numbers = {"samples": np.int64(30), "noise": np.float32(0.5), "data_seed": np.uint8(3)}
    np.testing.assert_array_equal(load_dataset("gaussians", **numbers).X, made.X)


@pytest.mark.parametrize(
    "name", ["t.csv", "my.data.csv", "T.TXT", "t.csv.gz", "t.CSV.zst", "t.csv.bz2", "t.csv.XZ"]
)
def test_tables_are_recognized_by_their_suffix(write, name):
    path = write("a;y\n1;no\n2;yes\n", name)  # Not compressed, whatever its name.
    for form in (path, str(path)):
        data = load_dataset(form, target="y", delimiter=";", encoding="ascii")
        assert (data.X.tolist(), data.classes) == ([[1], [2]], ("no", "yes"))


def test_listing_data_sets_loads_none():
    listing = "[(n, d.source, d.description, d.defaults) for n, d in DATASETS.items()]"
    code = (
        f"import sys; from barenet.datasets._dataset_loading import DATASETS; assert {listing}; "
        "print(sorted({'sklearn', 'scipy', 'pyarrow', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
