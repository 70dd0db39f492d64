"""The random split of rows into two sets, the same as scikit-learn's ``train_test_split``.

It needs only NumPy, while importing scikit-learn takes a second.
"""

import math

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray


def random_split(
    n_rows: int, test_size: float, seed: int, labels: NDArray[np.int64] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw the rows of the training set and of the test set; with labels, in equal proportions.

    >>> random_split(5, 0.4, seed=0)
    (array([1, 3, 4]), array([2, 0]))
    """
    n_test = math.ceil(test_size * n_rows)
    n_train = n_rows - n_test
    rng = RandomState(seed)
    if n_train < 1:
        raise ValueError(f"no row of {n_rows} is left to train on")
    if labels is None:
        order = rng.permutation(n_rows)
        return order[n_test:], order[:n_test]
    _, codes, counts = np.unique(labels, return_inverse=True, return_counts=True)
    for name, size in {"training": n_train, "test": n_test}.items():
        if size < len(counts):
            problem = f"{len(counts)} classes need as many rows in the {name} set, which has {size}"
            raise ValueError(problem)
    rows_by_class = codes.argsort(kind="stable")
    ends_of_classes = counts.cumsum()
    rows_of = np.split(rows_by_class, ends_of_classes[:-1])
    train_counts = _shares(counts, n_train, rng)
    test_counts = _shares(counts - train_counts, n_test, rng)
    ends = train_counts + test_counts
    train_parts = []
    test_parts = []
    for rows, first, end in zip(rows_of, train_counts, ends, strict=True):
        rows = rows[rng.permutation(len(rows))]
        train_parts.append(rows[:first])
        test_parts.append(rows[first:end])
    train = rng.permutation(np.concatenate(train_parts))
    test = rng.permutation(np.concatenate(test_parts))
    return train, test


def _shares(counts: NDArray[np.int64], total: int, rng: RandomState) -> NDArray[np.int64]:
    """Divide a total in proportion to counts; the largest remainders are rounded up."""
    exact = counts / counts.sum() * total
    shares = np.floor(exact)
    missing = int(total - shares.sum())
    remainders = exact - shares
    largest_first = np.unique(remainders)[::-1]
    for remainder in largest_first:
        if missing == 0:
            break
        tied = np.flatnonzero(remainders == remainder)
        n_chosen = min(len(tied), missing)
        chosen = rng.choice(tied, size=n_chosen, replace=False)  # ties are broken at random
        shares[chosen] += 1
        missing -= n_chosen
    return shares.astype(np.int64)
