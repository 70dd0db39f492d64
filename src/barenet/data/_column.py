"""The encoding of one table column as numbers, by its kind.

An encoding is fitted once, on the training rows, and is plain data: its formula can be written in
another language.
"""

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import convert_fields
from barenet._registry import lookup
from barenet.data._parsing import as_booleans, as_datetimes, as_labels, as_numbers
from barenet.data._scaling import MIN_SCALE
from barenet.errors import ArgumentError

#: A text of any length.
Text = Annotated[str, ("max_length", 2**31)]

_DAY = 86_400.0


@dataclass(frozen=True)
class Column(ABC):
    """The encoding of one column.

    Attributes
    ----------
    kind : str
        Its key in `COLUMNS`.
    name : str
        Name of the column.
    """

    kind: ClassVar[str]
    #: Parses a column of a frame, shape (n_rows,), given its name and the texts of missing values.
    parse = staticmethod(as_labels)
    name: Text

    def __post_init__(self) -> None:
        convert_fields(self)

    @property
    @abstractmethod
    def outputs(self) -> tuple[str, ...]:
        """Names of the encoded numbers."""

    @property
    @abstractmethod
    def formula(self) -> str:
        """The encoding in one line."""

    @abstractmethod
    def encode(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Encode values of `parse`, shape (n_rows, n_outputs)."""

    @abstractmethod
    def typical(self, encoded: NDArray[np.float64]) -> NDArray[np.float64]:
        """The encoding of a typical value, given encoded rows, shape (n_outputs,)."""

    def to_dict(self) -> dict[str, Any]:
        """Convert to JSON data, for `column_from_dict`."""
        plain = {"kind": self.kind, **dataclasses.asdict(self)}
        return {k: list(value) if isinstance(value, tuple) else value for k, value in plain.items()}


class FilledColumn(Column):
    """A column whose missing values are replaced by `fill`, and marked where `indicator` is set.

    Attributes
    ----------
    indicator : bool
        Whether one more output is 1 where the value is missing, else 0.
    """

    fill: Any
    indicator: bool

    @property
    def outputs(self) -> tuple[str, ...]:
        names = self._value_names
        return (*names, f"{self.name} missing") if self.indicator else names

    @property
    def _value_names(self) -> tuple[str, ...]:
        """Names of the outputs but the indicator."""
        return (self.name,)

    @property
    def _fill_value(self) -> Any:
        return float(self.fill)

    def encode(self, values: NDArray[Any]) -> NDArray[np.float64]:
        missing = np.isnan(values)
        encoded = self._encode(np.where(missing, self._fill_value, values))
        return np.column_stack([*encoded, missing] if self.indicator else encoded)

    @abstractmethod
    def _encode(self, values: NDArray[Any]) -> list[Any]:
        """Encode values of which none is missing, an array for each output."""

    def typical(self, encoded: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.encode(np.array([self._fill_value]))[0]


class ScaledColumn(FilledColumn):
    """A column of numbers or dates, which are shifted by `center` and divided by `scale`.

    Attributes
    ----------
    center : float
        Subtracted from the values.
    scale : float
        Divisor; its absolute value is 2e-308 at least.

    Raises
    ------
    ValueError
        If the scale is too small to divide by.
    """

    center: float
    scale: float

    def __post_init__(self) -> None:
        super().__post_init__()
        if abs(self.scale) < MIN_SCALE:
            raise ArgumentError.of("scale", self.scale, "a number that is not 0")

    def _scaled(self, letter: str) -> str:
        """The formula of the shift and the scale."""
        sign = "+" if self.center <= 0 else "-"
        return f"({letter} {sign} {abs(self.center):.6g}) / {self.scale:.6g}"


@dataclass(frozen=True)
class NumberColumn(ScaledColumn):
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

    def _encode(self, values: NDArray[np.float64]) -> list[Any]:
        return [(values - self.center) / self.scale]


@dataclass(frozen=True)
class BooleanColumn(FilledColumn):
    """Truth values: 1 for true and 0 for false.

    Attributes
    ----------
    fill : bool
        Replaces a missing value: the more frequent one of the training rows, false in a tie.

    Examples
    --------
    >>> BooleanColumn("member", fill=True, indicator=False).encode(np.array([0.0, np.nan]))
    array([[0.],
           [1.]])
    """

    kind = "boolean"
    parse = staticmethod(as_booleans)
    fill: bool
    indicator: bool

    @property
    def formula(self) -> str:
        return f"1 if true, 0 if false, where missing {int(self.fill)}"

    def _encode(self, values: NDArray[np.float64]) -> list[Any]:
        return [values]


@dataclass(frozen=True)
class CategoryColumn(Column):
    """Categories, one-hot: 1 for the category of the row, 0 for the others.

    Attributes
    ----------
    categories : tuple of str
        The categories that have an output each, in this order.
    rare : bool
        Whether one more output stands for rare and new categories; else a new one is all 0.
    missing : bool
        Whether one more output stands for missing values; else they are new categories.

    Raises
    ------
    ValueError
        If a field is not valid.

    Examples
    --------
    >>> towns = CategoryColumn("town", ("Paris", "Rome"), rare=True, missing=False)
    >>> towns.outputs
    ('town=Paris', 'town=Rome', 'town rare')
    >>> towns.encode(np.array(["Rome", "Oslo"]))
    array([[0., 1., 0.],
           [0., 0., 1.]])
    """

    kind = "category"
    categories: tuple[Text, ...]
    rare: bool
    missing: bool

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(set(self.categories)) < len(self.categories) or "" in self.categories:
            expected = "different names, none of them empty"
            raise ArgumentError.of("categories", self.categories, expected)

    @cached_property
    def outputs(self) -> tuple[str, ...]:
        others = [word for word in ("rare", "missing") if getattr(self, word)]
        named = [f"{self.name}={category}" for category in self.categories]
        return (*named, *(f"{self.name} {word}" for word in others))

    @property
    def formula(self) -> str:
        others = "rare and new ones share one" if self.rare else "a new one is all 0"
        return f"one-hot: 1 for its own category, 0 for the others; {others}"

    @cached_property
    def _output_indices(self) -> dict[str, int]:
        """The output of each label."""
        indices = {category: at for at, category in enumerate(self.categories)}
        return indices | {"": len(self.outputs) - 1} if self.missing else indices

    def encode(self, values: NDArray[Any]) -> NDArray[np.float64]:
        other = len(self.categories) if self.rare else -1
        indices = np.array([self._output_indices.get(label, other) for label in values.tolist()])
        return (indices[:, np.newaxis] == np.arange(len(self.outputs))).astype(np.float64)

    def typical(self, encoded: NDArray[np.float64]) -> NDArray[np.float64]:
        most = encoded.sum(axis=0).argmax()
        return (np.arange(len(self.outputs)) == most).astype(np.float64)


@dataclass(frozen=True)
class DateColumn(ScaledColumn):
    """Dates and times: ``(s - center) / scale`` with s the seconds since 1970, and cycles.

    Each cycle has two outputs, ``sin(2 pi f)`` and ``cos(2 pi f)``, with f the elapsed fraction of
    the year, of the week (in whole days, from Monday) or of the day. So the last of December is
    near the first of January.

    Attributes
    ----------
    fill : float
        Replaces a missing date: the median of the training rows, in seconds since 1970.
    cycles : tuple of str
        Some of ``"year"``, ``"week"`` and ``"day"``.

    Raises
    ------
    ValueError
        If a field is not valid.

    Examples
    --------
    >>> day = DateColumn("day", 0.0, center=0.0, scale=86400.0, cycles=("week",), indicator=False)
    >>> day.outputs
    ('day', 'day week sin', 'day week cos')
    >>> day.encode(np.array(["1970-01-12"], "M8[us]"))  # a Monday
    array([[11.,  0.,  1.]])
    """

    kind = "date"
    parse = staticmethod(as_datetimes)
    fill: float
    center: float
    scale: float
    cycles: tuple[str, ...]
    indicator: bool

    def __post_init__(self) -> None:
        super().__post_init__()
        if not abs(self.fill) < 2**42:
            raise ArgumentError.of("fill", self.fill, "seconds since 1970")
        if not set(self.cycles) <= _FRACTIONS.keys() or len(set(self.cycles)) < len(self.cycles):
            raise ArgumentError.of("cycles", self.cycles, f"some of {', '.join(_FRACTIONS)}")

    @property
    def _value_names(self) -> tuple[str, ...]:
        waves = [f"{self.name} {cycle} {wave}" for cycle in self.cycles for wave in ("sin", "cos")]
        return (self.name, *waves)

    @property
    def formula(self) -> str:
        fill = np.datetime64(round(self.fill), "s")
        cycles = f", sin and cos of the {', '.join(self.cycles)}" if self.cycles else ""
        return f"{self._scaled('s')}{cycles}, s in seconds, where missing {fill}"

    @property
    def _fill_value(self) -> np.datetime64:
        return np.datetime64(round(self.fill * 1e6), "us")

    def _encode(self, values: NDArray[Any]) -> list[Any]:
        dates = values.astype("M8[us]")
        angles = [2 * np.pi * _FRACTIONS[cycle](dates) for cycle in self.cycles]
        waves = [wave(angle) for angle in angles for wave in (np.sin, np.cos)]
        return [(seconds(dates) - self.center) / self.scale, *waves]


@dataclass(frozen=True)
class DroppedColumn(Column):
    """A column that is left out.

    Attributes
    ----------
    reason : str
        The reason.

    Examples
    --------
    >>> DroppedColumn("country", "'France' in every row").outputs
    ()
    """

    kind = "dropped"
    outputs = ()
    reason: Text

    @property
    def formula(self) -> str:
        return self.reason

    def encode(self, values: NDArray[Any]) -> NDArray[np.float64]:
        return np.empty((len(values), 0))

    def typical(self, encoded: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.empty(0)


def seconds(dates: NDArray[Any]) -> NDArray[np.float64]:
    """Seconds since 1970 of dates in microseconds."""
    return dates.astype(np.int64) / 1e6


def _of_the_year(dates: NDArray[Any]) -> NDArray[np.float64]:
    year = dates.astype("M8[Y]")
    start, end = year.astype("M8[us]"), (year + 1).astype("M8[us]")
    return (dates - start) / (end - start)


#: The elapsed fraction of each cycle; the first day of 1970 was a Thursday.
_FRACTIONS: dict[str, Callable[[NDArray[Any]], NDArray[np.float64]]] = {
    "year": _of_the_year,
    "week": lambda dates: (np.floor(seconds(dates) / _DAY) + 3) % 7 / 7,
    "day": lambda dates: seconds(dates) % _DAY / _DAY,
}

#: The kinds of columns by name.
COLUMNS: dict[str, type[Column]] = {
    kind.kind: kind
    for kind in (NumberColumn, CategoryColumn, BooleanColumn, DateColumn, DroppedColumn)
}


def column_from_dict(plain: Any) -> Column:
    """Make a column from the data of `Column.to_dict`."""
    if not isinstance(plain, dict) or not isinstance(plain.get("kind"), str):
        raise ArgumentError.of("column", plain, "a dictionary with a kind")
    kind: Callable[..., Column] = lookup(COLUMNS, plain["kind"], "kind")
    try:
        return kind(**{name: value for name, value in plain.items() if name != "kind"})
    except TypeError as error:
        raise ArgumentError(str(error), argument="column", value=plain) from error
