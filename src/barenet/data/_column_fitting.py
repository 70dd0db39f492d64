"""Fits the encodings of columns to the training rows; the formulas are scikit-learn's."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.data._column import Column
from barenet.data._column_types import (
    COLUMNS,
    BooleanColumn,
    CategoryColumn,
    DateColumn,
    DroppedColumn,
    NumberColumn,
    seconds,
)
from barenet.data._frame import Frame
from barenet.data._scaling import LEAST
from barenet.errors import DataError

#: From this many rows on, a column with this fraction of different values is an identifier.
ENOUGH_ROWS, NEARLY_DIFFERENT = 20, 0.9

#: How dates and truth values are shown in the reason why a column is dropped.
_SHOWN: dict[str, type] = {"date": str, "boolean": bool}


@dataclass(frozen=True)
class FitOptions:
    """How columns are fitted: the scaling of numbers, the rare categories, the missing values."""

    numbers: str
    rare: float
    missing: tuple[str, ...]


def fit_column(
    frame: Frame, name: str, kind: str, options: FitOptions, *, is_guess: bool
) -> Column:
    """Fit the encoding of a column, whose kind was given by the user or is a guess."""
    if kind == "dropped":
        return DroppedColumn(name, "dropped by request")
    values = COLUMNS[kind].parse(frame, name, options.missing)
    is_missing = values == "" if kind == "category" else np.isnan(values)
    known = values[~is_missing]
    if not len(known):
        return DroppedColumn(name, "no value in any row")
    if not is_missing.any() and bool((known == known[0]).all()):
        shown = known[:1].astype(_SHOWN.get(kind, known.dtype)).tolist()[0]
        return DroppedColumn(name, f"{shown!r} in every row")
    if kind == "category":
        return _fit_category(name, known, options.rare, missing=is_missing.any(), is_guess=is_guess)
    if kind == "boolean":
        return BooleanColumn(name, fill=known.mean() > 0.5, indicator=is_missing.any())
    numbers = np.where(is_missing, np.nan, seconds(values)) if kind == "date" else values
    fill, center, scale = _measure(name, numbers, options.numbers)
    if kind == "date":
        return DateColumn(name, fill, center, scale, _cycles(known), indicator=is_missing.any())
    return NumberColumn(name, fill, center, scale, indicator=is_missing.any())


def _fit_category(
    name: str, labels: NDArray[Any], rare: float, *, missing: bool, is_guess: bool
) -> Column:
    """Fit a column of categories: those frequent enough have an output of their own."""
    found, counts = np.unique(labels, return_counts=True)
    if is_guess and len(labels) >= ENOUGH_ROWS and len(found) > NEARLY_DIFFERENT * len(labels):
        reason = f"it names the rows: {len(found):,} different values in {len(labels):,} rows"
        return DroppedColumn(name, reason)
    is_rare = counts < (rare if rare >= 1 else rare * len(labels))
    if is_rare.all() and not missing:
        return DroppedColumn(name, f"each of its {len(found):,} values is rare")
    frequent = tuple(found[~is_rare].tolist())
    return CategoryColumn(name, frequent, rare=bool(is_rare.any()), missing=missing)


def _measure(name: str, values: NDArray[np.float64], scale: str) -> tuple[float, float, float]:
    """The median of a column, and its center and scale once it is filled with the median."""
    is_missing = np.isnan(values)
    with np.errstate(over="ignore", invalid="ignore"):
        fill = np.median(values[~is_missing])
        filled = np.where(is_missing, fill, values)
        center, spread = SCALES[scale](filled)
    if np.isin(filled, [0, 1]).all():
        center, spread = 0.0, 1.0
    if not np.isfinite([fill, center, spread]).all() or abs(spread) < LEAST:
        raise DataError(
            f"column {name!r}: {scale} is beyond float64 for its numbers "
            f"(from {np.nanmin(values):g} to {np.nanmax(values):g})"
        )
    return float(fill), float(center), float(spread)


def _cycles(dates: NDArray[Any]) -> tuple[str, ...]:
    """The cycles in which dates differ; dates that are all the first of a month have no week."""
    days, months = dates.astype("M8[D]"), dates.astype("M8[M]")
    differ = {
        "year": np.unique(months.astype(np.int64) % 12),
        "week": np.unique(days - months),
        "day": np.unique(dates - days),
    }
    return tuple(cycle for cycle, values in differ.items() if len(values) > 1)


def _standardize(values: NDArray[np.float64]) -> tuple[float, float]:
    """Mean and standard deviation, in the steps of scikit-learn's StandardScaler."""
    n, epsilon = len(values), np.finfo(np.float64).eps
    mean = values.sum() / n
    rest = values - mean
    variance = (np.square(rest).sum() - np.square(rest.sum()) / n) / n
    rounding = n * epsilon * variance + (n * mean * epsilon) ** 2
    return mean, 1.0 if variance <= rounding < np.inf else np.sqrt(variance)


def _robust(values: NDArray[np.float64]) -> tuple[float, float]:
    """Median and interquartile range, or 1 where that is a rounding error."""
    lower, upper = np.percentile(values, (25, 75))
    spread = upper - lower
    return np.median(values), 1.0 if spread < 10 * np.finfo(np.float64).eps else spread


def _none(values: NDArray[np.float64]) -> tuple[float, float]:
    return 0.0, 1.0


def _minmax(values: NDArray[np.float64]) -> tuple[float, float]:
    return values.min(), np.ptp(values) or 1.0


#: The center and the scale of a column, by the name of the scaling.
SCALES: dict[str, Callable[[NDArray[np.float64]], tuple[float, float]]] = {
    "standardize": _standardize,
    "robust": _robust,
    "minmax": _minmax,
    "none": _none,
}
