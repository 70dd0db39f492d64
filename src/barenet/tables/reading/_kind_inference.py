"""Infers the kind of a column from its values: number, date, time of day, boolean or category.

There is one rule: a text column is read as names only if nothing else is likely. Texts that mark
missing values (`_missing_texts`) are set aside. If all other values are numbers, dates or times, so
is the column. The column is rejected if nearly all of them are, counted by rows or by different
values; if they look like numbers or dates in an ambiguous layout; or if they look like numbers,
dates or times among the same letters. The error then lists the options that read the column without
a loss. Only what remains is a category.
"""

from collections.abc import Collection, Sequence

import numpy as np

from barenet.errors import LONGEST, DataError
from barenet.tables.frames._frame import Frame
from barenet.tables.reading import _date_formats as date_formats, _parsing as parsing
from barenet.tables.reading._column_errors import raise_together
from barenet.tables.reading._date_formats import parse_datetime
from barenet.tables.reading._distinct_texts import FEW, MANY, DistinctTexts
from barenet.tables.reading._limits import read_as_numbers, with_limits_as_numbers
from barenet.tables.reading._misread_numbers import (
    refuse_counts_after_points,
    refuse_decimals_of_months,
    refuse_digits_of_dates,
    refuse_points_of_thousands,
)
from barenet.tables.reading._missing_texts import is_absent
from barenet.tables.reading._unread_dates import (
    NUMERIC_DATE,
    is_season,
    refuse_dates_beside,
    refuse_unread_dates,
    unread_dates,
)
from barenet.tables.reading._unread_numbers import (
    refuse_coordinates,
    refuse_decorated,
    refuse_digits_of_times,
    refuse_durations,
    refuse_local_numbers,
    refuse_other_digits,
    refuse_pairs,
    refuse_units,
)

#: Maximum number of different marks of missing values that an error lists.
MOST_MARKS = 20


def kinds_of(frame: Frame, names: Sequence[str], missing: Collection[str]) -> dict[str, str]:
    """Infer the kinds of columns, by name; a single error names all rejected columns.

    >>> from barenet.tables.frames._to_frame import as_frame
    >>> towns = as_frame({"zip": ["01067", "10115"], "size": ["3", "?"]})
    >>> kinds_of(towns, ["zip", "size"], ["?"])
    {'zip': 'category', 'size': 'number'}
    """
    kinds, errors = kinds_and_errors(frame, names, missing)
    raise_together(errors)
    return kinds


def kinds_and_errors(
    frame: Frame, names: Sequence[str], missing: Collection[str]
) -> tuple[dict[str, str], list[DataError]]:
    """Infer the kinds of columns, by name, and list the errors of the rejected ones."""
    kinds = {}
    errors = []
    for name in names:
        try:
            kinds[name] = kind_of(frame, name, missing)
        except DataError as error:
            errors.append(error)
    return kinds, errors


def kind_of(frame: Frame, name: str, missing: Collection[str]) -> str:
    """Infer the kind of a column, in the form that `parse_column` takes.

    >>> from barenet.tables.frames._to_frame import as_frame
    >>> towns = as_frame({"zip": ["01067", "10115"], "open": ["yes", "no"], "size": ["3", "?"]})
    >>> [kind_of(towns, name, ["?"]) for name in towns.columns]
    ['category', 'boolean', 'number']
    """
    column_kind = kind_of_values(frame, name, missing)
    if column_kind not in date_formats.DATES:
        refuse_date_format(frame, name, missing)
    return column_kind


def refuse_date_format(frame: Frame, name: str, missing: Collection[str]) -> None:
    """Reject a column that a date format names, but whose values are no dates in this format."""
    date_format = None
    if frame.origin is not None:
        date_format = frame.origin.date_format_of(name)
    if date_format is None:
        return
    labels = parsing.as_labels(frame, name, missing)
    is_present = np.array([not is_absent(label) for label in labels], np.bool_)
    if not is_present.any():
        return
    row = parsing.first_row(frame, is_present)
    expected = f"a date in its format {date_format!r}"
    remedy = "correct the format, or remove it if the column holds no dates"
    raise frame.fault(row, name, expected, remedy)


