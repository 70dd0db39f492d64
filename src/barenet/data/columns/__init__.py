"""The kinds of columns that a table may have, by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from barenet.data.columns.boolean import BooleanColumn
from barenet.data.columns.category import CategoryColumn
from barenet.data.columns.column import Column
from barenet.data.columns.date import DateColumn
from barenet.data.columns.dropped import DroppedColumn
from barenet.data.columns.number import NumberColumn
from barenet.registry import lookup

__all__ = [
    "COLUMNS",
    "BooleanColumn",
    "CategoryColumn",
    "Column",
    "DateColumn",
    "DroppedColumn",
    "NumberColumn",
    "column_from_dict",
]

#: What a column is encoded by.
COLUMNS: dict[str, type[Column]] = {
    kind.kind: kind
    for kind in (NumberColumn, CategoryColumn, BooleanColumn, DateColumn, DroppedColumn)
}


def column_from_dict(plain: Any) -> Column:
    """Make a record again from its plain data.

    Examples
    --------
    >>> age = NumberColumn("age", 40.0, center=30.0, scale=5.0, indicator=True)
    >>> column_from_dict(age.to_dict()) == age
    True
    """
    if not isinstance(plain, dict) or not isinstance(plain.get("kind"), str):
        raise ValueError(f"expected a column, got {plain!r}")
    kind: Callable[..., Column] = lookup(COLUMNS, plain["kind"], "kind")
    fields = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in plain.items()
        if name != "kind"
    }
    try:
        return kind(**fields)
    except TypeError as error:
        raise ValueError(f"column: {error}") from error
