"""A column of numbers: what is missing is filled, then all are shifted and scaled."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from barenet.data.columns.column import Column, added
from barenet.data.frame import Frame
from barenet.data.reading import as_numbers
from barenet.data.scaling import LEAST

__all__ = ["NumberColumn"]


@dataclass(frozen=True)
class NumberColumn(Column):
    """Numbers: ``(x - center) / scale``, and whether one is missing.

    Attributes
    ----------
    name : str
        The column.
    fill : float
        Stands for a missing number: the training rows' median.
    center : float
        Subtracted.
    scale : float
        Divided by; not 0, and no nearer to it than 2e-308.
    indicator : bool
        Whether a second output says 1 where the number is missing, else 0. It is there where
        numbers were missing in the training rows.

    Raises
    ------
    ValueError
        If a field is not what it should be.

    Examples
    --------
    >>> NumberColumn("age", 40.0, center=30.0, scale=5.0, indicator=True).encode(
    ...     np.array([35.0, np.nan])
    ... )
    array([[1., 0.],
           [2., 1.]])
    """

    kind: ClassVar[str] = "number"
    fill: float
    center: float
    scale: float
    indicator: bool

    def __post_init__(self) -> None:
        super().__post_init__()
        if abs(self.scale) < LEAST:
            raise ValueError(f"scale: expected a number that is not 0, got {self.scale}")

    @property
    def outputs(self) -> tuple[str, ...]:
        return (self.name, f"{self.name} missing") if self.indicator else (self.name,)

    @property
    def formula(self) -> str:
        change = f"(x {added(-self.center)}) / {self.scale:.6g}"
        plain = "x" if (self.center, self.scale) == (0, 1) else change
        return f"{plain}, where missing x = {self.fill:.6g}"

    def read(self, frame: Frame, missing: Collection[str]) -> NDArray[np.float64]:
        return as_numbers(frame, self.name, missing)

    def encode(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        missing = np.isnan(values)
        x = np.where(missing, self.fill, values)
        encoded = (x - self.center) / self.scale
        return np.column_stack([encoded, missing] if self.indicator else [encoded])

    def usual(self, encoded: NDArray[np.float64]) -> NDArray[np.float64]:
        return self.encode(np.array([self.fill]))[0]
