"""Generated data sets obey their options, and refuse those out of range."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats
from sklearn.datasets import make_circles, make_moons

from barenet.data._generated import GENERATED


def load(name: str, **options):
    return GENERATED[name].load(**options)


@pytest.mark.parametrize("name", sorted(GENERATED))
def test_every_set_obeys_its_options(name):
    data = load(name, samples=51, noise=0.1, data_seed=5)
    again = load(name, samples=51, noise=0.1, data_seed=5)
    np.testing.assert_array_equal(data.X, again.X)
    np.testing.assert_array_equal(data.y, again.y)
    other = load(name, samples=51, noise=0.1, data_seed=6)
    assert not (np.array_equal(data.X, other.X) and np.array_equal(data.y, other.y))
    assert data.X.dtype == np.float64
    assert data.X.shape == (51, len(data.feature_names))
    assert data.y.shape == (51,)
    assert data.y.dtype == (np.float64 if data.classes is None else np.int64)
    assert data.classes is None or set(data.y) == {0, 1}
    assert (data.config.samples, data.config.noise, data.config.data_seed) == (51, 0.1, 5)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("samples", 1),
        ("samples", 10**7 + 1),
        ("samples", 2.5),
        ("noise", -0.1),
        ("noise", math.nan),
        ("noise", math.inf),
        ("data_seed", -1),
        ("data_seed", 2**32),
    ],
)
def test_options_out_of_range(option, value):
    with pytest.raises(ValueError, match=rf"^{option}: expected .*, got {value}$"):
        load("xor", **{option: value})


def test_moons_are_the_tutorials():
    """The tutorial seeds NumPy's global stream, which is RandomState's."""
    state = np.random.get_state()
    try:
        np.random.seed(0)
        X, y = make_moons(200, noise=0.20)
    finally:
        np.random.set_state(state)
    data = load("moons")
    np.testing.assert_array_equal(data.X, X)
    np.testing.assert_array_equal(data.y, y)


def test_circles_are_scikit_learns():
    data = load("circles", samples=80, noise=0.05, data_seed=7)
    X, y = make_circles(80, noise=0.05, factor=0.5, random_state=7)
    np.testing.assert_array_equal(data.X, X)
    np.testing.assert_array_equal(data.y, y)


def test_sine_is_the_tutorials():
    data = load("sine")
    x = np.linspace(-2 * np.pi, 2 * np.pi, 500)
    np.testing.assert_array_equal(data.X[:, 0], x)
    np.testing.assert_allclose(data.y, (np.sin(x) + 1) / 2, rtol=0, atol=1e-15)
    assert data.X.shape == (500, 1) and data.y.shape == (500,)


def test_spirals_lie_on_their_arms():
    """Of a point without noise, the radius gives the angle."""
    data = load("spirals", samples=401, noise=0)
    radius = np.hypot(*data.X.T)
    turns = np.arctan2(data.X[:, 1], data.X[:, 0]) / (2 * math.pi)
    expected = 1.75 * radius / 5 + data.y / 2
    np.testing.assert_allclose((turns - expected + 0.5) % 1, 0.5, atol=1e-9)
    assert radius.max() == pytest.approx(5) and radius.min() > 0
    assert np.bincount(data.y).tolist() == [201, 200]


def test_xor_is_the_sign_of_the_product_and_keeps_its_gap():
    data = load("xor", samples=4000)
    np.testing.assert_array_equal(data.y, data.X[:, 0] * data.X[:, 1] < 0)
    assert 0.3 <= np.abs(data.X).min() < 0.31
    assert 4.99 < np.abs(data.X).max() <= 5
    away = (np.abs(data.X) - 0.3) / 4.7
    assert stats.kstest(away.ravel(), "uniform").pvalue > 0.01


def test_plane_is_flat():
    data = load("plane", samples=100)
    slopes = np.linalg.lstsq(np.column_stack([data.X, np.ones(100)]), data.y)[0]
    np.testing.assert_allclose(slopes, [0.1, 0.1, 0], atol=1e-12)
    assert np.abs(data.X).max() <= 6


@pytest.mark.parametrize("name", ["spirals", "xor", "sine", "plane"])
def test_the_noise_is_normal_with_its_standard_deviation(name):
    exact, noisy = (load(name, samples=2000, noise=noise) for noise in (0, 0.3))
    parts = ("X", "y") if exact.classes is None else ("y", "X")
    np.testing.assert_array_equal(getattr(exact, parts[0]), getattr(noisy, parts[0]))
    noise = (getattr(noisy, parts[1]) - getattr(exact, parts[1])).ravel()
    assert stats.kstest(noise, "norm", (0, 0.3)).pvalue > 0.01


def test_the_height_of_the_hills_is_a_sum_of_bells():
    made = load("hills", samples=40, data_seed=3)
    signs = {(-4, 3): 1, (0, 3): -1, (4, 3): 1, (-4, -3): -1, (0, -3): 1, (4, -3): -1}
    for point, height in zip(made.X, made.y, strict=True):
        sums = (s * math.exp(-(math.dist(point, at) ** 2) / 4.5) for at, s in signs.items())
        assert sum(sums) == pytest.approx(height, abs=1e-12)


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
def test_the_rows_of_a_seed_are_frozen(name, first):
    """Written down once; RandomState's stream never changes."""
    np.testing.assert_allclose(load(name).X[0], first, rtol=1e-12)
