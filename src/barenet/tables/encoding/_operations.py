"""The operations by which the values of a column become inputs of a network.

Exports are written in terms of them. Exported Python files contain this module.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: The cycles that `elapsed` knows.
CYCLES = ("year", "week", "day")

#: The parts of a date, with the names of their values.
PARTS = {
    "month": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "weekday": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "hour": tuple(f"hour {hour}" for hour in range(24)),
}


def filled(values: NDArray[Any], fill: Any) -> NDArray[Any]:
    """Replace missing values, which are NaN, or NaT for dates."""
    return np.where(np.isnan(values), fill, values)


def scaled(
    values: NDArray[np.float64],
    center: float,
    scale: float,
    low: float = -math.inf,
    high: float = math.inf,
) -> NDArray[np.float64]:
    """Compute (x - center) / scale, not below low nor above high."""
    return np.clip((values - center) / scale, low, high)


def positions(values: NDArray[np.float64], edges: Sequence[float]) -> NDArray[np.float64]:
    """Compute the position in each bin, shape (n_values, n_bins): 0 before the bin and 1 after it.

    The first bin is open below, where the position goes on to -1; the last one above, to 2.
    """
    n_bins = len(edges) - 1
    low = np.zeros(n_bins)
    low[0] = -1
    high = np.ones(n_bins)
    high[-1] = 2
    starts = edges[:-1]
    widths = np.diff(edges)
    return np.clip((values[:, np.newaxis] - starts) / widths, low, high)


def equals(
    values: NDArray[Any], numbers: Sequence[float], others: bool = False
) -> NDArray[np.bool_]:
    """Compare values with numbers, shape (n_values, n_numbers); others add: equal to none."""
    is_equal = values[:, np.newaxis] == np.array(numbers)
    if not others:
        return is_equal
    is_other = ~is_equal.any(axis=1)
    return np.column_stack([is_equal, is_other])


def one_hot(inputs: NDArray[np.intp], n_inputs: int) -> NDArray[np.bool_]:
    """Return whether each input is that of the row, shape (n_rows, n_inputs); -1 is none."""
    return inputs[:, np.newaxis] == np.arange(n_inputs)


def waves(dates: NDArray[Any], cycle: str) -> NDArray[np.float64]:
    """Compute the sine and the cosine of a cycle, shape (n_dates, 2)."""
    angles = 2 * np.pi * elapsed(dates.astype("M8[us]"), cycle)
    return np.column_stack([np.sin(angles), np.cos(angles)])


def seconds(dates: NDArray[Any]) -> NDArray[np.float64]:
    """Seconds since 1970 of dates, NaN for a missing one."""
    microseconds = dates.astype("M8[us]").astype(np.int64)
    return np.where(np.isnat(dates), np.nan, microseconds / 1e6)


def part_of(dates: NDArray[Any], part: str) -> NDArray[np.intp]:
    """Compute a part of dates: the month, the weekday or the hour, from 0, or the day since 1970.

    The month 0 is January, and the weekday 0 is Monday.
    """
    dates = dates.astype("M8[us]")
    if part == "day":
        return dates.astype("M8[D]").astype(np.int64)
    if part == "month":
        return dates.astype("M8[M]").astype(np.int64) % 12
    if part == "weekday":
        day = dates.astype("M8[D]").astype(np.int64)
        return (day + 3) % 7  # the first day of 1970 was a Thursday
    return dates.astype("M8[h]").astype(np.int64) % 24


def elapsed(dates: NDArray[Any], cycle: str) -> NDArray[np.float64]:
    """Compute the elapsed fraction of the year, the week (whole days, from Monday) or the day."""
    if cycle == "year":
        year = dates.astype("M8[Y]")
        # NumPy 2.5 deprecates adding a plain 1, which has no unit.
        next_year = year + np.timedelta64(1, "Y")
        start = year.astype("M8[us]")
        end = next_year.astype("M8[us]")
        return (dates - start) / (end - start)
    if cycle == "week":
        day = np.floor(seconds(dates) / 86400.0)
        weekday = (day + 3) % 7  # 0 is Monday, as the first day of 1970 was a Thursday
        return weekday / 7
    seconds_of_day = seconds(dates) % 86400.0
    return seconds_of_day / 86400.0
