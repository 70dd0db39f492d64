"""Fits the encodings of columns to the training rows, by kinds that are given or inferred.

Few rules decide whether a column holds numbers, categories, booleans or dates. Ambiguous
columns are refused: a column of numbers with one word in it is more often a mistake than a
category. The formulas of the scalings are scikit-learn's.
"""

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet.data import _column_kinds as kinds, _parsing as parsing
from barenet.data._column import Column, DroppedColumn
from barenet.data._frame import Frame
from barenet.data._scaling import KINDS, MIN_SCALE
from barenet.errors import LONGEST, DataError

#: The scalings of columns of numbers; "piecewise" standardizes, too.
SCALES = {**KINDS, "piecewise": KINDS["standardize"]}

#: A number with a comma, and one whose comma cannot separate thousands.
_COMMA = r"[+-]?\d*,\d+"
_DECIMALS = rf"(?![+-]?[1-9]\d{{0,2}},\d{{3}}\Z){_COMMA}"

#: Numbers with points and with commas between their thousands.
_POINTS = r"[+-]?\d{1,3}(\.\d{3})+,\d+|[+-]?\d{1,3}(\.\d{3}){2}"
_COMMAS = r"[+-]?\d{1,3}(,\d{3})+\.\d+|[+-]?\d{1,3}(,\d{3}){2,}"

#: A number beside a sign such as % and $, in brackets, or with spaces between its thousands.
_SIGNED = rf"[+-]?[{parsing.SIGNS}]\s?[+-]?\d[\d.,'’\s]*|[+-]?\d[\d.,'’\s]*[{parsing.SIGNS}]"
_BRACKETED = rf"[{parsing.SIGNS}]?\([{parsing.SIGNS}]?\d[\d.,'’\s]*\)"
_MARKED = rf"{_SIGNED}|{_BRACKETED}|[+-]?[1-9]\d{{0,2}}(['’\s]\d{{3}})+([.,]\d+)?"

#: A day or a month, and a date: 1.2.10 is a version, and 12.30.45 a time.
_PART, _POINTED = r"(?:0?[1-9]|[12]\d|3[01])", r"\d\d\.(?:0\d|1[0-2])\."
_DATE = rf"(?=.*[/-]|.*\d{{4}}|{_POINTED}){_PART}([./-]){_PART}\1(\d\d){{1,2}}([ T]\d.*)?"

#: Formats of numbers that depend on the country, and remedies.
_LOCAL_NUMBERS = {
    _POINTS: "remove the points between the thousands, and use {decimal}",
    _COMMAS: "remove the commas between the thousands",
    _MARKED: "write the number alone, (5) as -5; if these are names, use {categories}",
    _DECIMALS: "for a decimal comma, use {decimal}; correct any others",
    _COMMA: "remove commas between thousands; for decimal commas, use {decimal}",
}
LOCAL_NUMBER = re.compile("|".join(_LOCAL_NUMBERS))

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
) -> Column:
    """Fit the encoding of a column, by default as the kind that its values suggest."""
    if kind == "dropped":
        return DroppedColumn(name, "dropped by request")
    is_guess = kind is None and name not in keep
    kind = kind or kind_of(frame, name, missing)
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


@dataclass(frozen=True, eq=False)
class _TextColumn:
    """A column of text: the code of each value, and the texts that are not missing by code."""

    frame: Frame
    name: str
    codes: NDArray[np.int64]
    known: dict[int, str]

    def find(self, is_one: Callable[[str], Any]) -> list[int]:
        """The codes of the values of a kind, in the order of their first rows."""
        return [code for code, text in self.known.items() if is_one(text)]

    def fault(
        self, codes: Collection[int], expected: str, remedy: str, **options: object
    ) -> DataError:
        """Describe the first wrong value of the file, in which rows may have another order."""
        wrong = np.flatnonzero(np.isin(self.codes, [*codes]))
        row = int(wrong[self.frame.rows[wrong].argmin()])
        options |= {"categories": [self.name], "drop": [self.name]}
        return self.frame.fault(row, self.name, expected, remedy, **options)


def kind_of(frame: Frame, name: str, missing: Collection[str]) -> str:
    """Infer the kind of a column, as `parse_column` takes it.

    >>> from barenet.data._to_frame import as_frame
    >>> towns = as_frame({"zip": ["01067", "10115"], "open": ["yes", "no"], "size": ["3", "?"]})
    >>> [kind_of(towns, name, ["?"]) for name in towns.columns]
    ['category', 'boolean', 'number']
    """
    values = frame[name]
    if values.dtype.kind != "T":
        return {"b": "boolean", "M": "ymd"}.get(values.dtype.kind, "number")
    codes, texts = parsing.unique_texts(values)
    known = {code: text for code, text in enumerate(texts) if text not in missing}
    column = _TextColumn(frame, name, codes, known)
    if order := _order_of_dates(column):
        return order
    _refuse_local_numbers(column)
    if _all_are(parsing.NUMBER.fullmatch, column, "a number"):
        return "category" if column.find(parsing.is_code) else "number"
    if _all_are(parsing.parse_datetime, column, "a date"):
        return "ymd"
    words = {text.lower() for text in known.values()}
    are_booleans = words in [set(pair) for pair in parsing.BOOLEAN_WORDS]
    return "boolean" if are_booleans else "category"


