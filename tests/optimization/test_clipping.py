"""Clipping: PyTorch's figures, and gradients whose squares overflow."""

import numpy as np
import pytest

from barenet.optimization.optimizers._optimizer import CLIPPINGS
from barenet.optimizers import ClipNorm, ClipValue


@pytest.mark.parametrize("limit", ["0.5", "5", "100"])
def test_clipping_agrees_with_pytorch(pytorch, limit):
    """PyTorch divides by norm + 1e-6, so its result is shorter by that."""
    figures = pytorch["clipping"]
    gradient = np.array(figures["gradient"])
    norm = np.linalg.norm(gradient)
    for name, clipping in (("value", ClipValue(float(limit))), ("norm", ClipNorm(float(limit)))):
        clipped = gradient.copy()
        clipping.clip(clipped)
        if name == "norm" and norm > float(limit):
            clipped *= norm / (norm + 1e-6)
        np.testing.assert_allclose(clipped, figures[name][limit], rtol=1e-14)


@pytest.mark.parametrize("kind", CLIPPINGS.values())
def test_clipping_is_in_place_and_preserves_the_dtype(kind, dtype):
    gradient = np.array([3, -4, 0], dtype)
    kind(1.0).clip(gradient)
    assert gradient.dtype == dtype
    assert np.abs(gradient).max() <= 1
    zero = np.zeros(3, dtype)
    kind(1.0).clip(zero)
    assert not zero.any()
    kind(1.0).clip(np.zeros(0, dtype))


@pytest.mark.parametrize("kind", CLIPPINGS.values())
def test_a_gradient_whose_square_overflows_is_clipped(kind):
    """1e25 squared is beyond float32: a norm of infinity would leave a gradient of zero."""
    gradient = np.array([3e25, -4e25], np.float32)
    kind(1.0).clip(gradient)
    expected = {"norm": [0.6, -0.8], "value": [1, -1]}[kind.name]
    np.testing.assert_allclose(gradient, expected, rtol=1e-6)


@pytest.mark.parametrize("kind", CLIPPINGS.values())
def test_nan_gradients_stay_nan(kind):
    """It must reach the guard that ends the run, and not be made harmless."""
    gradient = np.array([1.0, np.nan])
    kind(1.0).clip(gradient)
    assert np.isnan(gradient[1])
