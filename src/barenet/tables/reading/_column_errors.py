"""One error for the problems of several columns of a table, so that all are solved at once.

It is the error of the first column, which names the others with their own problems. A remedy that
several columns share is given once, and a last one solves all problems together.
"""

import re
from collections.abc import Sequence
from typing import Any

from barenet.errors import DataError, option_of, printable, some

#: Maximum number of columns that an error lists.
MOST_COLUMNS = 10

#: The options of the last remedy in their order: first those that lose nothing.
_ORDER = ("thousands", "decimal", "date_format", "numeric", "categories", "missing")

#: The placeholder of an option in a remedy.
_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def raise_together(errors: Sequence[DataError]) -> None:
    """Raise the errors of several columns as one, if there are any."""
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise _joined(errors)


def _joined(errors: Sequence[DataError]) -> DataError:
    """Join the errors of several columns, with a single remedy for those that share it."""
    first = errors[0]
    _name_columns_of_formats(errors)
    remedy, options = _joined_remedies(_by_remedy(errors))
    joined = DataError(
        _problem(errors),
        argument=first.argument,
        path=first.path,
        line=first.line,
        value=first.value,
        expected=first.expected,
        remedy=remedy,
        **options,
    )
    joined.row = first.row
    joined.column = first.column
    return joined


def _joined_remedies(groups: Sequence[Sequence[DataError]]) -> tuple[str, dict[str, Any]]:
    """Join the remedies of groups of errors in a text, and their options.

    Remedies of two groups may have options of the same name, so those of each group get a suffix of
    their own, see `option_of`.
    """
    remedies = []
    options: dict[str, Any] = {}
    suffix = ""
    for group in groups:
        remedy, options_of_group = _remedy_with_suffix(group, suffix)
        if len(groups) > 1:
            names = [str(error.column) for error in group]
            remedy = f"for {some(names, MOST_COLUMNS)}: {remedy}"
        remedies.append(remedy)
        options |= options_of_group
        suffix += "__"
    if len(groups) > 1:
        placeholders = []
        for option, value in _solution(groups).items():
            options[option + suffix] = value
            placeholders.append(f"{{{option}{suffix}}}")
        if placeholders:
            remedies.append(f"for all of them: use {' '.join(placeholders)}")
    return "; ".join(remedies), options


def _remedy_with_suffix(group: Sequence[DataError], suffix: str) -> tuple[str, dict[str, Any]]:
    """Append a suffix to the options of errors with the same remedy, and to its placeholders."""
    remedy = group[0].remedy
    options = {}
    # The longest first, so that date_format_ isn't taken for date_format.
    for option in sorted(group[0].options, key=len, reverse=True):
        renamed = option + suffix
        remedy = remedy.replace(f"{{{option}}}", f"{{{renamed}}}")
        options[renamed] = _united([error.options[option] for error in group])
    return remedy, options


def _problem(errors: Sequence[DataError]) -> str:
    """Write the problem of the first column, and then the others, grouped by what is expected."""
    first, *others = errors
    columns_by_kind: dict[str, list[str]] = {first.expected_kind: []}
    for error in others[: MOST_COLUMNS - 1]:
        place = f"row {error.row}"
        if error.line is not None:
            place = f"line {error.line}"
        if error.path != first.path:
            place = f"{printable(error.path)}, {place}"
        shown = str(error.value)[:30]
        column = f"{error.column!r} ({place}: {shown!r})"
        columns_by_kind.setdefault(error.expected_kind, []).append(column)
    problem = first.problem
    for kind, columns in columns_by_kind.items():
        if not columns:
            continue
        noun = "column" if len(columns) == 1 else "columns"
        if _noun_of(kind) == _noun_of(first.expected_kind):
            noun = f"likewise {noun}"
        problem += f"; {noun} {', '.join(columns)}"
        if kind != first.expected_kind:
            problem += f": expected {kind}"
    n_more = len(errors) - MOST_COLUMNS
    if n_more > 0:
        noun = "column" if n_more == 1 else "columns"
        problem += f"; and {n_more:,} more {noun}"
    return problem


def _noun_of(kind: str) -> list[str]:
    """Return the first two words of a kind, such as "a number" of "a number of up to 15 digits"."""
    return kind.split()[:2]


def _name_columns_of_formats(errors: Sequence[DataError]) -> None:
    """Name the column of each format of dates that errors recommend, if they differ."""
    date_formats = set()
    for error in errors:
        date_format = error.options.get("date_format")
        if date_format is not None:
            date_formats.add(date_format)
    if len(date_formats) < 2:
        return
    for error in errors:
        for option in ("date_format", "date_format_"):
            if option in error.options:
                error.options[option] = {str(error.column): error.options[option]}


def _by_remedy(errors: Sequence[DataError]) -> list[list[DataError]]:
    """Group errors with the same remedy; those without one need none."""
    groups: dict[Any, list[DataError]] = {}
    for error in errors:
        if not error.remedy:
            continue
        values = []
        for value in error.options.values():
            if not isinstance(value, list | dict):
                values.append(str(value))
        groups.setdefault((error.remedy, *values), []).append(error)
    return [*groups.values()]


def _solution(groups: Sequence[Sequence[DataError]]) -> dict[str, Any]:
    """Find options that together read all columns; none if a column has to be changed itself."""
    values: dict[str, list[Any]] = {}
    for group in groups:
        first_clause, _, _ = group[0].remedy.partition(";")  # the remedy to try first
        match = _PLACEHOLDER.search(first_clause)
        if match is None:
            return {}
        option = match[1]
        for error in group:
            values.setdefault(option_of(option), []).append(error.options[option])
    solution = {}
    for option in sorted(values, key=_rank):
        solution[option] = _united(values[option])
    separators = {solution.get("thousands"), solution.get("decimal")}
    if "thousands" in solution and len(separators) == 1:
        return {}  # the comma is one or the other
    return solution


def _rank(option: str) -> int:
    """Return the place of an option in the last remedy."""
    if option in _ORDER:
        return _ORDER.index(option)
    return len(_ORDER)


def _united(values: Sequence[Any]) -> Any:
    """Merge the lists or dictionaries of an option; other values are equal."""
    if isinstance(values[0], dict):
        joined: dict[str, Any] = {}
        for value in values:
            joined |= value
        return joined
    if not isinstance(values[0], list):
        return values[0]
    united: dict[Any, None] = {}
    for value in values:
        united |= dict.fromkeys(value)
    return list(united)
