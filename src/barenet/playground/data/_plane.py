"""The two-dimensional slice of the inputs that the pictures show, and features of its axes.

If the data have more than two columns, two of them are the axes. The others are fixed at their
median or most frequent value, and can be moved to another value, which is given as text, as in an
address. For images, the slice is the plane of the first two principal components.
"""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import ceil
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from barenet import Scaling, TableEncoding
from barenet._messages import some
from barenet.datasets._dataset import Dataset
from barenet.datasets._named_datasets import GENERATED
from barenet.errors import ArgumentError
from barenet.playground.state._features import FEATURES
from barenet.tables.encoding._column import Column, FilledColumn
from barenet.tables.encoding._column_kinds import (
    BooleanColumn,
    CategoryColumn,
    DateColumn,
    NumberColumn,
)
from barenet.tables.encoding._scaling import no_scaling
from barenet.tables.encoding._words_column import WordsColumn

Array = NDArray[np.float64]

#: Margin around the points, as a fraction of their extent.
MARGIN = 0.08
#: Labels of unnamed categories and texts; no other label begins with a space.
RARE = " rare"
NO_WORD = " no word"
NO_VALUE = " missing"
#: Maximum absolute number that a column can be moved to.
MAX_VALUE = 1e30
#: Maximum number of rows for computing the principal components.
MAX_AXES_ROWS = 2000


