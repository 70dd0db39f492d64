"""Initializers: the first draws by number, their distributions by SciPy's tests, their scales."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, strategies as st

from barenet.model._initializers import INITIALIZERS, Initializer, Orthogonal, as_initializer

#: The first normal and uniform numbers of RandomState(0), whose stream is frozen for good.
NORMALS = [1.764052345967664, 0.4001572083672233, 0.9787379841057392, 2.240893199201458]
UNIFORMS = [0.5488135039273248, 0.7151893663724195, 0.6027633760716439, 0.5448831829968969]

#: Variance for 300 inputs and 200 outputs, from the papers that the docstrings name.
VARIANCES = {
    "zeros": 0.0,
    "normal:std=0.3": 0.09,
    "uniform:limit=0.6": 0.36 / 3,
    "glorot_uniform": 2 / (300 + 200),
    "glorot_normal": 2 / (300 + 200),
    "he_uniform": 2 / 300,
    "he_normal": 2 / 300,
    "lecun_uniform": 1 / 300,
    "lecun_normal": 1 / 300,
    "orthogonal": 1 / 300,  # each of 200 rows has length 1, spread over 300 entries
}


def draw(spec: str | Initializer, n_inputs: int, n_outputs: int, seed: int = 0) -> np.ndarray:
    rng = np.random.RandomState(seed)
    return as_initializer(spec).draw(rng, (n_outputs, n_inputs), n_inputs, n_outputs)


def test_every_initializer_has_its_variance_here():
    assert {spec.partition(":")[0] for spec in VARIANCES} == {
        kind.name for kind in INITIALIZERS.values()
    }


@pytest.mark.parametrize("spec", VARIANCES)
def test_the_variance(spec):
    W = draw(spec, 300, 200)
    assert W.shape == (200, 300)
    # A variance of 60,000 draws is known to within 0.6 %; the mean to within σ/245.
    assert W.var() == pytest.approx(VARIANCES[spec], rel=0.03)
    assert abs(W.mean()) <= 5 * W.std() / np.sqrt(W.size)


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        ("zeros", [0.0, 0.0, 0.0, 0.0]),
        ("normal:std=0.1", [0.1 * z for z in NORMALS]),
        ("uniform:limit=0.1", [0.1 * (2 * u - 1) for u in UNIFORMS]),
        # For 2 inputs and 2 outputs: limits √(6/4), √(6/2), √(3/2); deviations √(2/4), 1, √½.
        ("glorot_uniform", [1.5**0.5 * (2 * u - 1) for u in UNIFORMS]),
        ("he_uniform", [3**0.5 * (2 * u - 1) for u in UNIFORMS]),
        ("lecun_uniform", [1.5**0.5 * (2 * u - 1) for u in UNIFORMS]),
        ("glorot_normal", [0.5**0.5 * z for z in NORMALS]),
        ("he_normal", NORMALS),
        ("lecun_normal", [0.5**0.5 * z for z in NORMALS]),
    ],
)
def test_the_first_draws(spec, expected):
    np.testing.assert_allclose(draw(spec, 2, 2).ravel(), expected, rtol=1e-14)


@given(n_inputs=st.integers(1, 9), n_outputs=st.integers(1, 9), seed=st.integers(0, 99))
def test_orthogonal_vectors_are_orthogonal_and_of_length_gain(n_inputs, n_outputs, seed):
    W = draw(Orthogonal(gain=2.0), n_inputs, n_outputs, seed)
    assert W.shape == (n_outputs, n_inputs)
    product = W @ W.T if n_outputs <= n_inputs else W.T @ W
    np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=1e-13)


def test_orthogonal_is_uniform_over_all_rotations():
    """Without R's signs, NumPy's Q would have a diagonal of one sign alone."""
    corners = np.array([draw("orthogonal", 2, 2, seed)[0, 0] for seed in range(400)])
    # cos of an angle that is uniform: the arcsine distribution on −1..1
    assert scipy.stats.kstest(corners, scipy.stats.arcsine(-1, 2).cdf).pvalue > 0.01


@pytest.mark.parametrize("name", ["glorot", "he", "lecun"])
def test_the_short_name_is_the_uniform_one(name):
    assert as_initializer(name) == as_initializer(f"{name}_uniform")
