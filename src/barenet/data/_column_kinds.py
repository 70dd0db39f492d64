"""The kinds of columns by their names, one of which is left out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._registry import lookup
from barenet.data._category_column import BooleanColumn, CategoryColumn
from barenet.data._column import Column, Text
from barenet.data._date_column import DateColumn
from barenet.data._number_column import NumberColumn, PiecewiseColumn
from barenet.errors import ArgumentError


@dataclass(frozen=True)
class DroppedColumn(Column):
    """A column that is left out.

    Attributes
    ----------
    reason : str
        The reason.

    Examples
    --------
    >>> DroppedColumn("country", "'France' in every row").outputs
    ()
    """

    kind = "dropped"
    outputs = ()
    reason: Text

    @property
    def formula(self) -> str:
        return self.reason

    def encode(self, values: NDArray[Any]) -> NDArray[np.float64]:
        return np.empty((len(values), 0))

    def typical(self, encoded: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.empty(0)


_KINDS = (
    NumberColumn, PiecewiseColumn, CategoryColumn, BooleanColumn, DateColumn, DroppedColumn,
)  # fmt: skip

#: The kinds of columns by name.
COLUMNS: dict[str, type[Column]] = {kind.kind: kind for kind in _KINDS}


def column_from_dict(plain: Any) -> Column:
    """Make a column from the data of `Column.to_dict`."""
    if not isinstance(plain, dict) or not isinstance(plain.get("kind"), str):
        raise ArgumentError.of("column", plain, "a dictionary with a kind")
    kind: Callable[..., Column] = lookup(COLUMNS, plain["kind"], "kind")
    try:
        return kind(**{name: value for name, value in plain.items() if name != "kind"})
    except TypeError as error:
        raise ArgumentError(str(error), argument="column", value=plain) from error
