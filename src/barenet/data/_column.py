"""The encoding of one table column as numbers.

An encoding is fitted once, on the training rows, and is plain data: its formula can be written in
another language.
"""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import check_number
from barenet.data._frame import Frame
from barenet.data._scaling import LEAST
from barenet.errors import ArgumentError

__all__ = ["Column", "FilledColumn", "check_scale", "signed"]


@dataclass(frozen=True)
class Column(ABC):
    """The encoding of one column.

    Attributes
    ----------
    name : str
        Name of the column.
    kind : str
        Its key in `COLUMNS`.
    """

    name: str
    kind: ClassVar[str]

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value, kind = getattr(self, field.name), str(field.type)
            if kind == "float":
                object.__setattr__(self, field.name, check_number(value, field.name))
            elif not _CHECKS[kind](value):
                raise ArgumentError.of(field.name, value, kind)

    @property
    @abstractmethod
    def outputs(self) -> tuple[str, ...]:
        """Names of the encoded numbers."""

    @property
    @abstractmethod
    def formula(self) -> str:
        """The encoding in one line."""

    @abstractmethod
    def read(self, frame: Frame, missing: Collection[str]) -> NDArray[Any]:
        """Parse the column's values, shape (n_rows,), for `encode`."""

    @abstractmethod
    def encode(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Encode values of `read`, shape (n_rows, n_outputs)."""

    @abstractmethod
    def usual(self, encoded: NDArray[np.float64]) -> NDArray[np.float64]:
        """The encoding of a typical value, given encoded rows, shape (n_outputs,)."""

    def to_dict(self) -> dict[str, Any]:
        """Convert to JSON data, for `column_from_dict`."""
        fields = dataclasses.asdict(self).items()
        lists = {name: list(value) for name, value in fields if isinstance(value, tuple)}
        return {"kind": self.kind, **dict(fields), **lists}


class FilledColumn(Column):
    """A column whose missing values are replaced by `fill`, and marked where `indicator` is set."""

    fill: Any
    indicator: bool

    @property
    def _fill_value(self) -> Any:
        return float(self.fill)

    def _name_outputs(self, *names: str) -> tuple[str, ...]:
        return (*names, f"{self.name} missing") if self.indicator else names

    def _stack(self, encoded: list[Any], missing: NDArray[np.bool_]) -> NDArray[np.float64]:
        return np.column_stack([*encoded, missing] if self.indicator else encoded)

    def usual(self, encoded: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.encode(np.array([self._fill_value]))[0]


def check_scale(scale: float) -> None:
    """Refuse a scale that is zero, or too small to divide by."""
    if abs(scale) < LEAST:
        raise ArgumentError.of("scale", scale, "a number that is not 0")


def signed(number: float) -> str:
    """Format a summand: ``+ 2`` or ``- 2``."""
    return f"{'-' if number < 0 else '+'} {abs(number):.6g}"


#: Checks of a field's value, by the annotation.
_CHECKS: dict[str, Callable[[Any], bool]] = {
    "str": lambda value: isinstance(value, str),
    "bool": lambda value: isinstance(value, bool),
    "tuple[str, ...]": lambda value: (
        isinstance(value, tuple) and all(isinstance(text, str) for text in value)
    ),
}
