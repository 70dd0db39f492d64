"""A table's columns as they came: numbers, text, dates and truth values side by side.

What a matrix cannot hold, and what a network cannot take: `TableEncoding` turns one into the other.
A frame knows where its rows come from, so that whatever is wrong with one is named by its line.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet.errors import DataError, some

__all__ = ["TEXT", "Frame", "Origin", "Samples", "check_names"]

#: The type of a column of text, in which nothing is ``""``.
TEXT = np.dtypes.StringDType()


class Origin(Protocol):
    """Where the rows of a frame were read."""

    @property
    def path(self) -> Path:
        """The file."""

    def locate(self, row: int, name: str) -> tuple[int | None, str | None]:
        """The line of a row and the text of a value in it, where known."""


@dataclass(frozen=True, eq=False)
class Frame:
    """Named columns of one length.

    ``frame["age"]`` is a column, ``frame[["age", "sex"]]`` a frame of some columns, and any other
    index takes rows, as it does from an array. ``pandas.DataFrame(frame.columns)`` is a DataFrame.

    Attributes
    ----------
    columns : dict of str to ndarray of shape (n_rows,)
        Each is float64 (NaN where nothing is), StringDType ("" where nothing is),
        datetime64[us] (NaT where nothing is), or bool.
    origin : Origin, optional
        Where the rows were read.
    rows : ndarray of shape (n_rows,), int64, optional
        Their numbers there, from 0; by default they are all of them, in order.

    Raises
    ------
    ValueError
        If there is no column, or the columns are not of one length.

    Examples
    --------
    >>> ages = Frame({"age": np.array([36.0, 85.0]), "member": np.array([True, False])})
    >>> ages.shape, ages[[1]]["age"]
    ((2, 2), array([85.]))
    """

    columns: dict[str, NDArray[Any]]
    origin: Origin | None = None
    rows: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        lengths = {len(column) for column in self.columns.values()}
        if len(lengths) != 1:
            raise ValueError(f"columns: expected some, of one length, got lengths {lengths or 0}")

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return self.columns[key]
        if isinstance(key, tuple) and key[1:] == (...,):  # How scikit-learn takes rows.
            return self.take(key[0])
        if isinstance(key, list) and key and all(isinstance(name, str) for name in key):
            return self.select(key)
        return self.take(key)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        raise TypeError("a Frame's columns are of several kinds; a TablePreprocessor encodes them")

    def __repr__(self) -> str:
        kinds = ", ".join(f"{name}: {column.dtype}" for name, column in self.columns.items())
        return f"<Frame of {len(self):,} rows: {kinds}>"

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of rows and of columns."""
        return len(self), len(self.columns)

    def select(self, names: Sequence[str]) -> Frame:
        """Take columns by their names.

        Parameters
        ----------
        names : sequence of str
            Which, in any order.

        Returns
        -------
        Frame
            The columns in that order.

        Raises
        ------
        ValueError
            If one is not there.
        """
        check_names(names, self.columns)
        return replace(self, columns={name: self.columns[name] for name in names})

    def take(self, rows: ArrayLike | slice) -> Frame:
        """Take rows.

        Parameters
        ----------
        rows : array-like of int or bool, or slice
            Which, as an array's first axis takes them.

        Returns
        -------
        Frame
            The rows, which still know where they were read.
        """
        index = rows if isinstance(rows, slice) else np.asarray(rows)
        columns = {name: column[index] for name, column in self.columns.items()}
        if self.rows is not None:
            numbers = self.rows[index]
        elif isinstance(index, slice):
            numbers = np.arange(*index.indices(len(self)))
        else:
            numbers = np.arange(len(self))[index]
        return replace(self, columns=columns, rows=numbers)

    def fault(
        self, row: int, name: str, expected: str, remedy: str = "", **options: object
    ) -> DataError:
        """Describe a wrong value and its place.

        Parameters
        ----------
        row : int
            The row of this frame, counted from 0.
        name : str
            The column.
        expected : str
            What should have been there.
        remedy : str
            A way to correct it.
        **options : object
            Values of arguments that the remedy recommends.

        Returns
        -------
        DataError
            To be raised.
        """
        number = row if self.rows is None else int(self.rows[row])
        line, value = None, None
        place: dict[str, Any] = {"argument": "X"}
        if self.origin is not None:
            line, value = self.origin.locate(number, name)
            place = {"path": self.origin.path}
        value = str(self.columns[name][row]) if value is None else value
        nothing = not value.strip() or value in ("nan", "NaT")
        got = "nothing" if nothing else repr(value[:60])
        where = f"row {number}: " if line is None else ""
        return DataError(
            f"{where}column {name!r}: expected {expected}, got {got}",
            **place,
            line=line,
            value=value,
            expected=expected,
            remedy=remedy,
            **options,
        )


def check_names(names: Sequence[str], known: Collection[str]) -> None:
    """Refuse columns that a table lacks."""
    there = set(known)
    if missing := [name for name in names if name not in there]:
        raise ValueError(f"X: no column {some(missing)}; its columns are {some([*known])}")


#: Rows of a data set: a matrix where all columns are numbers, else a frame.
Samples: TypeAlias = NDArray[Any] | Frame
