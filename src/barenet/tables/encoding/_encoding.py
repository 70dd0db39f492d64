"""The encoding of a table as a matrix: one encoding for each column.

It is fitted only on the training rows, and saved with the model, so that later rows are encoded in
the same way.
"""

import warnings
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self, TypedDict

import numpy as np
from numpy.typing import DTypeLike, NDArray

from barenet._constraints import check_count, check_number, convert, convert_fields
from barenet._display import align
from barenet._messages import some
from barenet._registry import lookup
from barenet.errors import ArgumentError, DataError
from barenet.tables.encoding._column import Column, DroppedColumn
from barenet.tables.encoding._column_fitting import SCALINGS, fit_column, in_bins
from barenet.tables.encoding._column_kinds import (
    COLUMNS,
    CategoryColumn,
    DateColumn,
    PiecewiseColumn,
)
from barenet.tables.encoding._input_pairs import InputPairs, input_pairs_from_dict
from barenet.tables.encoding._words_column import WordsColumn
from barenet.tables.frames._frame import Frame
from barenet.tables.frames._to_frame import as_frame, column_names
from barenet.tables.reading._column_values import read_frame, refuse_where
from barenet.tables.reading._column_words import (
    DROP,
    KEEP,
    ColumnRequest,
    columns_with,
    merge_columns,
    missing_of_requests,
)
from barenet.tables.reading._missing_texts import MISSING
from barenet.tables.reading._table_reading import (
    missing_tokens,
    read_table_columns,
    requested_kinds,
)
from barenet.tables.reading._unread_values import UnreadValues

#: Number of values that are encoded at a time, which limits the memory of intermediate results.
_BLOCK = 2**20

#: The fraction of the rows below which a category is rare by default.
RARE = 0.01

#: The largest number of a float32 network.
MAX_FLOAT32 = float(np.finfo(np.float32).max)


class TableOptions(TypedDict, total=False):
    """Arguments of `TableEncoding.fit` for columns, missing values and rare categories."""

    columns: Mapping[str, str | ColumnRequest]
    missing: Collection[str]
    rare: float


