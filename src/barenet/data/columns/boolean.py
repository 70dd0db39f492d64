"""A column of truth values: 1 for true, 0 for false."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from barenet.data.columns.column import Column
from barenet.data.frame import Frame
from barenet.data.reading import as_truths

__all__ = ["BooleanColumn"]


@dataclass(frozen=True)
class BooleanColumn(Column):
    """Truth values: 1 for true and 0 for false, and whether one is missing.

    Attributes
    ----------
    name : str
        The column.
    fill : bool
        Stands for a missing value: the training rows' most frequent one, false if they are even.
    indicator : bool
        Whether a second output says 1 where the value is missing, else 0.

    Raises
    ------
    ValueError
        If a field is not what it should be.

    Examples
    --------
    >>> BooleanColumn("member", fill=True, indicator=False).encode(np.array([0.0, np.nan]))
    array([[0.],
           [1.]])
    """

    kind: ClassVar[str] = "boolean"
    fill: bool
    indicator: bool

    @property
    def outputs(self) -> tuple[str, ...]:
        return (self.name, f"{self.name} missing") if self.indicator else (self.name,)

    @property
    def formula(self) -> str:
        return f"1 if true, 0 if false, where missing {int(self.fill)}"

    def read(self, frame: Frame, missing: Collection[str]) -> NDArray[np.float64]:
        return as_truths(frame, self.name, missing)

    def encode(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        missing = np.isnan(values)
        truth = np.where(missing, float(self.fill), values)
        return np.column_stack([truth, missing] if self.indicator else [truth])

    def usual(self, encoded: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.encode(np.array([float(self.fill)]))[0]
