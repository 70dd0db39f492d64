"""Fits the encodings of columns to the training rows, by kinds that are given or inferred.

`_kind_of_column` infers the kinds. The formulas of the scalings are scikit-learn's.
"""

import re
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet.data import _column_kinds as kinds, _parsing as parsing
from barenet.data._column import Column, DroppedColumn
from barenet.data._frame import Frame
from barenet.data._kind_of_column import kind_of
from barenet.data._scaling import KINDS, MIN_SCALE
from barenet.errors import DataError

#: The scalings of columns of numbers; "piecewise" standardizes, too.
SCALES = {**KINDS, "piecewise": KINDS["standardize"]}

#: From this many rows on, a column with this fraction of different values is an identifier.
ENOUGH_ROWS, NEARLY_DIFFERENT = 20, 0.9

#: The end of a name such as id, CustomerId, customer_no or Row Number.
_IDENTIFIER = re.compile(
    r"(?i:^|[^a-z])(?i:id|no|nr|num|number|index|key)$|[a-z](Id|ID|No|Nr|Num|Number|Index|Key)$"
)

#: Beginnings of the reason for leaving out a column that identifies the rows.
IDENTITY = (COUNTER, IDENTIFIER) = ("counts the rows", "looks like an identifier")
#: The reason for leaving out a column without values, and the end of that for a constant one.
EMPTY, SAME = "no value in any row", " in every row"

#: Most different placeholders of a column of dates: more of them are dates themselves.
MOST_PLACEHOLDERS = 4
#: Seconds that they are apart from the other dates at least: a year.
FAR = 365 * 86_400

#: The most outputs of all columns with their bins.
MOST_OUTPUTS = 640


def fit_column(
    frame: Frame,
    name: str,
    kind: str | None,
    *,
    numbers: str,
    rare: float,
    missing: Collection[str],
    keep: Collection[str] = (),
    inferred: str | None = None,
) -> Column:
    """Fit the encoding of a column, by default as the kind that its values suggest.

    `inferred` is that kind, where it has been found already.
    """
    if kind == "dropped":
        return DroppedColumn(name, "dropped by request")
    is_guess = kind is None and name not in keep
    kind = kind or inferred or kind_of(frame, name, missing)
    values = parsing.parse_column(frame, name, kind, missing)
    is_missing = values == "" if kind == "category" else np.isnan(values)
    some_missing, known = bool(is_missing.any()), values[~is_missing]
    if kind == "category":
        counted = np.unique(known, return_counts=True)
        return fit_category(name, *counted, rare, missing=some_missing, is_guess=is_guess)
    if not len(known):
        return DroppedColumn(name, EMPTY)
    if not some_missing and bool((known == known[0]).all()):
        same: Any = bool(known[0]) if kind == "boolean" else str(known[0])
        shown = parsing.class_name(known[0]) if kind == "number" else repr(same)
        return DroppedColumn(name, shown + SAME)
    if kind == "boolean":
        return kinds.BooleanColumn(name, fill=known.mean() > 0.5, indicator=some_missing)
    if kind == "number" and is_guess and (reason := identity(name, values, frame.rows)):
        return DroppedColumn(name, reason)
    if kind == "number":
        return kinds.NumberColumn(name, *_measure(name, values, numbers), indicator=some_missing)
    dates = kinds.seconds(values)
    if numbers == "piecewise":  # placeholders are limited to a bin outside of the others
        dates = _without_placeholders(dates)
    measured = _measure(name, dates, numbers)
    return kinds.DateColumn(name, *measured, _cycles(known), some_missing, kind)


def fit_category(
    name: str,
    found: NDArray[Any],
    counts: NDArray[np.intp],
    rare: float,
    *,
    missing: bool,
    is_guess: bool = False,
) -> Column:
    """Fit a column of categories, of which frequent ones have an output each."""
    labels = [parsing.known_spelling(label, parsing.WORDS) for label in found.tolist()]
    singles = [parsing.single_of(label) for label in labels]
    if all(label == single for label, (single, _) in zip(labels, singles, strict=True)):
        labels = [fewest_digits for _, fewest_digits in singles]  # 0.1 of a column of float32
    if not labels:
        return DroppedColumn(name, EMPTY)
    if len(labels) == 1 and not missing:
        return DroppedColumn(name, f"{found[0]!r}{SAME}")
    found, places = np.unique(np.array(labels, object), return_inverse=True)
    counts, n_rows = np.bincount(places, counts), counts.sum()
    if is_guess and n_rows >= ENOUGH_ROWS and len(found) > NEARLY_DIFFERENT * n_rows:
        return DroppedColumn(name, f"{IDENTIFIER}: {len(found):,} values in {n_rows:,} rows")
    is_rare = counts < (rare if rare >= 1 else rare * n_rows)
    if is_rare.all() and not missing:
        return DroppedColumn(name, f"each of its {len(found):,} values is rare")
    frequent = tuple(found[~is_rare].tolist())
    return kinds.CategoryColumn(name, frequent, rare=bool(is_rare.any()), missing=missing)


def identity(name: str, values: NDArray[np.float64], rows: NDArray[Any]) -> str:
    """The reason why numbers identify the rows, if they do: they count them, or name each.

    Numbers that count the rows of the file, but years, say nothing of a new row. Other whole
    numbers are identifiers if all differ and the name of the column reads like one.

    >>> rows = np.arange(30)
    >>> identity("n", rows + 1.0, rows), identity("age", rows % 7.0, rows)
    ('counts the rows', '')
    """
    if len(values) < ENOUGH_ROWS or (values != np.floor(values)).any():
        return ""
    years = values.min() >= 1800 and values.max() <= 2100
    if not years and np.ptp(values - rows) == 0:
        return COUNTER
    if _IDENTIFIER.search(name) and len(np.unique(values)) == len(values):
        return f"{IDENTIFIER}: {len(values):,} values in as many rows"
    return ""


