"""The formulas of the generated data sets: points of the plane and of a curve, with noise.

Random numbers come from ``numpy.random.RandomState``, whose stream is frozen, so that the rows of
a seed stay the same from one version of NumPy to the next. Noise is normal, and its standard
deviation is given: it moves the points of classes, and the targets of a curve or surface.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

__all__ = ["Points", "circles", "gaussians", "hills", "moons", "plane", "sine", "spirals", "xor"]

#: X of shape (samples, n_features), float64, and y of shape (samples,).
Points = tuple[NDArray[np.float64], NDArray[Any]]

#: Of the hills: their centres, two rows of three, and whether the ground goes up or down there.
_CENTRES = np.array([[-4, 3], [0, 3], [4, 3], [-4, -3], [0, -3], [4, -3]], np.float64)
_SIGNS = np.array([1, -1, 1, -1, 1, -1], np.float64)
_WIDTH = 1.5


def moons(samples: int, noise: float, rng: RandomState) -> Points:
    """Two half circles that reach into each other, from scikit-learn."""
    from sklearn.datasets import make_moons

    X, y = make_moons(samples, noise=noise, random_state=rng)
    return X, y


def circles(samples: int, noise: float, rng: RandomState) -> Points:
    """A circle of radius 1/2 within one of radius 1, from scikit-learn."""
    from sklearn.datasets import make_circles

    X, y = make_circles(samples, noise=noise, factor=0.5, random_state=rng)
    return X, y


def spirals(samples: int, noise: float, rng: RandomState) -> Points:
    """Two arms r = t, half a turn apart, of 7/4 turns each, out to a radius of 5.

    A point of arm k at share s of its arm lies at radius 5 s and angle 2π (7/4 s + k/2).
    """
    y = np.arange(samples) % 2
    share = (np.arange(samples) // 2 + 1) / ((samples + 1) // 2)
    angle = 2 * math.pi * (1.75 * share + y / 2)
    arms = 5 * share[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return arms + noise * rng.standard_normal(arms.shape), y


def xor(samples: int, noise: float, rng: RandomState) -> Points:
    """A square of side 10 in four quarters, 0.6 apart; opposite quarters are one class."""
    gap = 0.3
    X = rng.uniform(-1, 1, (samples, 2))
    X = np.copysign(gap, X) + (5 - gap) * X
    y = X[:, 0] * X[:, 1] < 0
    return X + noise * rng.standard_normal(X.shape), y


def gaussians(samples: int, noise: float, rng: RandomState) -> Points:
    """Two round clouds around (-2, -2) and (2, 2), the noise their standard deviation."""
    y = np.arange(samples) % 2
    centres = np.where(y[:, None] == 1, 2.0, -2.0)
    return centres + noise * rng.standard_normal((samples, 2)), y


def sine(samples: int, noise: float, rng: RandomState) -> Points:
    """Two periods of y = (sin x + 1) / 2, at even steps of x from -2π to 2π."""
    x = np.linspace(-2 * math.pi, 2 * math.pi, samples)
    y = (np.sin(x) + 1) / 2
    return x[:, None], y + noise * rng.standard_normal(samples)


def plane(samples: int, noise: float, rng: RandomState) -> Points:
    """The tilted plane y = (x1 + x2) / 10 over a square of side 12."""
    X = rng.uniform(-6, 6, (samples, 2))
    return X, X.sum(axis=1) / 10 + noise * rng.standard_normal(samples)


def hills(samples: int, noise: float, rng: RandomState) -> Points:
    """Six round hills and valleys y = Σₖ sₖ exp(−‖x − cₖ‖² / (2 · 1.5²)) over a square of side 12.

    A sum of Gaussians whose signs sₖ = ±1 alternate.
    """
    X = rng.uniform(-6, 6, (samples, 2))
    squares = ((X[:, None] - _CENTRES) ** 2).sum(axis=2)
    y = (_SIGNS * np.exp(-squares / (2 * _WIDTH**2))).sum(axis=1)
    return X, y + noise * rng.standard_normal(samples)
