"""Hills and valleys: a surface to fit that is not flat, which the named data sets do not have."""

from __future__ import annotations

import numpy as np
from numpy.random import RandomState

from barenet.data.dataset import Dataset
from barenet.data.recipe import Recipe

__all__ = ["HILLS", "hills"]

#: What the set is called.
HILLS = "hills"

#: Centres, two rows of three, and whether the ground goes up or down there.
CENTRES = np.array([[-4, 3], [0, 3], [4, 3], [-4, -3], [0, -3], [4, -3]], np.float64)
SIGNS = np.array([1, -1, 1, -1, 1, -1], np.float64)
WIDTH = 1.5


def hills(samples: int, noise: float, data_seed: int) -> Dataset:
    """Make a surface of six round hills and valleys over a square of side 12.

    The height is y = Σₖ sₖ exp(−‖x − cₖ‖² / (2 · 1.5²)), a sum of Gaussians of sign sₖ = ±1 that
    alternates; noise is normal, and added to it.

    Parameters
    ----------
    samples : int
        How many rows to make.
    noise : float
        Standard deviation of the noise.
    data_seed : int
        Fixes the rows.

    Returns
    -------
    Dataset
        Two features and a number to predict.

    Examples
    --------
    >>> hills(50, 0.0, 0).X.shape
    (50, 2)
    """
    rng = RandomState(data_seed)
    X = rng.uniform(-6, 6, (samples, 2))
    squares = ((X[:, None] - CENTRES) ** 2).sum(axis=2)
    y = (SIGNS * np.exp(-squares / (2 * WIDTH**2))).sum(axis=1)
    return Dataset(
        name=HILLS,
        X=X,
        y=y + noise * rng.standard_normal(samples),
        classes=None,
        feature_names=("x1", "x2"),
        target_name="y",
        description="six round hills and valleys, a surface to fit",
        recipe=Recipe(samples=samples, noise=noise, data_seed=data_seed),
    )
