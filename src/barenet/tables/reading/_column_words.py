"""The words that state what a column holds, such as "date day-first" or "names".

One mapping has the words of all columns, whichever argument states them: `columns`, or its older
spellings `categories`, `numeric`, `drop`, `keep_column` and formats of single columns in
`date_format`.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple, Self, TypeAlias

from barenet._constraints import check_texts
from barenet._messages import suggestion
from barenet.errors import ArgumentError
from barenet.tables.reading._date_formats import (
    DateFormats,
    check_date_format,
    check_time_format,
    formats_by_column,
)
from barenet.tables.reading._date_reading import is_format, is_time
from barenet.tables.reading._number_forms import DURATION, number_form

#: The kind of each word, as `parse_column` takes it. Texts that are read by their words are parsed
#: like names.
KINDS = {
    "names": "category",
    "number": "number",
    "date": "ymd",
    "date day-first": "dmy",
    "date month-first": "mdy",
    "date unix-seconds": "unix-seconds",
    "date unix-milliseconds": "unix-milliseconds",
    "date excel": "excel",
    "time": "time",
    "duration": DURATION,
    "yes/no": "boolean",
    "words": "words",
}

#: The kind of a column that is left out.
DROPPED = "dropped"

#: The words that state no kind: a column is kept although it seems to be useless, or left out.
KEEP = "keep"
DROP = "drop"

#: All words, besides "date" with a format.
WORDS = (*KINDS, KEEP, DROP)

#: The word for a column whose kind is undecided.
UNDECIDED = "?"


class ColumnRequest(NamedTuple):
    """The words for a column, and the argument that states them."""

    #: The words without markers of missing values; empty if there are only markers.
    words: str
    argument: str = "columns"
    #: Texts that stand for a missing value in this column.
    missing: tuple[str, ...] = ()

    @classmethod
    def of(cls, text: str) -> Self:
        """Split valid words into those of the kind and the markers of missing values.

        >>> ColumnRequest.of("number missing=-999")
        ColumnRequest(words='number', argument='columns', missing=('-999',))
        """
        words, *missing = _MARKER.split(text)
        return cls(words, missing=tuple(missing))

    @property
    def text(self) -> str:
        """All words, as `ColumnRequest.of` reads them."""
        return " ".join([self.words, *(f"missing={marker}" for marker in self.missing)]).strip()

    @property
    def date_format(self) -> str | None:
        """The format of its dates, if the words have one."""
        return format_of_words(self.words)

    @property
    def kind(self) -> str | None:
        """The kind of the column; None if its values show it."""
        return DROPPED if self.words == DROP else kind_of_words(self.words)


#: The requests by the names of the columns.
ColumnRequests: TypeAlias = Mapping[str, ColumnRequest]


def format_of_words(words: str) -> str | None:
    """Return the format in words such as "date %d.%m.%Y" and "time %H.%M", if there is one.

    >>> format_of_words("date %d.%m.%Y"), format_of_words("date day-first")
    ('%d.%m.%Y', None)
    """
    first_word, _, date_format = words.partition(" ")
    if first_word in ("date", "time") and "%" in date_format:
        return date_format.strip()
    return None


def kind_of_words(words: str) -> str | None:
    """Return the kind of words; None if they state none.

    >>> kind_of_words("date day-first"), kind_of_words("number 1,234.5"), kind_of_words("keep")
    ('dmy', 'number 1,234.5', None)
    >>> kind_of_words("date %d.%m.%Y")
    '%d.%m.%Y'
    """
    first_word, _, form = words.partition(" ")
    if first_word == "number" and number_form(form) is not None:
        return words
    return format_of_words(words) or KINDS.get(words)


def words_of_kind(kind: str) -> str:
    """Return the words for a kind of `parse_column`, or for one that is left out.

    >>> words_of_kind("dmy"), words_of_kind("category"), words_of_kind("%H.%M")
    ('date day-first', 'names', 'time %H.%M')
    """
    if kind == DROPPED:
        return DROP
    if is_format(kind):
        return f"time {kind}" if is_time(kind) else f"date {kind}"
    if kind_of_words(kind) == kind:
        return kind
    for words, plain_kind in KINDS.items():
        if plain_kind == kind:
            return words
    raise KeyError(kind)


def check_words(name: str, words: Any) -> str:
    """Check the words for a column, and return them without needless spaces.

    >>> check_words("opened", " date  day-first"), check_words("opened", "date %d.%m.%Y")
    ('date day-first', 'date %d.%m.%Y')
    >>> check_words("age", "number missing=-999  missing=not known")
    'number missing=-999 missing=not known'
    """
    if not isinstance(words, str):
        raise ArgumentError.of("columns", words, _EXPECTED, part=f"the words for {name!r}")
    kind_words, *missing = _MARKER.split(words.strip())
    if missing and not all(missing):
        expected = "a text after each missing=, as in missing=-999"
        raise ArgumentError.of("columns", words, expected, part=f"the words for {name!r}")
    if kind_words or not missing:
        kind_words = _check_kind(name, kind_words)
    return ColumnRequest(kind_words, missing=tuple(missing)).text


def _check_kind(name: str, words: str) -> str:
    """Check the words for a column without markers of missing values."""
    date_format = format_of_words(words.strip())
    if date_format is not None:
        try:
            if words.startswith("time"):
                check_time_format(date_format)
            else:
                check_date_format(date_format)
        except ArgumentError as error:
            raise error.renamed("columns") from error
        return words_of_kind(date_format)
    plain = " ".join(words.split())
    if plain in WORDS or kind_of_words(plain) is not None:
        return plain
    if plain == UNDECIDED:
        problem = f"the kind of column {name!r} is undecided"
        remedy = f"replace {UNDECIDED} by {_EXPECTED}"
    else:
        problem = f"column {name!r}: unknown {words!r}{suggestion(plain, WORDS)}"
        remedy = f"use {_EXPECTED}"
    raise ArgumentError(problem, argument="columns", value=words, expected=_EXPECTED, remedy=remedy)


_EXPECTED = (
    f"{', '.join(WORDS[:-1])} or {WORDS[-1]}; or the form of numbers, of dates or of times of day, "
    "as in number 1,234.5, date %d.%m.%Y and time %H.%M"
)

#: The start of a marker of missing values, behind other words or alone.
_MARKER = re.compile(r"(?:^|\s+)missing=\s*")


def as_columns(columns: Any) -> dict[str, str]:
    """Check words by the names of columns, or texts of the form name=words.

    A name may contain "=": the words begin after the first one that makes them valid.

    >>> as_columns({"zip": "names"}), as_columns(["a=b=date %d.%m.%Y"])
    ({'zip': 'names'}, {'a=b': 'date %d.%m.%Y'})
    """
    if isinstance(columns, Mapping):
        return {_check_name(name): check_words(name, words) for name, words in columns.items()}
    if isinstance(columns, str) or not isinstance(columns, Iterable):
        expected = "words by the names of columns, such as {'zip': 'names', 'id': 'drop'}"
        raise ArgumentError.of("columns", columns, expected)
    words_by_name: dict[str, str] = {}
    for text in check_texts(columns, "columns"):
        name, words = _split(text)
        if name in words_by_name:
            problem = f"column {name!r} is given twice"
            raise ArgumentError(problem, argument="columns", value=text, remedy="leave one out")
        words_by_name[name] = words
    return words_by_name


def as_texts(columns: Any) -> list[str]:
    """Write the words for columns as texts of the form name=words, for `as_columns`.

    >>> as_texts({"zip": "names"})
    ['zip=names']
    """
    return [f"{name}={words}" for name, words in as_columns(columns).items()]


def _check_name(name: Any) -> str:
    """Check that the name of a column is text."""
    if isinstance(name, str):
        return name
    raise ArgumentError.of("columns", name, "names of columns, with words such as names or number")


def _split(text: str) -> tuple[str, str]:
    """Split a text of the form name=words."""
    ends = [place for place, character in enumerate(text) if character == "=" and place]
    if not ends:
        raise ArgumentError.of("columns", text, "NAME=WORDS, as in zip=names or id=drop")
    for end in ends:
        words, *missing = _MARKER.split(" ".join(text[end + 1 :].split()))
        is_kind = words in WORDS or kind_of_words(words)
        if is_kind or (missing and not words):
            return text[:end], check_words(text[:end], text[end + 1 :])
    first = ends[0]
    return text[:first], check_words(text[:first], text[first + 1 :])


def merge_columns(
    columns: Mapping[str, str | ColumnRequest] | None = None,
    *,
    categories: Collection[str] = (),
    numeric: Collection[str] = (),
    drop: Collection[str] = (),
    keep_column: Collection[str] = (),
    date_format: DateFormats = None,
) -> dict[str, ColumnRequest]:
    """Merge the words for columns with the arguments that list columns; refuse contradictions.

    A column of a stated kind is kept anyway, so to keep it is no contradiction.

    >>> merge_columns({"zip": "names"}, drop=["id"], keep_column=["zip"])["id"]
    ColumnRequest(words='drop', argument='drop', missing=())
    """
    merged: dict[str, ColumnRequest] = {}
    if columns is None:
        columns = {}
    elif not isinstance(columns, Mapping):
        columns = as_columns(columns)
    for name, words in columns.items():
        if isinstance(words, ColumnRequest):  # merged before
            merged[name] = words
        else:
            merged[_check_name(name)] = ColumnRequest.of(check_words(name, words))
    lists = {
        "categories": ("names", categories),
        "numeric": ("number", numeric),
        "drop": (DROP, drop),
        "keep_column": (KEEP, keep_column),
    }
    for argument, (words_of_list, names) in lists.items():
        for name in check_texts(names, argument):
            _add(merged, name, ColumnRequest(words_of_list, argument))
    for name, format_of_column in formats_by_column(date_format).items():
        _add(merged, name, ColumnRequest(f"date {format_of_column}", "date_format"))
    return merged


def _add(merged: dict[str, ColumnRequest], name: str, request: ColumnRequest) -> None:
    """Add a request for a column, unless another one contradicts it."""
    earlier = merged.get(name)
    if earlier is None or not earlier.words or (earlier.words == KEEP and request.words != DROP):
        missing = () if earlier is None else earlier.missing
        merged[name] = request._replace(missing=missing)
        return
    is_kept_anyway = request.words == KEEP and earlier.words != DROP
    if is_kept_anyway or request.words == earlier.words:
        return
    place = f"in {earlier.argument}"
    if earlier.argument == "columns":
        place = f"{earlier.words!r} in columns"
    remedy = "leave one of the two out"
    raise ArgumentError(f"{name!r} is {place}, too", argument=request.argument, remedy=remedy)


def columns_with(requests: ColumnRequests, *words: str) -> list[str]:
    """List the columns that have one of some words.

    >>> columns_with(merge_columns({"zip": "names", "id": "drop"}), "drop")
    ['id']
    """
    return [name for name, request in requests.items() if request.words in words]


def missing_of_requests(requests: ColumnRequests) -> dict[str, tuple[str, ...]]:
    """Return the markers of missing values of single columns.

    >>> missing_of_requests(merge_columns({"zip": "names", "age": "number missing=-999"}))
    {'age': ('-999',)}
    """
    return {name: request.missing for name, request in requests.items() if request.missing}


def kinds_of_requests(requests: ColumnRequests) -> dict[str, str]:
    """Return the stated kinds of columns that are not left out.

    >>> kinds_of_requests(merge_columns({"zip": "names", "id": "drop", "n": "keep"}))
    {'zip': 'category'}
    """
    kinds = {}
    for name, request in requests.items():
        if request.kind not in (None, DROPPED):
            kinds[name] = "category" if request.kind == "words" else request.kind
    return kinds
