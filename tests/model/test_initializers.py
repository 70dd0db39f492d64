"""Initializers: the first draws by number, their distributions by SciPy's tests, their scales."""

import numpy as np
import pytest
from hypothesis import given, strategies as st

from barenet.initializers import INITIALIZERS, Initializer, Orthogonal
from barenet.model._initializers import as_initializer

#: The first normal and uniform numbers of RandomState(0), whose stream is frozen for good.
NORMALS = [1.764052345967664, 0.4001572083672233, 0.9787379841057392, 2.240893199201458]
UNIFORMS = [0.5488135039273248, 0.7151893663724195, 0.6027633760716439, 0.5448831829968969]


def draw(spec: str | Initializer, n_inputs: int, n_outputs: int, seed: int = 0) -> np.ndarray:
    rng = np.random.RandomState(seed)
    return as_initializer(spec).draw(rng, (n_outputs, n_inputs), n_inputs, n_outputs)


#: The first draws for 4 inputs and 1 output: variances 2/5, 2/4 and 1/4, limits √(3 · variance).
DRAWS = {
    "zeros": [0.0, 0.0, 0.0, 0.0],
    "normal:std=0.1": [0.1 * z for z in NORMALS],
    "uniform:limit=0.1": [0.1 * (2 * u - 1) for u in UNIFORMS],
    "glorot_uniform": [1.2**0.5 * (2 * u - 1) for u in UNIFORMS],
    "he_uniform": [1.5**0.5 * (2 * u - 1) for u in UNIFORMS],
    "lecun_uniform": [0.75**0.5 * (2 * u - 1) for u in UNIFORMS],
    "glorot_normal": [0.4**0.5 * z for z in NORMALS],
    "he_normal": [0.5**0.5 * z for z in NORMALS],
    "lecun_normal": [0.5 * z for z in NORMALS],
}


@pytest.mark.parametrize("spec", DRAWS)
def test_first_draws_of_each_initializer(spec):
    np.testing.assert_allclose(draw(spec, 4, 1).ravel(), DRAWS[spec], rtol=1e-14)


def test_every_initializer_is_tested():
    tested = {spec.partition(":")[0] for spec in DRAWS} | {"orthogonal"}
    assert tested == {kind.name for kind in INITIALIZERS.values()}


@given(n_inputs=st.integers(1, 9), n_outputs=st.integers(1, 9), seed=st.integers(0, 99))
def test_orthogonal_columns_are_orthogonal_with_norm_gain(n_inputs, n_outputs, seed):
    W = draw(Orthogonal(gain=2.0), n_inputs, n_outputs, seed)
    assert W.shape == (n_outputs, n_inputs)
    product = W @ W.T if n_outputs <= n_inputs else W.T @ W
    np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=1e-13)


def test_orthogonal_is_uniform_over_rotations():
    """Without R's signs, NumPy's Q would have a diagonal of one sign alone."""
    from scipy import stats  # which takes a second to import

    corners = np.array([draw("orthogonal", 2, 2, seed)[0, 0] for seed in range(400)])
    # cos of an angle that is uniform: the arcsine distribution on −1..1
    assert stats.kstest(corners, stats.arcsine(-1, 2).cdf).pvalue > 0.01


@pytest.mark.parametrize("name", ["glorot", "he", "lecun"])
def test_short_names_are_the_uniform_initializers(name):
    assert as_initializer(name) == as_initializer(f"{name}_uniform")
