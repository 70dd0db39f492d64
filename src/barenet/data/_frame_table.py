"""A table in memory, in the place of a file."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from barenet.data._frame import Frame, Names, Table, check_names
from barenet.data._to_frame import as_column, as_frame, columns_of_records
from barenet.errors import ArgumentError


@dataclass(frozen=True, eq=False)
class FrameTable(Table):
    """Columns in memory.

    Examples
    --------
    >>> table = FrameTable.of({"size": [1.5, 2.0]}, "rows")
    >>> table.names, table.frame(["size"]).shape
    (('size',), (2, 1))
    """

    rows: Frame

    @classmethod
    def of(cls, X: Any, name: str) -> Self:
        """Convert a data frame, a mapping, records or an array; the name is for errors."""
        rows = as_frame(columns_of_records(X))
        return cls(Path(name), tuple(rows.columns), rows)

    def with_column(self, values: Sequence[Any], name: str) -> Self:
        """Add a column, such as a target that is an array."""
        column = as_column(values, name)
        if name in self.names:
            problem = f"there is a column {name!r} already, which the target would replace"
            remedy = "add the target as a column, and pass its name"
            raise ArgumentError(problem, argument="target", remedy=remedy)
        if len(column) != len(self.rows):
            problem = f"has {len(column):,} rows, and the data have {len(self.rows):,}"
            raise ArgumentError(problem, argument="target")
        columns = {**self.rows.columns, name: column}
        return type(self)(self.path, tuple(columns), Frame(columns))

    def frame(self, names: Names, text: Names = (), categories: Names = ()) -> Frame:
        check_names(names, self.names, path=self.path)
        return Frame({name: self.rows[name] for name in names}, self, self.rows.rows)