@dataclass(frozen=True, eq=False)
class FeatureMap:
    """Computes the inputs of a network from raw rows."""

    #: Names from `FEATURES`; empty if every column is an input.
    names: tuple[str, ...] = ()
    #: The columns of the axes of the picture.
    columns: Sequence[int] = ()
    #: The scaling of these columns, for features that are not the columns themselves.
    scaling: Scaling = field(default_factory=lambda: no_scaling(2))

    @classmethod
    def fit(cls, dataset: Dataset, names: tuple[str, ...], columns: Sequence[int]) -> Self:
        """Select the features that the data have columns for, and standardize real columns."""
        kept = []
        for name in names:
            needs_second = "x2" in name
            if name in FEATURES and (dataset.n_features > 1 or not needs_second):
                kept.append(name)
        method = "none" if dataset.name in GENERATED else "standardize"
        X = np.asarray(dataset.X, np.float64)
        axes = X[:, columns]
        scaling = Scaling.fit(method, axes)
        return cls(tuple(kept) or ("x1",), columns, scaling)

    def apply(self, X: Array) -> Array:
        """Compute the inputs, shape (n_rows, n_inputs)."""
        if not self.names:
            return X
        axes = X[:, self.columns]
        unscaled_columns = {"x1": axes[:, 0], "x2": axes[:, -1]}
        units = self.scaling.transform(axes).T
        first = units[0]
        second = units[-1]  # the same as the first one if there is no other
        inputs = []
        for name in self.names:
            if name in unscaled_columns:
                inputs.append(unscaled_columns[name])
            else:
                feature = FEATURES[name]
                inputs.append(feature.compute(first, second))
        return np.column_stack(inputs)

    def input_names(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        """Name the inputs, given the names of all columns."""
        if not self.names:
            return columns
        first = columns[self.columns[0]]
        second = columns[self.columns[-1]]
        axes = {"x1": first, "x2": second}
        return tuple(axes.get(name, name) for name in self.names)


@dataclass(frozen=True, eq=False)
class Plane:
    """A rectangle in the space of the rows."""

    #: Names of the two axes; a single name for a curve.
    names: tuple[str, ...]
    #: Corners in the units of the axes, shape (2,).
    low: Array
    high: Array
    #: Computes rows from points, shape (n_points, n_columns), with typical values in other columns.
    typical_rows: Callable[[Array], Array]
    #: Encoded values of columns that have been moved, by their positions in a row.
    fixed: Mapping[int, Array] = field(default_factory=dict)
    #: The encoding of the rows, if they are encoded.
    encoding: TableEncoding | None = None

    def rows(self, points: Array) -> Array:
        """Compute the rows at points, shape (n_points, n_columns)."""
        rows = self.typical_rows(points)
        for start, values in self.fixed.items():
            rows[:, start : start + len(values)] = values
        if self.encoding is not None and self.encoding.n_pairs:
            # Typical rows along columns have no inputs for pairs of columns yet.
            missing = np.zeros((len(rows), self.encoding.n_inputs - rows.shape[1]))
            rows = np.column_stack([rows, missing])
            self.encoding.set_pairs(rows)
        return rows

    @classmethod
    def around(
        cls,
        points: Array,
        names: tuple[str, ...],
        rows: Callable[[Array], Array],
    ) -> Self:
        """Make a rectangle around points, with a margin."""
        low = points.min(axis=0)
        high = points.max(axis=0)
        extent = high - low
        room = np.where(high > low, MARGIN * extent, 1.0)
        return cls(names, low - room, high + room, rows)

    def grid(self, side: int) -> Array:
        """Return points on a grid over the rectangle, shape (side * side, 2)."""
        steps = (np.arange(side) + 0.5) / side
        left, bottom = self.low
        right, top = self.high
        across = left + (right - left) * steps
        down = top - (top - bottom) * steps
        columns = np.tile(across, side)
        rows = np.repeat(down, side)
        return np.column_stack([columns, rows])

    def line(self, count: int) -> Array:
        """Return points along the horizontal axis, shape (count, 2)."""
        across = np.linspace(self.low[0], self.high[0], count)
        return np.column_stack([across, np.zeros(count)])

    def positions(self, points: Array) -> NDArray[np.float32]:
        """Return the positions of points as fractions of the rectangle, shape (n_points, 2)."""
        fractions = (points - self.low) / (self.high - self.low)
        return fractions.astype(np.float32)


def principal_plane(X: Array) -> tuple[Plane, Array]:
    """Fit the plane of the first two principal components through the mean; also project points."""
    step = ceil(len(X) / MAX_AXES_ROWS)
    axes = principal_axes(X[::step])
    signs = np.sign(axes.directions.sum(axis=1, keepdims=True))
    directions = signs * axes.directions
    mean = axes.mean
    points = (X - mean) @ directions.T
    names = ("1st main direction", "2nd main direction")
    plane = Plane.around(points, names, lambda points: mean + points @ directions)
    return plane, points


class PrincipalAxes(NamedTuple):
    """The mean of points, and their first two principal components."""

    mean: Array
    #: Shape (2, n_columns).
    directions: Array
    #: The fractions of the variance along the directions.
    shares: Array


def principal_axes(X: NDArray[np.floating]) -> PrincipalAxes:
    """Compute the mean of rows and their principal components."""
    mean = X.mean(axis=0, dtype=np.float64)
    _, lengths, directions = np.linalg.svd(X - mean, full_matrices=False)
    total = np.square(lengths).sum()
    if total == 0:  # all rows are equal
        total = 1.0
    shares = lengths**2 / total
    return PrincipalAxes(mean, directions[:2], shares[:2])


def plane_along(
    axes: Mapping[int, NumberColumn], X: Array, y: Array, *, typical: Array
) -> tuple[Plane, Array]:
    """Make the plane along columns, by their positions in encoded rows X, and project points."""

    def rows(points: Array) -> Array:
        made = np.tile(typical, (len(points), 1))
        for (start, column), values in zip(axes.items(), points.T, strict=False):
            encoded = column.encode(values)
            made[:, start : start + encoded.shape[1]] = encoded
        return made

    coordinates = []
    for place, column in axes.items():
        scaled = X[:, place]
        coordinates.append(scaled * column.scale + column.center)
    if len(axes) == 1:  # a curve, with the target on the vertical axis
        coordinates.append(y)
    points = np.column_stack(coordinates)
    names = tuple(column.name for column in axes.values())
    return Plane.around(points, names, rows), points


class PlacedColumn(NamedTuple):
    """A column, and its first position in encoded rows."""

    start: int
    column: Column


def place_columns(columns: Sequence[Column]) -> list[PlacedColumn]:
    """Find the first position of each column in encoded rows."""
    start = 0
    placed = []
    for column in columns:
        placed.append(PlacedColumn(start, column))
        start += len(column.inputs)
    return placed


def typical_row(columns: Sequence[Column], X: Array) -> Array:
    """Encode the median or most frequent value of each column, given the encoded rows.

    A typical text has none of its column's words, as most texts have few of them.
    """
    parts = []
    for start, column in place_columns(columns):
        if isinstance(column, FilledColumn):
            encoded = column.encode(np.array([column.fill_value]))
            parts.append(encoded[0])
        elif isinstance(column, WordsColumn):
            parts.append(np.zeros(len(column.inputs)))
        else:
            encoded = X[:, start : start + len(column.inputs)]
            counts = encoded.sum(axis=0)
            one_hot = np.eye(len(counts))
            parts.append(one_hot[counts.argmax()])
    return np.concatenate(parts)


def check_axes(names: Sequence[str], axes: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns of the axes, which are the first two by default."""
    chosen = axes or tuple(names[:2])
    for name in chosen:
        if name not in names:
            problem = f"no column {name!r} to learn from; there are {some(names)}"
            raise ArgumentError(problem, argument="axes")
    if len(set(chosen)) != len(chosen):
        raise ArgumentError(f"{chosen[0]!r} twice; choose two columns", argument="axes")
    return chosen


@dataclass(frozen=True, eq=False, kw_only=True)
class FixedColumn:
    """A column that is not an axis of a picture."""

    column: Column
    #: Its first position in the encoded rows.
    start: int
    #: Its default value, as text.
    typical: str
    #: The range of a number or a date, and whether its values are whole numbers.
    low: str = ""
    high: str = ""
    whole: bool = False
    #: Its possible values, as the column encodes them; empty for numbers and dates.
    choices: Mapping[str, Any] = field(default_factory=dict)
    #: The value that it has been moved to, as text.
    moved: str | None = None

    @property
    def name(self) -> str:
        """Name of the column."""
        return self.column.name

    def encode(self, text: str) -> Array:
        """Encode a value, shape (n_inputs,)."""
        value: NDArray[Any] | None = None
        if self.choices:
            expected = some([repr(choice) for choice in self.choices])
            if text in self.choices:
                value = np.array([self.choices[text]])
        elif isinstance(self.column, DateColumn):
            expected = "a date such as 2024-12-31"
            with suppress(ValueError):
                date = np.array([text], "M8[us]")
                if not np.isnat(date[0]):
                    value = date
        else:
            expected = "a number"
            with suppress(ValueError):
                number = float(text)
                if abs(number) <= MAX_VALUE:  # false for NaN
                    value = np.array([number])
        if value is None:
            raise ArgumentError.of("fixed", text, f"for {self.name!r} {expected}")
        return self.column.encode(value)[0]

    def describe(self) -> dict[str, Any]:
        """Describe the column for the page."""
        value = self.moved if self.moved is not None else self.typical
        return {
            "name": self.name,
            "kind": self.column.kind,
            "value": value,
            "moved": self.moved is not None,
            "low": self.low,
            "high": self.high,
            "whole": self.whole,
            "choices": [*self.choices],
        }


def fixed_column(column: Column, *, start: int, X: Array, typical: Array) -> FixedColumn:
    """Describe a column, given its first position in the encoded rows X and the typical row."""
    if isinstance(column, CategoryColumn):
        choices = {label: label for label in column.categories}
        if column.rare:
            choices[RARE] = RARE
        if column.missing:
            choices[NO_VALUE] = ""
        outputs = typical[start : start + len(choices)]
        most_frequent = list(choices)[int(outputs.argmax())]
        return FixedColumn(column=column, start=start, typical=most_frequent, choices=choices)
    if isinstance(column, WordsColumn):
        texts = {NO_WORD: " "}
        for word in column.words:
            texts[word] = word
        if column.missing:
            texts[NO_VALUE] = ""
        return FixedColumn(column=column, start=start, typical=NO_WORD, choices=texts)
    assert isinstance(column, FilledColumn)
    if isinstance(column, BooleanColumn):
        truth = {"false": 0.0, "true": 1.0}
        default = str(column.fill).lower()
        return FixedColumn(column=column, start=start, typical=default, choices=truth)
    numbers = X[:, start] * column.scale + column.center
    write: Callable[[float], str] = _number
    if isinstance(column, DateColumn):
        write = _date
    is_whole = bool(np.allclose(numbers, np.rint(numbers), rtol=0, atol=1e-6))
    return FixedColumn(
        column=column,
        start=start,
        typical=write(column.fill),
        low=write(numbers.min()),
        high=write(numbers.max()),
        whole=is_whole,
    )


def _number(value: float) -> str:
    return f"{value:.6g}"


def _date(seconds: float) -> str:
    time = np.datetime64(round(float(seconds)), "s")
    return str(time)[:10]
