"""Reads a Parquet file as a frame, one row group after the other, within the memory budget."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._extras import require_arrow
from barenet._messages import in_a_line
from barenet.errors import BarenetError, DataError
from barenet.storage._file_io import (
    check_columns,
    check_memory,
    format_size,
    memory_limit,
    open_file,
    version_of,
)
from barenet.tables.frames._coded_texts import CodedTexts
from barenet.tables.frames._column_names import Names, check_unique
from barenet.tables.frames._frame import CATEGORY, DeclaredType, Frame, Table
from barenet.tables.frames._to_column import are_whole_numbers, as_column
from barenet.tables.reading._column_values import as_texts

#: Bytes of memory for each value: stored, in a frame, in a matrix, and in temporary copies.
_PER_VALUE = 32

#: Maximum size in bytes of a text that a column stores in place.
_SHORT = 15

#: Bytes of memory for each byte of a row group's pages: decompressed, and copied by Arrow for
#: texts.
_PER_BYTE = 4

#: Number of columns of a row group that are converted at once.
_AT_ONCE = 16

#: Number of rows that are read at once to find the first value.
_FIRST_ROWS = 1024

#: Number of rows that are read at once if texts aren't read as a dictionary.
_MOST_ROWS_OF_TEXTS = 2**16
#: The fraction of the memory budget that these rows may take if each text is as long as the row
#: group.
_SHARE = 0.25

#: Number of bytes of such rows after which the memory budget is checked.
_CHECKED = 2**24

#: Kinds of the columns of a Parquet file, by the predicates of Arrow's types.
_KINDS = {
    "boolean": ("boolean",),
    "number": ("integer", "floating", "decimal"),
    "date": ("date", "timestamp"),
    "text": ("string", "large_string", "string_view"),
}

#: The name of the type of periods.
_PERIOD = re.compile(r"period\[(.*)\]", re.DOTALL)

#: NumPy's unit of the periods of pandas, and the number of units in each, by their frequency. Both
#: count from 1970.
_PERIODS = {
    "Y-DEC": ("Y", 1), "A-DEC": ("Y", 1), "Q-DEC": ("M", 3), "M": ("M", 1), "D": ("D", 1),
    "h": ("h", 1), "H": ("h", 1), "min": ("m", 1), "T": ("m", 1), "s": ("s", 1), "S": ("s", 1),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class ParquetTable(Table):
    """Row groups of a Parquet file, whose columns have not been read."""

    #: Kinds and types of the columns by name.
    types: Mapping[str, DeclaredType]
    #: Number of rows of each row group, by its number.
    groups: Mapping[int, int]
    first_row: int
    #: Bytes of the largest row group.
    largest: int
    #: Names of the columns that pandas has written as categories.
    categorical: frozenset[str]
    #: Maximum number of bytes of memory, in addition to the budget of the file.
    memory: int | None = None
    #: The size and the modification time of the file when it was opened.
    version: tuple[int, int] | None = None
    #: Every row has a value in each column, unlike those of a CSV file.
    uneven: tuple[()] = ()

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return sum(self.groups.values())

    @property
    def memory_to_read(self) -> int:
        """Bytes of memory for the pages of a row group."""
        return 2 * self.largest

    @property
    def declared_types(self) -> Mapping[str, DeclaredType]:
        return self.types

    def is_empty(self, name: str) -> bool:
        """Return whether all values of a column of the file are missing; read up to the first."""
        compute = _arrow("pyarrow.compute")
        with _opened(self.path) as file:
            for batch in file.iter_batches(_FIRST_ROWS, columns=[name]):
                are_missing = compute.is_null(batch.column(0), nan_is_null=True)
                if not compute.all(are_missing).as_py():
                    return False
        return True

    def frame(
        self,
        names: Names,
        *,
        target: str | None = None,
        unparsed: Names = (),
    ) -> Frame:
        columns = self._read(names, self._values)
        rows = self.first_row + np.arange(self.n_rows)
        kinds = {}
        for name in self.categorical.intersection(names):
            if are_whole_numbers(columns[name]):
                kinds[name] = CATEGORY
        return Frame(columns, self, rows, kinds)

    def labels(self, names: Names) -> dict[str, Any]:
        """Read columns as text, with all digits, time zones and nanoseconds."""
        return self._read(names, self._texts)

    def _read(self, names: Names, convert: Callable[[Any, str], Any]) -> dict[str, Any]:
        """Read and convert columns."""
        is_block = len(self.groups) == 1
        needed = _PER_VALUE * self.n_rows * len(names)
        contents = f"{self.n_rows:,} rows of {len(names):,} columns"
        check_memory(self.path, needed, contents, is_block=is_block)
        contents = f"a row group of {format_size(self.largest)}"
        check_memory(self.path, needed + _PER_BYTE * self.largest, contents, is_block=True)

        columns: dict[str, Any] = {}
        text_names = [name for name, declared in self.types.items() if declared.values == "text"]
        # Texts are kept as a dictionary and codes, as a file of a few kilobytes may often repeat a
        # long text.
        with _opened(self.path, read_dictionary=text_names) as file:
            schema = file.schema_arrow  # a new one is made each time
            for start in range(0, len(names), _AT_ONCE):
                part = [*names][start : start + _AT_ONCE]
                parts: list[Any] = []
                try:
                    for number in self.groups:
                        group = file.read_row_group(number, columns=part)
                        needed += self._check_texts(group, needed)
                        parts.append(group)
                except (_arrow().ArrowException, OSError):
                    # Arrow can't read texts with delta encoding as a dictionary.
                    parts, needed = self._read_texts(part, needed)
                if not parts:
                    parts.append(schema.empty_table().select(part))
                table = _arrow().concat_tables(parts)
                for name in part:
                    columns[name] = convert(table.column(name), name)
        return columns

    def _read_texts(self, names: Sequence[str], needed: int) -> tuple[list[Any], int]:
        """Read columns some rows at a time, copying each text, and check the memory of all.

        Returns the parts of the columns, and the bytes that are needed with these.
        """
        room = int(_SHARE * memory_limit())
        n_rows = max(1, min(_MOST_ROWS_OF_TEXTS, room // max(1, self.largest)))
        with _opened(self.path) as file:
            parts: list[Any] = []
            batches: list[Any] = []
            n_bytes = 0
            for batch in file.iter_batches(n_rows, row_groups=[*self.groups], columns=names):
                batches.append(batch)
                n_bytes += batch.nbytes
                if n_bytes > _CHECKED:  # check many small batches together, as a check takes time
                    part = _arrow().Table.from_batches(batches)
                    needed += self._check_texts(part, needed)
                    parts.append(part)
                    batches = []
                    n_bytes = 0
            if batches:
                part = _arrow().Table.from_batches(batches)
                needed += self._check_texts(part, needed)
                parts.append(part)
        return parts, needed

    def _check_texts(self, table: Any, needed: int) -> int:
        """Return the memory of a table's long texts, once it is checked with earlier memory."""
        n_bytes = 0
        for name in table.column_names:
            if self.types[name].values == "text":
                n_bytes += _size_of_texts(table.column(name))
        contents = f"{self.n_rows:,} rows"
        if n_bytes:
            contents = f"the texts of {contents}"
        is_block = len(self.groups) == 1
        check_memory(self.path, needed + n_bytes, contents, self.memory, is_block=is_block)
        return n_bytes

    def _values(self, column: Any, name: str) -> NDArray[Any] | CodedTexts:
        """Convert a column to the type of a frame's column."""
        period = _PERIOD.fullmatch(self.types[name].name)
        if period is not None:
            dates = self._dates_of_periods(column, name, frequency=period[1])
            return as_column(dates, name, path=self.path)
        if _is(column.type, "decimal") and column.type.scale:
            # Arrow divides by a power of ten, which may be off by one unit in the last place.
            column = column.cast("string").cast("float64")
        return as_column(column, name, path=self.path)

    def _dates_of_periods(self, column: Any, name: str, frequency: str) -> NDArray[Any]:
        """Convert the numbers of periods to the dates on which they begin."""
        if frequency not in _PERIODS:
            problem = f"column {name!r}: periods of the frequency {frequency!r} cannot be encoded"
            remedy = "convert it to dates, as by .dt.to_timestamp(), or leave it out: {columns}"
            raise DataError(problem, path=self.path, remedy=remedy, columns={name: "drop"})
        unit, n_units = _PERIODS[frequency]
        numbers = column.cast("int64")
        dates = (n_units * numbers.fill_null(0).to_numpy()).astype(f"M8[{unit}]")
        dates[numbers.is_null().to_numpy()] = np.array("NaT", dates.dtype)
        return dates

    def _texts(self, column: Any, name: str) -> Any:
        """Return the texts of a column, which a frame's values may not fully represent."""
        values = None
        with suppress(_arrow().ArrowException):  # such as an unknown time zone
            if _is(column.type, "decimal") or getattr(column.type, "tz", None):
                texts = column.cast("string").fill_null("")
                cut = _arrow("pyarrow.compute").replace_substring_regex
                return cut(texts, r"\.0+(Z|[+-]\d+)$", r"\1")  # drop a fraction of a second of 0
            if _is(column.type, "float32"):
                column = column.cast("string").cast("float64")
            elif getattr(column.type, "unit", "") == "ns":
                values = column.to_numpy()
        if values is None:
            values = self._values(column, name)
        if isinstance(values, CodedTexts):
            return values.tolist()
        return as_texts(Frame({name: values}), name, ())


