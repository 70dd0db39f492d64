"""Mini-batches of arrays, for training loops that users write."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import check_count


def batches(
    X: NDArray[Any],
    y: NDArray[Any],
    *,
    size: int = 32,
    rng: np.random.Generator | int | None = None,
) -> Iterator[tuple[NDArray[Any], NDArray[Any]]]:
    """Split the rows into mini-batches, for a user-defined training loop.

    Parameters
    ----------
    X, y : ndarray of shape (n_samples, n_features) and (n_samples, ...)
        The samples and their targets.
    size : int, default=32
        Rows in a batch; the last batch has the rest.
    rng : numpy.random.Generator or int, optional
        Shuffles the rows; by default they keep their order. `train` orders them by seed and epoch.

    Yields
    ------
    X_batch, y_batch : ndarray of shape (size, n_features) and (size, ...)
        The next samples and their targets.

    Raises
    ------
    ValueError
        If X and y differ in length, or the size is not a whole number of 1 or more.

    Examples
    --------
    >>> X, y = np.arange(10).reshape(5, 2), np.arange(5)
    >>> [y_batch.tolist() for _, y_batch in batches(X, y, size=2)]
    [[0, 1], [2, 3], [4]]
    """
    size, X, y = check_count(size, "size"), np.asarray(X), np.asarray(y)
    if len(X) != len(y):
        raise ValueError(f"y: has {len(y)} rows, and X has {len(X)}")
    order = np.arange(len(X)) if rng is None else np.random.default_rng(rng).permutation(len(X))
    for start in range(0, len(X), size):
        indices = order[start : start + size]
        yield X[indices], y[indices]
