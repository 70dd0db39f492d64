"""The two-dimensional slice of the inputs that the pictures show, and features of its axes.

For data with more than two columns, two are the axes. The others are fixed at their median or most
frequent value, and can be moved to another one, given as a text, as in an address. For images, it
is the plane of the first two principal components.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from barenet import Dataset, Scaling
from barenet.data._column import Column, FilledColumn
from barenet.data._column_kinds import BooleanColumn, CategoryColumn, DateColumn, NumberColumn
from barenet.data._named import GENERATED
from barenet.errors import ArgumentError, some

Array = NDArray[np.float64]

#: Margin around the points, as a fraction of their extent.
MARGIN = 0.08
#: Categories without a name; no label begins with a space.
RARE, NO_VALUE = " rare", " missing"
#: The largest number that a column can be moved to.
MAX_VALUE = 1e30
#: Maximum number of rows that determine the principal components.
MAX_AXES_ROWS = 2000


@dataclass(frozen=True)
class Feature:
    """A function of the two columns of the picture."""

    label: str
    #: Takes both columns, arrays of shape (n_rows,), and returns an array of that shape.
    formula: Callable[[Array, Array], Array]
    #: The same as Python source, with ``u`` of shape (n_rows, 2).
    code: str


FEATURES = {
    "x1": Feature("x₁", lambda a, b: a, "u[:, 0]"),
    "x2": Feature("x₂", lambda a, b: b, "u[:, 1]"),
    "x1^2": Feature("x₁²", lambda a, b: a * a, "u[:, 0] ** 2"),
    "x2^2": Feature("x₂²", lambda a, b: b * b, "u[:, 1] ** 2"),
    "x1*x2": Feature("x₁x₂", lambda a, b: a * b, "u[:, 0] * u[:, 1]"),
    "sin(x1)": Feature("sin x₁", lambda a, b: np.sin(a), "np.sin(u[:, 0])"),
    "sin(x2)": Feature("sin x₂", lambda a, b: np.sin(b), "np.sin(u[:, 1])"),
}


def unscaled(n_columns: int) -> Scaling:
    """The scaling that changes nothing."""
    return Scaling("none", np.zeros(n_columns), np.ones(n_columns))


@dataclass(frozen=True, eq=False)
class FeatureMap:
    """Computes a network's inputs from raw rows."""

    #: Names from `FEATURES`; empty if every column is an input.
    names: tuple[str, ...] = ()
    #: The columns of the picture's axes.
    columns: Sequence[int] = ()
    #: The scaling of these columns, for features other than the columns themselves.
    scaling: Scaling = field(default_factory=lambda: unscaled(2))

    @classmethod
    def fit(cls, dataset: Dataset, names: tuple[str, ...], columns: Sequence[int]) -> Self:
        """Keep the features that the data have columns for, and standardize real columns."""
        has_second = dataset.n_features > 1
        names = tuple(n for n in names if n in FEATURES and (has_second or "x2" not in n))
        kind = "none" if dataset.name in GENERATED else "standardize"
        axes = np.asarray(dataset.X, np.float64)[:, columns]
        return cls(names or ("x1",), columns, Scaling.fit(kind, axes))

    def apply(self, X: Array) -> Array:
        """Compute the inputs, shape (n_rows, n_inputs)."""
        if not self.names:
            return X
        axes = X[:, self.columns]
        units, own = self.scaling.transform(axes).T, {"x1": axes[:, 0], "x2": axes[:, -1]}
        return np.column_stack(
            [own[n] if n in own else FEATURES[n].formula(units[0], units[-1]) for n in self.names]
        )

    def input_names(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        """Name the inputs, given the names of all columns."""
        if not self.names:
            return columns
        own = {"x1": columns[self.columns[0]], "x2": columns[self.columns[-1]]}
        return tuple(own.get(name, name) for name in self.names)


@dataclass(frozen=True, eq=False)
class Plane:
    """A rectangle in the space of the rows."""

    #: Names of the two axes; one name for a curve.
    names: tuple[str, ...]
    #: Corners in the axes' units, shape (2,).
    low: Array
    high: Array
    #: Computes the rows at points, shape (n_points, n_columns), with the others typical.
    typical_rows: Callable[[Array], Array]
    #: Encoded values of columns that are moved elsewhere, by their places in a row.
    fixed: Mapping[int, Array] = field(default_factory=dict)

    def rows(self, points: Array) -> Array:
        """Compute the rows at points, shape (n_points, n_columns)."""
        rows = self.typical_rows(points)
        for start, values in self.fixed.items():
            rows[:, start : start + len(values)] = values
        return rows

    @classmethod
    def around(cls, points: Array, names: tuple[str, ...], rows: Callable[[Array], Array]) -> Self:
        """The rectangle around points, with a margin."""
        low, high = points.min(axis=0), points.max(axis=0)
        room = np.where(high > low, MARGIN * (high - low), 1.0)
        return cls(names, low - room, high + room, rows)

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

    def positions(self, points: Array) -> NDArray[np.float32]:
        """Positions of points as fractions of the rectangle, shape (n_points, 2)."""
        return ((points - self.low) / (self.high - self.low)).astype(np.float32)


def middle_pixel(shape: tuple[int, int]) -> int:
    """Index of the pixel in the middle of an image of a height and a width."""
    return shape[0] // 2 * shape[1] + shape[1] // 2


def principal_plane(X: Array) -> tuple[Plane, Array]:
    """The plane through the mean along the first two principal components; and the points on it."""
    mean, main, _ = principal_axes(X[:: -(-len(X) // MAX_AXES_ROWS)])
    main *= np.sign(main.sum(axis=1, keepdims=True))
    points, names = (X - mean) @ main.T, ("1st main direction", "2nd main direction")
    return Plane.around(points, names, lambda points: mean + points @ main), points


def principal_axes(X: NDArray[np.floating]) -> tuple[Array, Array, Array]:
    """The mean, the first two principal components as rows, and their shares of the variance."""
    mean = X.mean(axis=0, dtype=np.float64)
    _, lengths, directions = np.linalg.svd(X - mean, full_matrices=False)
    shares = lengths**2 / (np.square(lengths).sum() or 1.0)
    return mean, directions[:2], shares[:2]


def plane_along(
    axes: Mapping[int, NumberColumn], X: Array, y: Array, typical: Array, reach: float
) -> tuple[Plane, Array]:
    """The plane along columns by their places in the encoded rows X; and the points on it.

    Without rows, it lies around the typical one, and extends `reach` scales of the columns.
    """

    def rows(points: Array) -> Array:
        made = np.tile(typical, (len(points), 1))
        for (start, column), values in zip(axes.items(), points.T, strict=False):
            encoded = column.encode(values)
            made[:, start : start + encoded.shape[1]] = encoded
        return made

    points = np.column_stack([X[:, at] * c.scale + c.center for at, c in axes.items()])
    ends = [[c.fill + s * abs(c.scale) for c in axes.values()] for s in (-reach, reach)]
    if len(axes) == 1:
        points, ends = np.column_stack([points, y]), [[*end, 0.0] for end in ends]
    names = tuple(column.name for column in axes.values())
    return Plane.around(points if len(points) else np.array(ends), names, rows), points


def with_starts(columns: Sequence[Column]) -> list[tuple[int, Column]]:
    """Columns with their first places in encoded rows."""
    ends = accumulate(len(column.outputs) for column in columns)
    return list(zip([0, *ends], columns, strict=False))


def typical_row(columns: Sequence[Column], X: Array) -> Array:
    """The encoded row of the columns' median or most frequent values, given the encoded rows."""
    parts = []
    for start, column in with_starts(columns):
        if isinstance(column, FilledColumn):
            parts.append(column.encode(np.array([column.fill_value]))[0])
        else:
            counts = X[:, start : start + len(column.outputs)].sum(axis=0)
            parts.append(np.eye(len(counts))[counts.argmax()])
    return np.concatenate(parts)


def check_axes(names: Sequence[str], axes: tuple[str, ...]) -> tuple[str, ...]:
    """The columns of the axes; by default the first two."""
    chosen = axes or tuple(names[:2])
    if wrong := [name for name in chosen if name not in names]:
        problem = f"no column {wrong[0]!r} to learn from; there are {some(names)}"
        raise ArgumentError(problem, argument="axes")
    if len(set(chosen)) != len(chosen):
        raise ArgumentError(f"{chosen[0]!r} twice; choose two columns", argument="axes")
    return chosen


@dataclass(frozen=True, eq=False, kw_only=True)
class FixedColumn:
    """A column beside the axes of a picture."""

    column: Column
    #: Its first place in the encoded rows.
    start: int
    #: Its default value, as text.
    typical: str
    #: Its range, of a number or a date, and whether its numbers are whole.
    low: str = ""
    high: str = ""
    whole: bool = False
    #: Its possible values, as the column encodes them; empty for a number or a date.
    choices: Mapping[str, Any] = field(default_factory=dict)
    #: The value that it was moved to, as text.
    moved: str | None = None

    @property
    def name(self) -> str:
        """Name of the column."""
        return self.column.name

    def encode(self, text: str) -> Array:
        """Encode a value, shape (n_outputs,)."""
        expected = some([*map(repr, self.choices)]) if self.choices else "a number"
        if self.choices and text in self.choices:
            return self.column.encode(np.array([self.choices[text]]))[0]
        if not self.choices:
            is_date = isinstance(self.column, DateColumn)
            try:
                value = np.array([text], "M8[us]") if is_date else np.array([float(text)])
            except ValueError:
                value = np.array([np.nan])
            expected = "a date such as 2024-12-31" if is_date else expected
            if not np.isnan(value[0]) and (is_date or abs(value[0]) <= MAX_VALUE):
                return self.column.encode(value)[0]
        raise ArgumentError.of("fixed", text, f"for {self.name!r} {expected}")

    def describe(self) -> dict[str, Any]:
        """Describe the column for the page."""
        return {
            "name": self.name,
            "kind": self.column.kind,
            "value": self.typical if self.moved is None else self.moved,
            "moved": self.moved is not None,
            "low": self.low,
            "high": self.high,
            "whole": self.whole,
            "choices": [*self.choices],
        }


def fixed_column(column: Column, start: int, X: Array, typical: Array, reach: float) -> FixedColumn:
    """A column at its first place in the encoded rows X, and in the typical one.

    Without rows, its range extends `reach` scales to both sides.
    """
    place: dict[str, Any] = {"column": column, "start": start}
    if isinstance(column, CategoryColumn):
        choices = {label: label for label in column.categories}
        choices |= {RARE: RARE} if column.rare else {}
        choices |= {NO_VALUE: ""} if column.missing else {}
        at = int(typical[start : start + len(choices)].argmax())
        return FixedColumn(typical=[*choices][at], choices=choices, **place)
    assert isinstance(column, FilledColumn)
    if isinstance(column, BooleanColumn):
        truth = {"false": 0.0, "true": 1.0}
        return FixedColumn(typical=str(column.fill).lower(), choices=truth, **place)
    numbers = X[:, start] * column.scale + column.center
    if not len(X):
        numbers = column.fill + np.array([-reach, reach]) * abs(column.scale)
    is_date = isinstance(column, DateColumn)
    ends = numbers.min(), column.fill, numbers.max()
    low, middle, high = (_date(each) if is_date else f"{each:.6g}" for each in ends)
    whole = len(X) > 0 and bool(np.allclose(numbers, np.rint(numbers), rtol=0, atol=1e-6))
    return FixedColumn(typical=middle, low=low, high=high, whole=whole, **place)


def _date(seconds: float) -> str:
    return str(np.datetime64(round(float(seconds)), "s"))[:10]
