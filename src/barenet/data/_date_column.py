"""Columns of dates and times."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.data._column import FilledColumn
from barenet.data._parsing import as_datetimes
from barenet.errors import ArgumentError

_DAY = 86_400.0


@dataclass(frozen=True)
class DateColumn(FilledColumn):
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
    def fill_value(self) -> np.datetime64:
        return np.datetime64(round(self.fill * 1e6), "us")

    def _encode(self, values: NDArray[Any]) -> list[Any]:
        dates = values.astype("M8[us]")
        angles = [2 * np.pi * _FRACTIONS[cycle](dates) for cycle in self.cycles]
        waves = [wave(angle) for angle in angles for wave in (np.sin, np.cos)]
        return [*super()._encode(seconds(dates)), *waves]


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
