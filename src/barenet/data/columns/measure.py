"""What is measured on a column of the training rows, by scikit-learn's own parts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
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
from barenet.data.scaling import LEAST
from barenet.errors import DataError
from barenet.registry import lookup

__all__ = ["SCALES", "measure_boolean", "measure_category", "measure_date", "measure_numbers"]

#: Names of rows are told from categories where there are this many rows, and this share differs.
ENOUGH_ROWS, NEARLY_DIFFERENT = 20, 0.9

#: Numbers that are measured at a time, beside their column's own.
_BLOCK = 2**20

Pair = tuple[NDArray[np.float64], NDArray[np.float64]]


def measure_numbers(
    frame: Frame, names: Sequence[str], missing: Collection[str], how: str
) -> dict[str, Column]:
    """Measure columns of numbers, some at a time: medians, and what they are shifted and scaled by.

    scikit-learn's parts take longer to be asked than to answer for a column.
    """
    n_columns = max(1, _BLOCK // len(frame))
    measured: dict[str, Column] = {}
    for start in range(0, len(names), n_columns):
        values: dict[str, NDArray[np.float64]] = {}
        for name in names[start : start + n_columns]:
            column = as_numbers(frame, name, missing)
            holes = np.isnan(column)
            if reason := _nothing_to_learn(column[~holes], holes):
                measured[name] = DroppedColumn(name, reason)
            else:
                values[name] = column
        if values:
            for name, triple in _measured(values, how).items():
                has_holes = bool(np.isnan(values[name]).any())
                measured[name] = NumberColumn(name, *triple, indicator=has_holes)
    return measured


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
    fill, center, scale = _measured({name: np.where(holes, np.nan, seconds(values))}, how)[name]
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


def _measured(
    columns: dict[str, NDArray[np.float64]], how: str
) -> dict[str, tuple[float, float, float]]:
    """Measure the medians, and then the centers and scales of what is filled with them."""
    from sklearn.impute import SimpleImputer

    values = np.array([*columns.values()]).T  # Each column in one piece, and so summed as if alone.
    with np.errstate(over="ignore", invalid="ignore"):
        imputer = SimpleImputer(strategy="median").fit(values)
        filled = np.asfortranarray(imputer.transform(values))
        centers, scales = lookup(SCALES, how, "numbers")(filled)
    are_truths = np.isin(filled, [0, 1]).all(axis=0)
    table = np.array(
        [imputer.statistics_, np.where(are_truths, 0, centers), np.where(are_truths, 1, scales)]
    )
    for name, triple, column in zip(columns, table.T, values.T, strict=True):
        if not np.isfinite(triple).all() or abs(triple[2]) < LEAST:
            raise DataError(
                f"column {name!r}: {how} is beyond float64 for its numbers "
                f"(from {np.nanmin(column):g} to {np.nanmax(column):g})"
            )
    triples = (tuple(triple) for triple in table.T.tolist())
    return dict(zip(columns, triples, strict=True))


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
    return np.zeros(values.shape[1]), np.ones(values.shape[1])


def _standardize(values: NDArray[np.float64]) -> Pair:
    from sklearn.preprocessing import StandardScaler

    scaler = StandardScaler().fit(values)
    # An infinite variance is taken for that of a constant, and the scale is then 1.
    return scaler.mean_, np.where(np.isfinite(scaler.var_), scaler.scale_, np.inf)


def _robust(values: NDArray[np.float64]) -> Pair:
    from sklearn.preprocessing import RobustScaler

    scaler = RobustScaler().fit(values)
    return scaler.center_, scaler.scale_


def _minmax(values: NDArray[np.float64]) -> Pair:
    smallest, spread = values.min(axis=0), np.ptp(values, axis=0)
    return smallest, np.where(spread == 0, 1, spread)


#: How numbers are scaled: what gives each column's center and scale.
SCALES: dict[str, Callable[[NDArray[np.float64]], Pair]] = {
    "standardize": _standardize,
    "robust": _robust,
    "minmax": _minmax,
    "none": _none,
}
