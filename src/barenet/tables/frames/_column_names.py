"""Names of columns: spelled as in a table, filled where they are empty, and each of them unique."""

import unicodedata
from collections import Counter
from collections.abc import Collection
from typing import Any, TypeAlias

from barenet._messages import brief, some_columns, suggestion
from barenet.errors import DataError

#: Names of columns.
Names: TypeAlias = Collection[str]


def check_names(names: Names, known: Names, **place: Any) -> list[str]:
    """Find columns of a table, by default X, like `spelled_names`; reject unknown names."""
    spelled = spelled_names(names, known)
    existing = set(known)
    missing = [name for name in spelled if name not in existing]
    if missing:
        hint = suggestion(missing[0], [*known]) or ";"
        problem = (
            f"no column {some_columns(missing)}{hint} the columns are {some_columns([*known])}"
        )
        raise DataError(problem, value=missing[0], **(place or {"argument": "X"}))
    return spelled


def spelled_names(names: Names, known: Names) -> list[str]:
    """Spell names like a table: exactly, or else as `comparable_name`, if one fits.

    >>> spelled_names(["age", "size ", " x"], [" age", "size", "size ", "x", "x "])
    [' age', 'size ', ' x']
    """
    existing = set(known)
    if existing.issuperset(names):
        return [*names]
    counts = Counter(comparable_name(str(name)) for name in known)
    requested = Counter(comparable_name(str(name)) for name in names)
    by_text: dict[str, str] = {}
    for name in known:
        text = comparable_name(name)
        if counts[text] == requested[text] == 1:
            by_text[text] = name
    spelled = []
    for name in names:
        if name in existing:
            spelled.append(name)
        else:
            spelled.append(by_text.get(comparable_name(str(name)), name))
    return spelled


def comparable_name(name: str) -> str:
    """Remove the spaces around the name of a column, and compose letters with their accents.

    Files from macOS may have an accent as a separate character, which looks the same.

    >>> comparable_name(" gro\u0308\u00dfe ") == "gr\u00f6\u00dfe"
    True
    """
    return unicodedata.normalize("NFC", name.strip())


def fill_names(names: Names) -> tuple[str, ...]:
    """Name each column without a name by its position, as pandas does.

    >>> fill_names(["", "size", ""]), fill_names(["", "Unnamed: 0"])
    (('Unnamed: 0', 'size', 'Unnamed: 2'), ('Unnamed: 0.1', 'Unnamed: 0'))
    """
    filled: list[str] = []
    for position, name in enumerate(names):
        candidate = name
        number = 0
        while not candidate or (not name and candidate in names):
            candidate = f"Unnamed: {position}"
            if number:
                candidate += f".{number}"
            number += 1
        filled.append(candidate)
    return tuple(filled)


def check_unique(names: Names, **place: Any) -> None:
    """Reject names of columns that occur more than once."""
    first_places: dict[str, int] = {}
    for place_of_name, name in enumerate(names, 1):
        if first_places.setdefault(name, place_of_name) != place_of_name:
            count = Counter(names)[name]
            problem = f"column {brief(name)} occurs {count} times; column names must be unique"
            remedy = f"rename {brief(name)} at position {place_of_name}"
            raise DataError(problem, value=name, remedy=remedy, **place)
