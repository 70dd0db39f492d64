"""A table in memory: named columns of numbers, text, dates and booleans.

`TableEncoding` converts a frame to a matrix. A frame records the origin of its rows, so that errors
name the line of a wrong value.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Protocol, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet._display import write_display, write_table
from barenet._extras import require_arrow, require_package
from barenet._messages import count_of
from barenet.errors import ArgumentError, DataError
from barenet.tables.frames._column_names import Names, check_names

#: The type of text columns, in which a missing value is ``""``.
TEXT = np.dtypes.StringDType()

#: Maximum numbers of rows and of columns of a frame or a data set that a notebook shows.
SHOWN_ROWS = 10
SHOWN_COLUMNS = 20


class Place(NamedTuple):
    """The place of a value in the file or the data that it comes from."""

    #: The file; None for data in memory.
    path: Path | None
    #: The number of the row, from 0.
    row: int
    #: The line of the file and the text of the value, if they are known.
    line: int | None = None
    text: str | None = None


class FileForms(NamedTuple):
    """The forms of numbers and dates in a column of a file, as the options of the file state them.

    They take the place of plain numbers and dates; empty for those without an option.
    """

    #: The form of numbers, such as 1.234,5.
    numbers: str = ""
    #: The format of dates, such as %d.%m.%y, and one that is stated for this column alone.
    dates: str = ""
    own_dates: str = ""


class DeclaredType(NamedTuple):
    """The type of a column in a file that declares it."""

    #: Number, text, date, boolean or other; empty for a column without values.
    values: str
    #: The name of the type in the format of the file.
    name: str


@dataclass(frozen=True, eq=False)
class Table(ABC):
    """A file of named columns, which are read on demand."""

    path: Path
    names: tuple[str, ...]
    #: Names of columns that only other files of the same table have, so all values are missing.
    absent: tuple[str, ...] = field(default=(), kw_only=True)
    #: Whether options of CSV files, such as `decimal`, apply.
    has_csv_options: ClassVar[bool] = False

    def __fspath__(self) -> str:
        """The path of the file, so that a table can be passed instead of a path."""
        return str(self.path)

    @property
    def all_names(self) -> tuple[str, ...]:
        """Names of the columns of the file, and of the columns that it lacks."""
        return self.names + self.absent

    @property
    def declared_types(self) -> Mapping[str, DeclaredType]:
        """The types of the columns by name, in a file that declares them."""
        return {}

    def is_empty(self, name: str) -> bool:
        """Return whether a column has no value in a file that declares its type."""
        return False

    def forms_of(self, name: str) -> FileForms:
        """Return the forms that options state for a column."""
        return FileForms()

    @abstractmethod
    def frame(
        self,
        names: Names,
        *,
        target: str | None = None,
        unparsed: Names = (),
    ) -> "Frame":
        """Read columns; those in `unparsed` stay text.

        A target stays text unless all of its values are numbers or empty.
        """

    def locate(self, row: int, name: str) -> Place:
        """The place of a value."""
        return Place(self.path, row)


class Origin(Protocol):
    """The file or files that the rows of a frame come from."""

    @property
    def has_csv_options(self) -> bool:
        """Whether options of CSV files apply."""

    def forms_of(self, name: str) -> FileForms:
        """Return the forms that options state for a column."""

    def locate(self, row: int, name: str) -> Place:
        """The place of a value."""


@dataclass(frozen=True, eq=False)
class Frame:
    """Named columns of one length.

    ``frame["age"]`` is a column, ``frame[["age", "sex"]]`` a frame of some columns, and any other
    index selects rows, as of an array. As in pandas, ``len(frame)`` is the number of rows, and
    iteration and ``in`` are over the names of the columns. ``polars.DataFrame(frame)`` and
    ``pyarrow.table(frame)`` convert it through Arrow's C stream interface.

    Attributes
    ----------
    columns : dict of str to ndarray of shape (n_rows,), or CodedTexts
        Each column is float64, StringDType, datetime64[us] or bool. A missing value is NaN, ``""``
        or NaT. Texts may be stored as codes; ``frame["town"]`` is an array of them.
    origin : object, optional
        The file or files of the rows.
    rows : ndarray of shape (n_rows,), int64, optional
        Numbers of the rows in their origin, from 0; by default 0, 1, 2, …
    kinds : mapping of str to str, default={}
        How columns have been read, such as ``"number 1,234.5"``, or ``"category"`` for whole
        numbers that their source declares as categories; for the others, their values decide.

    Raises
    ------
    ValueError
        If there is no column, or the lengths of the columns differ.

    Examples
    --------
    >>> ages = Frame({"age": np.array([36.0, 85.0]), "member": np.array([True, False])})
    >>> ages.shape, ages[[1]]["age"]
    ((2, 2), array([85.]))
    """

    columns: dict[str, Any]
    origin: Origin | None = None
    rows: Any = None
    kinds: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        lengths = {len(column) for column in self.columns.values()}
        if len(lengths) != 1:
            raise ArgumentError.of("columns", sorted(lengths), "columns of one length")
        if self.rows is None:
            object.__setattr__(self, "rows", np.arange(len(self)))

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def __contains__(self, name: object) -> bool:
        return name in self.columns

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return np.asarray(self.columns[key])
        if isinstance(key, tuple) and key[1:] == (...,):  # scikit-learn takes rows in this way.
            return self.take(key[0])
        if isinstance(key, list) and key and all(isinstance(name, str) for name in key):
            return self.select(key)
        return self.take(key)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        problem = "a Frame's columns are of several kinds; a TablePreprocessor encodes them, and "
        problem += "frame.to_pandas() is a DataFrame"
        raise TypeError(problem)

    def __arrow_c_stream__(self, requested_schema: Any = None) -> Any:
        pyarrow = require_arrow("pyarrow", "Arrow's interface of a frame")
        columns = {}
        for name in self:
            # Missing numbers and dates are null, as missing texts are.
            columns[name] = pyarrow.array(_with_none(self[name]), from_pandas=True)
        return pyarrow.table(columns).__arrow_c_stream__(requested_schema)

    def to_pandas(self) -> Any:
        """Make a pandas DataFrame.

        Returns
        -------
        pandas.DataFrame
            Numbers, dates, booleans and texts; a missing text is None or, in pandas 3, NaN.

        Examples
        --------
        >>> towns = np.array(["Rome", ""], np.dtypes.StringDType())
        >>> frame = Frame({"size": np.array([3.5, np.nan]), "town": towns})
        >>> frame.to_pandas().isna().sum().tolist()
        [1, 1]
        """
        pandas = require_package("pandas", "a DataFrame")
        columns = {name: pandas.Series(_with_none(self[name])) for name in self}
        return pandas.DataFrame(columns)

    def head(self, n: int = 5) -> Self:
        """Select the first rows.

        Parameters
        ----------
        n : int, default=5
            Number of rows.

        Returns
        -------
        Frame
            The first `n` rows, or all if there are fewer.

        Examples
        --------
        >>> Frame({"size": np.arange(9.0)}).head(2)["size"]
        array([0., 1.])
        """
        return self.take(slice(0, n))

    def _repr_html_(self) -> str:
        """Show the first rows, for a notebook."""
        size = f"{count_of(len(self), 'row')}, {count_of(len(self.columns), 'column')}"
        return write_display(f"Frame: {size}", write_first_rows(self.columns))

    def __repr__(self) -> str:
        columns = [f"{name}: {column.dtype}" for name, column in self.columns.items()]
        return f"<Frame of {len(self):,} rows: {', '.join(columns)}>"

    @property
    def has_csv_options(self) -> bool:
        """Whether the rows come from a file that options of CSV files apply to."""
        return self.origin is not None and self.origin.has_csv_options

    def forms_of(self, name: str) -> FileForms:
        """Return the forms that options of the file state for a column.

        Parameters
        ----------
        name : str
            The column.

        Returns
        -------
        FileForms
            The forms of its numbers and of its dates; empty for those without an option, and for
            rows that are from no file.
        """
        return FileForms() if self.origin is None else self.origin.forms_of(name)

    @property
    def shape(self) -> tuple[int, int]:
        """Numbers of rows and of columns."""
        return len(self), len(self.columns)

    def select(self, names: Sequence[str]) -> Self:
        """Select columns by their names.

        Parameters
        ----------
        names : sequence of str
            Names of columns, in any order.

        Returns
        -------
        Frame
            The columns in that order.

        Raises
        ------
        ValueError
            If a column does not exist.
        """
        columns = {}
        spelled = check_names(names, self.columns)
        for name, spelling in zip(names, spelled, strict=True):
            columns[name] = self.columns[spelling]
        return replace(self, columns=columns)

    def take(self, rows: ArrayLike | slice) -> Self:
        """Select rows.

        Parameters
        ----------
        rows : array-like of int or bool, or slice
            An index of the first axis of an array.

        Returns
        -------
        Frame
            The rows, with their numbers in the file.
        """
        index = as_index(rows)
        columns = {name: column[index] for name, column in self.columns.items()}
        return replace(self, columns=columns, rows=self.rows[index])

    def fault(
        self,
        row: int,
        name: str,
        expected: str,
        remedy: str = "",
        *,
        detail: str = "",
        **options: object,
    ) -> DataError:
        """Describe a wrong value and its location.

        Parameters
        ----------
        row : int
            The row of this frame, counted from 0.
        name : str
            The column.
        expected : str
            A description of the accepted values.
        remedy : str
            The remedy, if there is one.
        detail : str
            A further description, which follows after a comma, such as "as in other rows".
        **options : object
            Values of arguments that the remedy may recommend.

        Returns
        -------
        DataError
            The error, for the caller to raise.
        """
        row_of_file = int(self.rows[row])
        place = Place(None, row_of_file)
        if self.origin is not None:
            place = self.origin.locate(row_of_file, name)
        value = place.text
        if value is None:
            value = str(self.columns[name][row])
        expected_in_detail = expected
        if detail:
            expected_in_detail += f", {detail}"
        problem = describe_wrong_value(name, expected_in_detail, value)
        if not place.line:
            problem = f"row {place.row}: {problem}"
        argument = "X" if place.path is None else ""
        recommended: dict[str, Any] = {}
        for option, setting in options.items():
            if f"{{{option}}}" in remedy:
                recommended[option] = setting
        error = DataError(
            problem,
            argument=argument,
            path=place.path,
            line=place.line,
            value=value,
            expected=expected_in_detail,
            remedy=remedy,
            **recommended,
        )
        error.row = place.row
        error.column = name
        return error


def as_index(rows: ArrayLike | slice) -> Any:
    """Make an index of rows; an empty list selects none."""
    if isinstance(rows, slice):
        return rows
    index = np.asarray(rows)
    return index if index.size else index.astype(np.intp)


def describe_wrong_value(name: str, expected: str, value: str) -> str:
    """Describe a wrong value of a column, of which a long text is cut.

    >>> describe_wrong_value("age", "a number", "old")
    "column 'age': expected a number, got 'old'"
    """
    got = repr(value[:60])
    if value.strip() in ("", "nan", "NaT"):
        got = "nothing"
    return f"column {name!r}: expected {expected}, got {got}"


def write_first_rows(columns: Mapping[str, NDArray[Any]]) -> str:
    """Write the first rows of columns as a table of HTML, with an ellipsis for others."""
    names = [*columns][:SHOWN_COLUMNS]
    are_others = len(columns) > len(names)
    headings = [*names]
    if are_others:
        headings.append("…")
    rows = []
    n_rows = len(next(iter(columns.values())))
    for row in range(min(SHOWN_ROWS, n_rows)):
        cells = []
        for name in names:
            text = str(columns[name][row])
            if text == "NaT":
                text = ""
            cells.append(text)
        if are_others:
            cells.append("…")
        rows.append(cells)
    if n_rows > len(rows):
        rows.append(["…" for _ in headings])
    return write_table(headings, rows)


def _with_none(column: NDArray[Any]) -> NDArray[Any]:
    """Replace missing texts by None; return other columns unchanged.

    >>> _with_none(np.array(["Rome", ""], TEXT)).tolist()
    ['Rome', None]
    """
    if column.dtype != TEXT:
        return column
    texts = column.astype(object)
    texts[column == ""] = None
    return texts


#: The kind of a column of names.
CATEGORY = "category"

#: Rows of a data set: a matrix if all columns are numbers, else a frame.
Samples: TypeAlias = NDArray[Any] | Frame
