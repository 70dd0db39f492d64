"""The rectifiers by hand: on both sides of the corner, and on it."""

from __future__ import annotations

import numpy as np
import pytest

from barenet.model.activations import ELU, Identity, LeakyReLU, ReLU


def both(activation, Z):
    """f(Z) and f′(Z)."""
    A = activation.forward(Z)
    return A.tolist(), activation.derivative(Z, A).tolist()


def test_by_hand():
    Z = np.array([[-2.0, 3.0]])
    assert both(ReLU(), Z) == ([[0, 3]], [[0, 1]])
    assert both(Identity(), Z) == ([[-2, 3]], [[1, 1]])
    assert both(LeakyReLU(slope=0.25), Z) == ([[-0.5, 3]], [[0.25, 1]])
    # 4 (e⁻² − 1) and 4 e⁻²
    A, slope = both(ELU(alpha=4.0), Z)
    assert A[0] == pytest.approx([4 * np.expm1(-2), 3], rel=1e-15)
    assert slope[0] == pytest.approx([4 * np.exp(-2), 1], rel=1e-14)


def test_relu_at_its_kink():
    Z = np.array([[-0.0, 0.0]])
    assert both(ReLU(), Z)[1] == [[0, 0]]
    assert both(LeakyReLU(slope=0.2), Z)[1] == [[0.2, 0.2]]
