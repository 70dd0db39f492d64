"""Delimited text: its format, its decoding, and its rows with their lines.

`read_records` uses Python's own reader, which is slow and careful. It reads headers, checks quotes,
and finds the line of a row that the fast reader rejects.
"""

import codecs
import csv
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypedDict

from barenet._constraints import convert_fields
from barenet.errors import ArgumentError, DataError
from barenet.storage._file_io import plain_name
from barenet.tables.reading._date_formats import as_date_formats
from barenet.tables.reading._number_forms import form_of_separators

#: Byte-order marks, the longer ones first, because some begin with a shorter one.
ENCODING_MARKS = {
    "utf-32": (b"\xff\xfe\0\0", b"\0\0\xfe\xff"),
    "utf-16": (b"\xff\xfe", b"\xfe\xff"),
}

#: The first bytes of files that are not text, and the remedy for each.
_OTHER_FORMATS = {
    b"PAR1": ("a Parquet file", "let its name end in .parquet, or save it as a CSV file"),
    b"PK\3\4": ("an Excel workbook or a zip archive", "save the table as a CSV file"),
}

#: Number of characters of a text that are searched for its delimiter.
_SAMPLE = 2**16

#: A first line that declares the delimiter for Excel.
_DECLARATION = re.compile(r'(?i)\A\ufeff?"?sep=(?P<delimiter>[^\w\s"]|\t)"?(?=[\r\n])')

#: Lines above the names of the columns, such as # Source: the office of statistics.
_COMMENTS = re.compile(r"\A(?:#[^\r\n]*[\r\n]+)+(?=.)", re.DOTALL)

#: The delimiters that are detected, and the values of the argument for them.
DELIMITERS = {",": ",", ";": ";", "\t": "tab", "|": "|"}


class CsvFields(TypedDict, total=False):
    """The fields of `CsvOptions`, with their types."""

    delimiter: str | None
    encoding: str | None
    decimal: Literal[".", ","] | None
    header: bool | None
    date_format: "str | tuple[str, ...] | Mapping[str, str] | None"
    quoting: bool | None
    thousands: Literal[",", ".", "'", " "] | None


@dataclass(frozen=True)
class CsvOptions:
    """The format of a CSV file; parts that are None are detected.

    Attributes
    ----------
    delimiter : str
        The separator of values. By default a tab for ``.tsv`` and a comma otherwise, unless only
        another one splits the first rows evenly.
    encoding : str
        The encoding of the text; by default that of its byte-order mark, or UTF-8 without one.
    decimal : {".", ","}
        The decimal separator of plain numbers; the other sign may be between thousands.
    header : bool
        Whether the first line contains the names of the columns. If not, they are named x1, x2 and
        so on. By default it does, and a file with a number above numbers in its first line is
        rejected.
    date_format : str, mapping or sequence of str
        The format of dates that are not written like 2024-12-31, as for Python's ``strptime``, such
        as ``"%d.%m.%Y"``. Or formats for single columns, ``{"start": "%d.%m.%y"}``, which may also
        be written as ``["start=%d.%m.%y"]``, along with a format for all other columns.
    quoting : bool
        Whether values may be quoted, which is the default. If not, quotes are ordinary characters,
        as with pandas' ``quoting=csv.QUOTE_NONE`` or polars' ``quote_char=None``.
    thousands : {",", ".", "'", " "}
        The sign between groups of three digits of plain numbers, as in 1,049.50. A point
        requires ``decimal=","``.
    """

    delimiter: str | None = None
    encoding: str | None = None
    decimal: Literal[".", ","] | None = None
    header: bool | None = None
    date_format: str | tuple[str, ...] | Mapping[str, str] | None = None
    quoting: bool | None = None
    thousands: Literal[",", ".", "'", " "] | None = None

    def __post_init__(self) -> None:
        if self.date_format is not None:
            object.__setattr__(self, "date_format", as_date_formats(self.date_format))
        convert_fields(self)
        if self.thousands is not None and self.thousands == (self.decimal or "."):
            expected = f"another sign than the decimal separator {self.thousands!r}"
            if self.thousands == ".":
                example = "1.234,5"
                decimal = ","
            else:
                example = "1,234.5"
                decimal = "."
            remedy = f"for numbers such as {example}, use {{decimal}}"
            raise ArgumentError.of(
                "thousands", self.thousands, expected, remedy=remedy, decimal=decimal
            )
        if self.delimiter is not None:
            object.__setattr__(self, "delimiter", _check_delimiter(self.delimiter))

    @property
    def number_form(self) -> str:
        """The form of numbers that `decimal` and `thousands` state; empty without them."""
        return form_of_separators(self.thousands, self.decimal)

    @property
    def has_quotes(self) -> bool:
        """Whether a value may be in quotes; if not, quotes are ordinary characters."""
        return self.quoting is not False

    def encoding_of(self, data: bytes) -> str:
        """Return the encoding of a file, by default that of its byte-order mark."""
        return self.encoding or marked_encoding(data)


