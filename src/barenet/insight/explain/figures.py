"""Figures: numbers as words of the same look, and what there is to say of too many of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.insight.explain.limits import LARGEST_ENTRIES, MEAN_DIGITS

if TYPE_CHECKING:
    from barenet.insight.explain.document import Equation

__all__ = [
    "Largest",
    "blocks",
    "breadth",
    "digits",
    "largest",
    "matrix",
    "shape",
    "statistics",
]


class Largest(NamedTuple):
    """One of the largest entries: where it is, and what it is; of a gradient also as it should be.

    The last two are None for what is no gradient.
    """

    place: tuple[int, ...]
    value: float
    difference: float | None
    apart: float | None


def digits(value: Any, precision: int) -> str:
    """Write a number.

    Examples
    --------
    >>> digits(0.25, 6), digits(1 / 3, 6), digits(-0.0, 6), digits(1e-12, 3)
    ('0.25', '0.333333', '0', '1e-12')
    """
    return f"{float(value) + 0.0:.{precision}g}"


def matrix(value: NDArray[Any], precision: int, blank: str = " ") -> list[list[str]]:
    """Write a matrix, the points of a column's numbers in one line.

    Examples
    --------
    >>> matrix(np.array([[1.5], [-20.0]]), 6)
    [['  1.5'], ['-20  ']]
    """
    words = [[digits(entry, precision) for entry in row] for row in np.atleast_2d(value)]
    columns = [_aligned(list(column), blank) for column in zip(*words, strict=True)]
    return [list(row) for row in zip(*columns, strict=True)]


def breadth(value: NDArray[Any], precision: int) -> int:
    """Count the letters that a matrix is wide, with two between its columns."""
    return sum(len(word) + 2 for word in matrix(value, precision)[0]) - 2


def blocks(value: NDArray[Any], precision: int, room: int) -> list[slice]:
    """Cut a matrix into blocks of columns that have room side by side.

    Examples
    --------
    >>> blocks(np.arange(10.0).reshape(1, 10), 6, 16)
    [slice(0, 6, None), slice(6, 10, None)]
    """
    widths = [len(word) + 2 for word in matrix(value, precision)[0]]
    found, start = [], 0
    for end in range(1, len(widths) + 1):
        if end == len(widths) or sum(widths[start : end + 1]) - 2 > room:
            found.append(slice(start, end))
            start = end
    return found


def shape(sizes: tuple[int, ...]) -> str:
    """Write a shape.

    Examples
    --------
    >>> shape((2, 3)), shape((3,)), shape(())
    ('(2, 3)', '(3,)', '')
    """
    return str(tuple(map(int, sizes))) if sizes else ""


def statistics(value: NDArray[Any], precision: int, room: int, *, with_largest: bool = True) -> str:
    """Say in a line what there is in an array.

    Examples
    --------
    >>> statistics(np.array([[1.0, 2.0, -9.0]]), 3, 60)
    'mean -2, std 4.97; largest -9 at [0, 2], 2 at [0, 1]'
    >>> statistics(np.zeros((2, 5)), 3, 60)
    'all 0'
    """
    if (value == value.flat[0]).all():
        return f"all {digits(value.flat[0], precision)}"
    exact, rough = value.astype(np.float64), min(precision, MEAN_DIGITS)
    with np.errstate(over="ignore", invalid="ignore"):
        said = f"mean {digits(exact.mean(), rough)}, std {digits(exact.std(), rough)}"
    if not exact.all():
        said += f", zeros {(exact == 0).mean():.0%}"
    for number, entry in enumerate(largest(value) if with_largest else ()):
        more = f"{digits(entry.value, precision)} at {list(entry.place)}"
        longer = f"{said}{', ' if number else '; largest '}{more}"
        if number and len(longer) > room:
            break
        said = longer
    return said


def largest(value: NDArray[Any], equation: Equation | None = None) -> Iterator[Largest]:
    """Find the entries that are furthest from 0."""
    differences = equation.differences if equation else None
    apart = equation.apart if equation else None
    order = np.argsort(-np.abs(value), axis=None, kind="stable")[:LARGEST_ENTRIES]
    for flat in order:
        index = tuple(int(place) for place in np.unravel_index(flat, value.shape))
        known = differences is not None and apart is not None
        yield Largest(
            index,
            float(value[index]),
            float(differences[index]) if known and differences is not None else None,
            float(apart[index]) if known and apart is not None else None,
        )


def _aligned(words: list[str], blank: str) -> list[str]:
    """Fill up the words of a column, such that their points are in one line."""
    ends = [_point(word) for word in words]
    before = max(ends)
    after = max(len(word) - end for word, end in zip(words, ends, strict=True))
    return [
        blank * (before - end) + word + blank * (after - len(word) + end)
        for word, end in zip(words, ends, strict=True)
    ]


def _point(word: str) -> int:
    """Find the end of a number's whole part."""
    found = [place for sign in ".e" if (place := word.find(sign)) >= 0]
    return min(found, default=len(word))
