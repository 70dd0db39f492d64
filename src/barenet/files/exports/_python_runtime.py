"""The functions of exported Python files; each file gets copies of those that it calls.

They only need Python 3.9 and NumPy. Functions that read tables follow
`barenet.tables.reading._parsing` and the records in `barenet.tables.encoding._column`. The
library's own functions and constants that they use are imported here; an exported file has copies
of them.
"""

from __future__ import annotations

import csv
import io
import math
import os
import re
import sys
import unicodedata  # noqa: F401 - used by a copied function
import warnings
from base64 import b64decode
from collections.abc import Callable, Sequence
from contextlib import suppress  # noqa: F401 - used by a copied function
from datetime import datetime, timedelta  # noqa: F401 - used by copied functions
from functools import cache  # noqa: F401 - used by a copied function
from typing import Any

import numpy as np

from barenet.tables.encoding._column_kinds import PARTS, elapsed, part_of, positions, seconds
from barenet.tables.encoding._encoding import MAX_FLOAT32
from barenet.tables.encoding._words_column import WORD, words_of  # noqa: F401 - WORD is copied, too
from barenet.tables.files._delimited import (  # noqa: F401 - copied into exported files
    ENCODING_MARKS,
    marked_encoding,
)
from barenet.tables.frames._frame import comparable_name
from barenet.tables.frames._plain_values import (  # noqa: F401 - copied into exported files
    class_name,
    in_utc,
    to_utc,
)
from barenet.tables.reading._date_formats import (  # noqa: F401 - copied into exported files
    AFTER_SECONDS,
    ANY_CASE,
    COMPACT,
    COUNTS,
    DATES,
    DAY,
    DAY_LAYOUTS,
    DAYS,
    DIGITS_OF_CODES,
    DMY_DAYS,
    DMY_LAYOUTS,
    GAP,
    HALF,
    LAYOUTS_BY_ORDER,
    MDY_DAYS,
    MDY_LAYOUTS,
    MINUTES,
    MONTH_WORD,
    MONTHS,
    PATTERNS_OF_CODES,
    PERIOD_LAYOUTS,
    PERIODS,
    TIME,
    TIME_BEFORE_YEAR,
    TIME_BESIDE_DAY,
    TIME_LAYOUTS,
    TIMES,
    UNTIL,
    WEEKDAY,
    YEAR,
    ZONE,
    ZONE_OF_TIME,
    counted_moment,
    format_pattern,
    is_format,
    is_time,
    moment_of,
    parse_datetime,
    parse_time_of_day,
    read_date,
)
from barenet.tables.reading._missing_texts import (  # noqa: F401 - copied into exported files
    ABSENT,
    ABSENT_PATTERN,
    is_absent,
)
from barenet.tables.reading._number_forms import (  # noqa: F401 - copied into exported files
    APOSTROPHE,
    CLOCK,
    PARTS_OF_DURATION,
    SECONDS_OF_PARTS,
    SPACES,
    number_pattern,
    read_duration,
    read_formed,
)
from barenet.tables.reading._parsing import (  # noqa: F401 - copied into exported files
    AFTER_LIMIT,
    BEFORE_LIMIT,
    BOOLEAN_WORDS,
    CODE,
    DECIMAL_COMMA,
    LARGE_DECIMAL,
    LIMIT,
    LONGER_SPELLING,
    MINUS_SIGNS,
    NO_BREAK_SPACES,
    NUMBER,
    SIGN,
    SMALL_DECIMAL,
    SPELLINGS,
    THOUSANDS,
    TRAILING_MINUS,
    WORDS,
    are_missing_dates,
    canonical,
    canonical_number,
    finite_number,
    grouped_number,
    is_code,
    missing_dates,
    number_of_token,
    plain_minus,
    read_limit,
    read_number,
    read_number_or_limit,
    sign_and_number,
    to_number,
    without_thousands,
)

# Each exported file defines these constants and functions itself.
N_INPUTS = 0
N_OUTPUTS = 1
FEATURES: list[str] = []
CLASSES: list[Any] = []
MISSING: list[str] = []
outputs: Callable[[Any], np.ndarray] = np.asarray
probabilities = predict = outputs


class WrongValueError(ValueError):
    """A value that can't be used, with its row (counted from 0) and its column."""

    def __init__(self, row: int, name: str, problem: str) -> None:
        super().__init__(f"row {row}: column {name!r}: {problem}")
        self.row = row
        self.problem = f"column {name!r}: {problem}"


