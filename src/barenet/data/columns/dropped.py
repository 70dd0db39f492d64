"""A column that is left out, with the reason."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from barenet.data.columns.column import Column
from barenet.data.frame import Frame

__all__ = ["DroppedColumn"]


@dataclass(frozen=True)
class DroppedColumn(Column):
    """A column of which nothing can be learned.

    Attributes
    ----------
    name : str
        The column.
    reason : str
        Why it is left out.

    Raises
    ------
    ValueError
        If a field is not what it should be.

    Examples
    --------
    >>> DroppedColumn("country", "'France' in every row").outputs
    ()
    """

    kind: ClassVar[str] = "dropped"
    reason: str

    @property
    def outputs(self) -> tuple[str, ...]:
        return ()

    @property
    def formula(self) -> str:
        return self.reason

    def read(self, frame: Frame, missing: Collection[str]) -> NDArray[Any]:
        return np.empty(len(frame))

    def encode(self, values: NDArray[Any]) -> NDArray[np.float64]:
        return np.empty((len(values), 0))

    def usual(self, encoded: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.empty(0)