def marked_encoding(data: bytes) -> str:
    """Return the encoding of a byte-order mark, or UTF-8 without one."""
    for name, marks in ENCODING_MARKS.items():
        if data.startswith(marks):
            return name
    return "UTF-8"


def _check_delimiter(delimiter: str) -> str:
    character = {"tab": "\t", "\\t": "\t"}.get(delimiter, delimiter)
    if len(character) != 1 or not character.isascii() or character in '"\r\n\0':
        expected = "one ASCII character, or tab, and no quote or line break"
        raise ArgumentError.of("delimiter", delimiter, expected)
    return character


class Decoder:
    """Decodes a file part by part, without its byte-order mark; errors count from its start."""

    def __init__(self, encoding: str, path: Path) -> None:
        self.encoding = encoding
        self.path = path
        try:
            with suppress(UnicodeError):
                b"1".decode(encoding)  # reject codecs of other things than text
            self._decoder = codecs.getincrementaldecoder(encoding)()
        except LookupError as error:
            raise ArgumentError(str(error), argument="encoding", value=encoding) from error
        #: The numbers of bytes, characters and line feeds that have been decoded.
        self._n_bytes = 0
        self._n_characters = 0
        self._n_lines = 0

    def decode(self, data: bytes, *, is_last: bool = True) -> str:
        """Decode the next bytes of the file, which may end within a character."""
        if self._n_bytes == 0:
            self._refuse_other_formats(data)
        pending, _ = self._decoder.getstate()
        try:
            text = self._decoder.decode(data, final=is_last)
        except UnicodeError as error:
            problem = f"not {self.encoding} text"
            if isinstance(error, UnicodeDecodeError):
                place = self._n_bytes - len(pending) + error.start
                problem += f" at byte {place:,}"
            raise self._error(problem) from error
        if self._n_characters == 0:
            text = text.removeprefix("\ufeff")
        self._refuse_other_characters(text)
        self._n_bytes += len(data)
        self._n_characters += len(text)
        self._n_lines += text.count("\n")
        return text

    def _refuse_other_formats(self, data: bytes) -> None:
        """Reject the first bytes of files that are not text."""
        for start_of_file, (file_format, remedy) in _OTHER_FORMATS.items():
            if data.startswith(start_of_file):
                raise DataError(f"is {file_format}, expected text", path=self.path, remedy=remedy)

    def _refuse_other_characters(self, text: str) -> None:
        """Reject half a character and the character 0, which are no text."""
        half = None if text.isascii() else re.search("[\ud800-\udfff]", text)
        if half is not None:
            place = self._n_characters + half.start()
            raise self._error(f"not {self.encoding} text: half a character at {place:,}")
        nul = text.find("\0")
        if nul >= 0:
            place = self._n_characters + nul
            line = self._n_lines + text.count("\n", 0, nul) + 1
            problem = f"a zero byte at offset {place:,}: not {self.encoding} text"
            raise self._error(problem, line, encoding="utf-16")

    def _error(self, problem: str, line: int | None = None, encoding: str = "cp1252") -> DataError:
        """Return an error that proposes an encoding, by default the one that Excel writes."""
        if encoding == self.encoding == "cp1252":
            encoding = "latin-1"  # in cp1252, five bytes stand for no character
        remedy = "pass the encoding of the file, such as {encoding}"
        return DataError(problem, path=self.path, line=line, remedy=remedy, encoding=encoding)


def declared_delimiter(text: str) -> str | None:
    r"""Return the delimiter in a first line for Excel, such as sep=; (maybe quoted), or None.

    >>> declared_delimiter("sep=;\na;b\n"), declared_delimiter("a;b\n")
    (';', None)
    """
    match = _DECLARATION.match(text)
    return None if match is None else match["delimiter"]


def without_declaration(text: str) -> str:
    r"""Empty a first line for Excel, so that the numbers of the other lines don't change.

    >>> without_declaration("sep=;\na;b\n")
    '\na;b\n'
    """
    return _DECLARATION.sub("", text, count=1)


