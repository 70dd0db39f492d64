"""A frame that keeps the parsed values of its columns, so that several steps parse each one once.

Parsing takes longer than most of what is done with the values: each different text is compared with
the patterns of numbers or dates.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Self

from numpy.typing import ArrayLike, NDArray

from barenet.tables.frames._column_names import Names
from barenet.tables.frames._frame import Frame, as_index


@dataclass(frozen=True, eq=False, repr=False)
class ParsedFrame(Frame):
    """A frame whose columns are parsed at most once for each kind.

    A selection of its columns shares the values, and a selection of its rows has those parsed so
    far.
    """

    #: The values by the column's name, its kind, and the texts of missing values; read-only.
    parsed: dict[tuple[str, str, tuple[str, ...]], NDArray[Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, frame: Frame) -> Self:
        """Return the same rows, none of whose columns are parsed yet."""
        return cls(frame.columns, frame.origin, frame.rows, frame.kinds)

    def take(self, rows: ArrayLike | slice) -> Self:
        """Select rows, with their parsed values."""
        index = as_index(rows)
        parsed = {key: values[index] for key, values in self.parsed.items()}
        return replace(super().take(rows), parsed=parsed)

    def values(
        self, name: str, kind: str, missing: Names, parse: Callable[[], NDArray[Any]]
    ) -> NDArray[Any]:
        """Return the values of a column, parsed by a function if they haven't been before."""
        key = (name, kind, tuple(missing))
        if key not in self.parsed:
            values = parse()
            values.flags.writeable = False  # several steps share them
            self.parsed[key] = values
        return self.parsed[key]