@dataclass(frozen=True, eq=False)
class TableEncoding:
    """The encoding of a table as a matrix, column by column.

    Attributes
    ----------
    columns : tuple of Column
        The encodings of the columns, in the order of the training table.
    missing : tuple of str
        Texts that stand for a missing value.
    pairs : tuple of InputPairs, default=()
        Pairs of inputs whose products are further inputs, after those of all columns.

    Raises
    ------
    DataError
        If all columns are dropped.
    ValueError
        If a name occurs twice, or a part is not valid.

    Examples
    --------
    >>> towns = {"size": [3.5, None, 2.1], "town": ["Rome", "Oslo", "Rome"]}
    >>> encoding = TableEncoding.fit(towns, numbers="none")
    >>> encoding.input_names
    ('size', 'size missing', 'town=Oslo', 'town=Rome')
    >>> encoding.transform({"town": ["Oslo"], "size": [1.5]})
    array([[1.5, 0. , 1. , 0. ]])
    """

    columns: tuple[Column, ...]
    missing: tuple[str, ...] = MISSING
    pairs: tuple[InputPairs, ...] = ()

    def __post_init__(self) -> None:
        convert_fields(self)
        names = {column.name for column in self.columns}
        if len(names) < len(self.columns):
            raise ArgumentError.of("columns", self.columns, "different names")
        for pairs in self.pairs:
            first = lookup(self.used_by_name, pairs.first, "pairs")
            second = lookup(self.used_by_name, pairs.second, "pairs")
            pairs.check(first, second)
        if not self.n_inputs:
            reasons = [f"{column.name}: {column.formula}" for column in self.columns]
            problem = f"no column is left to learn from: {some(reasons, most=5)}"
            raise DataError(problem, argument="X")

    @classmethod
    def fit(
        cls,
        X: Any,
        *,
        numbers: str = "standardize",
        bins: int = 24,
        rare: float | Mapping[str, float] = RARE,
        columns: Mapping[str, str | ColumnRequest] | None = None,
        categories: Collection[str] = (),
        numeric: Collection[str] = (),
        drop: Collection[str] = (),
        keep_column: Collection[str] = (),
        missing: Collection[str] = (),
    ) -> Self:
        """Fit the encoding of every column to the training rows.

        Parameters
        ----------
        X : Frame, DataFrame, mapping, or array-like of shape (n_samples, n_columns)
            The training rows.
        numbers : {"standardize", "robust", "minmax", "none", "piecewise"}
            The scaling of numbers: to mean 0 and standard deviation 1; to median 0 and quartiles
            that are 1 apart; to 0..1; none. Numbers that are all 0 or 1 are not scaled.
            ``"piecewise"`` is ``"standardize"`` with further inputs: the position in each of
            several bins of the range. Dates are scaled, and have bins, as numbers.
        bins : int, default=24
            Number of these bins, each with about the same number of rows. A value that more rows
            share is an edge between two bins. Columns have fewer bins if all columns but those of
            categories and of words would together have more than 640 inputs, and none if there is
            no room for one; dates have at least one.
        rare : float or mapping of str to float, default=0.01
            A category is rare if it occurs in a smaller fraction of the rows that have a value. 1
            or more is a number of rows, and 0 keeps every category. A mapping has the numbers of
            single columns, and 0.01 applies to the others.
        columns : mapping of str to str, optional
            The words for single columns, such as ``{"zip": "names", "opened": "date day-first"}``:
            ``names``, ``number``, ``number 1,234.5`` for numbers in the form of this one,
            ``duration``, ``date``, ``date day-first``, ``date month-first``, ``date %d.%m.%y``,
            ``time``, ``yes/no``, ``words`` for texts that share words, ``keep`` for a column that
            would be left out because it numbers or identifies the rows, and ``drop`` to leave it
            out.
            ``missing=-999`` behind these words, or alone, is a text for a missing value in this
            column; there may be several of them.
        categories, numeric, drop, keep_column : collection of str
            Older spellings of ``names``, ``number``, ``drop`` and ``keep`` in `columns`.
        missing : collection of str
            Texts that stand for a missing value, besides an empty text and `MISSING`, without
            spaces around them. Numbers and dates also match equal values in another spelling.

        Returns
        -------
        TableEncoding
            The fitted encoding.

        Raises
        ------
        DataError
            If the values of a column are inconsistent, or no column is left to learn from.
        ValueError
            If an argument is wrong.
        """
        requests = merge_columns(
            columns, categories=categories, numeric=numeric, drop=drop, keep_column=keep_column
        )
        dropped = columns_with(requests, DROP)
        names = column_names(X)  # None for an array
        rare_by_name = {}
        rare_elsewhere = RARE
        if isinstance(rare, Mapping):
            for name, number in rare.items():
                rare_by_name[name] = check_rare(number)
        else:
            rare_elsewhere = check_rare(rare)
        if names and set(names).issubset(dropped):
            problem = f"no column is left to learn from without {some(names)}"
            argument = requests[names[0]].argument
            raise DataError(problem, argument=argument, remedy="drop fewer columns")
        kept = names
        if names:
            kept = [name for name in names if name not in dropped]
        frame = as_frame(X, only=kept)
        if not names:  # the frame names the columns of an array
            names = [*frame.columns]
        if len(frame) < 2:
            raise DataError("1 sample, at least 2 are needed", argument="X")
        lookup(SCALINGS, numbers, "numbers")
        check_count(bins, "bins")
        tokens = missing_tokens(missing)
        for name in rare_by_name:
            lookup(dict.fromkeys(names), name, "rare")
        requested = requested_kinds(names, requests)
        frame, _, _ = read_table_columns(frame, requests, missing=missing)
        column_fit = _ColumnFit(
            frame=frame,
            names=names,
            requested=requested,
            scaling=numbers,
            rare_by_name=rare_by_name,
            rare=rare_elsewhere,
            missing=tokens,
            markers=missing_of_requests(requests),
        )
        fitted = column_fit.columns(keep=columns_with(requests, KEEP))
        # In a toy table whose only x is 1, 2, 3, …, x numbers the rows, and is kept nevertheless.
        if all(isinstance(column, DroppedColumn) for column in fitted):
            floats = [name for name, values in frame.columns.items() if values.dtype.kind == "f"]
            fitted = column_fit.columns(keep=floats)
        if numbers == "piecewise":
            fitted = in_bins(fitted, frame, bins, tokens)
        return cls(fitted, tokens)

    def transform(self, X: Any, dtype: DTypeLike = np.float64) -> NDArray[Any]:
        """Encode rows.

        Parameters
        ----------
        X : Frame, DataFrame, mapping, or array-like of shape (n_samples, n_columns)
            Rows of such a table, with the columns in any order. Dropped columns may be absent, and
            other columns are ignored. An array has the columns in the order of the training table,
            with or without the dropped ones.
        dtype : dtype, default=float64
            Type of the result; the arithmetic is float64's.

        Returns
        -------
        ndarray of shape (n_samples, n_inputs)
            The inputs of the network.

        Raises
        ------
        DataError
            If no value of a column is of its kind.
        ValueError
            If a column is missing.

        Warns
        -----
        UserWarning
            If values of a column are of another kind; they count as missing.
        """
        frame = self.frame_of(X)
        encoded = np.empty((len(frame), self.n_inputs), dtype)
        n_inputs_of_columns = self.n_inputs - self.n_pairs
        n_rows = max(1, _BLOCK // self.n_inputs)
        for start in range(0, len(frame), n_rows):
            indices = slice(start, start + n_rows)
            block = frame.take(indices)
            encoded[indices, :n_inputs_of_columns] = self._inputs_of_columns(block)
        self.set_pairs(encoded)
        return encoded

    def _inputs_of_columns(self, block: Frame) -> NDArray[np.float64]:
        """Encode the columns of rows, without their pairs."""
        parts = [encode_column(column, block, self.missing) for column in self.used]
        return np.concatenate(parts, axis=1)

    def replaced(self, X: Any) -> dict[str, int]:
        """Count the replaced values: missing ones, and categories without an input.

        Parameters
        ----------
        X : Frame, DataFrame, mapping, or array-like of shape (n_samples, n_columns)
            The rows, as `transform` takes them.

        Returns
        -------
        dict of str to int
            The number of such values, for each column that has any.
        """
        counts: dict[str, int] = {}
        for column, values in values_of(self, X):
            if isinstance(column, CategoryColumn):
                without_input = [label for label in values.tolist() if label not in column.indices]
                count = len(without_input)
            elif isinstance(column, WordsColumn):
                count = int(np.count_nonzero(values == ""))
            else:
                count = int(np.isnan(values).sum())
            if count:
                counts[column.name] = count
        return counts

    def unread(self, X: Any) -> dict[str, NDArray[np.bool_]]:
        """Find the values that can't be read, which count as missing.

        Parameters
        ----------
        X : Frame, DataFrame, mapping, or array-like of shape (n_samples, n_columns)
            The rows, as `transform` takes them.

        Returns
        -------
        dict of str to ndarray of shape (n_samples,), bool
            Whether each value is of another kind, for each column that has such values.

        Examples
        --------
        >>> encoding = TableEncoding.fit({"size": [3.5, 2.0, 2.5]})
        >>> encoding.unread({"size": ["3", "many", ""]})
        {'size': array([False,  True, False])}
        """
        unread = new_values(self)
        _, losses = read_frame(select_used(self, X), unread.kinds, self.missing, self.markers)
        masks = {}
        for name, lost in losses.items():
            if lost.is_unread is not None:
                masks[name] = lost.is_unread
        return masks

    def frame_of(self, X: Any) -> Frame:
        """Select the columns that are used.

        Parameters
        ----------
        X : Frame, DataFrame, mapping, or array-like of shape (n_samples, n_columns)
            The rows, as `transform` takes them.

        Returns
        -------
        Frame
            Only these columns; dropped and unknown columns are not read.

        Raises
        ------
        ValueError
            If a column is missing, or their number is wrong, or no value of a column can be read.

        Warns
        -----
        UserWarning
            If values of a column are of another kind; they count as missing.
        """
        unread = new_values(self)
        frame = unread.read(select_used(self, X))
        unread.report()
        return frame

    @cached_property
    def used(self) -> tuple[Column, ...]:
        """The encodings of the columns that are not dropped."""
        return tuple(column for column in self.columns if not isinstance(column, DroppedColumn))

    @property
    def markers(self) -> dict[str, tuple[str, ...]]:
        """The texts that stand for a missing value only in some columns, by their names."""
        markers = {}
        for column in self.used:
            if column.missing_texts:
                markers[column.name] = column.missing_texts
        return markers

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the columns that a table needs."""
        return tuple(column.name for column in self.used)

    @cached_property
    def input_names(self) -> tuple[str, ...]:
        """Unique names of the inputs; repeated names are numbered, such as ``name #2``."""
        names: list[str] = []
        for column in self.columns:
            names.extend(column.inputs)
        for pairs in self.pairs:
            columns = self.used_by_name
            names.extend(pairs.names(columns[pairs.first], columns[pairs.second]))
        taken = set(names)
        unique: dict[str, None] = {}  # a dictionary as an ordered set
        for name in names:
            candidate = name
            number = 2
            while candidate in unique or (candidate != name and candidate in taken):
                candidate = f"{name} #{number}"
                number += 1
            unique[candidate] = None
        return tuple(unique)

    @property
    def n_inputs(self) -> int:
        """Number of inputs of a network for encoded rows."""
        return len(self.input_names)

    @property
    def output_names(self) -> tuple[str, ...]:
        """Deprecated name of `input_names`."""
        warnings.warn(_renamed("output_names", "input_names"), FutureWarning, stacklevel=2)
        return self.input_names

    @property
    def n_outputs(self) -> int:
        """Deprecated name of `n_inputs`."""
        warnings.warn(_renamed("n_outputs", "n_inputs"), FutureWarning, stacklevel=2)
        return self.n_inputs

    @property
    def are_bins(self) -> NDArray[np.bool_]:
        """Whether each of the encoded numbers is the position in a bin, shape (n_inputs,)."""
        are_bins: list[bool] = []
        for column in self.used:
            are_bins.extend(0 < place <= column.n_bins for place in range(len(column.inputs)))
        for pairs in self.pairs:
            are_bins.extend(False for _ in pairs.pairs)
        return np.array(are_bins)

    @cached_property
    def starts(self) -> dict[str, int]:
        """The first input of each column that is used, by its name."""
        starts = {}
        n_inputs = 0
        for column in self.used:
            starts[column.name] = n_inputs
            n_inputs += len(column.inputs)
        return starts

    @cached_property
    def used_by_name(self) -> dict[str, Column]:
        """The encodings of the columns that are not dropped, by their names."""
        return {column.name: column for column in self.used}

    @property
    def n_pairs(self) -> int:
        """Number of inputs of pairs, which follow those of the columns."""
        return len(self.factors_of_pairs[0])

    @cached_property
    def factors_of_pairs(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """The two inputs whose product is the input of a pair, each of shape (n_pairs,)."""
        starts = self.starts
        firsts = [np.empty(0, np.intp)]
        seconds = [np.empty(0, np.intp)]
        for pairs in self.pairs:
            firsts.append(starts[pairs.first] + pairs.first_places)
            seconds.append(starts[pairs.second] + pairs.second_places)
        return np.concatenate(firsts), np.concatenate(seconds)

    def set_pairs(self, encoded: NDArray[Any]) -> None:
        """Compute the inputs of pairs from those of the columns, in place.

        Parameters
        ----------
        encoded : ndarray of shape (n_samples, n_inputs)
            Encoded rows.
        """
        if self.n_pairs:
            first, second = self.factors_of_pairs
            encoded[:, -self.n_pairs :] = encoded[:, first] * encoded[:, second]

    def renamed(self, names: Sequence[str]) -> Self:
        """Rename the columns.

        Parameters
        ----------
        names : sequence of str
            One for each of `columns`.

        Returns
        -------
        TableEncoding
            The same encoding under the new names.
        """
        columns = []
        new_names = {}
        for column, name in zip(self.columns, names, strict=True):
            columns.append(replace(column, name=name))
            new_names[column.name] = name
        all_pairs = []
        for pairs in self.pairs:
            first = new_names[pairs.first]
            second = new_names[pairs.second]
            all_pairs.append(replace(pairs, first=first, second=second))
        return replace(self, columns=tuple(columns), pairs=tuple(all_pairs))

    def with_inputs(
        self,
        parts: Mapping[str, tuple[str, ...]],
        codes: Mapping[str, tuple[float, ...]],
        days: Mapping[str, tuple[int, ...]],
    ) -> Self:
        """Add inputs of parts of dates, of days, and of numbers that are codes.

        Parameters
        ----------
        parts : mapping of str to tuple of str
            The parts by the names of columns of dates.
        codes : mapping of str to tuple of float
            The numbers with an input of their own by the names of columns of numbers in bins.
        days : mapping of str to tuple of int
            The days with an input of their own, in days since 1970, by the names of columns of
            dates.

        Returns
        -------
        TableEncoding
            The encoding with these inputs; other columns are unchanged.
        """
        columns: list[Column] = []
        for column in self.columns:
            if isinstance(column, DateColumn):
                parts_here = parts.get(column.name, column.parts)
                days_here = days.get(column.name, column.days)
                columns.append(replace(column, parts=parts_here, days=days_here))
            elif isinstance(column, PiecewiseColumn) and column.name in codes:
                columns.append(replace(column, codes=codes[column.name]))
            else:
                columns.append(column)
        return replace(self, columns=tuple(columns))

    def codes_by_name(self) -> dict[str, tuple[float, ...]]:
        """Return the codes of the columns of numbers that have any.

        Returns
        -------
        dict of str to tuple of float
            The codes by the names of the columns.
        """
        codes = {}
        for column in self.used:
            if isinstance(column, PiecewiseColumn) and column.codes:
                codes[column.name] = column.codes
        return codes

    def describe(self) -> str:
        """Describe the encoding of each column.

        Returns
        -------
        str
            A line for each column: its name, its kind, its number of inputs, and the formula.
        """
        lines = [("column", "kind", "numbers", "how")]
        for column in self.columns:
            n_inputs = len(column.inputs)
            lines.append((column.name, column.kind, str(n_inputs), column.formula))
        for pairs in self.pairs:
            names = f"{pairs.first}, {pairs.second}"
            lines.append((names, "pairs", str(len(pairs.pairs)), pairs.formula))
        return align(lines)

    def to_dict(self) -> dict[str, Any]:
        """Convert to plain data.

        Returns
        -------
        dict
            JSON data, for `from_dict`.
        """
        columns = [column.to_dict() for column in self.columns]
        plain: dict[str, Any] = {"columns": columns, "missing": list(self.missing)}
        if self.pairs:
            plain["pairs"] = [pairs.to_dict() for pairs in self.pairs]
        return plain

    @classmethod
    def from_dict(cls, plain: Any) -> Self:
        """Make an encoding from plain data.

        Parameters
        ----------
        plain : dict
            The result of `to_dict`.

        Returns
        -------
        TableEncoding
            The same encoding, to the last bit.

        Raises
        ------
        ValueError
            If the data do not describe an encoding.
        """
        lists = convert(plain, Mapping[str, tuple[object, ...]], "encoding")
        if lists.keys() not in ({"columns", "missing"}, {"columns", "missing", "pairs"}):
            raise ArgumentError.of("encoding", plain, "columns, missing, and possibly pairs")
        columns = tuple(column_from_dict(column) for column in lists["columns"])
        pairs = tuple(input_pairs_from_dict(pairs) for pairs in lists.get("pairs", ()))
        return cls(columns, lists["missing"], pairs)


@dataclass(frozen=True, kw_only=True)
class _ColumnFit:
    """Fits the columns of a frame, given the arguments that all of them share."""

    frame: Frame
    names: Sequence[str]
    #: The kinds of columns that arguments list, by name.
    requested: Mapping[str, str]
    #: The name of the scaling of numbers and dates.
    scaling: str
    #: The fraction of the rows, or the number of rows, below which categories are rare.
    rare_by_name: Mapping[str, float]
    rare: float
    #: Texts that stand for a missing value, and those of single columns.
    missing: tuple[str, ...]
    markers: Mapping[str, tuple[str, ...]]

    def columns(self, keep: Collection[str]) -> tuple[Column, ...]:
        """Fit each column."""
        return tuple(self._column(name, keep) for name in self.names)

    def _column(self, name: str, keep: Collection[str]) -> Column:
        """Fit one column."""
        return fit_column(
            self.frame,
            name,
            self.requested.get(name),
            scaling=self.scaling,
            rare=self.rare_by_name.get(name, self.rare),
            missing=self.missing,
            markers=self.markers.get(name, ()),
            keep=keep,
            inferred=self.frame.kinds.get(name),
        )


def new_values(encoding: TableEncoding) -> UnreadValues:
    """Return a reader of new rows, which are read block by block."""
    kinds = {column.name: column.reading for column in encoding.used if column.reading}
    return UnreadValues(kinds, encoding.missing, encoding.markers)


def select_used(encoding: TableEncoding, X: Any) -> Frame:
    """Select the columns that are used, without reading their texts."""
    names = None
    if column_names(X) is None:
        names = tuple(column.name for column in encoding.columns)
        if np.shape(X)[-1:] != (len(names),):
            names = encoding.feature_names
    return as_frame(X, names, only=encoding.feature_names)


def _renamed(name: str, replacement: str) -> str:
    """Write the warning of an attribute that has another name now."""
    return f"TableEncoding.{name} is deprecated and will be removed: use {replacement}"


def values_of(encoding: TableEncoding, X: Any) -> Iterator[tuple[Column, NDArray[Any]]]:
    """Yield the columns that are used, with their parsed values.

    Values that can't be read are missing, and named by a warning only where rows are predicted.
    """
    frame = new_values(encoding).read(select_used(encoding, X))
    for column in encoding.used:
        yield column, column.parse(frame, column.name, encoding.missing)


def encode_column(column: Column, block: Frame, missing: Collection[str]) -> NDArray[np.float64]:
    """Encode a column, and reject values that overflow."""
    with np.errstate(over="ignore"):
        numbers = column.encode(column.parse(block, column.name, missing))
    refuse_infinite(block, column.name, numbers)
    return numbers


def refuse_infinite(frame: Frame, name: str, numbers: NDArray[np.float64]) -> None:
    """Reject values whose encoding overflows in a float32 network."""
    is_beyond = np.logical_not((np.abs(numbers) <= MAX_FLOAT32).all(axis=1))
    refuse_where(frame, name, is_beyond, "a number nearer to those of the training")


def column_from_dict(plain: Any) -> Column:
    """Make a column from the data of `Column.to_dict`."""
    if not isinstance(plain, dict) or not isinstance(plain.get("kind"), str):
        raise ArgumentError.of("column", plain, "a dictionary with a kind")
    column_class: Callable[..., Column] = lookup(COLUMNS, plain["kind"], "kind")
    fields = dict(plain)
    del fields["kind"]
    try:
        return column_class(**fields)
    except TypeError as error:
        raise ArgumentError(str(error), argument="column", value=plain) from error


def check_rare(rare: Any) -> float:
    """Check a fraction, or a whole number of rows."""
    number = check_number(rare, "rare", ge=0)
    if number >= 1 and not number.is_integer():
        raise ArgumentError.of("rare", rare, "a fraction below 1 or a whole number of rows")
    return number
