"""The names of the columns of a CSV file, in its first line.

The first line is a row if a number stands above numbers. Such a file is refused, unless the caller
states whether it has a header.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path

from barenet._messages import brief, some
from barenet.errors import DataError
from barenet.storage import _file_io as file_io
from barenet.tables.files import _delimited as delimited
from barenet.tables.files._delimited import read_records
from barenet.tables.frames._column_names import check_unique, fill_names
from barenet.tables.reading._column_texts import NEARLY_ALL
from barenet.tables.reading._missing_texts import MISSING, is_absent

#: Maximum numbers of columns, rows and characters that the first line is compared with.
_MAX_COLUMNS = 200
_MAX_ROWS = 100
_MAX_CHARACTERS = 2**20

#: A number with a decimal point or comma, and with any thousands separators.
_NUMBER = re.compile(r"[+-]?(\d+([.,]\d*)*|[.,]\d+)([eE][+-]?\d+)?", re.ASCII)

#: A year, which may be the name of a column.
_YEAR = re.compile(r"(18|19|20)\d\d", re.ASCII)


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
    """Reject a first line with a number above numbers, unless it is the name of a column.

    Years beside other names are values only above years.
    """
    numbers = {place: name for place, name in enumerate(names) if _NUMBER.fullmatch(name)}
    if not numbers or _are_names(numbers, names):
        return
    are_years = all(_YEAR.fullmatch(name) for name in numbers.values())
    value = _YEAR if are_years and len(numbers) < len(names) else _NUMBER
    records = read_records(text[:_MAX_CHARACTERS], delimiter, path, quoting=quoting)
    line, _ = next(records)
    rows: list[list[str]] = []
    with suppress(DataError):  # The last row may be cut off within quotes.
        for _, fields in islice(records, _MAX_ROWS):
            if len(fields) == len(names):
                rows.append(fields)
    above_numbers = []
    for place, name in islice(numbers.items(), _MAX_COLUMNS):
        if _has_values((row[place] for row in rows), value):
            above_numbers.append(name)
    if not above_numbers:
        return
    problem = "the first line looks like a row and not like the names of the columns, as numbers "
    problem += f"stand above numbers: {some(above_numbers, 3)}"
    remedy = "if it is a row of the table, use {header}; if it has the names, {header_}"
    raise DataError(problem, path=path, line=line, remedy=remedy, header=False, header_=True)


def _are_names(numbers: Mapping[int, str], names: Sequence[str]) -> bool:
    """Return whether the numbers of a first line, by their columns, are names above any values.

    These are 0, 1, 2, … alone or beside the empty name of an index, as pandas writes them; and
    three or more ascending numbers in adjacent columns behind a first one, such as 5, 25 and 50.
    """
    try:
        values = [float(number) for number in numbers.values()]
    except ValueError:  # a number has separators of thousands
        return False
    places = [*numbers]
    if values == list(range(len(values))) and not any(set(names) - {*numbers.values()}):
        return True
    are_adjacent = 0 < places[0] == places[-1] - len(places) + 1
    return len(values) >= 3 and are_adjacent and values == sorted(set(values))


def _has_values(column: Iterable[str], value: re.Pattern[str]) -> bool:
    """Return whether nearly all values of a column match a pattern, apart from missing ones."""
    n_present = 0
    n_matches = 0
    for field in column:
        text = field.strip()
        if text in MISSING or is_absent(text):
            continue
        n_present += 1
        if value.fullmatch(text):
            n_matches += 1
    return n_matches >= max(1, NEARLY_ALL * n_present)
