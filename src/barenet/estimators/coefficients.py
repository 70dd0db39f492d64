"""Coefficients: a network's weights and biases as scikit-learn lists them, without a copy.

Its users write into these lists, array by array or as a whole, to bring weights from elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from numpy.typing import ArrayLike

__all__ = ["Views"]


class Views(list[Any]):
    """Arrays of a network; what is put in the place of one is written into it.

    Examples
    --------
    >>> import numpy as np
    >>> parameters = np.zeros(3)
    >>> views = Views([parameters[:2], parameters[2:]])
    >>> views[0] = [1.0, 2.0]
    >>> parameters
    array([1., 2., 0.])
    """

    def __setitem__(self, index: Any, value: Any) -> None:
        if isinstance(index, slice):
            for view, array in zip(self[index], value, strict=True):
                view[...] = array
        else:
            self[index][...] = value

    def write(self, arrays: Iterable[ArrayLike]) -> None:
        """Write as many arrays of the same shapes into these."""
        self[:] = list(arrays)
