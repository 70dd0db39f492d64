"""The order of the rows of a file: whether neighbours are alike, as in a series or in groups."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Fewest rows whose order is judged.
_ENOUGH = 50
#: Mean difference between neighbours, relative to that of any two rows, below which they are alike.
_ALIKE = 0.5
#: Fraction of the rows at which a target turns, which one that is sorted does nowhere.
_TURNS = 0.1


def is_ordered(y: NDArray[Any], *, classes: bool) -> bool:
    """Whether the targets of neighbouring rows are alike, and not merely sorted.

    >>> rng = np.random.default_rng(0)
    >>> series = np.cumsum(rng.normal(size=500))
    >>> is_ordered(series, classes=False), is_ordered(np.sort(series), classes=False)
    (True, False)
    >>> is_ordered(rng.permutation(series), classes=False)
    False
    """
    if len(y) < _ENOUGH:
        return False
    if classes:
        steps = (y[1:] != y[:-1]).astype(float)
        expected, turns = 1 - np.square(np.bincount(y) / len(y)).sum(), steps.sum()
    else:
        steps, expected = np.square(np.diff(y)), 2 * np.var(y)
        ups = np.sign(np.diff(y))
        ups = ups[ups != 0]
        turns = (ups[1:] != ups[:-1]).sum()
    return bool(steps.mean() < _ALIKE * expected and turns > _TURNS * len(y))
