"""The encoding of one table column as numbers.

An encoding is fitted once, on the training rows, and is plain data, so its formula can be written
in other languages.
"""

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import convert_fields
from barenet.errors import ArgumentError
from barenet.tables.encoding._operations import filled, scaled
from barenet.tables.encoding._scaling import MIN_SCALE
from barenet.tables.frames._column_names import Names
from barenet.tables.frames._frame import Frame
from barenet.tables.reading._column_values import parse_column


class Entries(NamedTuple):
    """The numbers of encoded rows that may not be 0, the same count for each row.

    A column of n inputs has input k at index k. Index n + k is the end of a *run*: it stands for
    the inputs of the bins before input k, which are all 1.

    Examples
    --------
    A number in 4 bins has 5 inputs: the scaled number, and the position in each bin. The number 35
    is scaled to 3.5. It is above the bins 1 and 2, in the middle of bin 3, and below bin 4. Its
    entries are the inputs 0 and 3, and the end of the run before input 3, at 5 + 3 = 8:

    >>> import numpy as np
    >>> from barenet.tables.encoding._column_kinds import PiecewiseColumn
    >>> edges = (10.0, 20.0, 30.0, 40.0, 50.0)
    >>> age = PiecewiseColumn("age", 30.0, 0.0, 10.0, indicator=False, edges=edges)
    >>> age.encode(np.array([35.0]))
    array([[3.5, 1. , 1. , 0.5, 0. ]])
    >>> entries = age.entries(np.array([35.0]))
    >>> entries.places, entries.values
    (array([[0, 3, 8]]), array([[3.5, 0.5, 1. ]]))
    """

    #: The indices of the entries, shape (n_rows, n_entries).
    places: NDArray[np.intp]
    #: Their values, of the same shape.
    values: NDArray[Any]

    def sum_among(self, places: NDArray[np.intp]) -> NDArray[Any]:
        """Add the values of each row at these indices."""
        is_entry = np.isin(self.places, places)
        return np.where(is_entry, self.values, 0).sum(axis=1)

    def place_among(self, places: NDArray[np.intp]) -> NDArray[np.intp]:
        """Find the one of these indices at which a row is not 0; -1 if it is 0 at all of them."""
        is_entry = np.isin(self.places, places) & (self.values != 0)
        first = is_entry.argmax(axis=1)[:, np.newaxis]
        place = np.take_along_axis(self.places, first, axis=1)[:, 0]
        return np.where(is_entry.any(axis=1), place, -1)

    def followed_by(self, further: Sequence[tuple[NDArray[np.intp], NDArray[Any]]]) -> "Entries":
        """Append entries: for each, the index and the value in each row, shape (n_rows,)."""
        places = [self.places]
        values = [self.values]
        for place, value in further:
            places.append(place[:, np.newaxis])
            values.append(value[:, np.newaxis])
        return Entries(np.concatenate(places, axis=1), np.concatenate(values, axis=1))