def _refuse_local_numbers(column: _TextColumn) -> None:
    """Refuse numbers in the format of a country, with a remedy."""
    plain = column.find(re.compile(f"{parsing.NUMBER.pattern}|{_COMMA}", re.ASCII).fullmatch)
    for pattern, remedy in _LOCAL_NUMBERS.items():
        found = column.find(re.compile(pattern).fullmatch)
        if found and len({*found, *plain}) >= parsing.NEARLY_ALL * len(column.known):
            raise column.fault(found, "a number", remedy, decimal=",")


def _order_of_dates(column: _TextColumn) -> str | None:
    """The order of dates some of which show whether the day or the month is first, if they are."""
    found = column.find(re.compile(_DATE).fullmatch)
    if not found or len(found) < parsing.NEARLY_ALL * len(column.known):
        return None
    read = {order: partial(parsing.parse_datetime, order=order) for order in ("mdy", "dmy")}
    valid = {order: {*column.find(read[order])} for order in read}
    other, order = sorted(valid, key=lambda each: len(valid[each]))
    example = f"a date such as {parsing.DATES[order]}"
    if contradicting := valid[other] - valid[order]:
        remedy = "correct it, or use {drop} to leave the column out, or {categories} for names"
        raise column.fault(contradicting, f"{example}, as in other rows", remedy)
    is_ambiguous = valid[order] == valid[other] != set()
    if valid[order] and not is_ambiguous and _all_are(read[order], column, example):
        return order
    problem = "the order of its parts is ambiguous: " if is_ambiguous else ""
    raise _unread_dates(column, found, problem)


def _unread_dates(column: _TextColumn, found: Sequence[int], problem: str) -> DataError:
    """The error for dates, with the formats that they may have."""
    texts = [column.known[code] for code in found]
    date_format, formats = _date_format(texts), "{date_format}"
    year_first = f"%y{(sign := date_format[2])}%m{sign}%d{date_format[8:]}"
    if all(parsing.rewrite_date(text, year_first) for text in texts):
        formats = "{date_format} or, if the year is first, {date_format_}"
    remedy = f"{problem}read the file with {formats}, or convert the column to dates, or use "
    remedy += "{drop} to leave it out, or {categories} to read it as names"
    options = {"date_format": date_format, "date_format_": year_first}
    return column.fault(found, "a date such as 2024-12-31", remedy, **options)


def _date_format(texts: Sequence[str]) -> str:
    """The format of dates such as 31.12.2024, with the day first unless a month would be over 12.

    >>> _date_format(["05/17/2024 12:30"]), _date_format(["17.5.24"])
    ('%m/%d/%Y %H:%M', '%d.%m.%y')
    """
    numbers = [int(parts[1]) for text in texts if len(parts := re.findall(r"\d+", text)) > 1]
    written = re.sub(r"(?i)[ap]m$", "%p", texts[0])
    day = ("%d", "%m") if max(numbers, default=0) <= 12 else ("%m", "%d")
    year = "%Y" if re.search(r"\d{4}", written) else "%y"
    hour = "%I" if "%p" in written else "%H"
    codes = iter((*day, year, hour, "%M", "%S", "%f"))
    return re.sub(r"\d+", lambda number: next(codes, number[0]), written)


def _all_are(is_one: Callable[[str], Any], column: _TextColumn, expected: str) -> bool:
    """Whether all values are of a kind; refuse a column in which nearly all are."""
    others = column.find(lambda text: not is_one(text))
    if not others:
        return True
    counts = np.bincount(column.codes)
    fraction = 1 - counts[others].sum() / counts[list(column.known)].sum()
    if fraction < parsing.NEARLY_ALL:
        return False
    remedy, text = "if the column holds names, use {categories}", column.known[others[0]]
    if len(text) <= LONGEST:
        remedy = "if it stands for a missing value, use {missing}; " + remedy
    expected = f"{expected}, as in {np.floor(1000 * fraction) / 10:g} % of the rows"
    raise column.fault(others[:1], expected, remedy, missing=[text])


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
    """Divide the ranges of numbers and dates into bins, into fewer if there are many columns."""
    count = 0
    for column in columns:
        if isinstance(column, kinds.NumberColumn | kinds.DateColumn):
            count += 1
    room = MOST_OUTPUTS - sum(len(column.outputs) for column in columns)
    bins = min(bins, room // max(1, count))
    if bins < 1:
        return tuple(columns)

    divided = list(columns)
    for place, column in enumerate(columns):
        if isinstance(column, kinds.NumberColumn | kinds.DateColumn):
            values = column.numbers(column.parse(frame, column.name, missing))
            if isinstance(column, kinds.DateColumn):
                values = _without_placeholders(values)
            edges = _edges(values[~np.isnan(values)], bins)
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