def check(X: Any) -> np.ndarray:
    """Convert rows to float64, and check that all numbers are finite."""
    numbers = as_numbers(X)
    if numbers.ndim != 2 or numbers.shape[1] != N_INPUTS:
        raise ValueError(f"X: expected finite numbers in rows of {N_INPUTS}, got {numbers.shape}")
    for row, at in np.argwhere(~np.isfinite(numbers)).tolist():
        problem = f"expected finite numbers, got {str(X[row][at])!r}"
        raise WrongValueError(row, name_of(at), problem)
    return numbers


def as_numbers(X: Any) -> np.ndarray:
    """Convert rows to float64; an error names a text that is not a number."""
    if not isinstance(X, np.ndarray) or X.dtype.kind not in "biuf":
        refuse_bytes(X)  # which NumPy would read as numbers
    try:
        return np.asarray(X, float)
    except ValueError:
        for row, values in enumerate(X):
            for at, value in enumerate(values):
                try:
                    float(value)
                except ValueError as error:
                    raise WrongValueError(row, name_of(at), str(error)) from None
        raise


def refuse_bytes(rows: Any) -> None:
    """Refuse bytes, which are no texts."""
    values = np.asarray(rows, object)
    if values.ndim != 2:
        return
    for (row, at), value in np.ndenumerate(values):
        if isinstance(value, bytes):
            problem = f"expected a number, a text or a date, got {value!r}"
            raise WrongValueError(row, name_of(at), problem)


def name_of(at: int) -> str:
    """Return the name of a column, or its number if it has no name."""
    if FEATURES:
        return FEATURES[at]
    return f"x{at + 1}"


def sigmoid(Z: np.ndarray) -> np.ndarray:
    """1 / (1 + exp(-z)), which is 0 where exp(-z) overflows"""
    with np.errstate(over="ignore"):
        return 1 / (1 + np.exp(-Z))


def softplus(Z: np.ndarray) -> np.ndarray:
    """ln(1 + exp(z))"""
    return np.logaddexp(Z, Z.dtype.type(0))


def normal(Z: np.ndarray) -> np.ndarray:
    """The normal distribution function"""
    scaled = Z.ravel() * -math.sqrt(0.5)
    values = [0.5 * math.erfc(z) for z in scaled.tolist()]
    return np.array(values, Z.dtype).reshape(Z.shape)


def normalize(X: np.ndarray, epsilon: float) -> np.ndarray:
    """Scale rows to mean 0 and variance 1."""
    deviation = np.sqrt(X.var(axis=1, keepdims=True) + epsilon)
    return (X - X.mean(axis=1, keepdims=True)) / deviation


def decode(dtype: type, shape: tuple[int, ...], text: str) -> np.ndarray:
    """Decode an array from its little-endian bytes in base64."""
    little = np.dtype(dtype).newbyteorder("<")
    return np.frombuffer(b64decode(text), little).reshape(shape).astype(dtype)


def predict_class(X: Any) -> np.ndarray:
    """Predict the most probable class of each row."""
    return np.array(CLASSES)[probabilities(X).argmax(axis=1)]


def predict_numbers(X: Any) -> np.ndarray:
    """Predict the numbers of each row."""
    Y = outputs(X)
    if Y.shape[1] == 1:
        return Y[:, 0]
    return Y


