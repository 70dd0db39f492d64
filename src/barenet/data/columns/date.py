"""A column of dates or times: how late it is, and where in the year, the week and the day."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from barenet.data.columns.column import Column, added
from barenet.data.frame import Frame
from barenet.data.reading import as_moments
from barenet.data.scaling import LEAST

__all__ = ["DateColumn"]

_DAY = 86_400.0


@dataclass(frozen=True)
class DateColumn(Column):
    """Dates and times, as numbers.

    The first output is ``(s - center) / scale``, with s the seconds since 1970. Each cycle has two
    more, ``sin(2 pi f)`` and ``cos(2 pi f)``, with f the share that is over of the year, of the
    week (in whole days, from Monday) or of the day: so the last of December is near the first of
    January.

    Attributes
    ----------
    name : str
        The column.
    fill : float
        Stands for a missing date: the training rows' median, in seconds since 1970.
    center : float
        Subtracted from the seconds.
    scale : float
        Divided by; not 0, and no nearer to it than 2e-308.
    cycles : tuple of str
        Which of ``"year"``, ``"week"`` and ``"day"`` the date is placed in.
    indicator : bool
        Whether one more output says 1 where the date is missing, else 0.

    Raises
    ------
    ValueError
        If a field is not what it should be.

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
        if abs(self.scale) < LEAST:
            raise ValueError(f"scale: expected a number that is not 0, got {self.scale}")
        if not abs(self.fill) < 2**42:
            raise ValueError("fill: expected seconds since 1970")
        if not set(self.cycles) <= _FRACTIONS.keys() or len(set(self.cycles)) < len(self.cycles):
            raise ValueError(f"cycles: expected some of {', '.join(_FRACTIONS)}")

    @property
    def outputs(self) -> tuple[str, ...]:
        waves = [f"{self.name} {cycle} {wave}" for cycle in self.cycles for wave in ("sin", "cos")]
        return (self.name, *waves, *([f"{self.name} missing"] if self.indicator else []))

    @property
    def formula(self) -> str:
        fill = np.datetime64(round(self.fill), "s")
        cycles = f", sin and cos of the {', '.join(self.cycles)}" if self.cycles else ""
        change = f"(s {added(-self.center)}) / {self.scale:.6g}{cycles}"
        return f"{change}, s in seconds, where missing {fill}"

    def read(self, frame: Frame, missing: Collection[str]) -> NDArray[np.datetime64]:
        return as_moments(frame, self.name, missing)

    def encode(self, values: NDArray[Any]) -> NDArray[np.float64]:
        missing = np.isnat(values)
        moments = np.where(missing, _moment(self.fill), values).astype("M8[us]")
        encoded = [(seconds(moments) - self.center) / self.scale]
        for cycle in self.cycles:
            angle = 2 * np.pi * _FRACTIONS[cycle](moments)
            encoded += [np.sin(angle), np.cos(angle)]
        return np.column_stack([*encoded, missing] if self.indicator else encoded)

    def usual(self, encoded: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.encode(np.array([_moment(self.fill)]))[0]


def seconds(moments: NDArray[Any]) -> NDArray[np.float64]:
    """Count the seconds since 1970."""
    return moments.astype(np.int64) / 1e6


def _moment(since_1970: float) -> np.datetime64:
    """The moment so many seconds after 1970 began."""
    return np.datetime64(round(since_1970 * 1e6), "us")


def _of_the_year(moments: NDArray[Any]) -> NDArray[np.float64]:
    year = moments.astype("M8[Y]")
    start, end = year.astype("M8[us]"), (year + 1).astype("M8[us]")
    return (moments - start) / (end - start)


def _of_the_week(moments: NDArray[Any]) -> NDArray[np.float64]:
    """The first day of 1970 was a Thursday."""
    return (np.floor(seconds(moments) / _DAY) + 3) % 7 / 7


def _of_the_day(moments: NDArray[Any]) -> NDArray[np.float64]:
    return seconds(moments) % _DAY / _DAY


#: What share of each cycle is over.
_FRACTIONS = {"year": _of_the_year, "week": _of_the_week, "day": _of_the_day}
