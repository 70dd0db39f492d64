"""Fits the encodings of columns to the training rows, with scikit-learn's estimators."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._registry import lookup
from barenet.data._column_types import (
    BooleanColumn,
    CategoryColumn,
    Column,
    DateColumn,
    DroppedColumn,
    NumberColumn,
)
from barenet.data._date_column import seconds
from barenet.data._frame import Frame
from barenet.data._parsing import as_booleans, as_datetimes, as_labels, as_numbers
from barenet.data._scaling import LEAST
from barenet.errors import DataError

__all__ = ["SCALES", "fit_boolean", "fit_category", "fit_date", "fit_numbers"]

#: From this many rows on, a column with this fraction of different values is an identifier.
ENOUGH_ROWS, NEARLY_DIFFERENT = 20, 0.9

#: Numbers that are measured at a time, beside those of one column.
_BLOCK = 2**20

Pair = tuple[NDArray[np.float64], NDArray[np.float64]]


def fit_numbers(
    frame: Frame, names: Sequence[str], missing: Collection[str], scale: str
) -> dict[str, Column]:
    """Fit columns of numbers, in blocks: scikit-learn's overhead per call is large."""
    n_columns = max(1, _BLOCK // len(frame))
    fitted: dict[str, Column] = {}
    for start in range(0, len(names), n_columns):
        values: dict[str, NDArray[np.float64]] = {}
        for name in names[start : start + n_columns]:
            column = as_numbers(frame, name, missing)
            if reason := _constant(column, np.isnan(column)):
                fitted[name] = DroppedColumn(name, reason)
            else:
                values[name] = column
        for name, statistics in _statistics(values, scale).items():
            indicator = bool(np.isnan(values[name]).any())
            fitted[name] = NumberColumn(name, *statistics, indicator=indicator)
    return fitted


def fit_boolean(frame: Frame, name: str, missing: Collection[str]) -> Column:
    """Fit a column of truth values: the more frequent one."""
    values = as_booleans(frame, name, missing)
    is_missing = np.isnan(values)
    if reason := _constant(values.astype(bool), is_missing):
        return DroppedColumn(name, reason)
    most = bool(values[~is_missing].mean() > 0.5)
    return BooleanColumn(name, fill=most, indicator=bool(is_missing.any()))


def fit_date(frame: Frame, name: str, missing: Collection[str], scale: str) -> Column:
    """Fit a column of dates: the median, the scale of the seconds, and its cycles."""
    values = as_datetimes(frame, name, missing)
    is_missing = np.isnat(values)
    if reason := _constant(values.astype(str), is_missing):
        return DroppedColumn(name, reason)
    numbers = np.where(is_missing, np.nan, seconds(values))
    fill, center, factor = _statistics({name: numbers}, scale)[name]
    cycles = _cycles(values[~is_missing])
    return DateColumn(name, fill, center, factor, cycles, indicator=bool(is_missing.any()))


def fit_category(
    frame: Frame, name: str, missing: Collection[str], rare: float, *, is_guess: bool
) -> Column:
    """Fit a column of categories: those frequent enough for an output of their own."""
    from sklearn.preprocessing import OneHotEncoder

    labels = as_labels(frame, name, missing)
    is_missing = labels == ""
    if reason := _constant(labels, is_missing):
        return DroppedColumn(name, reason)
    known = labels[~is_missing]
    encoder = OneHotEncoder(min_frequency=rare or None, handle_unknown="infrequent_if_exist")
    encoder.fit(known[:, np.newaxis])
    (found,), n_rows = encoder.categories_, len(known)
    if is_guess and n_rows >= ENOUGH_ROWS and len(found) > NEARLY_DIFFERENT * n_rows:
        reason = f"it names the rows: {len(found):,} different values in {n_rows:,} rows"
        return DroppedColumn(name, reason)
    infrequent = encoder.infrequent_categories_[0] if rare else None
    is_rare = set() if infrequent is None else set(infrequent.tolist())
    frequent = tuple(label for label in found.tolist() if label not in is_rare)
    if not frequent and not is_missing.any():
        return DroppedColumn(name, f"each of its {len(found):,} values is rare")
    return CategoryColumn(name, frequent, rare=bool(is_rare), missing=bool(is_missing.any()))


def _constant(values: NDArray[Any], is_missing: NDArray[np.bool_]) -> str:
    """The reason why a column carries no information; empty if it does."""
    known = values[~is_missing]
    if not len(known):
        return "no value in any row"
    same = not is_missing.any() and bool((known == known[0]).all())
    return f"{known[:1].tolist()[0]!r} in every row" if same else ""


def _statistics(
    columns: dict[str, NDArray[np.float64]], scale: str
) -> dict[str, tuple[float, float, float]]:
    """The median of each column, and its center and scale once it is filled with the median."""
    from sklearn.impute import SimpleImputer

    if not columns:
        return {}
    values = np.array([*columns.values()]).T  # Fortran order: sums as of each column alone.
    with np.errstate(over="ignore", invalid="ignore"):
        imputer = SimpleImputer(strategy="median").fit(values)
        filled = np.asfortranarray(imputer.transform(values))
        centers, scales = lookup(SCALES, scale, "numbers")(filled)
    is_binary = np.isin(filled, [0, 1]).all(axis=0)
    table = np.array(
        [imputer.statistics_, np.where(is_binary, 0, centers), np.where(is_binary, 1, scales)]
    ).T
    for name, statistics, column in zip(columns, table, values.T, strict=True):
        if not np.isfinite(statistics).all() or abs(statistics[2]) < LEAST:
            raise DataError(
                f"column {name!r}: {scale} is beyond float64 for its numbers "
                f"(from {np.nanmin(column):g} to {np.nanmax(column):g})"
            )
    return dict(zip(columns, map(tuple, table.tolist()), strict=True))


def _cycles(dates: NDArray[Any]) -> tuple[str, ...]:
    """The cycles in which dates differ; dates that are all the first of a month have no week."""
    days, months = dates.astype("M8[D]"), dates.astype("M8[M]")
    differ = {
        "year": np.unique(months.astype(np.int64) % 12),
        "week": np.unique(days - months),
        "day": np.unique(dates - days),
    }
    return tuple(cycle for cycle, values in differ.items() if len(values) > 1)


def _none(values: NDArray[np.float64]) -> Pair:
    return np.zeros(values.shape[1]), np.ones(values.shape[1])


def _standardize(values: NDArray[np.float64]) -> Pair:
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(values)
    # scikit-learn takes an infinite variance for that of a constant, with a scale of 1.
    return scaler.mean_, np.where(np.isfinite(scaler.var_), scaler.scale_, np.inf)


def _robust(values: NDArray[np.float64]) -> Pair:
    from sklearn.preprocessing import RobustScaler

    scaler = RobustScaler().fit(values)
    return scaler.center_, scaler.scale_


def _minmax(values: NDArray[np.float64]) -> Pair:
    smallest, spread = values.min(axis=0), np.ptp(values, axis=0)
    return smallest, np.where(spread == 0, 1, spread)


#: The center and the scale of each column, by the name of the scaling.
SCALES: dict[str, Callable[[NDArray[np.float64]], Pair]] = {
    "standardize": _standardize,
    "robust": _robust,
    "minmax": _minmax,
    "none": _none,
}
