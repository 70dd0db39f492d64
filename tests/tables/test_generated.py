"""Generated data sets follow their formulas and their options."""

import math

import numpy as np
import pytest
from scipy import stats
from sklearn.datasets import make_circles, make_moons

from barenet import load_dataset
from barenet.datasets._named_datasets import GENERATED


def load(name: str, **options):
    return GENERATED[name].load(**options)


@pytest.mark.parametrize("name", sorted(GENERATED))
def test_every_generator_obeys_its_options(name):
    data, again = (load(name, samples=51, noise=0.1, data_seed=5) for _ in range(2))
    np.testing.assert_array_equal(data.X, again.X)
    np.testing.assert_array_equal(data.y, again.y)
    other = load(name, samples=51, noise=0.1, data_seed=6)
    assert not (np.array_equal(data.X, other.X) and np.array_equal(data.y, other.y))
    assert (data.X.dtype, data.X.shape) == (np.float64, (51, len(data.feature_names)))
    assert data.y.dtype == (np.float64 if data.classes is None else np.int64)
    assert data.classes is None or set(data.y) == {0, 1}
    spelled = load_dataset(f"{name}:samples=51,noise=.1,data_seed=5")
    np.testing.assert_array_equal(data.X, spelled.X)
    assert spelled.name == name


def test_moons_circles_and_sine_equal_those_of_the_tutorials():
    """The moons' tutorial seeds NumPy's global stream, which is RandomState's."""
    moons, circles, sine = load("moons"), load("circles", samples=80, data_seed=7), load("sine")
    X, y = make_moons(200, noise=0.20, random_state=np.random.RandomState(0))
    np.testing.assert_array_equal(np.c_[moons.X, moons.y], np.c_[X, y])
    X, y = make_circles(80, noise=0.1, factor=0.5, random_state=7)
    np.testing.assert_array_equal(np.c_[circles.X, circles.y], np.c_[X, y])
    np.testing.assert_array_equal(sine.X[:, 0], np.linspace(-2 * np.pi, 2 * np.pi, 500))
    np.testing.assert_allclose(sine.y, (np.sin(sine.X[:, 0]) + 1) / 2, rtol=0, atol=1e-15)


def test_spirals_lie_on_their_arms():
    """The radius of a point without noise determines its angle."""
    data = load("spirals", samples=401, noise=0)
    radius = np.hypot(*data.X.T)
    turns = np.arctan2(data.X[:, 1], data.X[:, 0]) / (2 * math.pi)
    expected = 1.75 * radius / 5 + data.y / 2
    np.testing.assert_allclose((turns - expected + 0.5) % 1, 0.5, atol=1e-9)
    assert radius.max() == pytest.approx(5) and radius.min() > 0
    assert np.bincount(data.y).tolist() == [201, 200]


def test_xor_is_the_sign_of_the_product_and_has_a_gap():
    data = load("xor", samples=4000)
    np.testing.assert_array_equal(data.y, data.X[:, 0] * data.X[:, 1] < 0)
    assert 0.3 <= np.abs(data.X).min() < 0.31 and 4.99 < np.abs(data.X).max() <= 5


def test_plane_and_hills_follow_their_formulas():
    plane, hills = load("plane", samples=100), load("hills", samples=40, data_seed=3)
    np.testing.assert_allclose(plane.y, plane.X.sum(axis=1) / 10, atol=1e-12)
    signs = {(-4, 3): 1, (0, 3): -1, (4, 3): 1, (-4, -3): -1, (0, -3): 1, (4, -3): -1}
    for point, height in zip(hills.X, hills.y, strict=True):
        sums = (s * math.exp(-(math.dist(point, at) ** 2) / 4.5) for at, s in signs.items())
        assert sum(sums) == pytest.approx(height, abs=1e-12)


@pytest.mark.parametrize("name", ["spirals", "xor", "gaussians", "sine", "plane"])
def test_the_noise_is_normal_with_its_standard_deviation(name):
    exact, noisy = (load(name, samples=2000, noise=noise) for noise in (0, 0.3))
    moved, kept = ("y", "X") if exact.classes is None else ("X", "y")
    np.testing.assert_array_equal(getattr(exact, kept), getattr(noisy, kept))
    noise = (getattr(noisy, moved) - getattr(exact, moved)).ravel()
    assert stats.kstest(noise, stats.norm(0, 0.3).cdf).pvalue > 0.01


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("spirals", [0.1963858932903289, 0.040895083203079635]),
        ("xor", [0.7588469369168527, 2.322780043900743]),
        ("gaussians", [-0.23594765403233597, -1.5998427916327767]),
        ("plane", [0.585762047127897, 2.5822723964690333]),
        ("hills", [0.585762047127897, 2.5822723964690333]),
    ],
)
def test_the_rows_of_a_seed_never_change(name, first):
    """RandomState's stream never changes."""
    np.testing.assert_allclose(load(name).X[0], first, rtol=1e-12)
