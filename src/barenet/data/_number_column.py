"""Columns of numbers: scaled, and in pieces."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.data._column import FilledColumn
from barenet.data._parsing import as_numbers
from barenet.data._scaling import MIN_SCALE
from barenet.errors import ArgumentError


@dataclass(frozen=True)
class NumberColumn(FilledColumn):
    """Numbers: ``(x - center) / scale``.

    Attributes
    ----------
    fill : float
        Replaces a missing number: the median of the training rows.

    Examples
    --------
    >>> NumberColumn("age", 40.0, center=30.0, scale=5.0, indicator=True).encode(
    ...     np.array([35.0, np.nan])
    ... )
    array([[1., 0.],
           [2., 1.]])
    """

    kind = "number"
    parse = staticmethod(as_numbers)
    fill: float
    center: float
    scale: float
    indicator: bool

    @property
    def formula(self) -> str:
        change = "x" if (self.center, self.scale) == (0, 1) else self._scaled("x")
        return f"{change}, where missing x = {self.fill:.6g}"


@dataclass(frozen=True)
class PiecewiseColumn(NumberColumn):
    """Numbers, scaled, and the position in each of several pieces of their range.

    A piece from a to b has the output ``(x - a) / (b - a)``, but 0 below a and 1 above b. The first
    and the last piece are open: their outputs go on to -1 and to 2. So the first layer of a network
    can weight each part of the range by itself.

    Attributes
    ----------
    edges : tuple of float
        Where the pieces begin and end, in ascending order.

    Raises
    ------
    ValueError
        If a field is not valid.

    Examples
    --------
    >>> age = PiecewiseColumn("age", 40.0, 30.0, 5.0, indicator=False, edges=(20.0, 30.0, 40.0))
    >>> age.outputs
    ('age', 'age 20..30', 'age 30..40')
    >>> age.encode(np.array([25.0, 45.0]))
    array([[-1. ,  0.5,  0. ],
           [ 3. ,  1. ,  1.5]])
    """

    kind = "piecewise"
    edges: tuple[float, ...]

    def __post_init__(self) -> None:
        super().__post_init__()
        with np.errstate(over="ignore"):
            widths = np.diff(self.edges)
        if not (len(widths) and (widths >= MIN_SCALE).all() and np.isfinite(widths).all()):
            expected = "two or more numbers in ascending order"
            raise ArgumentError.of("edges", self.edges, expected)

    @cached_property
    def _value_names(self) -> tuple[str, ...]:
        pairs = zip(self.edges, self.edges[1:], strict=False)
        return (self.name, *(f"{self.name} {a:.4g}..{b:.4g}" for a, b in pairs))

    @property
    def formula(self) -> str:
        first, *_, last = self.edges
        count = len(self.edges) - 1
        return f"{super().formula}; {count} pieces from {first:.6g} to {last:.6g}"

    @property
    def limits(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The least and the greatest output of each piece."""
        low, high = np.zeros(len(self.edges) - 1), np.ones(len(self.edges) - 1)
        low[0], high[-1] = -1, 2
        return low, high

    def _encode(self, values: NDArray[np.float64]) -> list[Any]:
        edges = np.array(self.edges)
        parts = (values[:, np.newaxis] - edges[:-1]) / np.diff(edges)
        return [*super()._encode(values), *np.clip(parts, *self.limits).T]
