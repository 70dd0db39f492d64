"""Groups of columns, which have one contribution together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from barenet._registry import lookup
from barenet.errors import ArgumentError


def group_columns(
    names: Sequence[str], groups: Mapping[str, Sequence[str]] | None
) -> tuple[tuple[str, ...], list[list[int]]]:
    """Return the names of the groups, and the places of their columns; most have one column.

    >>> group_columns(["age", "street", "town"], {"address": ["street", "town"]})
    (('age', 'address'), [[0], [1, 2]])
    """
    if groups is not None and not isinstance(groups, Mapping):
        raise ArgumentError.of("groups", groups, "a mapping of names to columns")
    group_of_column: dict[str, str] = {}
    places = {name: place for place, name in enumerate(names)}
    for group, columns in (groups or {}).items():
        if not isinstance(group, str):
            raise ArgumentError.of("groups", group, "a text as the name of a group")
        is_list = not isinstance(columns, str) and hasattr(columns, "__len__")
        if not is_list or not len(columns):
            expected = f"a list of columns for the group {group!r}"
            raise ArgumentError.of("groups", columns, expected)
        for name in columns:
            _check_name(name, places)
            if name in group_of_column:
                problem = f"column {name!r} is in a group twice, or in two groups"
                raise ArgumentError(problem, argument="groups", remedy="name it once")
            group_of_column[name] = group
    columns_of_groups: dict[str, list[int]] = {}
    for name, place in places.items():
        group = group_of_column.get(name, name)
        columns_of_groups.setdefault(group, []).append(place)
    for group in groups or {}:
        if group in places and group_of_column.get(group) != group:
            problem = f"{group!r} is the name of a column outside the group"
            raise ArgumentError(problem, argument="groups", remedy="choose another name")
    return tuple(columns_of_groups), list(columns_of_groups.values())


def _check_name(name: str, names: Mapping[str, int]) -> None:
    """Refuse a name that no column has, such as a part of a name with a comma."""
    for column in names:
        parts = [part.strip() for part in column.split(",")]
        if name not in names and name in parts:
            problem = f"unknown {name!r}, did you mean {column!r}?"
            remedy = f'write "{column}", in double quotes'
            raise ArgumentError(problem, argument="groups", value=name, remedy=remedy)
    lookup(names, name, "groups")