def without_spaces_beside_quotes(text: str, delimiter: str) -> str:
    """Remove the spaces between a delimiter and a quote, as in 1.2, "3.4", 5.

    Quotes within a value are kept, and so are values in quotes with their spaces. Lines are
    unchanged.

    >>> without_spaces_beside_quotes('1.2, "3, 4" ,5, 6"', ",")
    '1.2,"3, 4",5, 6"'
    """
    if '"' not in text:
        return text
    spaces = " \t".replace(delimiter, "")
    has_space = False
    for space in spaces:
        if f'{space}"' in text or f'"{space}' in text:
            has_space = True
    if not has_space:
        return text
    end = re.escape(delimiter)
    quoted = r'"[^"]*+(?:""[^"]*+)*+"'
    in_a_line = r'"[^"\r\n]*+(?:""[^"\r\n]*+)*+"'
    # A value in quotes is matched as a whole, so that quotes and delimiters in it are skipped.
    starts = rf"(?<![^{end}\r\n])"
    ends = rf"(?=[{end}\r\n]|\Z)"
    spaced = rf"[{spaces}]*(?P<spaced>{in_a_line})[{spaces}]*{ends}"
    value = rf"{starts}(?:{spaced}|{quoted})"

    def without_spaces(match: re.Match[str]) -> str:
        return match["spaced"] if match["spaced"] else match[0]

    return re.sub(value, without_spaces, text)


def find_delimiter(text: str, path: Path, *, quoting: bool = True) -> str:
    """Detect the delimiter from the first rows.

    The delimiter is the one that the first line declares or the suffix suggests, unless the
    suggested one does not split all rows into as many values as the header, and a single other
    delimiter does.
    """
    declared = declared_delimiter(text)
    if declared is not None:
        return declared
    sample = text[:_SAMPLE]
    if len(text) > _SAMPLE:
        last_end = max(sample.rfind("\r"), sample.rfind("\n"))
        sample = sample[: last_end + 1]
    sample = _COMMENTS.sub("", sample)
    suggested = "\t" if plain_name(path).endswith(".tsv") else ","
    fitting = [
        delimiter for delimiter in DELIMITERS if _splits_evenly(sample, delimiter, path, quoting)
    ]
    if len(fitting) == 1 and suggested not in fitting:
        return fitting[0]
    return suggested


def _splits_evenly(sample: str, delimiter: str, path: Path, quoting: bool) -> bool:
    """Return whether each row has as many values as the header, and more than one."""
    try:
        records = read_records(sample, delimiter, path, quoting=quoting)
        widths = {len(fields) for _, fields in records}
    except DataError:
        return False
    return len(widths) == 1 and widths != {1}


def read_records(
    text: str, delimiter: str, path: Path, first_line: int = 1, *, quoting: bool = True
) -> Iterator[tuple[int, list[str]]]:
    """Read the rows that are not empty, each with the line where it starts.

    Without quoting, quotes are characters of values, and each line is a row.
    """
    if quoting:
        text = without_spaces_beside_quotes(text, delimiter)
        reader = csv.reader(lines_of(text), delimiter=delimiter, strict=True)
    else:
        reader = csv.reader(
            lines_of(text), delimiter=delimiter, strict=True, quoting=csv.QUOTE_NONE, quotechar=None
        )
    line = first_line
    previous = csv.field_size_limit(max(csv.field_size_limit(), len(text)))
    try:
        for fields in reader:
            if fields:
                yield line, fields
            line = reader.line_num + first_line
    except csv.Error as error:
        last_line = reader.line_num + first_line - 1
        if _has_backslashes(text, first_line, {line, last_line}):
            problem = r"a backslash before a quote of a value, \", which is no escape here"
            remedy = r'write "" in place of \"; Spark does so with the option escape="\""'
            raise DataError(problem, path=path, line=line, remedy=remedy) from error
        problem = f"a quote that opens here is not closed as it should be ({error})"
        remedy = "close it, and double any quote that belongs to a value; "
        remedy += "if all quotes of the file belong to values, use {quoting}"
        raise DataError(problem, path=path, line=line, remedy=remedy, quoting=False) from error
    finally:
        csv.field_size_limit(previous)


def _has_backslashes(text: str, first_line: int, lines: Collection[int]) -> bool:
    """Return whether a backslash stands before a quote in some lines of the file."""
    for line, content in enumerate(lines_of(text), first_line):
        if line in lines and r"\"" in content:
            return True
    return False


def check_quotes(text: str, delimiter: str, path: Path, first_line: int = 1) -> None:
    """Reject a quote that is not closed properly."""
    text = without_spaces_beside_quotes(text, delimiter)
    end = rf"[^{re.escape(delimiter)}\r\n]"
    quoted = rf'(?<!{end})"[^"]*+(?:""[^"]*+)*+"(?!{end})'
    # The expression accepts quotes around whole values, ten times faster than the reader.
    if not re.fullmatch(rf'(?:[^"]++|{quoted})*+', text):
        for _ in read_records(text, delimiter, path, first_line):
            pass


def lines_of(text: str) -> Iterator[str]:
    """Yield the lines one by one, with any line ending, in constant memory."""
    for line in re.finditer(r"[^\r\n]*(\r\n|\r|\n)|[^\r\n]+", text):
        if line[1]:
            yield line[0].rstrip("\r\n") + "\n"
        else:
            yield line[0]
