"""Columns of a CSV file as text: lists, or Arrow arrays if Arrow is installed.

Arrow is faster and takes less memory. Both return the same values and reject the same rows.
"""

import json
import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from barenet._extras import require_arrow
from barenet._messages import count_of
from barenet.errors import DataError
from barenet.tables.files._delimited import read_records, without_spaces_beside_quotes
from barenet.tables.frames._coded_texts import CodedTexts
from barenet.tables.reading._column_texts import GROUPED
from barenet.tables.reading._missing_texts import MISSING
from barenet.tables.reading._parsing import CODE, LONGER_SPELLING, to_number

#: A text with a point.
_WITH_POINT = r"[^.]*\..*"

#: Minimum number of characters of a code without a leading zero.
_MANY_DIGITS = 16

#: Number of rows that are looked at first.
_FIRST_ROWS = 100

#: Number of rows that are written at once.
_MOST_ROWS = 2**16


class TextColumn:
    """The texts of a column as a list."""

    #: Bytes of memory for each value, as text and as a number.
    memory_per_value: ClassVar[int] = 80

    def __init__(self, texts: Any) -> None:
        self.texts = texts

    @classmethod
    def split(
        cls,
        text: str,
        delimiter: str,
        n_columns: int,
        path: Path,
        *,
        line: int = 1,
        skip: int = 0,
        quoting: bool = True,
    ) -> list[Self]:
        """Split text that starts on a line of the file into columns, skipping the first rows."""
        rows = read_rows(text, delimiter, n_columns, path, line, quoting=quoting)[skip:]
        if not rows:
            return [cls([]) for _ in range(n_columns)]
        return [cls(list(column)) for column in zip(*rows, strict=True)]

    @classmethod
    def write(cls, columns: Sequence[Self], lines: NDArray[np.int64], file: BinaryIO) -> None:
        """Write columns, and the line where each row starts."""
        parts = [lines.tolist(), *(column.texts for column in columns)]
        file.write(json.dumps(parts, ensure_ascii=False).encode())

    @classmethod
    def read(cls, data: bytes, places: Sequence[int]) -> tuple[list[Self], NDArray[np.int64]]:
        """Read some of the columns by their places, and the line where each row starts."""
        lines, *texts = json.loads(data)
        return [cls(texts[place]) for place in places], np.array(lines, np.int64)

    def trimmed(self) -> Self:
        """Return the texts without spaces and tabs around them."""
        return type(self)([text.strip(" \t") for text in self.texts])

    def __len__(self) -> int:
        return len(self.texts)

    def head(self, n_texts: int) -> Self:
        """Return the first texts."""
        return type(self)(self.texts[:n_texts])

    def at(self, positions: NDArray[np.intp] | None) -> Any:
        """Return the texts at some positions, or all of them."""
        if positions is None or len(positions) == len(self):
            return self.texts
        return np.array(self.tolist(), object)[positions]

    def matches(self, pattern: str) -> NDArray[np.bool_]:
        """Return whether a regular expression matches each whole text."""
        match = re.compile(pattern, re.ASCII).fullmatch
        return np.array([match(text) is not None for text in self.texts], np.bool_)

    def tolist(self) -> list[str]:
        """Return the texts as a list of Python strings."""
        return list(self.texts)

    def values(self, missing: Sequence[str] = MISSING) -> NDArray[Any] | CodedTexts:
        """Return numbers if all present values are finite numbers and not codes, else texts."""
        numbers = self._numbers(missing)
        if numbers is None or self._may_have_codes(numbers) or self._may_have_thousands():
            return self.coded()
        return numbers

    def coded(self) -> CodedTexts:
        """Return the texts, each different one once."""
        return CodedTexts.of(self.texts)

    def _numbers(self, missing: Sequence[str]) -> NDArray[np.float64] | None:
        """Parse the numbers; None if a present value is no number or is infinite."""
        numbers = np.full(len(self.texts), np.nan)
        for place, text in enumerate(self.texts):
            number = to_number(text)
            if number is not None:
                numbers[place] = number
            elif text not in missing:
                return None
        return None if np.isinf(numbers).any() else numbers

    def _may_have_codes(self, numbers: NDArray[np.float64]) -> bool:
        """Return whether numbers may be codes, such as 007, or 250.0 beside 250.00."""
        suspects = self._suspects()
        if suspects.matches(CODE.pattern).any():
            return True
        if not suspects.matches(LONGER_SPELLING).any():
            return False
        return self._n_different() > len(np.unique(numbers))

    def _suspects(self) -> "TextColumn":
        """Return the numbers that may be codes, and perhaps others."""
        return self

    def _n_different(self) -> int:
        """Return the number of different texts."""
        return len(set(self.texts))

    def _may_have_thousands(self) -> bool:
        """Return whether each number with a point has three digits behind it, as 1.250 has."""
        if not self._has("."):
            return False
        for texts in (self.head(_FIRST_ROWS), self):  # the first ones usually decide
            is_decimal = texts.matches(_WITH_POINT) & ~texts.matches(GROUPED)
            if is_decimal.any():
                return False
        return True

    def _has(self, character: str) -> bool:
        """Return whether a text has a character."""
        return any(character in text for text in self.texts)


