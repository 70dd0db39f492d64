"""What is measured on a column of the training rows, by scikit-learn's own parts."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.data.columns.boolean import BooleanColumn
from barenet.data.columns.category import CategoryColumn
from barenet.data.columns.column import Column
from barenet.data.columns.date import DateColumn, seconds
from barenet.data.columns.dropped import DroppedColumn
from barenet.data.columns.number import NumberColumn
from barenet.data.frame import Frame
from barenet.data.reading import as_labels, as_moments, as_numbers, as_truths
from barenet.errors import DataError
from barenet.registry import lookup

__all__ = ["SCALES", "measure_boolean", "measure_category", "measure_date", "measure_number"]

#: Names of rows are told from categories where there are this many rows, and this share differs.
ENOUGH_ROWS, NEARLY_DIFFERENT = 20, 0.9

Pair = tuple[float, float]


def measure_number(frame: Frame, name: str, missing: Collection[str], how: str) -> Column:
    """Measure a column of numbers: its median, and what it is shifted and scaled by."""
    values = as_numbers(frame, name, missing)
    holes = np.isnan(values)
    if reason := _nothing_to_learn(values[~holes], holes):
        return DroppedColumn(name, reason)
    fill, center, scale = _measured(values, name, how)
    return NumberColumn(name, fill, center, scale, indicator=bool(holes.any()))


def measure_boolean(frame: Frame, name: str, missing: Collection[str]) -> Column:
    """Measure a column of truth values: the more frequent one."""
    values = as_truths(frame, name, missing)
    holes = np.isnan(values)
    if reason := _nothing_to_learn(values[~holes].astype(bool), holes):
        return DroppedColumn(name, reason)
    return BooleanColumn(name, fill=bool(values[~holes].mean() > 0.5), indicator=bool(holes.any()))


def measure_date(frame: Frame, name: str, missing: Collection[str], how: str) -> Column:
    """Measure a column of dates: the median, the scale of the seconds, and which cycles it has."""
    values = as_moments(frame, name, missing)
    holes = np.isnat(values)
    known = values[~holes]
    if reason := _nothing_to_learn(known.astype(str), holes):
        return DroppedColumn(name, reason)
    fill, center, scale = _measured(np.where(holes, np.nan, seconds(values)), name, how)
    return DateColumn(name, fill, center, scale, _cycles(known), indicator=bool(holes.any()))


def measure_category(
    frame: Frame, name: str, missing: Collection[str], rare: float, *, is_guess: bool
) -> Column:
    """Measure a column of categories: which are frequent enough for an output of their own."""
    from sklearn.preprocessing import OneHotEncoder

    labels = as_labels(frame, name, missing)
    holes = labels == ""
    known = labels[~holes]
    if reason := _nothing_to_learn(known, holes):
        return DroppedColumn(name, reason)
    encoder = OneHotEncoder(min_frequency=rare or None, handle_unknown="infrequent_if_exist")
    encoder.fit(known[:, np.newaxis])
    (found,), n_rows = encoder.categories_, len(known)
    if is_guess and n_rows >= ENOUGH_ROWS and len(found) > NEARLY_DIFFERENT * n_rows:
        reason = f"it names the rows: {len(found):,} different values in {n_rows:,} rows"
        return DroppedColumn(name, reason)
    others = encoder.infrequent_categories_[0] if rare else None
    is_rare = set() if others is None else set(others.tolist())
    kept = tuple(label for label in found.tolist() if label not in is_rare)
    if not kept and not holes.any():
        return DroppedColumn(name, f"each of its {len(found):,} values is rare")
    return CategoryColumn(name, kept, rare=bool(is_rare), missing=bool(holes.any()))


def _nothing_to_learn(known: NDArray[Any], holes: NDArray[np.bool_]) -> str:
    """Give the reason why a column tells nothing, if it does not."""
    if not len(known):
        return "no value in any row"
    value = known[:1].tolist()[0]
    same = not holes.any() and bool((known == known[0]).all())
    return f"{value!r} in every row" if same else ""


def _measured(values: NDArray[np.float64], name: str, how: str) -> tuple[float, float, float]:
    """Measure the median, and then the scale of what is filled with it."""
    from sklearn.impute import SimpleImputer

    with np.errstate(over="ignore", invalid="ignore"):
        imputer = SimpleImputer(strategy="median").fit(values[:, np.newaxis])
        filled = imputer.transform(values[:, np.newaxis])
        is_truth = bool(np.isin(filled, [0, 1]).all())
        center, scale = (0.0, 1.0) if is_truth else lookup(SCALES, how, "numbers")(filled)
    fill = float(imputer.statistics_[0])
    if not np.isfinite([fill, center, scale]).all() or scale == 0:
        raise DataError(
            f"column {name!r}: {how} is beyond float64 for its numbers "
            f"(from {np.nanmin(values):g} to {np.nanmax(values):g})"
        )
    return fill, center, scale


def _cycles(known: NDArray[Any]) -> tuple[str, ...]:
    """Tell in which cycles dates differ; days that are all the first of a month have no week."""
    days, months = known.astype("M8[D]"), known.astype("M8[M]")
    differ = {
        "year": np.unique(months.astype(np.int64) % 12),
        "week": np.unique(days - months),
        "day": np.unique(known - days),
    }
    return tuple(cycle for cycle, values in differ.items() if len(values) > 1)


def _none(values: NDArray[np.float64]) -> Pair:
    return 0.0, 1.0


def _standardize(values: NDArray[np.float64]) -> Pair:
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(values)
    return float(scaler.mean_[0]), float(scaler.scale_[0])


def _robust(values: NDArray[np.float64]) -> Pair:
    from sklearn.preprocessing import RobustScaler

    scaler = RobustScaler().fit(values)
    return float(scaler.center_[0]), float(scaler.scale_[0])


def _minmax(values: NDArray[np.float64]) -> Pair:
    smallest, largest = float(values.min()), float(values.max())
    return smallest, (largest - smallest) or 1.0


#: How numbers are scaled: what gives their center and scale.
SCALES: dict[str, Callable[[NDArray[np.float64]], Pair]] = {
    "standardize": _standardize,
    "robust": _robust,
    "minmax": _minmax,
    "none": _none,
}
