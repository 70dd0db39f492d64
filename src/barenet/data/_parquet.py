"""A Parquet file as a frame, read one row group after the other within the memory budget."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._extras import require_arrow
from barenet.data._file_io import check_columns, check_memory, format_size, open_file
from barenet.data._frame import Frame, Names, Table, check_unique
from barenet.data._parsing import as_labels
from barenet.data._to_frame import as_column
from barenet.errors import BarenetError, DataError, in_a_line

#: Bytes of memory for each value: stored, in a frame, in a matrix, and in temporary copies.
_PER_VALUE = 32

#: Bytes of a text that a column holds in the place of the value.
_SHORT = 15

#: Bytes of memory for each byte of a group's pages: decompressed, and copied by Arrow for texts.
_PER_BYTE = 4

#: Columns of a row group that are converted at once.
_AT_ONCE = 16


@dataclass(frozen=True, eq=False)
class ParquetTable(Table):
    """Row groups of a Parquet file, whose columns have not been read."""

    #: Names of the columns of text.
    texts: tuple[str, ...]
    #: Numbers of rows by the numbers of the row groups.
    groups: Mapping[int, int]
    first_row: int
    #: Bytes of the largest row group.
    largest: int
    #: Most bytes of memory, beside the budget of the file.
    memory: int | None = None

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return sum(self.groups.values())

    @property
    def memory_to_read(self) -> int:
        """Bytes of memory for the pages of a row group."""
        return 2 * self.largest

    def frame(self, names: Names, text: Names = (), categories: Names = ()) -> Frame:
        columns = self._read(names, self._values)
        return Frame(columns, self, self.first_row + np.arange(self.n_rows))

    def labels(self, names: Names) -> dict[str, Any]:
        """Read columns as text, with all digits, time zones and nanoseconds."""
        return self._read(names, self._texts)

    def _read(self, names: Names, convert: Callable[[Any, str], Any]) -> dict[str, Any]:
        """Read and convert columns."""
        columns = dict[str, Any]()
        # Texts stay a dictionary and codes: a file of a few kilobytes may repeat a long one.
        with _opened(self.path, read_dictionary=[*self.texts]) as file:
            schema = file.schema_arrow  # which is made anew each time
            needed, is_block = _PER_VALUE * self.n_rows * len(names), len(self.groups) == 1
            contents = f"{self.n_rows:,} rows of {len(names):,} columns"
            check_memory(self.path, needed, contents, is_block=is_block)
            contents = f"a row group of {format_size(self.largest)}"
            check_memory(self.path, needed + _PER_BYTE * self.largest, contents, is_block=True)
            for start in range(0, len(names), _AT_ONCE):
                part, groups = [*names][start : start + _AT_ONCE], []
                for number in self.groups:
                    groups.append(file.read_row_group(number, columns=part))
                    needed += sum(map(_size_of_texts, groups[-1].columns))
                    has_texts = needed > _PER_VALUE * self.n_rows * len(names)
                    contents = f"{'the texts of ' * has_texts}{self.n_rows:,} rows"
                    check_memory(self.path, needed, contents, self.memory, is_block=is_block)
                table = _arrow().concat_tables(groups or [schema.empty_table().select(part)])
                for name in part:
                    columns[name] = convert(table.column(name), name)
        return columns

    def _values(self, column: Any, name: str) -> NDArray[Any]:
        """The values of a column as a frame has them."""
        if _is(column.type, "decimal") and column.type.scale:
            column = column.cast("float64", safe=False)
        return as_column(column, name, path=self.path)

    def _texts(self, column: Any, name: str) -> Any:
        """The texts of a column, of which a frame's values may have lost a part."""
        values = None
        with suppress(_arrow().ArrowException):  # such as a time zone that is unknown here
            if _is(column.type, "decimal") or getattr(column.type, "tz", None):
                texts = column.cast("string").fill_null("")
                cut = _arrow("pyarrow.compute").replace_substring_regex
                return cut(texts, r"\.0+(Z|[+-]\d+)$", r"\1")  # no fraction of a second
            if _is(column.type, "float32"):
                column = column.cast("string").cast("float64")
            elif getattr(column.type, "unit", "") == "ns":
                values = column.to_numpy()
        values = self._values(column, name) if values is None else values
        return values if values.dtype.kind == "T" else as_labels(Frame({name: values}), name, ())


def parquet_blocks(path: Path, memory: int | None = None) -> list[ParquetTable]:
    """The row groups of a file that have rows."""
    table, blocks, first_row = open_parquet(path, memory), list[ParquetTable](), 0
    for group, n_rows in table.groups.items():
        if n_rows:
            blocks.append(replace(table, groups={group: n_rows}, first_row=first_row))
        first_row += n_rows
    return blocks


def open_parquet(path: Path, memory: int | None = None) -> ParquetTable:
    """Read the names and types of the columns of a Parquet file."""
    with _opened(path) as file:
        schema = file.schema_arrow
        parts = [file.metadata.row_group(at) for at in range(file.num_row_groups)]
        groups = {at: part.num_rows for at, part in enumerate(parts)}
        largest = max((part.total_byte_size for part in parts), default=0)
    names = tuple(schema.names)
    check_columns(path, len(names))
    check_unique(names, path=path)
    texts = (name for name, kind in zip(names, schema.types, strict=True) if _is_text(kind))
    return ParquetTable(path, names, tuple(texts), groups, 0, largest, memory)


def _arrow(module: str = "pyarrow") -> Any:
    return require_arrow(module, "a Parquet file")


@contextmanager
def _opened(path: Path, **options: Any) -> Iterator[Any]:
    """Open the file; convert the errors of a damaged one."""
    pyarrow, parquet = _arrow(), _arrow("pyarrow.parquet")
    with open_file(path) as stream:
        try:
            yield parquet.ParquetFile(stream, **options)
        except (BarenetError, MemoryError):  # Arrow's error of memory is one of its own, too.
            raise
        except (pyarrow.ArrowException, OSError, OverflowError, ValueError) as error:
            raise DataError(f"not a usable Parquet file: {in_a_line(error)}", path=path) from error


def _size_of_texts(column: Any) -> int:
    """Return the bytes of memory of a group's long texts once each row has its own copy."""
    if not (_is(column.type, "dictionary") and _is_text(column.type.value_type)):
        return 0
    compute = _arrow("pyarrow.compute")
    size = 0
    for chunk in column.chunks:
        lengths = compute.binary_length(chunk.dictionary).cast("int64")
        lengths = compute.if_else(compute.greater(lengths, _SHORT), lengths, 0)
        size += 2 * (compute.sum(compute.take(lengths, chunk.indices)).as_py() or 0)
    return size


def _is(kind: Any, *names: str) -> bool:
    """Whether an Arrow type is one of several."""
    types = _arrow("pyarrow.types")
    return any(getattr(types, f"is_{name}")(kind) for name in names)


def _is_text(kind: Any) -> bool:
    return _is(kind, "string", "large_string", "string_view")
