"""The encoding of one table column as numbers.

An encoding is fitted once, on the training rows, and is plain data: its formula can be written in
another language.
"""

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import convert
from barenet.data._frame import Frame
from barenet.data._scaling import LEAST
from barenet.errors import ArgumentError

#: A text of any length.
Text = Annotated[str, ("max_length", 2**31)]


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

    kind: ClassVar[str]
    name: Text

    def __post_init__(self) -> None:
        # By the annotation itself: a module of columns must not turn annotations into strings.
        for field in dataclasses.fields(self):
            value = convert(getattr(self, field.name), field.type, field.name)
            object.__setattr__(self, field.name, value)

    @property
    @abstractmethod
    def outputs(self) -> tuple[str, ...]:
        """Names of the encoded numbers."""

    @property
    @abstractmethod
    def formula(self) -> str:
        """The encoding in one line."""

    @staticmethod
    @abstractmethod
    def parse(frame: Frame, name: str, missing: Collection[str]) -> NDArray[Any]:
        """Parse a column of a frame, shape (n_rows,); `missing` are the texts of missing values."""

    @abstractmethod
    def encode(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Encode values of `parse`, shape (n_rows, n_outputs)."""

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

    @property
    def outputs(self) -> tuple[str, ...]:
        return self._name_outputs(self.name)

    def _name_outputs(self, *names: str) -> tuple[str, ...]:
        return (*names, f"{self.name} missing") if self.indicator else names

    def _stack(self, encoded: list[Any], missing: NDArray[np.bool_]) -> NDArray[np.float64]:
        return np.column_stack([*encoded, missing] if self.indicator else encoded)

    def usual(self, encoded: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.encode(np.array([self._fill_value]))[0]


class ScaledColumn(FilledColumn):
    """A column of numbers or dates, which are shifted by `center` and divided by `scale`.

    Raises
    ------
    ValueError
        If the scale is too small to divide by.
    """

    center: float
    scale: float

    def __post_init__(self) -> None:
        super().__post_init__()
        if abs(self.scale) < LEAST:
            raise ArgumentError.of("scale", self.scale, "a number that is not 0")

    def _scaled(self, letter: str) -> str:
        """The formula of the shift and the scale."""
        sign = "+" if self.center <= 0 else "-"
        return f"({letter} {sign} {abs(self.center):.6g}) / {self.scale:.6g}"