def kind_of_values(frame: Frame, name: str, missing: Collection[str]) -> str:
    """Infer the kind of a column from its values alone."""
    values = frame[name]
    if values.dtype.kind == "f" and np.isinf(values).any():
        parsing.as_numbers(frame, name, missing)  # this rejects infinities that are not missing
    if values.dtype.kind == "b":
        return "boolean"
    if values.dtype.kind == "M":
        return "ymd"
    if values.dtype.kind != "T":
        return "number"
    column = distinct_texts(frame, name, missing)
    # Before numbers, as 1 and 0 may be beside words.
    if parsing.are_booleans(column.texts.values()):
        return "boolean"
    order = _order_of_dates(column)
    if order is not None:
        return order
    refuse_other_digits(column)
    column = with_limits_as_numbers(column)
    refuse_decimals_of_months(column)
    refuse_points_of_thousands(column)
    refuse_counts_after_points(column)
    refuse_coordinates(column)
    refuse_local_numbers(column)
    numbers = column.find(parsing.read_number)
    refuse_units(column, numbers)
    if _are_all(column, numbers, "a number"):
        return _number_or_code(column, numbers)
    dates = _without_seasons(column, column.find_most(parse_datetime))
    refuse_dates_beside(column, dates)
    if _are_all(column, dates, "a date"):
        return "ymd"
    times = column.find_nearly_all(date_formats.parse_time_of_day)
    if _are_all(column, times, "a time of day"):
        return "time"
    refuse_unread_dates(column)
    refuse_pairs(column)
    refuse_durations(column)
    refuse_decorated(column)
    _refuse_comments(column)
    return "category"


def distinct_texts(frame: Frame, name: str, missing: Collection[str]) -> DistinctTexts:
    """Find the different texts of a column, without those that stand for a missing value."""
    codes, texts = parsing.unique_texts(frame[name])
    missing_texts = {*missing}
    present = {}
    values_by_code = {}
    for code, text in enumerate(texts):
        if text in missing_texts:
            continue
        present[code] = text
        if not is_absent(text):
            values_by_code[code] = text
    # A column with only absent values, such as ".", has names.
    return DistinctTexts(frame, name, codes, values_by_code or present)


def _are_all(column: DistinctTexts, codes: Sequence[int], expected: str) -> bool:
    """Return whether all values are of a kind; reject a column if nearly all are."""
    others = column.others(codes)
    if not others:
        return True
    if not column.are_nearly_all(codes):
        return False
    share = np.floor(1000 * column.share(codes)) / 10  # in percent, never rounded up to 100
    texts = column.texts_of(others)
    remedy = "if the column holds names, use {categories}"
    if expected == "a number" and parsing.read_limit(texts[0]) is not None:
        remedy = f"{read_as_numbers(texts[0])}; {remedy}; "
        remedy += "if it stands for a missing value, use {missing}"
    elif len(texts[0]) <= LONGEST:
        remedy = f"if it stands for a missing value, use {{missing}}; {remedy}"
    short_texts = [text for text in texts if len(text) <= LONGEST]
    detail = f"as in {share:g} % of the rows"
    raise column.fault(others[:1], expected, remedy, detail=detail, missing=short_texts[:FEW])


def _refuse_comments(column: DistinctTexts) -> None:
    """Reject numbers, dates and times that are most of the different values, beside words.

    These may be comments or marks of missing values. Text with digits is a comment only if it has
    several words and is beside decimal numbers or dates, as 12a, A1 and V58.1 are names. Whole
    numbers may be names, too, so the words beside them must occur repeatedly, as marks do.
    """
    numbers = []
    for code in column.find(parsing.read_number):
        if not parsing.is_code(column.texts[code]):
            numbers.append(code)
    are_decimal = 2 * len(column.find(_read_decimal)) > len(numbers)
    if _has_words_beside(column, numbers, are_measures=are_decimal):
        call = "pandas.to_numeric(column, errors='coerce')"
        raise _words_beside(column, numbers, "a number", call)
    call = "pandas.to_datetime(column, errors='coerce')"
    dates = _without_seasons(column, column.find_most(parse_datetime))
    if _has_words_beside(column, dates, are_measures=True):
        raise _words_beside(column, dates, "a date", call)
    times = column.find_most(date_formats.parse_time_of_day)
    if _has_words_beside(column, times, are_measures=True):
        raise _words_beside(column, times, "a time of day", call)


