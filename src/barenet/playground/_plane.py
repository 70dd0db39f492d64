"""The two-dimensional slice of the inputs that the pictures show.

Of data with more than two columns, two are the axes and the others are fixed at their median. Of
images, it is the plane of the first two principal components.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.data._dataset import Dataset
from barenet.data._number_column import NumberColumn, PiecewiseColumn
from barenet.data._scaling import Scaling
from barenet.errors import ArgumentError, some

Array = NDArray[np.float64]

#: Margin around the points, as a fraction of their extent.
MARGIN = 0.08


@dataclass(frozen=True, eq=False)
class Plane:
    """A rectangle in the space of raw rows."""

    #: Names of the two axes; one name for a curve.
    names: tuple[str, ...]
    #: Corners in the axes' units, shape (2,).
    low: Array
    high: Array
    #: The raw row at the axes' zeros, shape (n_features,).
    origin: Array
    #: Change of the row by a step along each axis, shape (2, n_features).
    directions: Array
    #: The columns of the axes whose encoding has pieces: each axis, with the first output.
    pieces: Mapping[int, tuple[int, PiecewiseColumn]] = field(default_factory=dict)

    def grid(self, side: int) -> Array:
        """Points on a grid over the rectangle, shape (side * side, 2)."""
        steps = (np.arange(side) + 0.5) / side
        across = self.low[0] + (self.high[0] - self.low[0]) * steps
        down = self.high[1] - (self.high[1] - self.low[1]) * steps
        return np.column_stack([np.tile(across, side), np.repeat(down, side)])

    def line(self, count: int) -> Array:
        """Points along the horizontal axis, shape (count, 2)."""
        across = np.linspace(self.low[0], self.high[0], count)
        return np.column_stack([across, np.zeros(count)])

    def rows(self, points: Array) -> Array:
        """Raw rows of points, shape (n_points, n_features)."""
        rows = self.origin + points @ self.directions
        for axis, (place, column) in self.pieces.items():
            encoded = column.encode(points[:, axis])
            rows[:, place : place + encoded.shape[1]] = encoded
        return rows

    def positions(self, points: Array) -> NDArray[np.float32]:
        """Positions of points as fractions of the rectangle, shape (n_points, 2)."""
        return ((points - self.low) / (self.high - self.low)).astype(np.float32)


def plane_of(dataset: Dataset, axes: tuple[str, ...]) -> tuple[Plane, Array, list[int]]:
    """Choose the plane for data; returns it, the positions of the rows, and the axes' columns."""
    X, names = np.asarray(dataset.X, np.float64), dataset.feature_names
    if dataset.image_shape is not None:
        return (*_principal_plane(X), [])
    columns = column_indices(names, axes)
    chosen = {i: NumberColumn(names[i], 0.0, 0.0, 1.0, indicator=False) for i in columns}
    return (*plane_along(chosen, X, dataset.y, np.median(X, axis=0)), columns)


def number_columns(
    names: Sequence[str], scaling: Scaling, middle: float = 0.0
) -> list[NumberColumn]:
    """Columns of numbers with a scaling; missing values become a scaled one."""
    numbers = zip(names, scaling.offset.tolist(), (1 / scaling.factor).tolist(), strict=True)
    return [
        NumberColumn(name, center + middle * scale, center, scale, indicator=False)
        for name, center, scale in numbers
    ]


def plane_along(
    axes: dict[int, NumberColumn], X: Array, y: NDArray[Any], typical: Array, reach: float = 0.0
) -> tuple[Plane, Array]:
    """The plane along scaled columns around the rows, or around the typical values; and the points.

    X and the typical values are scaled; the plane and the points are in units of the columns.
    """
    directions, origin = np.zeros((2, len(typical))), typical.copy()
    for direction, (place, column) in zip(directions, axes.items(), strict=False):
        origin[place] = (0.0 - column.center) / column.scale
        direction[place] = 1 / column.scale
    points = np.column_stack([X[:, i] * c.scale + c.center for i, c in axes.items()])
    ends = np.array([[c.fill + s * abs(c.scale) for c in axes.values()] for s in (-reach, reach)])
    if len(axes) == 1:
        points = np.column_stack([points, y.astype(np.float64)])
        ends = np.column_stack([ends, np.zeros(2)])
    names = tuple(column.name for column in axes.values())
    plane = plane_around(points if len(points) else ends, names, origin, directions)
    in_pieces = {
        axis: (place, column)
        for axis, (place, column) in enumerate(axes.items())
        if isinstance(column, PiecewiseColumn)
    }
    return replace(plane, pieces=in_pieces), points


def column_indices(names: Sequence[str], axes: tuple[str, ...]) -> list[int]:
    """Indices of the columns of the axes; by default the first two."""
    chosen = axes or names[:2]
    if wrong := [name for name in chosen if name not in names]:
        problem = f"no column {wrong[0]!r} to learn from; there are {some(names)}"
        raise ArgumentError(problem, argument="axes")
    if len(set(chosen)) != len(chosen):
        raise ArgumentError(f"{chosen[0]!r} twice; choose two columns", argument="axes")
    return [names.index(name) for name in chosen]


def _principal_plane(X: Array) -> tuple[Plane, Array]:
    """The plane through the mean along the first two principal components."""
    mean = X.mean(axis=0)
    _, vectors = np.linalg.eigh(np.cov(X.T))
    main: NDArray[Any] = vectors[:, [-1, -2]].T
    main *= np.sign(main.sum(axis=1, keepdims=True))
    points = (X - mean) @ main.T
    return plane_around(points, ("1st main direction", "2nd main direction"), mean, main), points


def plane_around(points: Array, names: tuple[str, ...], origin: Array, directions: Array) -> Plane:
    """The rectangle around points, with a margin."""
    low, high = points.min(axis=0), points.max(axis=0)
    room = np.where(high > low, MARGIN * (high - low), 1.0)
    return Plane(names, low - room, high + room, origin, directions)
