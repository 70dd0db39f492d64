"""Columns of a table in C: one number for each, from which the network's inputs are computed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from barenet.data._column import Column
from barenet.data._column_types import BooleanColumn, CategoryColumn, NumberColumn
from barenet.files.exports._c_calls import check_single
from barenet.files.exports._source_text import c_string, flow, hexadecimal, rest_of, words
from barenet.files.exports._steps import TableEncodeStep, unsupported_column

_IS_MISSING = """\
/* NaN, or a number that marks a missing value */
static int is_missing(float x)
{{
    return isnan(x){markers};
}}

"""

_ENCODE = """\
/* b = inputs of the network from a row a of the table */
static void encode(const float *a, float *b)
{{
{lines}
}}
"""


def encode_function(step: TableEncodeStep) -> str:
    """Function that encodes a row."""
    lines = [f"    b = {_call(column, at)};" for at, column in enumerate(step.columns)]
    lines[-1] = lines[-1].replace("b = ", "", 1)
    code = _ENCODE.format(lines="\n".join(lines))
    markers = (f" || x == {hexadecimal(np.float64(each))}" for each in step.number_markers)
    head = _IS_MISSING.format(markers="".join(markers)) if "is_missing(a" in code else ""
    return head + code


def category_arrays(step: TableEncodeStep, prefix: str) -> dict[str, str]:
    """Arrays of the names of categories: their declarations, and their contents."""
    return {
        f"const char *const {prefix}_x{at}[{len(column.categories)}]": flow(
            map(c_string, column.categories)
        )
        for at, column in enumerate(step.columns)
        if isinstance(column, CategoryColumn) and column.categories
    }


def listed_columns(step: TableEncodeStep, prefix: str) -> Iterator[str]:
    """Lines that describe the entries of x."""
    for at, column in enumerate(step.columns):
        meaning = "1 for true, 0 for false" if isinstance(column, BooleanColumn) else "a number"
        if isinstance(column, CategoryColumn):
            count = len(column.categories)
            index = f"its index in {prefix}_x{at}, " if count else ""
            meaning = f"{index}{count} for any other"
        yield f"  x[{at}]  {words(column.name)}: {meaning}"


def _call(column: Column, at: int) -> str:
    if isinstance(column, NumberColumn):
        fill = (column.fill - column.center) / column.scale
        for name, value in {"center": column.center, "scale": column.scale, "fill": fill}.items():
            check_single(name, np.asarray(value), f"column {column.name!r}: ")
        numbers = (fill, column.center, rest_of(column.center), column.scale)
        given = ", ".join(hexadecimal(np.float64(number)) for number in numbers)
        return f"number(b, a[{at}], is_missing(a[{at}]), {given}, {int(column.indicator)})"
    if isinstance(column, BooleanColumn):
        given = f"{float(column.fill)}f, 0.0f, 0.0f, 1.0f, {int(column.indicator)}"
        return f"number(b, a[{at}], isnan(a[{at}]), {given})"
    if isinstance(column, CategoryColumn):
        options = f"{len(column.categories)}, {int(column.rare)}, {int(column.missing)}"
        return f"category(b, a[{at}], {options})"
    raise unsupported_column(column, "whose seconds a float of C cannot hold")