def _has_words_beside(column: DistinctTexts, codes: Sequence[int], *, are_measures: bool) -> bool:
    """Return whether values are most of the different ones, and words most of the others."""
    others = column.others(codes)
    if len(codes) < MANY or len(codes) <= len(others):
        return False
    words = []
    for text in column.texts_of(others):
        has_digits = any(character.isdigit() for character in text)
        is_comment = are_measures and " " in text
        if not has_digits or is_comment:
            words.append(text)
    if 2 * len(words) <= len(others):
        return False
    if are_measures:
        return True
    return column.n_rows(others) >= 2 * len(others)


def _read_decimal(text: str) -> float | None:
    """Parse a number that is not whole as it is written, such as 1.50."""
    if "." not in text:
        return None
    return parsing.read_number(text)


def _words_beside(
    column: DistinctTexts, codes: Sequence[int], expected: str, call: str
) -> DataError:
    """Make the error for words beside numbers, dates or times."""
    others = column.others(codes)
    texts = column.texts_of(others)
    detail = f"as {len(codes):,} of {len(column.texts):,} different values are"
    if len(texts) <= MOST_MARKS and max(len(text) for text in texts) <= LONGEST:
        remedy = "if the others stand for missing values, use {missing}"
    else:
        remedy = f"if the others stand for missing values, replace them, as {call} does"
    remedy += f"; {column.if_names}"
    return column.fault(others, expected, remedy, detail=detail, missing=texts)


def _number_or_code(column: DistinctTexts, numbers: Sequence[int]) -> str:
    """Return the kind of a column of numbers, some of which may be names, such as 00123."""
    refuse_digits_of_dates(column)
    codes = column.find(parsing.is_code)
    if not codes:
        return "number"
    names = column.others(codes)
    widths = {len(text) for text in column.texts.values()}
    few = max(FEW, (1 - parsing.NEARLY_ALL) * len(numbers))
    if len(codes) <= few and len(names) >= MANY and len(widths) > 1:
        expected = "a number of up to 15 digits without a zero before it"
        remedy = "to read numbers, use {numeric}; if the column holds names, use {categories}"
        raise column.fault(codes, expected, remedy, detail="as in other rows")
    refuse_digits_of_times(column)
    return "category"


def _without_seasons(column: DistinctTexts, dates: Sequence[int]) -> Sequence[int]:
    """Return the codes of dates, unless they are all seasons, such as 2009/10 and 2010/11."""
    are_seasons = all(is_season(text) for text in column.texts_of(dates))
    if not are_seasons:
        return dates
    if len(dates) > 1:
        return []
    return dates


def _is_numeric_or_read_date(text: str) -> bool:
    """Return whether a text is a date, perhaps of numbers whose order is unknown."""
    return NUMERIC_DATE.fullmatch(text) is not None or parse_datetime(text) is not None


def _order_of_dates(column: DistinctTexts) -> str | None:
    """Find the order of dates, if they are dates, from those that are unambiguous."""
    codes = column.find(NUMERIC_DATE.fullmatch)
    if not codes:
        return None
    both = column.find_nearly_all(_is_numeric_or_read_date)
    if not column.are_nearly_all_different(both) and not column.are_nearly_all(both):
        return None
    day_first = _dates_in_order(column, "dmy")
    month_first = _dates_in_order(column, "mdy")
    if len(month_first) > len(day_first):
        order = "mdy"
        dates = month_first
        dates_in_other_order = day_first
    else:
        order = "dmy"
        dates = day_first
        dates_in_other_order = month_first
    example = f"a date such as {date_formats.DATES[order]}"
    contradicting = dates_in_other_order - dates
    if contradicting:
        only_in_order = sorted(dates - dates_in_other_order)
        contradicted = column.texts_of(only_in_order)[0]
        detail = f"as {contradicted[:LONGEST]!r} in other rows"
        remedy = f"correct it; {column.if_names}"
        raise column.fault(contradicting, example, remedy, detail=detail)
    shown = dates & set(codes)  # dates that begin with the year don't show the order
    is_ambiguous = dates == dates_in_other_order and len(shown) > 0
    if shown and not is_ambiguous and _are_all(column, sorted(dates), example):
        return order
    raise unread_dates(column, codes, is_ambiguous=is_ambiguous, is_numeric=True)


def _dates_in_order(column: DistinctTexts, order: str) -> set[int]:
    """Find the codes of the values that are dates in an order of day and month."""
    codes = set()
    for code, text in column.texts.items():
        if parse_datetime(text, order) is not None:
            codes.add(code)
    return codes
