"""Rows that cannot be read, which are set aside with their lines, so that the others can be."""

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from barenet.data._delimited import read_records
from barenet.data._encoding import TableEncoding
from barenet.data._frame import Frame
from barenet.data._parsing import complete_numbers
from barenet.data._scaling import Scaling
from barenet.errors import DataError, count_of


class RejectedRow(NamedTuple):
    """A row that cannot be read."""

    file: str
    #: Its line, or in a Parquet file its number, counted from 1.
    line: int
    #: Its values, as in a CSV file.
    row: str
    reason: str


def without_ragged_rows(
    text: str, delimiter: str, n_columns: int, path: Path, line: int, rejected: list[RejectedRow]
) -> str:
    """Empty the lines of rows that have too many or too few values."""
    lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+", text)
    records = [*read_records(text, delimiter, path, line), (line + len(lines), [])]
    for (start, fields), (stop, _) in pairwise(records):
        if len(fields) != n_columns:
            reason = f"expected {count_of(n_columns, 'value')}, got {len(fields)}"
            rejected.append(RejectedRow(str(path), start, delimiter.join(fields), reason))
            lines[start - line : stop - line] = ["\n"] * (stop - start)
    return "".join(lines)


def unreadable_rows(rows: Frame, encoding: TableEncoding | Scaling) -> dict[int, str]:
    """The rows that an encoding or a scaling cannot take, each with the first reason."""
    found, columns = dict[int, str](), {each.name: each for each in getattr(encoding, "used", ())}
    for name in rows.columns:
        check: Callable[[Frame], Any] = partial(complete_numbers, name=name)
        if isinstance(encoding, TableEncoding):
            check = TableEncoding((columns[name],), encoding.missing).transform
        column = replace(rows.select([name]), origin=None)  # which would read the file each time
        found = _find_unreadable(column, check) | found
    return found


def _find_unreadable(rows: Frame, check: Callable[[Frame], Any]) -> dict[int, str]:
    """The rows that raise an error, by halves."""
    try:
        check(rows)
    except DataError as error:
        if len(rows) == 1:
            return {int(rows.rows[0]): error.problem.partition(": ")[2]}
        half = len(rows) // 2
        first = _find_unreadable(rows.take(slice(half)), check)
        return first | _find_unreadable(rows.take(slice(half, None)), check)
    return {}
