"""The names of the columns of a CSV file, in its first line.

The first line is a row if a number stands above numbers. Such a file is refused, unless the caller
states whether it has a header.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

from barenet.errors import DataError, brief, some
from barenet.storage import _file_io as file_io
from barenet.tables.files import _delimited as delimited
from barenet.tables.files._delimited import read_records
from barenet.tables.frames._frame import check_unique, fill_names
from barenet.tables.reading._missing_texts import MISSING, is_absent
from barenet.tables.reading._parsing import NEARLY_ALL

#: Maximum numbers of columns, rows and characters that the first line is compared with.
_MAX_COLUMNS = 200
_MAX_ROWS = 100
_MAX_CHARACTERS = 2**20

#: A number with a decimal point or comma, and with any thousands separators.
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)*|[.,]\d+)([eE][+-]?\d+)?", re.ASCII)

#: The years that may be names of columns.
_YEARS = range(1800, 2101)


def read_header(
    text: str, delimiter: str, path: Path, header: bool | None, *, quoting: bool = True
) -> tuple[str, ...]:
    """Read the names of the columns, some of which may be empty, or make names by position."""
    match = re.match(r"[^\r\n]*", text)
    assert match is not None
    first_line = match[0]
    if not quoting or '"' not in first_line:  # otherwise, a delimiter may belong to a value
        file_io.check_columns(path, first_line.count(delimiter) + 1)
    records = read_records(text, delimiter, path, quoting=quoting)
    line, fields = next(records, (0, []))
    if not fields:
        raise DataError("empty file", path=path)
    if header is not False and fields[0].startswith("#"):
        _refuse_comments(fields, records, path, line)
    file_io.check_columns(path, len(fields))
    names = tuple(name.strip() for name in fields)
    if len(names) == 1:
        _refuse_other_delimiter(names[0], delimiter, path, line)
    if header is False:
        return tuple(f"x{column + 1}" for column in range(len(names)))
    filled = fill_names(names)
    if header is None and len({*filled}) < len(filled):
        check_header(names, text, delimiter, path, quoting=quoting)  # they may be those of a row
    check_unique(filled, path=path, line=line)
    return names


def _refuse_comments(
    first: Sequence[str], records: Iterator[tuple[int, list[str]]], path: Path, line: int
) -> None:
    """Reject lines such as # Source above the names, given the first row and the following ones."""
    for line_of_names, fields in records:
        if fields[0].startswith("#"):
            continue
        _, following = next(records, (0, fields))
        if len(fields) == len(first) or len(fields) != len(following):
            return  # such as #id,size above 1,2.5, or above a row that is too long
        problem = "the first lines look like comments and not like the names of the columns, "
        problem += f"which seem to be in line {line_of_names:,}: {brief(first[0])}"
        raise DataError(problem, path=path, line=line, remedy="delete the lines above the names")


def _refuse_other_delimiter(name: str, delimiter: str, path: Path, line: int) -> None:
    """Reject the name of a single column that contains another delimiter."""
    for character, argument in delimited.DELIMITERS.items():
        if character != delimiter and character in name:
            problem = f"1 column, {name[:60]!r}"
            remedy = "try {delimiter}"
            raise DataError(problem, path=path, line=line, remedy=remedy, delimiter=argument)


def check_header(
    names: Sequence[str], text: str, delimiter: str, path: Path, *, quoting: bool = True
) -> None:
    """Reject a first line with a number above numbers, unless it is the name of a column."""
    numbers = [place for place, name in enumerate(names) if _NUMBER.fullmatch(name)]
    if not numbers or _are_names([names[place] for place in numbers], len(names)):
        return
    records = read_records(text[:_MAX_CHARACTERS], delimiter, path, quoting=quoting)
    line, _ = next(records)
    rows: list[list[str]] = []
    with suppress(DataError):  # The last row may be cut off within quotes.
        for _, fields in islice(records, _MAX_ROWS):
            if len(fields) == len(names):
                rows.append(fields)
    above_numbers = []
    for place in numbers[:_MAX_COLUMNS]:
        if _are_numbers(row[place] for row in rows):
            above_numbers.append(names[place])
    if not above_numbers:
        return
    problem = "the first line looks like a row and not like the names of the columns, as numbers "
    problem += f"stand above numbers: {some(above_numbers, 3)}"
    remedy = "if it is a row of the table, use {header}; if it has the names, {header_}"
    raise DataError(problem, path=path, line=line, remedy=remedy, header=False, header_=True)


def _are_names(numbers: Sequence[str], n_columns: int) -> bool:
    """Return whether the numbers of a first line are names.

    These are 0, 1, 2, …, as pandas writes them; and years, or three or more ascending numbers,
    beside other names.

    >>> _are_names(["0", "1"], 2), _are_names(["2020", "2019"], 3), _are_names(["5", "25", "50"], 4)
    (True, True, True)
    >>> _are_names(["2020", "2019"], 2), _are_names(["2019", "12000"], 3)
    (False, False)
    """
    try:
        values = [float(number) for number in numbers]
    except ValueError:  # a number has separators of thousands
        return False
    if values == list(range(len(values))):
        return True
    if len(numbers) == n_columns:
        return False
    are_years = all(value in _YEARS for value in values)
    rises = len(values) >= 3 and values == sorted(set(values))
    return are_years or rises


def _are_numbers(column: Iterable[str]) -> bool:
    """Return whether nearly all values of a column are numbers."""
    n_present = 0
    n_numbers = 0
    for value in column:
        text = value.strip()
        if text in MISSING or is_absent(text):
            continue
        n_present += 1
        if _NUMBER.fullmatch(text):
            n_numbers += 1
    return n_numbers >= max(1, NEARLY_ALL * n_present)
