"""The columns that a picture holds fixed, and the values that they can be moved to.

By default they are at their median or most frequent value. Values are texts, as in an address.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.data._column import Column, FilledColumn
from barenet.data._column_kinds import BooleanColumn, CategoryColumn, DateColumn
from barenet.errors import ArgumentError, some

Array = NDArray[np.float64]

#: Categories without a name; no label begins with a space.
RARE, NO_VALUE = " rare", " missing"
LARGEST = 1e30


@dataclass(frozen=True, eq=False, kw_only=True)
class FixedColumn:
    """A column beside the axes of a picture."""

    column: Column
    #: Its first place in the encoded rows.
    start: int
    #: Where it is by default.
    typical: str
    #: Its range, of a number or a date, and whether its numbers are whole.
    low: str = ""
    high: str = ""
    whole: bool = False
    #: Its possible values, as the column encodes them; empty for a number or a date.
    choices: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the column."""
        return self.column.name

    def encode(self, text: str) -> Array:
        """Encode a value, shape (n_outputs,)."""
        expected = some([*map(repr, self.choices)]) if self.choices else "a number"
        if self.choices and text in self.choices:
            return self.column.encode(np.array([self.choices[text]]))[0]
        if not self.choices:
            is_date = isinstance(self.column, DateColumn)
            try:
                value = np.array([text], "M8[us]") if is_date else np.array([float(text)])
            except ValueError:
                value = np.array([np.nan])
            expected = "a date such as 2024-12-31" if is_date else expected
            if not np.isnan(value[0]) and (is_date or abs(value[0]) <= LARGEST):
                return self.column.encode(value)[0]
        raise ArgumentError.of("fixed", text, f"for {self.name!r} {expected}")

    def describe(self, value: str | None) -> dict[str, Any]:
        """Describe the column for the page, at its typical value if none is given."""
        return {
            "name": self.name,
            "kind": self.column.kind,
            "typical": self.typical,
            "value": self.typical if value is None else value,
            "moved": value is not None,
            "low": self.low,
            "high": self.high,
            "whole": self.whole,
            "choices": [*self.choices],
        }


def fixed_column(column: Column, start: int, X: Array, typical: Array, reach: float) -> FixedColumn:
    """A column at its first place in the encoded rows X, and in the typical one.

    Without rows, its range reaches so many scales to both sides.
    """
    place: dict[str, Any] = {"column": column, "start": start}
    if isinstance(column, CategoryColumn):
        choices = {label: label for label in column.categories}
        choices |= {RARE: RARE} if column.rare else {}
        choices |= {NO_VALUE: ""} if column.missing else {}
        at = int(typical[start : start + len(choices)].argmax())
        return FixedColumn(typical=[*choices][at], choices=choices, **place)
    assert isinstance(column, FilledColumn)
    if isinstance(column, BooleanColumn):
        truth = {"false": 0.0, "true": 1.0}
        return FixedColumn(typical=str(column.fill).lower(), choices=truth, **place)
    numbers = X[:, start] * column.scale + column.center
    if not len(X):
        numbers = column.fill + np.array([-reach, reach]) * abs(column.scale)
    is_date = isinstance(column, DateColumn)
    ends = numbers.min(), column.fill, numbers.max()
    low, middle, high = (_date(each) if is_date else f"{each:.6g}" for each in ends)
    whole = len(X) > 0 and bool(np.allclose(numbers, np.rint(numbers), rtol=0, atol=1e-6))
    return FixedColumn(typical=middle, low=low, high=high, whole=whole, **place)


def _date(seconds: float) -> str:
    return str(np.datetime64(round(float(seconds)), "s"))[:10]
