"""Own table: a file of the user's, and what was found out when it was opened."""

from __future__ import annotations

import contextlib
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from barenet.data.csv_table import CsvTable, read_table
from barenet.data.delimited import CsvOptions
from barenet.data.file_io import read_file_bytes
from barenet.data.frame import Frame
from barenet.data.target import MOST_CLASSES
from barenet.errors import DataError
from barenet.playground.advice import by_its_name

__all__ = ["OwnTable", "look_at"]


@dataclass(frozen=True)
class OwnTable:
    """A file, and what was found out about it.

    Attributes
    ----------
    name : str
        What it is called.
    path : Path
        Where it is.
    options : dict
        How it is read, for `load_dataset`.
    n_rows : int
        How many rows it has.
    numbers : dict of str to bool
        Whether each column can be an axis.
    whole : tuple of str
        Columns that have a number in every row.
    medians : dict of str to float
        Of each column of numbers: what stands for one that is missing.
    target : str
        What is predicted, if nobody says.
    """

    name: str
    path: Path
    options: dict[str, Any]
    n_rows: int
    numbers: dict[str, bool]
    whole: tuple[str, ...]
    medians: dict[str, float]
    target: str

    def with_words(self, target: str) -> list[str]:
        """Write the commands that learn from the columns that are no numbers, too."""
        if all(known for name, known in self.numbers.items() if name not in ("", target)):
            return []
        options = {name: value for name, value in self.options.items() if name != "header"}
        said = [word for option, value in options.items() for word in (f"--{option}", value)]
        if "header" in self.options:
            said.append("--header" if self.options["header"] else "--no-header")
        run = f"runs/{Path(self.name.removesuffix('.gz')).stem.strip('.') or 'data'}"
        train = ["barenet", "train", self.name, "--target", target, *said]
        return [shlex.join(train), shlex.join(["barenet", "play", run])]


def look_at(name: str, path: Path, header: bool | None = None) -> OwnTable:
    """Open a table, and find out what there is to know of it."""
    with by_its_name(name, path):
        table, options = _read(path, header)
    frame = table.frame(table.names)
    numbers = {each: _is_of_numbers(frame, each) for each in table.names}
    known = {each: frame[each] for each in table.names if numbers[each]}
    return OwnTable(
        name=name,
        path=path,
        options=options,
        n_rows=len(frame),
        numbers=numbers,
        whole=tuple(each for each, column in known.items() if not np.isnan(column).any()),
        medians={each: float(np.nanmedian(column)) for each, column in known.items()},
        target=_usual_target(frame, numbers),
    )


def _read(path: Path, header: bool | None) -> tuple[CsvTable, dict[str, Any]]:
    """Read a table, and find out how: what Excel writes is not UTF-8 everywhere, nor has a point.

    Windows' letters are taken where there is no UTF-8, and a decimal comma where it makes numbers
    of columns that a semicolon parts.
    """
    options: dict[str, Any] = {} if header is None else {"header": header}
    content = read_file_bytes(path)
    try:
        content.decode()
    except UnicodeDecodeError:
        if b"\0" not in content:
            options["encoding"] = "cp1252"
    table = read_table(path, CsvOptions(**options))
    if table.lines.delimiter in (";", "\t"):
        with contextlib.suppress(DataError):
            other = read_table(path, CsvOptions(**options, decimal=","))
            if _count_numbers(other) > _count_numbers(table):
                return other, {**options, "decimal": ","}
    return table, options


def _count_numbers(table: CsvTable) -> int:
    frame = table.frame(table.names)
    return sum(_is_of_numbers(frame, name) for name in table.names)


def _is_of_numbers(frame: Frame, name: str) -> bool:
    """Whether a column can be an axis: it has a name and numbers, and nothing but holes besides."""
    column = frame[name]
    return bool(name) and column.dtype == np.float64 and bool(np.isfinite(column).any())


def _usual_target(frame: Frame, numbers: dict[str, bool]) -> str:
    """The last column, unless it is one of names or remarks, and another is not."""
    names = [*frame.columns]
    for name in reversed(names):
        if numbers[name] or (name and len(np.unique(frame[name])) <= MOST_CLASSES):
            return name
    return names[-1]
