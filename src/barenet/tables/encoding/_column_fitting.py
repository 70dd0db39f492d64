"""Fits the encodings of columns to the training rows, given or inferring their kinds.

`_column_reading` decides the kinds. The formulas of the scalings are scikit-learn's.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet.errors import DataError
from barenet.tables.encoding import _column_kinds as kinds
from barenet.tables.encoding._column import Column, DroppedColumn
from barenet.tables.encoding._operations import seconds
from barenet.tables.encoding._scaling import KINDS, MIN_SCALE
from barenet.tables.encoding._shared_words import fit_words
from barenet.tables.encoding._words_column import WordsColumn
from barenet.tables.frames._frame import Frame
from barenet.tables.frames._plain_values import class_name
from barenet.tables.reading import _column_values as column_values
from barenet.tables.reading._column_reading import kinds_of
from barenet.tables.reading._column_words import DROPPED
from barenet.tables.reading._readers import form_of_kind, is_numeric

#: The scalings of columns of numbers; "piecewise" standardizes, too.
SCALINGS = {**KINDS, "piecewise": KINDS["standardize"]}

#: Minimum number of rows, and minimum fraction of different values, of an identifier.
ENOUGH_ROWS = 20
NEARLY_DIFFERENT = 0.9
#: Minimum fraction of different texts that are encoded by their words instead of as categories.
MOSTLY_DIFFERENT = 0.5

#: The endings of names such as id, CustomerId, customer_no or Row Number.
_IDENTIFIER = re.compile(
    r"(?i:^|[^a-z])(?i:id|no|nr|num|number|index|key)$|[a-z](Id|ID|No|Nr|Num|Number|Index|Key)$"
)

#: The share of 1 to the largest number that numbers of the rows have, if they ascend; and in any
#: other order, as a random part of the rows leaves gaps, unlike the days of a series.
MOST_ASCENDING = 0.9
MOST_SHUFFLED = 0.7
#: Minimum of n² / N for n different numbers of N. It makes chance unlikely: n random numbers of N
#: are all different with a probability below exp(-n (n - 1) / 2N), which is about exp(-8) here.
FEWEST_SQUARED = 16

#: Beginnings of the reasons to leave out a column that identifies the rows.
COUNTER = "numbers the rows"
IDENTIFIER = "looks like an identifier"
#: The reason to leave out a column without values, and the end of the reason for a constant one.
EMPTY = "no value in any row"
SAME = " in every row"

#: The reason for a column that a request leaves out.
BY_REQUEST = "dropped by request"

#: Maximum number of different placeholders in a column; if there are more, they are values.
MOST_PLACEHOLDERS = 4
#: Minimum distance of a placeholder from the other dates, in seconds: a year.
FAR = 365 * 86_400

#: Maximum number of inputs of all columns but those of categories and words, including their bins.
MOST_INPUTS = 640


def fit_column(
    frame: Frame,
    name: str,
    requested: str | None,
    *,
    scaling: str,
    rare: float,
    missing: Collection[str],
    markers: Collection[str] = (),
    keep: Collection[str] = (),
    inferred: str | None = None,
) -> Column:
    """Fit the encoding of a column as the requested kind, or as the kind that its values suggest.

    `scaling` is the name of one of `SCALINGS`, for numbers and dates. `inferred` is the suggested
    kind, if it is already known. `markers` are texts for missing values in this column alone.
    """
    column = _fit_kind(
        frame,
        name,
        requested,
        scaling=scaling,
        rare=rare,
        missing=(*missing, *markers),
        keep=keep,
        inferred=inferred,
    )
    if not markers or isinstance(column, DroppedColumn):
        return column
    return replace(column, missing_texts=tuple(markers))


def _fit_kind(
    frame: Frame,
    name: str,
    requested: str | None,
    *,
    scaling: str,
    rare: float,
    missing: Collection[str],
    keep: Collection[str],
    inferred: str | None,
) -> Column:
    """Fit the encoding of a column, given all texts for missing values."""
    if requested == DROPPED:
        return DroppedColumn(name, BY_REQUEST)
    if requested == "words":
        return _fit_words(frame, name, missing)
    is_guess = requested is None and name not in keep
    column_kind = requested or inferred or kinds_of(frame, [name], missing)[name]
    values = column_values.parse_column(frame, name, column_kind, missing)
    is_missing = values == "" if column_kind == "category" else np.isnan(values)
    some_missing = bool(is_missing.any())
    present = values[~is_missing]
    if column_kind == "category":
        labels, counts = np.unique(present, return_counts=True)
        return fit_category(
            name,
            labels,
            counts,
            rare,
            has_missing=some_missing,
            is_guess=is_guess,
            may_have_words=requested is None,
        )
    if not len(present):
        return DroppedColumn(name, EMPTY)
    if not some_missing and bool((present == present[0]).all()):
        return DroppedColumn(name, _shown(present[0], column_kind) + SAME)
    if column_kind == "boolean":
        return kinds.BooleanColumn(name, fill=present.mean() > 0.5, indicator=some_missing)
    if is_numeric(column_kind):
        reason = identity(name, values, frame.rows) if is_guess else ""
        if reason:
            return DroppedColumn(name, reason)
        return _fit_numbers(name, values, scaling, form=form_of_kind(column_kind))
    # The kind of a column of dates is the order of their parts.
    return _fit_dates(name, values, scaling, order=column_kind)


def _fit_words(frame: Frame, name: str, missing: Collection[str]) -> Column:
    """Fit a column of texts by the words that they share, as requested."""
    values = column_values.parse_column(frame, name, "category", missing)
    is_missing = values == ""
    if is_missing.all():
        return DroppedColumn(name, EMPTY)
    labels, counts = np.unique(values[~is_missing], return_counts=True)
    has_missing = bool(is_missing.any())
    column = fit_words(name, labels.tolist(), counts.tolist(), has_missing=has_missing)
    if column is None:
        row = column_values.first_row(frame, ~is_missing)
        remedy = "use {columns}"
        expected = "texts that share words"
        raise frame.fault(row, name, expected, remedy, columns={name: "names"})
    return column


def _fit_numbers(name: str, values: NDArray[np.float64], scaling: str, form: str) -> Column:
    """Fit a column of numbers, which texts write in a form."""
    measured = _measure(name, values, scaling)
    return kinds.NumberColumn(
        name,
        measured.fill,
        measured.center,
        measured.scale,
        indicator=bool(np.isnan(values).any()),
        form=form,
    )


def _fit_dates(name: str, dates: NDArray[Any], scaling: str, order: str) -> Column:
    """Fit a column of dates, given the order of their parts."""
    since_1970 = seconds(dates)
    if scaling == "piecewise":  # placeholders are limited to one bin beyond the other dates
        since_1970 = _without_placeholders(since_1970)
    measured = _measure(name, since_1970, scaling)
    is_missing = np.isnat(dates)
    return kinds.DateColumn(
        name,
        measured.fill,
        measured.center,
        measured.scale,
        cycles=_cycles(dates[~is_missing]),
        indicator=bool(is_missing.any()),
        order=order,
    )


def _shown(value: Any, column_kind: str) -> str:
    """Format a value of a column for a message."""
    if is_numeric(column_kind):
        return class_name(value)
    if column_kind == "boolean":
        return repr(bool(value))
    return repr(str(value))


def fit_category(
    name: str,
    labels: NDArray[Any],
    counts: NDArray[np.intp],
    rare: float,
    *,
    has_missing: bool,
    is_guess: bool = False,
    may_have_words: bool = False,
) -> Column:
    """Fit a categorical column, with an input for each frequent category.

    With `may_have_words`, different texts that share words are encoded by these instead.
    """
    if not len(labels):
        return DroppedColumn(name, EMPTY)
    if len(labels) == 1 and not has_missing:
        return DroppedColumn(name, f"{labels[0]!r}{SAME}")
    n_rows = counts.sum()
    fewest_rows = rare if rare >= 1 else rare * n_rows
    is_rare = counts < fewest_rows
    share_different = len(labels) / n_rows
    is_mostly_different = is_guess and share_different > MOSTLY_DIFFERENT
    if may_have_words and (is_mostly_different or is_rare.all()):
        column = fit_words(name, labels.tolist(), counts.tolist(), has_missing=has_missing)
        if column is not None:
            return column
    if is_guess and n_rows >= ENOUGH_ROWS and len(labels) > NEARLY_DIFFERENT * n_rows:
        return DroppedColumn(name, f"{IDENTIFIER}: {len(labels):,} values in {n_rows:,} rows")
    if is_rare.all() and not has_missing:
        return DroppedColumn(name, f"each of its {len(labels):,} values is rare")
    frequent = tuple(labels[~is_rare].tolist())
    return kinds.CategoryColumn(name, frequent, rare=bool(is_rare.any()), missing=has_missing)


def is_named_identifier(name: str) -> bool:
    """Return whether the name of a column is that of an identifier.

    >>> [is_named_identifier(name) for name in ("CustomerId", "row no", "paid")]
    [True, True, False]
    """
    return _IDENTIFIER.search(name) is not None


def identity(name: str, values: NDArray[np.float64], row_numbers: NDArray[Any]) -> str:
    """Return the reason that numbers identify the rows, if they number or name them.

    `row_numbers` are those of the rows in their file. Numbers of the rows are useless for new rows,
    whatever the name of their column. Other whole numbers, such as 15634602, are identifiers if
    they all differ and the column is named like one: sizes and prices may all differ, too.

    >>> rows = np.arange(30)
    >>> identity("n", rows[::-1] + 1.0, rows), identity("age", rows % 7.0, rows)
    ('numbers the rows', '')
    """
    if len(values) < ENOUGH_ROWS:
        return ""
    are_whole = (values == np.floor(values)).all()
    if not are_whole or len(np.unique(values)) < len(values):
        return ""
    if _number_rows(values, n_rows=int(row_numbers.max()) + 1):
        return COUNTER
    if is_named_identifier(name):
        return f"{IDENTIFIER}: {len(values):,} values in as many rows"
    return ""


def _number_rows(values: NDArray[np.float64], n_rows: int) -> bool:
    """Return whether different whole numbers are most of 1 to the number of rows, or of 0 to it.

    The values may be those of some rows of the file, such as the training rows.
    """
    if values.min() < 0:
        return False
    largest = values.max()
    most = MOST_ASCENDING if (np.diff(values) > 0).all() else MOST_SHUFFLED
    are_enough = len(values) ** 2 >= FEWEST_SQUARED * largest
    return bool(are_enough and n_rows >= most * largest)


class _Measured(NamedTuple):
    """The numbers that scale a column: its median, and its center and scale once that fills it."""

    fill: float
    center: float
    scale: float


def _measure(name: str, values: NDArray[np.float64], scaling: str) -> _Measured:
    """Compute the median, the center and the scale of a column; NaN is missing."""
    with np.errstate(over="ignore", invalid="ignore"):
        fill = np.nanmedian(values)
        filled = np.where(np.isnan(values), fill, values)
        offset, spreads = SCALINGS[scaling](filled[:, np.newaxis])
    center = offset[0]
    spread = spreads[0] or 1.0
    if np.isin(filled, [0, 1]).all():
        center = 0.0
        spread = 1.0
    check_scale(name, scaling, (fill, center, spread), values)
    return _Measured(float(fill), float(center), float(spread))


def check_scale(name: str, scaling: str, measured: Sequence[float], values: ArrayLike) -> None:
    """Reject a column whose center or spread (the last number) is beyond float64."""
    are_finite = np.isfinite(measured).all()
    spread = abs(measured[-1])
    if not are_finite or spread < MIN_SCALE:
        extremes = f"(from {np.nanmin(values):g} to {np.nanmax(values):g})"
        raise DataError(f"column {name!r}: {scaling} is beyond float64 for its numbers {extremes}")


def in_bins(
    columns: Sequence[Column], frame: Frame, bins: int, missing: Collection[str]
) -> tuple[Column, ...]:
    """Divide the ranges of numbers and dates into bins, or fewer bins if there are many columns.

    Categories and words leave the bins their room: their first layer is looked up, however many
    they are.

    Dates have at least one bin, which limits them. Placeholders such as 9999-12-31, which would be
    far from all other dates, don't affect their scale.
    """
    n_divided = 0
    room = MOST_INPUTS
    for column in columns:
        if isinstance(column, kinds.CategoryColumn | WordsColumn):
            continue
        room -= len(column.inputs)
        if isinstance(column, kinds.NumberColumn | kinds.DateColumn):
            n_divided += 1
    bins = min(bins, room // max(1, n_divided))
    divided: list[Column] = []
    for column in columns:
        if isinstance(column, kinds.DateColumn):
            since_1970 = column.numbers(column.parse(frame, column.name, missing))
            values = _without_placeholders(since_1970)
            divided.append(_in_bins(column, values, max(1, bins)))
        elif isinstance(column, kinds.NumberColumn) and bins >= 1:
            values = column.numbers(column.parse(frame, column.name, missing))
            divided.append(_in_bins(column, values, bins))
        else:
            divided.append(column)
    return tuple(divided)


def _in_bins(
    column: kinds.NumberColumn | kinds.DateColumn, values: NDArray[np.float64], bins: int
) -> Column:
    """Divide the range of a column into bins; NaN is missing."""
    present = values[~np.isnan(values)]
    if not len(present):  # in the sample of a stream
        return column
    edges = bin_edges(present, bins)
    if len(edges) == 1:  # all values are equal, besides missing ones
        edges = join_edges(edges, edges + column.scale)
    if len(edges) < 2:  # the scale is too small to add
        return column
    return column.with_bins(edges.tolist())


def _without_placeholders(dates: NDArray[np.float64]) -> NDArray[np.float64]:
    """Replace placeholders by NaN, among dates in seconds since 1970."""
    placeholders = find_placeholders(dates[~np.isnan(dates)], FAR)
    return np.where(np.isin(dates, placeholders), np.nan, dates)


def find_placeholders(values: NDArray[np.float64], least_gap: float = 0.0) -> NDArray[np.float64]:
    """Find the lowest or highest values, if they are farther from the others than those are apart.

    They may stand for a missing value, as 9999-12-31 and -999 do. `least_gap` is the minimum
    distance from the others.

    >>> find_placeholders(np.array([-999, 1.0, 5.0, 3.0, 3.0, 9999]))
    array([-999., 9999.])
    """
    different = np.unique(values)
    others = different
    placeholders = different[:0]
    while len(others) > 2:
        # The widest gap comes first, such as before 9999-12-31, and then after 0001-01-01.
        gaps = np.diff(others)
        place = int(gaps.argmax()) + 1
        below = others[:place]
        above = others[place:]
        others = below if len(below) > len(above) else above
        if len(others) < 2:
            break
        is_far = gaps.max() > max(np.ptp(others), least_gap)
        if not is_far:
            break
        farther = np.setdiff1d(different, others)
        if len(farther) > MOST_PLACEHOLDERS:
            break
        placeholders = farther
    return placeholders


def bin_edges(values: NDArray[np.float64], bins: int) -> NDArray[np.float64]:
    """Compute the edges of bins: values that 1/bins of the rows share, and quantiles of others."""
    different, counts = np.unique(values, return_counts=True)
    is_frequent = counts > len(values) / bins
    edges = [different[is_frequent], different[[0, -1]]]
    if not is_frequent.all():
        others = np.repeat(different[~is_frequent], counts[~is_frequent])
        n_frequent = int(is_frequent.sum())
        n_quantiles = max(2, bins + 1 - n_frequent)
        fractions = np.linspace(0, 1, n_quantiles)
        edges.append(np.quantile(others, fractions))
    return join_edges(*edges)


def join_edges(*edges: ArrayLike) -> NDArray[np.float64]:
    """Sort edges, and drop those that are equal or too close to divide by their distance."""
    joined = np.unique(np.concatenate(edges))
    return joined[np.diff(joined, prepend=-np.inf) >= MIN_SCALE]


def _cycles(dates: NDArray[Any]) -> tuple[str, ...]:
    """Find the cycles in which dates differ; dates on the first of each month have no week."""
    days = dates.astype("M8[D]")
    months = dates.astype("M8[M]")
    positions: dict[str, NDArray[Any]] = {
        "year": months.astype(np.int64) % 12,
        "week": days - months,
        "day": dates - days,
    }
    cycles = [cycle for cycle, places in positions.items() if len(np.unique(places)) > 1]
    return tuple(cycles)
