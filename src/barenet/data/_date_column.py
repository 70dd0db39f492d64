"""A column of dates or times: the seconds since 1970, and the place in the year, week and day."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from barenet.data._column import FilledColumn, check_scale, signed
from barenet.data._frame import Frame
from barenet.data._parsing import as_datetimes
from barenet.errors import ArgumentError

__all__ = ["DateColumn", "seconds"]

_DAY = 86_400.0


@dataclass(frozen=True)
class DateColumn(FilledColumn):
    """Dates and times: ``(s - center) / scale`` with s the seconds since 1970, and cycles.

    Each cycle has two outputs, ``sin(2 pi f)`` and ``cos(2 pi f)``, with f the elapsed fraction of
    the year, of the week (in whole days, from Monday) or of the day. So the last of December is
    near the first of January.

    Attributes
    ----------
    name : str
        Name of the column.
    fill : float
        Replaces a missing date: the median of the training rows, in seconds since 1970.
    center : float
        Subtracted from the values.
    scale : float
        Divisor; its absolute value is 2e-308 at least.
    cycles : tuple of str
        Some of ``"year"``, ``"week"`` and ``"day"``.
    indicator : bool
        Whether one more output is 1 where the value is missing, else 0.

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

    kind: ClassVar[str] = "date"
    fill: float
    center: float
    scale: float
    cycles: tuple[str, ...]
    indicator: bool

    def __post_init__(self) -> None:
        super().__post_init__()
        check_scale(self.scale)
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
        change = f"(s {signed(-self.center)}) / {self.scale:.6g}{cycles}"
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


def seconds(dates: NDArray[Any]) -> NDArray[np.float64]:
    """Seconds since 1970 of dates in microseconds."""
    return dates.astype(np.int64) / 1e6


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