def columns_of(rows: Sequence[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """Split rows into columns; each row must have a value for each of FEATURES."""
    if len(rows) == 0 or any(len(row) != N_INPUTS for row in rows):
        raise ValueError(f"expected rows of {N_INPUTS} values")
    refuse_bytes(rows)
    return list(zip(*rows))


def number(
    values: Sequence[Any],
    name: str,
    fill: float,
    center: float,
    scale: float,
    indicator: bool,
    form: Sequence[str] = (),
) -> list[np.ndarray]:
    """(x - center) / scale; where x is missing, fill, and 1 in a second column"""
    x, missing = filled(values, name, fill, form)
    encoded = [within_float32((x - center) / scale, values, name)]
    if indicator:
        encoded.append(missing)
    return encoded


def piecewise(
    values: Sequence[Any],
    name: str,
    fill: float,
    center: float,
    scale: float,
    indicator: bool,
    edges: list[float],
    clip: bool = False,
    codes: Sequence[float] = (),
    form: Sequence[str] = (),
) -> list[np.ndarray]:
    """(x - center) / scale, and the position in each bin: 0 before it, 1 after it; 1 at its code"""
    x, missing = filled(values, name, fill, form)
    near = x
    if clip:
        near = limited(x, edges)
    scaled = within_float32((near - center) / scale, values, name)
    encoded = [scaled, *positions(x, edges).T]
    if codes:
        is_code = x[:, np.newaxis] == np.array(codes)
        is_other = ~is_code.any(axis=1)
        encoded += [*is_code.T, is_other]
    if indicator:
        encoded.append(missing)
    return encoded


def limited(x: np.ndarray, edges: Sequence[float]) -> np.ndarray:
    """Limit numbers to one bin before the first edge, and one bin after the last."""
    low = edges[0] - (edges[1] - edges[0])
    high = edges[-1] + (edges[-1] - edges[-2])
    return np.clip(x, low, high)


def within_float32(encoded: np.ndarray, values: Sequence[Any], name: str) -> np.ndarray:
    """Check that float32 can represent all encoded numbers."""
    for row in np.flatnonzero(~(np.abs(encoded) <= MAX_FLOAT32)).tolist():
        problem = f"expected a number nearer to those of the training, got {str(values[row])!r}"
        raise WrongValueError(row, name, problem)
    return encoded


def filled(
    values: Sequence[Any], name: str, fill: float, form: Sequence[str] = ()
) -> tuple[np.ndarray, np.ndarray]:
    """Return numbers, with fill for missing ones, and which ones are missing."""
    markers = []
    for text in MISSING:
        marker = number_of_token(text)
        if marker is not None:
            markers.append(marker)
    numbers = []
    unread = []
    for row, value in enumerate(values):
        parsed = value
        if isinstance(value, str):
            parsed = read_in_form(value.strip(), form)
        if is_missing(value) or (parsed is None and is_absent(value.strip())):
            parsed = math.nan
        if parsed is None or isinstance(parsed, (datetime, np.datetime64)):
            unread.append(row)
            parsed = math.nan
        number = float(parsed)
        # A float32 may equal a marker before its conversion, and a large integer after it.
        if parsed in markers or number in markers:
            number = math.nan
        numbers.append(number)
    x = np.array(numbers, float)
    for row in np.flatnonzero(np.isinf(x)).tolist():
        raise WrongValueError(row, name, f"expected finite numbers, got {values[row]!r}")
    missing = np.isnan(x)
    check_unread(unread, values, name, "a number", are_all=bool(missing.all()))
    return np.where(missing, fill, x), missing


def read_in_form(text: str, form: Sequence[str]) -> float | None:
    """Parse a number of a column: in its form, as a duration, or as a plain number or a limit"""
    if form == "duration":
        return read_duration(text)
    if form:
        return read_formed(text, form)
    return read_number_or_limit(text)


def check_unread(
    unread: Sequence[int], values: Sequence[Any], name: str, expected: str, are_all: bool
) -> None:
    """Warn of values of another kind, which count as missing; without any other, refuse them"""
    if not unread:
        return
    first = unread[0]
    problem = f"expected {expected}, got {str(values[first])!r}"
    if are_all:
        raise WrongValueError(first, name, problem)
    n_unread = f"{len(unread)} of {len(values)} values count as missing"
    warnings.warn(f"row {first}: column {name!r}: {problem}; {n_unread}", stacklevel=2)


def boolean(values: Sequence[Any], name: str, fill: float, indicator: bool) -> list[np.ndarray]:
    """1 for true and 0 for false; where it is missing, fill, and 1 in a second column"""
    meanings = {"1": 1, "0": 0}
    for true_word, false_word in BOOLEAN_WORDS:
        meanings[true_word] = 1
        meanings[false_word] = 0
    numbers = np.full(len(values), fill, float)
    missing = np.full(len(values), True)
    unread = []
    for row, value in enumerate(values):
        text = ""
        if not is_missing(value):
            text = label(value).lower()
        if text in meanings:
            numbers[row] = meanings[text]
            missing[row] = False
        elif text and not is_absent(text):
            unread.append(row)
    check_unread(unread, values, name, "booleans, such as yes or no", are_all=bool(missing.all()))
    encoded = [numbers]
    if indicator:
        encoded.append(missing)
    return encoded


def category(
    values: Sequence[Any], name: str, categories: list[str], rare: bool, missing: bool
) -> list[list[bool]]:
    """1 in the column of the category, 0 in the others; rare and missing ones may have columns"""
    labels = texts_of(values)
    places: dict[str, int] = {}
    for place, name_of_category in enumerate(categories):
        places.setdefault(canonical(name_of_category), place)
    columns = [[places.get(text) == place for text in labels] for place in range(len(categories))]
    if rare:
        others = set(places)
        if missing:
            others.add("")
        columns.append([text not in others for text in labels])
    if missing:
        columns.append([text == "" for text in labels])
    return columns


def words(values: Sequence[Any], name: str, words: list[str], missing: bool) -> list[list[bool]]:
    """1 in the columns of the words that occur in the text, 0 in the others and where it is missing

    Missing texts may have a column.
    """
    texts = texts_of(values)
    words_by_text = [set(words_of(text)) for text in texts]
    columns = []
    for word in words:
        has_word = [word in words_of_row for words_of_row in words_by_text]
        columns.append(has_word)
    if missing:
        columns.append([text == "" for text in texts])
    return columns


def texts_of(values: Sequence[Any]) -> list[str]:
    """Format each value as a label; a missing one is empty"""
    markers = {label(text) for text in MISSING}
    texts = []
    for value in values:
        text = ""
        if not is_missing(value):
            text = label(value)
        if text in markers:
            text = ""
        texts.append(text)
    return texts


def without_markers(values: Sequence[Any], markers: Sequence[str]) -> list[Any]:
    """Replace the markers of missing values in a column by None; equal numbers are one marker"""
    labels = {label(marker) for marker in markers}
    return [None if label(value) in labels else value for value in values]


def label(value: Any) -> str:
    """Format a category; equal labels have the same text, however written"""
    return canonical(str(value).strip())


def date(
    values: Sequence[Any],
    name: str,
    fill: float,
    center: float,
    scale: float,
    cycles: list[str],
    indicator: bool,
    order: str = "ymd",
    edges: Sequence[float] = (),
    parts: Sequence[str] = (),
    days: Sequence[int] = (),
    date_format: str = "",
    markers: Sequence[str] = (),
) -> list[np.ndarray]:
    """(s - center) / scale, with s in seconds since 1970, positions in bins and cycles, parts"""
    default = np.datetime64(round(fill * 1e6), "us")
    dates = []
    unread = []
    for row, value in enumerate(values):
        parsed = None
        if not is_missing(value):
            parsed = moment(value, order, date_format)
            if parsed is None and not is_absent(str(value).strip()):
                unread.append(row)
        dates.append(parsed)
    moments = np.array(dates, "M8[us]")
    missing = are_missing_dates(moments, [*MISSING, *markers], order)
    check_unread(unread, values, name, "a date or a time of day", are_all=bool(missing.all()))
    moments[missing] = default
    s = seconds(moments)
    near = s
    if edges:
        near = limited(s, edges)
    encoded = [(near - center) / scale]
    if edges:
        encoded += [*positions(s, edges).T]
    for cycle in cycles:
        angle = 2 * np.pi * elapsed(moments, cycle)
        encoded += [np.sin(angle), np.cos(angle)]
    for part in parts:
        is_of_part = part_of(moments, part)[:, np.newaxis] == np.arange(len(PARTS[part]))
        encoded += [*is_of_part.T]
    if days:
        is_day = part_of(moments, "day")[:, np.newaxis] == np.array(days)
        encoded += [*is_day.T]
    if indicator:
        encoded.append(missing.astype(np.float64))
    return encoded


def moment(value: Any, order: str, date_format: str) -> datetime | None:
    """Parse a date or time in a given format or another layout, in UTC; None for another value"""
    if isinstance(value, np.datetime64):
        value = value.astype("M8[us]")  # a text with minutes, of any unit
    text = str(value).strip()
    return read_date(text, date_format) or parse_datetime(text, order)


def is_missing(value: Any) -> bool:
    """Return whether a value is missing: None, NaN, NaT, pandas' NA, or a marker text."""
    if isinstance(value, str):
        return value.strip() in MISSING
    return str(value).strip() in ("None", "nan", "NaT", "<NA>")


def lines_of(text: str, delimiter: str, quoting: bool) -> dict[int, list[str]]:
    """Return the values of each nonempty line of CSV, by line number."""
    file = io.StringIO(text, newline="")
    if quoting:
        reader = csv.reader(file, delimiter=delimiter, skipinitialspace=True)
    else:
        reader = csv.reader(file, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    lines = {}
    number = 1
    for line in reader:
        if line:
            lines[number] = line
        number = reader.line_num + 1  # a quoted value may span several lines
    return lines


def has_columns(lines: dict[int, list[str]], header: bool) -> bool:
    """Return whether the first line has all columns."""
    first = next(iter(lines.values()), [])
    if FEATURES and header:
        return all(name in first for name in FEATURES)
    return len(first) >= N_INPUTS


def with_point(value: str) -> str:
    """Write a number with a decimal point; other texts are unchanged."""
    if re.fullmatch(DECIMAL_COMMA, value.strip(), re.ASCII):
        return value.replace(",", ".")
    return value


def plain_number(value: str, thousands: str, decimal: str) -> str:
    """Write a number without separators of thousands and with a decimal point."""
    text = value
    if thousands:
        text = without_thousands(value.strip(), thousands, decimal)
    if decimal == ",":
        text = with_point(text)
    return text


def read(
    path: str,
    delimiter: str = "",
    decimal: str = ".",
    encoding: str = "",
    header: bool = True,
    quoting: bool = True,
    thousands: str = "",
) -> dict[int, list[str]]:
    """Read the rows of a CSV file, by the numbers of their lines.

    Columns with names are found by those in the first line.
    """
    with open(path, "rb") as file:
        data = file.read()
    text = data.decode(encoding or marked_encoding(data)).removeprefix("\ufeff")
    if "\0" in text:
        wrong_line = text.count("\n", 0, text.index("\0")) + 1
        raise ValueError(f"line {wrong_line}: a zero byte, which no text has")
    first = re.match(r'(?i)\ufeff?"?sep=(.)"?(?=[\r\n])', text)  # the delimiter, as Excel reads it
    if first is not None:
        text = text[first.end() :]
        delimiter = delimiter or first[1]
    lines = lines_of(text, delimiter or ",", quoting)
    if not delimiter and not has_columns(lines, header):
        for sign in (";", "\t", "|"):
            split = lines_of(text, sign, quoting)
            if has_columns(split, header):
                lines = split
    if thousands or decimal == ",":
        for number, line in lines.items():
            lines[number] = [plain_number(value, thousands, decimal) for value in line]
    if not FEATURES:
        return lines
    names: list[str] = []
    if lines and header:
        first_line = min(lines)
        names = names_of(lines.pop(first_line), first_line)
    elif lines:
        n_values = len(lines[min(lines)])
        names = [f"x{number}" for number in range(1, n_values + 1)]
    for number, line in lines.items():
        if len(line) != len(names):
            problem = f"{len(names)} names in the header, and {len(line)} values in {line}"
            raise ValueError(f"line {number}: {problem}")
    missing = [name for name in FEATURES if name not in names]
    if missing:
        raise ValueError(f"no column {', '.join(missing[:5])}")
    places = [names.index(name) for name in FEATURES]
    values_of_lines = {}
    for number, line in lines.items():
        values_of_lines[number] = [line[place] for place in places]
    return values_of_lines


def names_of(header: list[str], line: int) -> list[str]:
    """Return the names in a header, spelled like the model's; reject repeated names."""
    features = {}
    for name in FEATURES:
        features[comparable_name(name)] = name
    comparable_names = [comparable_name(name) for name in header]
    names = []
    for name, comparable in zip(header, comparable_names):
        count = header.count(name)
        if count > 1:
            problem = f"column {name!r} occurs {count} times; column names must be unique"
            raise ValueError(f"line {line}: {problem}")
        if name in FEATURES or comparable_names.count(comparable) > 1:
            names.append(name)
        else:
            names.append(features.get(comparable, name))
    return names


def class_answers(rows: list[Any]) -> tuple[list[str], list[np.ndarray]]:
    """The names of the columns that are printed, and the columns."""
    names = ["prediction"]
    names.extend(f"probability_{name}" for name in CLASSES)
    if not rows:
        return names, []
    return names, [predict(rows), *probabilities(rows).T]


def numbers_answers(rows: list[Any]) -> tuple[list[str], list[np.ndarray]]:
    """The names of the columns that are printed, and the columns."""
    names = ["prediction"]
    if N_OUTPUTS > 1:
        names = [f"prediction_{number}" for number in range(1, N_OUTPUTS + 1)]
    if not rows:
        return names, []
    return names, [*outputs(rows).T]


def main() -> None:
    """Print an answer for each row of a CSV file, as CSV."""
    if len(sys.argv) != 2:
        sys.exit(f"usage: python {sys.argv[0]} rows.csv > answers.csv")
    try:
        rows = read(sys.argv[1])
        header, columns = class_answers([*rows.values()])
    except WrongValueError as error:
        line = [*rows][error.row]
        sys.exit(f"{sys.argv[1]}: line {line}: {error.problem}")
    except (OSError, ValueError) as error:
        sys.exit(f"{sys.argv[1]}: {error}")
    writer = csv.writer(sys.stdout, lineterminator="\n")
    try:
        writer.writerow(header)
        texts = [column.astype(str) for column in columns]
        writer.writerows(zip(*texts))
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has stopped, as `head` does
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
