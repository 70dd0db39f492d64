"""What is done to a table before a network sees it: one record for each column.

Measured on the training rows alone, and kept with the model as plain data, so that every later row
is treated as the training rows were.
"""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from barenet.constraints import check_number
from barenet.data.columns import Column, DroppedColumn, column_from_dict
from barenet.data.columns.kinds import kind_of
from barenet.data.columns.measure import (
    SCALES,
    measure_boolean,
    measure_category,
    measure_date,
    measure_numbers,
)
from barenet.data.frame import Frame
from barenet.data.framing import as_frame, column_names
from barenet.data.reading import MISSING
from barenet.errors import DataError, brief, some
from barenet.registry import lookup

__all__ = ["TableEncoding"]

#: Numbers that are encoded at a time: what is computed on the way stays small for any table.
_BLOCK = 2**20


@dataclass(frozen=True, eq=False)
class TableEncoding:
    """A record for each column of a table; together they make a matrix of it.

    Attributes
    ----------
    columns : tuple of Column
        The records, in the order of the training table.
    missing : tuple of str
        What stands for a missing value.

    Raises
    ------
    DataError
        If all columns are dropped.
    ValueError
        If a column is there twice, or a part is not what it should be.

    Examples
    --------
    >>> towns = {"size": [3.5, None, 2.1], "town": ["Rome", "Oslo", "Rome"]}
    >>> encoding = TableEncoding.fit(towns, numbers="none")
    >>> encoding.output_names
    ('size', 'size missing', 'town=Oslo', 'town=Rome')
    >>> encoding.apply({"town": ["Oslo"], "size": [1.5]})
    array([[1.5, 0. , 1. , 0. ]])
    """

    columns: tuple[Column, ...]
    missing: tuple[str, ...] = MISSING

    def __post_init__(self) -> None:
        if not all(isinstance(column, Column) for column in self.columns):
            raise ValueError(f"columns: expected records, got {self.columns!r}")
        if len({column.name for column in self.columns}) < len(self.columns):
            raise ValueError("columns: a name is there twice")
        if not all(isinstance(token, str) for token in self.missing):
            raise ValueError(f"missing: expected texts, got {self.missing!r}")
        if not self.n_outputs:
            reasons = some([f"{each.name}: {each.formula}" for each in self.columns], most=5)
            raise DataError(f"X: no column is left to learn from: {reasons}")

    @classmethod
    def fit(
        cls,
        X: Any,
        *,
        numbers: str = "standardize",
        rare: float = 0.01,
        categories: Collection[str] = (),
        numeric: Collection[str] = (),
        drop: Collection[str] = (),
        missing: Collection[str] = (),
    ) -> TableEncoding:
        """Measure every column on the training rows.

        Parameters
        ----------
        X : Frame, DataFrame, mapping, or array-like of shape (n_samples, n_columns)
            The training rows.
        numbers : {"standardize", "robust", "minmax", "none"}
            How numbers are scaled: to mean 0 and standard deviation 1; to median 0 and quartiles
            that are 1 apart; to 0..1; not at all. Numbers that are all 0 or 1 are left as they are.
        rare : float, default 0.01
            A category in a smaller share of the rows that have one is rare; 1 or more is a number
            of rows, and 0 keeps every category.
        categories : collection of str
            Columns that hold categories, whatever they look like.
        numeric : collection of str
            Columns that hold numbers, as codes such as 00123 do not else.
        drop : collection of str
            Columns to leave out.
        missing : collection of str
            What stands for a missing value besides an empty text and `MISSING`, spaces around it
            aside.

        Returns
        -------
        TableEncoding
            What was measured.

        Raises
        ------
        DataError
            If a column's values do not go together, or none is left to learn from.
        ValueError
            If an argument is wrong.
        """
        drop, rare = _texts(drop, "drop"), _check_rare(rare)
        names = column_names(X)
        frame = as_frame(X, only=names and [name for name in names if name not in drop])
        if len(frame) < 2:
            raise DataError("X: 1 sample, at least 2 are needed to measure anything")
        lookup(SCALES, numbers, "numbers")
        said_missing = {token.strip() for token in _texts(missing, "missing")}
        tokens = ("", *sorted({*MISSING, *said_missing} - {""}))
        names = names or [*frame.columns]
        said = _said(names, categories=categories, numeric=numeric, drop=drop)
        kinds = {name: said.get(name) or kind_of(frame, name, tokens) for name in names}
        in_numbers = [name for name, kind in kinds.items() if kind == "number"]
        columns = measure_numbers(frame, in_numbers, tokens, numbers)
        for name, kind in kinds.items():
            if kind == "dropped":
                columns[name] = DroppedColumn(name, "as told")
            elif kind == "boolean":
                columns[name] = measure_boolean(frame, name, tokens)
            elif kind == "date":
                columns[name] = measure_date(frame, name, tokens, numbers)
            elif kind == "category":
                guess = name not in said
                columns[name] = measure_category(frame, name, tokens, rare, is_guess=guess)
        return cls(tuple(columns[name] for name in names), tokens)

    def apply(self, X: Any, dtype: DTypeLike = np.float64) -> NDArray[Any]:
        """Encode rows.

        Parameters
        ----------
        X : Frame, DataFrame, mapping, or array-like of shape (n_samples, n_columns)
            Rows of such a table, its columns in any order; those that are dropped need not be
            there, and others are passed over. They are not changed. An array has the columns in
            their order, with or without those that are dropped.
        dtype : dtype, default float64
            Type of the result; the arithmetic is float64's.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            What the network takes.

        Raises
        ------
        DataError
            If a value is not of its column's kind.
        ValueError
            If a column is missing.
        """
        frame = self.frame_of(X)
        encoded = np.empty((len(frame), self.n_outputs), dtype)
        n_rows = max(1, _BLOCK // self.n_outputs)
        for start in range(0, len(frame), n_rows):
            rows = slice(start, start + n_rows)
            block, at = frame.take(rows), 0
            for column in self.used:
                end = at + len(column.outputs)
                encoded[rows, at:end] = self._numbers(column, block)
                at = end
        return encoded

    def _numbers(self, column: Column, block: Frame) -> NDArray[np.float64]:
        """Encode a column, and refuse what is so far from the training rows that it has no end."""
        with np.errstate(over="ignore"):
            numbers = column.encode(column.read(block, self.missing))
        if (wrong := np.flatnonzero(~np.isfinite(numbers).all(axis=1))).size:
            expected = "a number nearer to those of the training"
            raise block.fault(int(wrong[0]), column.name, expected)
        return numbers

    def frame_of(self, X: Any) -> Frame:
        """Find the columns that are needed.

        Parameters
        ----------
        X : Frame, DataFrame, mapping, or array-like of shape (n_samples, n_columns)
            The rows, as `apply` takes them.

        Returns
        -------
        Frame
            Only these columns; what else there is, or is dropped, is not looked at.

        Raises
        ------
        ValueError
            If a column is missing, or their number is wrong.
        """
        if column_names(X) is not None:
            return as_frame(X, only=self.feature_names)
        width = np.shape(X)[-1:]
        names = tuple(column.name for column in self.columns)
        return as_frame(
            X, names if width == (len(names),) else self.feature_names, only=self.feature_names
        )

    @cached_property
    def used(self) -> tuple[Column, ...]:
        """The records of the columns that are not dropped."""
        return tuple(each for each in self.columns if not isinstance(each, DroppedColumn))

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the columns that a later table must have."""
        return tuple(column.name for column in self.used)

    @cached_property
    def output_names(self) -> tuple[str, ...]:
        """Names of the numbers that a row becomes, each its own."""
        names = [name for column in self.columns for name in column.outputs]
        taken, seen = set(names), Counter[str]()
        for at, name in enumerate(names):
            seen[name] += 1
            if seen[name] > 1:
                number = seen[name]
                while (other := f"{name} #{number}") in taken:
                    number += 1
                names[at] = other
                taken.add(other)
        return tuple(names)

    @property
    def n_outputs(self) -> int:
        """How many numbers a row becomes."""
        return len(self.output_names)

    def renamed(self, names: Sequence[str]) -> TableEncoding:
        """Give the columns other names.

        Parameters
        ----------
        names : sequence of str
            One for each of `columns`.

        Returns
        -------
        TableEncoding
            It does the same.
        """
        pairs = zip(self.columns, names, strict=True)
        return replace(self, columns=tuple(replace(column, name=name) for column, name in pairs))

    def describe(self) -> str:
        """Say what is done to each column.

        Returns
        -------
        str
            A line for each: its name, its kind, how many numbers it becomes, and the formula.
        """
        rows = [("column", "kind", "numbers", "how"), *self._told()]
        widths = [max(len(row[at]) for row in rows) for at in range(3)]
        lines = (
            "  ".join([*(text.ljust(width) for text, width in zip(row, widths, strict=False)), how])
            for *row, how in rows
        )
        return "\n".join(line.rstrip() for line in lines)

    def _told(self) -> list[tuple[str, str, str, str]]:
        return [(c.name, c.kind, str(len(c.outputs)), c.formula) for c in self.columns]

    def _repr_html_(self) -> str:
        titles = "".join(f"<th>{title}</th>" for title in ("column", "kind", "outputs", "how"))
        rows = "".join(
            "<tr>"
            + "".join(
                f"<td>{html.escape(text)}</td>"
                for text in (each.name, each.kind, ", ".join(each.outputs), each.formula)
            )
            + "</tr>"
            for each in self.columns
        )
        return f"<table><thead><tr>{titles}</tr></thead><tbody>{rows}</tbody></table>"

    def to_dict(self) -> dict[str, Any]:
        """Give all of it as plain data.

        Returns
        -------
        dict
            JSON, from which `from_dict` makes it again.
        """
        columns = [column.to_dict() for column in self.columns]
        return {"columns": columns, "missing": list(self.missing)}

    @classmethod
    def from_dict(cls, plain: Any) -> TableEncoding:
        """Make it again from plain data.

        Parameters
        ----------
        plain : dict
            What `to_dict` gave, or JSON of it.

        Returns
        -------
        TableEncoding
            It encodes the same, to the last bit.

        Raises
        ------
        ValueError
            If it is no such thing.
        """
        if not isinstance(plain, dict) or plain.keys() != {"columns", "missing"}:
            raise ValueError("expected the columns and what is missing")
        if not all(isinstance(plain[key], list) for key in plain):
            raise ValueError("expected lists of the columns and of what is missing")
        return cls(tuple(map(column_from_dict, plain["columns"])), tuple(plain["missing"]))


def _check_rare(rare: Any) -> float:
    """Take a share, or a whole number of rows, as scikit-learn's encoder does."""
    number = check_number(rare, "rare", ge=0)
    if number >= 1 and number != int(number):
        raise ValueError(f"rare: expected a share below 1 or a whole number of rows, got {rare!r}")
    return int(number) if number >= 1 else number


def _texts(values: Any, argument: str) -> Sequence[str]:
    texts = None if isinstance(values, str) or not hasattr(values, "__iter__") else list(values)
    if texts is None or not all(isinstance(text, str) for text in texts):
        raise ValueError(f"{argument}: expected a list of texts, got {brief(values)}")
    return texts


def _said(columns: Sequence[str], **lists: Collection[str]) -> dict[str, str]:
    """Put together what was said of columns: the kind of each."""
    kinds = {"categories": "category", "numeric": "number", "drop": "dropped"}
    said: dict[str, str] = {}
    for argument, names in lists.items():
        for name in _texts(names, argument):
            lookup(dict.fromkeys(columns), name, argument)
            if said.setdefault(name, kinds[argument]) != kinds[argument]:
                raise ValueError(f"{argument}: {name!r} is already said to be {said[name]}")
    return said
