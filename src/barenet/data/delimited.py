"""Delimited text: bytes to text, and text to rows with their lines.

This is the slow and careful reader, Python's own. It reads headers, looks for what is wrong with
quotes, and finds the line of whatever the fast reader refused.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path

from barenet.data.file_io import plain_name
from barenet.errors import DataError

__all__ = ["DELIMITERS", "check_delimiter", "decode", "find_delimiter", "read_records"]

#: How texts begin that say themselves how they are encoded; the longer first, as it begins alike.
_MARKS = (
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)

#: How much of a text is looked at for its delimiter.
_SAMPLE = 2**16

#: What is tried where a file seems to have a single column.
DELIMITERS = {",": ",", ";": ";", "\t": "tab", "|": "|"}


def decode(data: bytes, encoding: str | None, path: Path) -> str:
    """Turn bytes into text, without its byte-order mark."""
    if not (encoding is None or isinstance(encoding, str)):
        raise ValueError(f"encoding: expected the name of one, such as latin-1, got {encoding!r}")
    if encoding is None:
        encoding = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    try:
        text = data.decode(encoding or "utf-8").removeprefix("\ufeff")
    except LookupError as error:
        raise ValueError(f"encoding: {error}") from error
    except UnicodeError as error:
        at = f" at byte {error.start:,}" if isinstance(error, UnicodeDecodeError) else ""
        raise _not_text(f"not {encoding or 'UTF-8'} text{at}", path) from error
    if found := re.search("[\ud800-\udfff]", text):
        problem = f"not {encoding or 'UTF-8'} text: half a character at {found.start():,}"
        raise _not_text(problem, path)
    if (nul := text.find("\0")) >= 0:
        line = text.count("\n", 0, nul) + 1
        problem = f"a zero byte at offset {nul:,}: this is no {encoding or 'UTF-8'} text"
        raise _not_text(problem, path, line, encoding="utf-16")
    return text


def _not_text(
    problem: str, path: Path, line: int | None = None, encoding: str = "latin-1"
) -> DataError:
    """The error of bytes that are not text in the expected encoding."""
    remedy = "pass the encoding of the file, such as {encoding}"
    return DataError(problem, path=path, line=line, remedy=remedy, encoding=encoding)


def check_delimiter(delimiter: str | None, path: Path) -> str:
    """Check the delimiter, or choose it by the file's name."""
    if delimiter is None:
        return "\t" if plain_name(path).endswith(".tsv") else ","
    if not isinstance(delimiter, str):
        raise ValueError(f"delimiter: expected one ASCII character, or tab, got {delimiter!r}")
    delimiter = {"tab": "\t", "\\t": "\t"}.get(delimiter, delimiter)
    if len(delimiter) != 1 or not delimiter.isascii() or delimiter in '"\r\n\0':
        raise ValueError(
            f"delimiter: expected one ASCII character, or tab, got {delimiter!r}; "
            f"not a quote, not a line break"
        )
    return delimiter


def find_delimiter(text: str, path: Path) -> str:
    """Choose the delimiter by the first rows, where they leave no doubt.

    It is the usual one, by the file's name, unless that does not part the first rows into as many
    values as the header and a single other one does.
    """
    sample = text[:_SAMPLE]
    if len(text) > _SAMPLE:
        sample = sample[: sample.rfind("\n") + 1]
    usual = check_delimiter(None, path)
    fitting = [delimiter for delimiter in DELIMITERS if _parts_evenly(sample, delimiter, path)]
    return fitting[0] if len(fitting) == 1 and usual not in fitting else usual


def _parts_evenly(sample: str, delimiter: str, path: Path) -> bool:
    """Tell if each row has as many values as the header, and more than one."""
    try:
        widths = {len(fields) for _, fields in read_records(sample, delimiter, path)}
    except DataError:
        return False
    return len(widths) == 1 and widths != {1}


def read_records(text: str, delimiter: str, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Read a row after the other, each with the line on which it starts; skip empty lines."""
    reader = csv.reader(_lines(text), delimiter=delimiter, strict=True)
    line = 1
    usual = csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    try:
        for fields in reader:
            if fields:
                yield line, fields
            line = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"a quote that opens here is not closed as it should be ({error})",
            path=path,
            line=line,
            remedy="close it, and double any quote that belongs to a value",
        ) from error
    finally:
        csv.field_size_limit(usual)


def _lines(text: str) -> Iterator[str]:
    """Yield the lines one by one, with any line ending, in constant memory."""
    for line in re.finditer(r"[^\r\n]*(\r\n|\r|\n)|[^\r\n]+", text):
        yield line[0].rstrip("\r\n") + "\n" if line[1] else line[0]
