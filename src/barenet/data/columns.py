"""The encoding of one table column as numbers, by the kind of the column.

An encoding is fitted once, on the training rows, and is plain data: its formula can be written in
another language.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from barenet.constraints import check_number
from barenet.data.frame import Frame
from barenet.data.parsing import as_booleans, as_datetimes, as_labels, as_numbers
from barenet.data.scaling import LEAST
from barenet.errors import ArgumentError
from barenet.registry import lookup

__all__ = [
    "COLUMNS",
    "BooleanColumn",
    "CategoryColumn",
    "Column",
    "DateColumn",
    "DroppedColumn",
    "NumberColumn",
    "column_from_dict",
    "seconds",
]

_DAY = 86_400.0


@dataclass(frozen=True)
class Column(ABC):
    """The encoding of one column."""

    name: str
    #: Its key in `COLUMNS`.
    kind: ClassVar[str]

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value, kind = getattr(self, field.name), str(field.type)
            if kind == "float":
                object.__setattr__(self, field.name, check_number(value, field.name))
            elif not _CHECKS[kind](value):
                raise ArgumentError.of(field.name, value, kind)

    @property
    @abstractmethod
    def outputs(self) -> tuple[str, ...]:
        """Names of the encoded numbers."""

    @property
    @abstractmethod
    def formula(self) -> str:
        """The encoding in one line."""

    @abstractmethod
    def read(self, frame: Frame, missing: Collection[str]) -> NDArray[Any]:
        """Parse the column's values, shape (n_rows,), for `encode`."""

    @abstractmethod
    def encode(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Encode values of `read`, shape (n_rows, n_outputs)."""

    @abstractmethod
    def usual(self, encoded: NDArray[np.float64]) -> NDArray[np.float64]:
        """The encoding of a typical value, given encoded rows, shape (n_outputs,)."""

    def to_dict(self) -> dict[str, Any]:
        """Convert to JSON data, for `column_from_dict`."""
        fields = dataclasses.asdict(self).items()
        lists = {name: list(value) for name, value in fields if isinstance(value, tuple)}
        return {"kind": self.kind, **dict(fields), **lists}


class FilledColumn(Column):
    """A column whose missing values are replaced by `fill`, and marked where `indicator` is set."""

    fill: Any
    indicator: bool

    @property
    def _fill_value(self) -> Any:
        return float(self.fill)

    def _name_outputs(self, *names: str) -> tuple[str, ...]:
        return (*names, f"{self.name} missing") if self.indicator else names

    def _stack(self, encoded: list[Any], missing: NDArray[np.bool_]) -> NDArray[np.float64]:
        return np.column_stack([*encoded, missing] if self.indicator else encoded)

    def usual(self, encoded: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.encode(np.array([self._fill_value]))[0]


def _check_scale(scale: float) -> None:
    """Refuse a scale that is zero, or too small to divide by."""
    if abs(scale) < LEAST:
        raise ArgumentError.of("scale", scale, "a number that is not 0")


@dataclass(frozen=True)
class NumberColumn(FilledColumn):
    """Numbers: ``(x - center) / scale``, and 1 in a second output where a number is missing.

    >>> NumberColumn("age", 40.0, center=30.0, scale=5.0, indicator=True).encode(
    ...     np.array([35.0, np.nan])
    ... )
    array([[1., 0.],
           [2., 1.]])
    """

    kind: ClassVar[str] = "number"
    fill: float
    center: float
    scale: float
    indicator: bool

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_scale(self.scale)

    @property
    def outputs(self) -> tuple[str, ...]:
        return self._name_outputs(self.name)

    @property
    def formula(self) -> str:
        change = f"(x {_signed(-self.center)}) / {self.scale:.6g}"
        plain = "x" if (self.center, self.scale) == (0, 1) else change
        return f"{plain}, where missing x = {self.fill:.6g}"

    def read(self, frame: Frame, missing: Collection[str]) -> NDArray[np.float64]:
        return as_numbers(frame, self.name, missing)

    def encode(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        missing = np.isnan(values)
        x = np.where(missing, self.fill, values)
        return self._stack([(x - self.center) / self.scale], missing)


@dataclass(frozen=True)
class BooleanColumn(FilledColumn):
    """Truth values: 1 for true and 0 for false, and 1 in a second output where one is missing.

    >>> BooleanColumn("member", fill=True, indicator=False).encode(np.array([0.0, np.nan]))
    array([[0.],
           [1.]])
    """

    kind: ClassVar[str] = "boolean"
    fill: bool
    indicator: bool

    @property
    def outputs(self) -> tuple[str, ...]:
        return self._name_outputs(self.name)

    @property
    def formula(self) -> str:
        return f"1 if true, 0 if false, where missing {int(self.fill)}"

    def read(self, frame: Frame, missing: Collection[str]) -> NDArray[np.float64]:
        return as_booleans(frame, self.name, missing)

    def encode(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        missing = np.isnan(values)
        return self._stack([np.where(missing, float(self.fill), values)], missing)


@dataclass(frozen=True)
class CategoryColumn(Column):
    """Categories, one-hot, with one more output for rare and new ones, and one for missing ones.

    >>> towns = CategoryColumn("town", ("Paris", "Rome"), rare=True, missing=False)
    >>> towns.outputs
    ('town=Paris', 'town=Rome', 'town rare')
    >>> towns.encode(np.array(["Rome", "Oslo"]))
    array([[0., 1., 0.],
           [0., 0., 1.]])
    """

    kind: ClassVar[str] = "category"
    categories: tuple[str, ...]
    #: Whether there is an output for rare and new categories; else a new one is all 0.
    rare: bool
    #: Whether there is an output for missing values; else one is treated as a new category.
    missing: bool

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(set(self.categories)) < len(self.categories) or "" in self.categories:
            expected = "different names, none of them empty"
            raise ArgumentError.of("categories", self.categories, expected)

    @property
    def outputs(self) -> tuple[str, ...]:
        others = [word for word in ("rare", "missing") if getattr(self, word)]
        named = [f"{self.name}={category}" for category in self.categories]
        return (*named, *(f"{self.name} {word}" for word in others))

    @property
    def formula(self) -> str:
        others = "rare and new ones share one" if self.rare else "a new one is all 0"
        return f"one-hot: 1 for its own category, 0 for the others; {others}"

    @cached_property
    def _places(self) -> dict[str, int]:
        """The output of each label."""
        places = {category: at for at, category in enumerate(self.categories)}
        return places | {"": self._n_outputs - 1} if self.missing else places

    @property
    def _n_outputs(self) -> int:
        return len(self.categories) + self.rare + self.missing

    def read(self, frame: Frame, missing: Collection[str]) -> NDArray[Any]:
        return as_labels(frame, self.name, missing)

    def encode(self, values: NDArray[Any]) -> NDArray[np.float64]:
        other = len(self.categories) if self.rare else -1
        places = np.array([self._places.get(label, other) for label in values.tolist()])
        return (places[:, np.newaxis] == np.arange(self._n_outputs)).astype(np.float64)

    def usual(self, encoded: NDArray[np.float64]) -> NDArray[np.float64]:
        most = encoded.sum(axis=0).argmax()
        return (np.arange(self._n_outputs) == most).astype(np.float64)


@dataclass(frozen=True)
class DateColumn(FilledColumn):
    """Dates and times: ``(s - center) / scale`` with s the seconds since 1970, and cycles.

    Each cycle has two outputs, ``sin(2 pi f)`` and ``cos(2 pi f)``, with f the elapsed fraction of
    the year, of the week (in whole days, from Monday) or of the day. So the last of December is
    near the first of January.

    >>> day = DateColumn("day", 0.0, center=0.0, scale=86400.0, cycles=("week",), indicator=False)
    >>> day.outputs
    ('day', 'day week sin', 'day week cos')
    >>> day.encode(np.array(["1970-01-12"], "M8[us]"))  # a Monday
    array([[11.,  0.,  1.]])
    """

    kind: ClassVar[str] = "date"
    fill: float
    center: float
    scale: float
    cycles: tuple[str, ...]
    indicator: bool

    def __post_init__(self) -> None:
        super().__post_init__()
        _check_scale(self.scale)
        if not abs(self.fill) < 2**42:
            raise ArgumentError.of("fill", self.fill, "seconds since 1970")
        if not set(self.cycles) <= _FRACTIONS.keys() or len(set(self.cycles)) < len(self.cycles):
            raise ArgumentError.of("cycles", self.cycles, f"some of {', '.join(_FRACTIONS)}")

    @property
    def outputs(self) -> tuple[str, ...]:
        waves = [f"{self.name} {cycle} {wave}" for cycle in self.cycles for wave in ("sin", "cos")]
        return self._name_outputs(self.name, *waves)

    @property
    def formula(self) -> str:
        fill = np.datetime64(round(self.fill), "s")
        cycles = f", sin and cos of the {', '.join(self.cycles)}" if self.cycles else ""
        change = f"(s {_signed(-self.center)}) / {self.scale:.6g}{cycles}"
        return f"{change}, s in seconds, where missing {fill}"

    def read(self, frame: Frame, missing: Collection[str]) -> NDArray[np.datetime64]:
        return as_datetimes(frame, self.name, missing)

    def encode(self, values: NDArray[Any]) -> NDArray[np.float64]:
        missing = np.isnat(values)
        dates = np.where(missing, self._fill_value, values).astype("M8[us]")
        encoded = [(seconds(dates) - self.center) / self.scale]
        for cycle in self.cycles:
            angle = 2 * np.pi * _FRACTIONS[cycle](dates)
            encoded += [np.sin(angle), np.cos(angle)]
        return self._stack(encoded, missing)

    @property
    def _fill_value(self) -> np.datetime64:
        return np.datetime64(round(self.fill * 1e6), "us")


@dataclass(frozen=True)
class DroppedColumn(Column):
    """A column that is left out, with the reason.

    >>> DroppedColumn("country", "'France' in every row").outputs
    ()
    """

    kind: ClassVar[str] = "dropped"
    reason: str

    @property
    def outputs(self) -> tuple[str, ...]:
        return ()

    @property
    def formula(self) -> str:
        return self.reason

    def read(self, frame: Frame, missing: Collection[str]) -> NDArray[Any]:
        return np.empty(len(frame))

    def encode(self, values: NDArray[Any]) -> NDArray[np.float64]:
        return np.empty((len(values), 0))

    def usual(self, encoded: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.empty(0)


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
    fields = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in plain.items()
        if name != "kind"
    }
    try:
        return kind(**fields)
    except TypeError as error:
        raise ArgumentError(str(error), argument="column", value=plain) from error


def seconds(dates: NDArray[Any]) -> NDArray[np.float64]:
    """Seconds since 1970 of dates in microseconds."""
    return dates.astype(np.int64) / 1e6


def _signed(number: float) -> str:
    """Format a summand: ``+ 2`` or ``- 2``."""
    return f"{'-' if number < 0 else '+'} {abs(number):.6g}"


def _of_the_year(dates: NDArray[Any]) -> NDArray[np.float64]:
    year = dates.astype("M8[Y]")
    start, end = year.astype("M8[us]"), (year + 1).astype("M8[us]")
    return (dates - start) / (end - start)


def _of_the_week(dates: NDArray[Any]) -> NDArray[np.float64]:
    """The first day of 1970 was a Thursday."""
    return (np.floor(seconds(dates) / _DAY) + 3) % 7 / 7


def _of_the_day(dates: NDArray[Any]) -> NDArray[np.float64]:
    return seconds(dates) % _DAY / _DAY


#: The elapsed fraction of each cycle.
_FRACTIONS = {"year": _of_the_year, "week": _of_the_week, "day": _of_the_day}

#: Checks of a field's value, by the annotation.
_CHECKS: dict[str, Callable[[Any], bool]] = {
    "str": lambda value: isinstance(value, str),
    "bool": lambda value: isinstance(value, bool),
    "tuple[str, ...]": lambda value: (
        isinstance(value, tuple) and all(isinstance(text, str) for text in value)
    ),
}