@dataclass(frozen=True)
class Column(ABC):
    """The encoding of one column.

    The network takes the encoded numbers of all columns side by side. So each number is one of its
    inputs, and is called an input here, too.

    Attributes
    ----------
    kind : str
        The key of the kind in `COLUMNS`.
    name : str
        Name of the column.
    missing_texts : tuple of str, default=()
        Texts that stand for a missing value in this column, besides those of all columns.
    """

    kind: ClassVar[str]
    name: str
    missing_texts: tuple[str, ...] = field(default=(), kw_only=True, repr=False)

    def __post_init__(self) -> None:
        convert_fields(self)

    @property
    @abstractmethod
    def inputs(self) -> tuple[str, ...]:
        """Names of the inputs that the column is encoded as."""

    @property
    @abstractmethod
    def formula(self) -> str:
        """The encoding in one line."""

    @property
    def n_bins(self) -> int:
        """Number of bins, whose inputs follow that of the scaled number."""
        return 0

    @property
    def exclusive_inputs(self) -> dict[str, range]:
        """Inputs of which at most one is not 0 in a row, by their role in pairs of columns.

        Categories and codes have the role "", a date the name of each of its parts, and the scaled
        number `SLOPE`.
        """
        return {}

    @property
    def reading(self) -> str:
        """The kind that the texts of the column are read by; empty for names."""
        return ""

    def parse(self, frame: Frame, name: str, missing: Names) -> NDArray[Any]:
        """Parse a column of a frame, shape (n_rows,), given the texts of missing values."""
        markers = (*missing, *self.missing_texts)
        return parse_column(frame, name, self.reading or "category", markers)

    @abstractmethod
    def encode(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Encode parsed values, shape (n_rows, n_inputs)."""

    def to_dict(self) -> dict[str, Any]:
        """Convert to JSON data, for `column_from_dict`; defaults are left out."""
        plain: dict[str, Any] = {"kind": self.kind}
        for part in dataclasses.fields(self):
            value = getattr(self, part.name)
            if value != part.default:
                plain[part.name] = list(value) if isinstance(value, tuple) else value
        return plain

    def entries(self, values: NDArray[Any]) -> Entries:
        """Encode each row as the inputs that may not be 0; by default, all of them."""
        numbers = self.encode(values)
        inputs = np.arange(numbers.shape[1])
        return Entries(np.broadcast_to(inputs, numbers.shape), numbers)


@dataclass(frozen=True)
class DroppedColumn(Column):
    """A column that is left out.

    Attributes
    ----------
    name : str
        Name of the column.
    reason : str
        The reason.
    missing_texts : tuple of str, default=()
        Texts that stand for a missing value in this column, besides those of all columns.

    Examples
    --------
    >>> DroppedColumn("country", "'France' in every row").inputs
    ()
    """

    kind = "dropped"
    inputs = ()
    reason: str

    @property
    def formula(self) -> str:
        return self.reason

    def encode(self, values: NDArray[Any]) -> NDArray[np.float64]:
        return np.empty((len(values), 0))


class FilledColumn(Column):
    """A column that replaces missing values, and then shifts and scales all values.

    Attributes
    ----------
    fill : float, or bool
        Replaces a missing value.
    center : float
        Subtracted from the values.
    scale : float
        Divisor, whose absolute value is at least 2e-308.
    indicator : bool
        Whether one more input is 1 where the value is missing, else 0.

    Raises
    ------
    ValueError
        If the scale is too small to divide by.
    """

    # Types alone: without @dataclass, these are no fields. Each child declares them as fields in an
    # order of its own, that of its arguments and of its records in model files.
    fill: Any
    center: float
    scale: float
    indicator: bool

    def __post_init__(self) -> None:
        super().__post_init__()
        if abs(self.scale) < MIN_SCALE:
            raise ArgumentError.of("scale", self.scale, "a number that is not 0")

    @property
    def inputs(self) -> tuple[str, ...]:
        if not self.indicator:
            return self._value_names
        return (*self._value_names, f"{self.name} missing")

    @property
    def _value_names(self) -> tuple[str, ...]:
        """Names of the inputs except the indicator."""
        return (self.name,)

    @property
    def fill_value(self) -> Any:
        """The replacement of a missing value, as in `values` of `encode`."""
        return float(self.fill)

    def numbers(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Convert parsed values to numbers, before the shift and the scaling.

        Parameters
        ----------
        values : ndarray of shape (n_rows,)
            Values of `parse`.

        Returns
        -------
        ndarray of shape (n_rows,), float64
            The numbers, NaN for missing ones.
        """
        return values

    def filled(self, values: NDArray[Any]) -> NDArray[Any]:
        """Replace the missing values among parsed values, shape (n_rows,)."""
        return filled(values, self.fill_value)

    def encode(self, values: NDArray[Any]) -> NDArray[np.float64]:
        encoded = self._encode_filled(self.filled(values))
        if self.indicator:
            encoded.append(np.isnan(values))
        return np.column_stack(encoded)

    def _encode_filled(self, values: NDArray[Any]) -> list[Any]:
        """Encode values, with missing ones filled, as arrays of one or several inputs."""
        return [scaled(values, self.center, self.scale)]

    def _scaled(self, letter: str) -> str:
        """Write the formula of the shift and the scaling."""
        sign = "+" if self.center <= 0 else "-"
        return f"({letter} {sign} {abs(self.center):.6g}) / {self.scale:.6g}"
