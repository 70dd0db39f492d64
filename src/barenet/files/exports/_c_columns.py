"""The encoding of the columns of a table in C."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.data._column import Column
from barenet.data._column_kinds import BooleanColumn, CategoryColumn, NumberColumn, PiecewiseColumn
from barenet.files.exports._inference_program import Program, unsupported_column
from barenet.files.exports._source_text import check_single, hex_float, rest_of

#: The functions that encode columns.
HELPERS = ("number", "bins", "category", "is_missing")


def encoder(program: Program, runtime: Mapping[str, str]) -> Iterator[str]:
    """The function that encodes a row, after the functions that it calls."""
    *others, last = (c for at, column in columns(program) for c in _column_calls(column, at))
    body = "".join(f"    b = {call};\n" for call in others) + f"    {last};"
    helpers = (runtime[name] for name in HELPERS if name in body)
    markers = "".join(f" || x == {hex_float(np.float64(n))}" for n in program.number_markers)
    yield from (helper.replace("isnan(x);", f"isnan(x){markers};") for helper in helpers)
    yield f"""\
/* b = inputs of the network from a row a of the table */
static void encode(const float *a, float *b)
{{
{body}
}}
"""


def columns(program: Program) -> Iterable[tuple[int, Column]]:
    """The columns of a table, counted from 0."""
    return enumerate(program.table.used if program.table else ())


def meaning(column: Column, array: str) -> str:
    """The meaning of the number for a column."""
    if isinstance(column, CategoryColumn):
        count = len(column.categories)
        return f"its index in {array}, {count} for any other" if count else "0 for any other"
    return "1 for true, 0 for false" if isinstance(column, BooleanColumn) else "a number"


def _column_calls(column: Column, at: int) -> Iterator[str]:
    """The calls that encode a column, each of which returns the end of its outputs."""
    if isinstance(column, PiecewiseColumn):
        yield _number_call(column, at, indicator=False)
        fill, n_bins = _floats(column.fill, rest_of(column.fill)), len(column.edges) - 1
        given = f"{fill}, {n_bins}, edges_x{at}, rests_x{at}"
        yield f"bins(b, a[{at}], is_missing(a[{at}]), {given})"
        if column.indicator:
            yield f"number(b, 0.0f, is_missing(a[{at}]), {_floats(1, 0, 0, 1)}, 0)"
    elif isinstance(column, NumberColumn):
        yield _number_call(column, at, indicator=column.indicator)
    elif isinstance(column, BooleanColumn):
        numbers = _floats(column.fill, 0, 0, 1)
        yield f"number(b, a[{at}], isnan(a[{at}]), {numbers}, {int(column.indicator)})"
    elif isinstance(column, CategoryColumn):
        options = f"{len(column.categories)}, {int(column.rare)}, {int(column.missing)}"
        yield f"category(b, a[{at}], {options})"
    else:
        raise unsupported_column(column, "whose seconds a float of C cannot hold")


def _number_call(column: NumberColumn, at: int, *, indicator: bool) -> str:
    fill = (column.fill - column.center) / column.scale
    for name, value in {"center": column.center, "scale": column.scale, "fill": fill}.items():
        check_single(name, np.asarray(value), f"column {column.name!r}: ")
    numbers = _floats(fill, column.center, rest_of(column.center), column.scale)
    return f"number(b, a[{at}], is_missing(a[{at}]), {numbers}, {int(indicator)})"


def _floats(*numbers: float) -> str:
    return ", ".join(hex_float(np.float64(number)) for number in numbers)


def edges(program: Program) -> Iterator[tuple[str, NDArray[Any]]]:
    """The arrays of the edges of bins, each the sum of two floats."""
    for at, column in columns(program):
        if isinstance(column, PiecewiseColumn):
            edges, owner = np.array(column.edges), f"column {column.name!r}: "
            check_single("edges", edges, owner)
            check_single("scale", np.diff(edges), owner)
            yield from {f"edges_x{at}": edges, f"rests_x{at}": rest_of(edges)}.items()
