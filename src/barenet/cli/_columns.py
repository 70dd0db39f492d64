"""A summary of the columns of a table, in a few lines."""

import textwrap
from collections.abc import Sequence
from typing import Any

from barenet.data._category_column import CategoryColumn
from barenet.data._column import Column, DroppedColumn
from barenet.data._date_column import DateColumn
from barenet.data._encoding import TableEncoding
from barenet.data._scaling import Scaling

#: Characters of a line, and lines for all columns of a kind.
WIDTH, LINES = 79, 3

#: Heading of each kind, singular and plural.
HEADINGS = {
    "number": ("number", "numbers"),
    "piecewise": ("number", "numbers"),
    "category": ("category", "categories"),
    "boolean": ("yes or no", "yes or no"),
    "date": ("date", "dates"),
    "dropped": ("left out", "left out"),
}


def summarize_columns(preprocessing: TableEncoding | Scaling, names: Sequence[str]) -> str:
    """List the columns by kind.

    Examples
    --------
    >>> towns = {"size": [3.5, None, 2.1], "town": ["Rome", "Oslo", "Rome"], "of": ["x"] * 3}
    >>> print(summarize_columns(TableEncoding.fit(towns), ()))
      1 number    size (some missing)
      1 category  town (2)
      1 left out  of: 'x' in every row
    """
    groups: dict[str, list[str]] = {}
    if isinstance(preprocessing, TableEncoding):
        for column in preprocessing.columns:
            groups.setdefault(column.kind, []).append(_describe(column))
    else:
        groups["number"] = list(names)
    counts = {kind: len(groups[kind]) for kind in HEADINGS if kind in groups}
    heads = {kind: f"{count:,} {HEADINGS[kind][count != 1]}" for kind, count in counts.items()}
    width = max(map(len, heads.values())) + 2
    return "\n".join(
        _paragraph(head.ljust(width), groups[kind], "; " if kind == "dropped" else ", ")
        for kind, head in heads.items()
    )


def describe_columns(preprocessing: TableEncoding | Scaling) -> list[dict[str, Any]] | None:
    """How the columns of a table are encoded; None for rows that are all numbers."""
    if not isinstance(preprocessing, TableEncoding):
        return None
    return [
        {"name": each.name, "kind": each.kind, "inputs": len(each.outputs), "how": each.formula}
        for each in preprocessing.columns
    ]


def _describe(column: Column) -> str:
    """Name a column, and how it is encoded."""
    if isinstance(column, DroppedColumn):
        return f"{column.name}: {column.reason}"
    notes = []
    if isinstance(column, CategoryColumn):
        notes.append(f"{len(column.categories)}{' and rare ones' if column.rare else ''}")
    if isinstance(column, DateColumn) and column.cycles:
        notes.append(", ".join(column.cycles))
    if getattr(column, "indicator", False) or getattr(column, "missing", False):
        notes.append("some missing")
    return f"{column.name} ({', '.join(notes)})" if notes else column.name


def _paragraph(head: str, entries: list[str], between: str) -> str:
    """Write the columns of a kind in a few lines."""
    return textwrap.fill(
        between.join(entries),
        WIDTH,
        initial_indent=f"  {head}",
        subsequent_indent=" " * (len(head) + 2),
        break_long_words=False,
        break_on_hyphens=False,
        max_lines=LINES,
        placeholder=" … and more",
    )