def parquet_blocks(path: Path, memory: int | None = None) -> list[ParquetTable]:
    """List the row groups of a file that have rows."""
    table = open_parquet(path, memory)
    blocks: list[ParquetTable] = []
    first_row = 0
    for group, n_rows in table.groups.items():
        if n_rows:
            blocks.append(replace(table, groups={group: n_rows}, first_row=first_row))
        first_row += n_rows
    return blocks


def open_parquet(path: Path, memory: int | None = None) -> ParquetTable:
    """Read the names and types of the columns of a Parquet file."""
    version = version_of(path)
    with _opened(path) as file:
        schema = file.schema_arrow
        groups = {}
        largest = 0
        for number in range(file.num_row_groups):
            group = file.metadata.row_group(number)
            groups[number] = group.num_rows
            largest = max(largest, group.total_byte_size)
    names = tuple(schema.names)
    check_columns(path, len(names))
    check_unique(names, path=path)
    types = {name: _declared_type(field) for name, field in zip(names, schema, strict=True)}
    return ParquetTable(
        path,
        names,
        types,
        groups,
        first_row=0,
        largest=largest,
        categorical=_categorical_names(schema),
        memory=memory,
        version=version,
    )


def _categorical_names(schema: Any) -> frozenset[str]:
    """Find the columns that pandas wrote as categories; none in metadata of another form."""
    try:
        columns = (schema.pandas_metadata or {}).get("columns", ())
        return frozenset(
            column["field_name"] for column in columns if column["pandas_type"] == "categorical"
        )
    except (AttributeError, LookupError, TypeError, ValueError):
        return frozenset()


