"""The header of delimited text: the names of the columns, and the test for a missing one.

A file without a header is refused rather than read with its first row as names, unless the caller
passes `header`; the values of the columns decide.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from barenet.data._delimited import DELIMITERS, read_records
from barenet.data._file_io import check_columns
from barenet.data._frame import check_unique
from barenet.data._parsing import MISSING, parse_datetime
from barenet.errors import DataError, some

#: Maximum numbers of columns and rows that are compared with the first line.
_MAX_COLUMNS, _MAX_ROWS = 200, 1000

#: Maximum number of values of a column that are tested for numbers and dates.
_MAX_TESTED = 100

#: A number with a decimal point or comma, and with any thousands separators.
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)*|[.,]\d+)([eE][+-]?\d+)?", re.ASCII)

#: Fraction of numbers, or of dates, from which on a column is one of numbers, or of dates.
_MOST = 0.9


def read_header(text: str, delimiter: str, path: Path, header: bool | None) -> tuple[str, ...]:
    """Read the names of the columns, or make names by position."""
    first = re.match(r"[^\r\n]*", text)[0]  # type: ignore[index]
    if '"' not in first:  # else a delimiter may belong to a value
        check_columns(path, first.count(delimiter) + 1)
    line, fields = next(read_records(text, delimiter, path), (0, []))
    if not fields:
        raise DataError("empty file", path=path)
    check_columns(path, len(fields))
    names = tuple(name.strip() for name in fields)
    others = [each for each in DELIMITERS if each != delimiter and each in names[0]]
    if len(names) == 1 and others:
        problem, remedy = f"1 column, {names[0][:60]!r}", "try {delimiter}"
        other = DELIMITERS[others[0]]
        raise DataError(problem, path=path, line=line, remedy=remedy, delimiter=other)
    if header is False:
        return tuple(f"x{column + 1}" for column in range(len(names)))
    remedy = "if the first line is a row of the table, use {header}"
    check_unique([*filter(None, names)], path=path, line=line, remedy=remedy, header=False)
    return names


def check_header(names: Sequence[str], columns: Sequence[Any], path: Path) -> None:
    """Refuse names that are more like the values below them than like names.

    Each column votes. A number above numbers, a date above dates, or a text that occurs again below
    is a sign of a row. Any other text above numbers or dates, or above repeated texts, is a sign
    of a header. Numbers alone are not names, except for 0, 1, 2, …, as pandas writes them.
    """
    numeric_names = _numeric_names(names)
    shown = list(zip(names, columns, strict=True))[:_MAX_COLUMNS]
    votes = [_vote(name, column, numeric_names) for name, column in shown]
    like = [name for (name, _), vote in zip(shown, votes, strict=True) if vote < 0]
    if len(numeric_names) < len(names) and all(map(_is_number, names)):
        like = [*names]
    elif len(like) <= votes.count(1):
        return
    problem = "the first line looks like a row and not like the names of the columns: "
    problem += some(like, 3)
    remedy = "if it is a row of the table, use {header}; if it has the names, {header_}"
    raise DataError(problem, path=path, line=1, remedy=remedy, header=False, header_=True)


def _numeric_names(names: Sequence[str]) -> set[str]:
    """Find numbers that are names: 0, 1, 2, …; or, beside other names, years or rising numbers."""
    numbers = [name for name in names if _is_number(name)]
    try:
        values = [float(name) for name in numbers]
    except ValueError:  # separators of thousands
        return set()
    if values == list(range(len(values))):
        return set(numbers)
    rises = len(values) >= 3 and min(np.diff(values)) > 0
    are_years = all(name.isdecimal() and 1800 <= int(name) <= 2100 for name in numbers)
    return set(numbers) if len(numbers) < len(names) and (are_years or rises) else set()


def _vote(name: str, column: Any, numeric_names: set[str]) -> int:
    """Return 1 for a name, -1 for a value, 0 if undecided."""
    values = [text.strip() for text in column.slice(1, _MAX_ROWS).to_pylist()]
    known = [text for text in values if text not in MISSING]
    if not known or name in numeric_names or name in ("y", *MISSING):
        return -1 if name == "?" else 0
    tested = known[:_MAX_TESTED]
    for is_one in (_is_number, parse_datetime):
        if sum(bool(is_one(text)) for text in tested) >= _MOST * len(tested):
            return -1 if is_one(name) else 1
    different = set(known)
    if name in different:
        return -1
    return 1 if len(different) <= len(known) / 2 else 0


def _is_number(text: str) -> bool:
    """Whether a text is a number, with any separators."""
    return _NUMBER.fullmatch(text) is not None
