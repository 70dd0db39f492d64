"""Names of a column that differ only in case or in spaces, such as Male and male.

They are probably one category or class, but may be different codes. So they are kept apart, and a
note names them with a way to merge them.
"""

import warnings
from collections.abc import Collection, Iterator
from typing import Any

from barenet._messages import some
from barenet.errors import ArgumentError, caller_stacklevel
from barenet.tables.encoding._column_kinds import CategoryColumn
from barenet.tables.encoding._encoding import TableEncoding

#: Maximum number of groups of names that a note lists.
MOST_GROUPS = 5


def warn_of_alike_names(
    encoding: TableEncoding, X: Any, target: str = "", classes: Collection[str] = ()
) -> None:
    """Warn of the names of each column, and of the classes of the target, that are alike."""
    for note in alike_notes(encoding, X, target, classes):
        warnings.warn(str(note), stacklevel=caller_stacklevel())


def alike_notes(
    encoding: TableEncoding, X: Any, target: str = "", classes: Collection[str] = ()
) -> Iterator[ArgumentError]:
    """Describe the names of each column that are alike, with a remedy, like an error.

    >>> table = {"sex": ["male", "female", "Male", "female"]}
    >>> print(*alike_notes(TableEncoding.fit(table), table))
    column 'sex': 'Male' and 'male' differ only in case; if they are the same, write them in one
    way, as column.str.casefold() of pandas does
    """
    columns = [column for column in encoding.used if isinstance(column, CategoryColumn)]
    names_by_column: dict[str, Collection[str]] = {}
    if columns:
        frame = encoding.frame_of(X)
        for column in columns:
            labels = column.parse(frame, column.name, encoding.missing)
            names_by_column[column.name] = set(labels.tolist())
    names_by_column[target] = classes
    for name, names in names_by_column.items():
        note = note_on_alike_names(names)
        if note is not None:
            note.problem = f"column {name!r}: {note.problem}"
            yield note


def note_on_alike_names(names: Collection[str]) -> ArgumentError | None:
    """Describe the names of one column that are alike, if there are any."""
    groups: dict[str, set[str]] = {}
    for name in names:
        without_spaces = " ".join(name.split())
        groups.setdefault(without_spaces.casefold(), set()).add(name)
    alike = []
    differ_in_spaces = False
    for group in groups.values():
        if len(group) > 1:
            alike.append(" and ".join(repr(name) for name in sorted(group)))
            if len({name.casefold() for name in group}) > 1:
                differ_in_spaces = True
    if not alike:
        return None
    difference = "case"
    call = "column.str.casefold()"
    if differ_in_spaces:
        difference = "case or spaces"
        call = "column.str.casefold().str.split().str.join(' ')"
    problem = f"{some(sorted(alike), MOST_GROUPS)} differ only in {difference}"
    remedy = f"if they are the same, write them in one way, as {call} of pandas does"
    return ArgumentError(problem, remedy=remedy)