def _measure(name: str, values: NDArray[np.float64], scale: str) -> tuple[float, float, float]:
    """The median of a column, and its center and scale once it is filled with the median."""
    with np.errstate(over="ignore", invalid="ignore"):
        fill = np.nanmedian(values)
        filled = np.where(np.isnan(values), fill, values)
        offset, spreads = SCALES[scale](filled[:, np.newaxis])
    center, spread = offset[0], spreads[0] or 1.0
    if np.isin(filled, [0, 1]).all():
        center, spread = 0.0, 1.0
    check_scale(name, scale, (fill, center, spread), values)
    return float(fill), float(center), float(spread)


def check_scale(name: str, scale: str, measured: Sequence[float], values: ArrayLike) -> None:
    """Refuse a column whose center, or whose spread, the last one, is beyond float64."""
    if not np.isfinite(measured).all() or abs(measured[-1]) < MIN_SCALE:
        extremes = f"(from {np.nanmin(values):g} to {np.nanmax(values):g})"
        raise DataError(f"column {name!r}: {scale} is beyond float64 for its numbers {extremes}")


def in_bins(
    columns: Sequence[Column], frame: Frame, bins: int, missing: Collection[str]
) -> tuple[Column, ...]:
    """Divide the ranges of numbers and dates into bins, into fewer if there are many columns.

    Dates have one bin at least, beyond which they are limited: their scale is that without
    placeholders, such as 9999-12-31, which would be far from all others.
    """
    count = 0
    for column in columns:
        if isinstance(column, kinds.NumberColumn | kinds.DateColumn):
            count += 1
    room = MOST_OUTPUTS - sum(len(column.outputs) for column in columns)
    bins = min(bins, room // max(1, count))
    divided = list(columns)
    for place, column in enumerate(columns):
        if isinstance(column, kinds.DateColumn):
            dates = column.numbers(column.parse(frame, column.name, missing))
            values = _without_placeholders(dates)
            n_bins = max(1, bins)
        elif isinstance(column, kinds.NumberColumn):
            values = column.numbers(column.parse(frame, column.name, missing))
            n_bins = bins
        else:
            continue
        if n_bins >= 1:
            edges = _edges(values[~np.isnan(values)], n_bins)
            if len(edges) == 1:  # beside missing values
                edges = join_edges(edges, edges + column.scale)
            if len(edges) > 1:
                divided[place] = column.with_bins(edges.tolist())
    return tuple(divided)


def _without_placeholders(dates: NDArray[np.float64]) -> NDArray[np.float64]:
    """Dates in seconds since 1970, with NaN for a missing one and for a placeholder."""
    placeholders = find_placeholders(dates[~np.isnan(dates)])
    return np.where(np.isin(dates, placeholders), np.nan, dates)


def find_placeholders(dates: NDArray[np.float64]) -> NDArray[np.float64]:
    """The first or the last dates, if they are farther from the others than these are apart.

    They may stand for a missing value, as 9999-12-31 does.

    >>> find_placeholders(np.array([-9e9, 1.0, 5.0, 3.0, 3.0, 9e9]))
    array([-9.e+09,  9.e+09])
    """
    different = np.unique(dates)
    others = different
    found = different[:0]
    while len(others) > 2:
        # The widest gap comes first: that before 9999-12-31, then that after 0001-01-01.
        gaps = np.diff(others)
        place = int(gaps.argmax()) + 1
        first, last = others[:place], others[place:]
        others = first if len(first) > len(last) else last
        if len(others) < 2 or gaps.max() <= max(np.ptp(others), FAR):
            break
        placeholders = np.setdiff1d(different, others)
        if len(placeholders) > MOST_PLACEHOLDERS:
            break
        found = placeholders
    return found


def _edges(values: NDArray[np.float64], bins: int) -> NDArray[np.float64]:
    """The edges of bins: values that 1/bins of the rows share, and quantiles of the rest."""
    found, counts = np.unique(values, return_counts=True)
    is_frequent = counts > len(values) / bins
    edges = [found[is_frequent], found[[0, -1]]]
    if not is_frequent.all():
        others = np.repeat(found[~is_frequent], counts[~is_frequent])
        fractions = np.linspace(0, 1, max(2, bins + 1 - int(is_frequent.sum())))
        edges.append(np.quantile(others, fractions))
    return join_edges(*edges)


def join_edges(*edges: ArrayLike) -> NDArray[np.float64]:
    """Sort edges, without those that are the same or too near to divide by their distance."""
    joined = np.unique(np.concatenate(edges))
    return joined[np.diff(joined, prepend=-np.inf) >= MIN_SCALE]


def _cycles(dates: NDArray[Any]) -> tuple[str, ...]:
    """The cycles in which dates differ; dates that are all the first of a month have no week."""
    days, months = dates.astype("M8[D]"), dates.astype("M8[M]")
    differ = {
        "year": np.unique(months.astype(np.int64) % 12),
        "week": np.unique(days - months),
        "day": np.unique(dates - days),
    }
    return tuple(cycle for cycle, values in differ.items() if len(values) > 1)
