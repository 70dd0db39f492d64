"""What a column is encoded by: plain data, one record a column.

A record is measured once, on the training rows. Its formula is the whole of what is done to the
column ever after, in Python or in any other language that the record is written out to.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from barenet.constraints import check_number
from barenet.data.frame import Frame

__all__ = ["Column", "added"]


@dataclass(frozen=True)
class Column(ABC):
    """How one column of a table becomes numbers.

    Attributes
    ----------
    name : str
        The column.
    kind : str
        What it holds: a key of `COLUMNS`.
    """

    name: str
    kind: ClassVar[str]

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value, kind = getattr(self, field.name), str(field.type)
            if kind == "float":
                object.__setattr__(self, field.name, check_number(value, field.name))
            elif not _CHECKS[kind](value):
                raise ValueError(f"{field.name}: expected {kind}, got {value!r}")

    @property
    @abstractmethod
    def outputs(self) -> tuple[str, ...]:
        """Names of the numbers that it becomes."""

    @property
    @abstractmethod
    def formula(self) -> str:
        """What is done to it, in one line."""

    @abstractmethod
    def read(self, frame: Frame, missing: Collection[str]) -> NDArray[Any]:
        """Read the column's values, as `encode` takes them.

        Parameters
        ----------
        frame : Frame
            Rows of the table.
        missing : collection of str
            What stands for a missing value.

        Returns
        -------
        ndarray of shape (n_rows,)
            What the column means.

        Raises
        ------
        DataError
            If a value is none of the column's kind; names its line.
        """

    @abstractmethod
    def encode(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Turn values into numbers.

        Parameters
        ----------
        values : ndarray of shape (n_rows,)
            What `read` gave.

        Returns
        -------
        ndarray of shape (n_rows, n_outputs), float64
            One column for each of `outputs`.
        """

    @abstractmethod
    def usual(self, encoded: NDArray[np.float64]) -> NDArray[np.float64]:
        """Tell what an ordinary value becomes.

        Parameters
        ----------
        encoded : ndarray of shape (n_rows, n_outputs)
            Rows as `encode` makes them; there may be none.

        Returns
        -------
        ndarray of shape (n_outputs,), float64
            What `fill` becomes, where a record has one; of categories the most frequent one of
            these rows, or the first where there are none.
        """

    def to_dict(self) -> dict[str, Any]:
        """Give all of it as plain data.

        Returns
        -------
        dict
            Text, numbers, truth values and lists of text: JSON, from which
            ``column_from_dict`` makes it again.
        """
        fields = dataclasses.asdict(self).items()
        lists = {name: list(value) for name, value in fields if isinstance(value, tuple)}
        return {"kind": self.kind, **dict(fields), **lists}


def added(number: float) -> str:
    """Write a number as it is added: ``+ 2`` or ``- 2``."""
    return f"{'-' if number < 0 else '+'} {abs(number):.6g}"


def _is_texts(value: Any) -> bool:
    return isinstance(value, tuple) and all(isinstance(text, str) for text in value)


#: What a field may be, by its annotation.
_CHECKS = {
    "str": lambda value: isinstance(value, str),
    "bool": lambda value: isinstance(value, bool),
    "tuple[str, ...]": _is_texts,
}