def _declared_type(field: Any) -> DeclaredType:
    """Return the type of a column; periods of pandas are numbers beside their frequency."""
    frequency = None
    if getattr(field.type, "extension_name", "") == "pandas.period":  # once pandas is imported
        frequency = field.type.freq
    elif (field.metadata or {}).get(b"ARROW:extension:name") == b"pandas.period":
        parameters = field.metadata.get(b"ARROW:extension:metadata", b"")
        match = re.search(r'"freq": *"([^"]*)"', parameters.decode("utf-8", "replace"))
        frequency = match[1] if match is not None else "unknown"
    if frequency is not None:
        return DeclaredType("date", f"period[{frequency}]")
    return DeclaredType(_kind_of(field.type), str(field.type))


def _kind_of(arrow_type: Any) -> str:
    """Return the kind of the values of an Arrow type; a type without values has no kind."""
    if _is(arrow_type, "dictionary"):
        arrow_type = arrow_type.value_type
    if _is(arrow_type, "null"):
        return ""
    for kind_of_values, predicates in _KINDS.items():
        if _is(arrow_type, *predicates):
            return kind_of_values
    return "other"


def _arrow(module: str = "pyarrow") -> Any:
    return require_arrow(module, "a Parquet file")


@contextmanager
def _opened(path: Path, **options: Any) -> Iterator[Any]:
    """Open the file; convert the errors of a damaged one."""
    pyarrow = _arrow()
    parquet = _arrow("pyarrow.parquet")
    with open_file(path) as stream:
        try:
            # Pages are verified if they have a checksum.
            yield parquet.ParquetFile(stream, page_checksum_verification=True, **options)
        except (BarenetError, MemoryError):  # Arrow's MemoryError is an ArrowException, too.
            raise
        except (pyarrow.ArrowException, OSError, OverflowError, ValueError) as error:
            remedy = ""
            if "not yet implemented" in str(error).lower():
                remedy = "write it with the default encodings of its columns"
            problem = f"not a usable Parquet file: {in_a_line(error)}"
            raise DataError(problem, path=path, remedy=remedy) from error


def _size_of_texts(column: Any) -> int:
    """Return the bytes of memory of long texts once each row has its own copy."""
    compute = _arrow("pyarrow.compute")
    size = 0
    for chunk in column.chunks:
        texts = chunk.dictionary if _is(column.type, "dictionary") else chunk
        if _is(texts.type, "string_view"):  # Arrow can't compute their lengths
            texts = texts.cast("large_string")
        lengths = compute.binary_length(texts).cast("int64")
        lengths = compute.if_else(compute.greater(lengths, _SHORT), lengths, 0)
        if _is(column.type, "dictionary"):
            lengths = compute.take(lengths, chunk.indices)
        size += 2 * (compute.sum(lengths).as_py() or 0)
    return size


def _is(arrow_type: Any, *names: str) -> bool:
    """Return whether an Arrow type is one of several."""
    types = _arrow("pyarrow.types")
    for name in names:
        is_one = getattr(types, f"is_{name}")
        if is_one(arrow_type):
            return True
    return False