class ArrowColumn(TextColumn):
    """Texts as a pyarrow.ChunkedArray of strings."""

    memory_per_value = 16

    @classmethod
    def split(
        cls,
        text: str,
        delimiter: str,
        n_columns: int,
        path: Path,
        *,
        line: int = 1,
        skip: int = 0,
        quoting: bool = True,
    ) -> list[Self]:
        pyarrow = _arrow("pyarrow")
        arrow_csv = _arrow("pyarrow.csv")
        types = {f"f{column}": pyarrow.string() for column in range(n_columns)}
        if not text.strip("\r\n"):
            return [cls(pyarrow.chunked_array([], pyarrow.string())) for _ in range(n_columns)]
        quote: str | bool = False
        if quoting:
            text = without_spaces_beside_quotes(text, delimiter)
            quote = '"'
        if text.startswith("\ufeff"):  # Arrow would skip it, unlike an empty line
            text = f"\n{text}"
            line -= 1
        data = text.encode()
        if not text.endswith("\n"):  # for Arrow, a header alone is an error without a line break
            data += b"\n"
        try:
            reading = arrow_csv.ReadOptions(
                autogenerate_column_names=True, block_size=2**26, use_threads=False
            )
            splitting = arrow_csv.ParseOptions(
                delimiter=delimiter, quote_char=quote, newlines_in_values=quoting
            )
            converting = arrow_csv.ConvertOptions(column_types=types)
            rows = arrow_csv.read_csv(
                pyarrow.BufferReader(data),
                read_options=reading,
                parse_options=splitting,
                convert_options=converting,
            )
            if rows.num_columns != n_columns:
                raise pyarrow.ArrowInvalid(f"expected {n_columns} values, got {rows.num_columns}")
        except pyarrow.ArrowInvalid as error:
            read_rows(text, delimiter, n_columns, path, line, quoting=quoting)
            raise DataError(str(error), path=path) from error
        return [cls(column.slice(skip)) for column in rows.columns]

    @classmethod
    def write(cls, columns: Sequence[Self], lines: NDArray[np.int64], file: BinaryIO) -> None:
        pyarrow = _arrow("pyarrow")
        ipc = _arrow("pyarrow.ipc")
        arrays = [pyarrow.array(lines), *(column.texts for column in columns)]
        table = pyarrow.Table.from_arrays(arrays, [str(place) for place in range(len(arrays))])
        options = ipc.IpcWriteOptions(compression="zstd")
        with ipc.new_stream(file, table.schema, options=options) as writer:
            writer.write_table(table, max_chunksize=_MOST_ROWS)

    @classmethod
    def read(cls, data: bytes, places: Sequence[int]) -> tuple[list[Self], NDArray[np.int64]]:
        ipc = _arrow("pyarrow.ipc")
        names = [str(1 + place) for place in places]
        fields = [0, *sorted({1 + place for place in places})]
        options = ipc.IpcReadOptions(included_fields=fields)
        with ipc.open_stream(data, options=options) as reader:
            table = reader.read_all()
        return [cls(table.column(name)) for name in names], table.column("0").to_numpy()

    def trimmed(self) -> Self:
        return type(self)(_arrow("pyarrow.compute").utf8_trim(self.texts, characters=" \t"))

    def matches(self, pattern: str) -> NDArray[np.bool_]:
        compute = _arrow("pyarrow.compute")
        is_match = compute.match_substring_regex(self.texts, f"^({pattern})$")
        return np.array(is_match, np.bool_)

    def tolist(self) -> list[str]:
        return self.texts.to_pylist()

    def coded(self) -> CodedTexts:
        encoded = self.texts.combine_chunks().dictionary_encode()
        return CodedTexts(np.array(encoded.indices, np.int64), encoded.dictionary.to_pylist())

    def _numbers(self, missing: Sequence[str]) -> NDArray[np.float64] | None:
        pyarrow = _arrow("pyarrow")
        compute = _arrow("pyarrow.compute")
        is_missing = compute.is_in(self.texts, value_set=pyarrow.array(missing))
        has_missing = compute.any(is_missing).as_py()
        present = self.texts.filter(compute.invert(is_missing)) if has_missing else self.texts
        try:
            compute.cast(present.slice(0, _FIRST_ROWS), "float64")  # an error of all takes longer
            numbers = np.array(compute.cast(present, "float64"), np.float64)
        except pyarrow.ArrowInvalid:
            return None
        if not np.isfinite(numbers).all():
            return None
        if not has_missing:
            return numbers
        values = np.full(len(self), np.nan)
        values[~np.array(is_missing, np.bool_)] = numbers
        return values

    def _has(self, character: str) -> bool:
        compute = _arrow("pyarrow.compute")
        return bool(compute.any(compute.match_substring(self.texts, character)).as_py())

    def _suspects(self) -> TextColumn:
        # Patterns take longer than all else, so that they see few texts.
        compute = _arrow("pyarrow.compute")
        has_point = compute.match_substring(self.texts, ".")
        is_long = compute.and_not(
            compute.greater_equal(compute.binary_length(self.texts), _MANY_DIGITS), has_point
        )
        starts_with_zero = compute.match_substring_regex(self.texts, "^[+-]?0[0-9]")
        ends_with_zero = compute.and_not(
            compute.ends_with(self.texts, "0"), compute.ends_with(self.texts, ".0")
        )
        may_be_code = compute.or_(compute.or_(is_long, starts_with_zero), ends_with_zero)
        return TextColumn(self.texts.filter(may_be_code).to_pylist())

    def _n_different(self) -> int:
        count: int = _arrow("pyarrow.compute").count_distinct(self.texts).as_py()
        return count


def column_type() -> type[TextColumn]:
    """Return the type of columns that is faster here."""
    return TextColumn if find_spec("pyarrow") is None else ArrowColumn


def read_rows(
    text: str, delimiter: str, n_columns: int, path: Path, line: int, *, quoting: bool = True
) -> list[list[str]]:
    """Read rows with Python; the error for another number of values names the line."""
    rows = []
    for number, fields in read_records(text, delimiter, path, line, quoting=quoting):
        if len(fields) != n_columns:
            problem = describe_uneven_row(n_columns, len(fields))
            raise DataError(problem, path=path, line=number)
        rows.append(fields)
    return rows


def describe_uneven_row(n_columns: int, n_values: int) -> str:
    """Describe a row whose number of values is not that of the columns."""
    return f"expected {count_of(n_columns, 'value')}, as in the first line, got {n_values}"


def _arrow(module: str) -> Any:
    return require_arrow(module, "a CSV file")
