"""The columns of a table in C: a number for each, from which the network's inputs are made."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from barenet.data.columns import BooleanColumn, CategoryColumn, Column, NumberColumn
from barenet.files.exports.encode import Encode
from barenet.files.exports.names import c_string, words
from barenet.files.exports.numerals import flow, hexadecimal, rest_of

__all__ = ["category_arrays", "encode_functions", "listed_columns"]

_NUMBER = """\
/* (x - center - rest) / scale, or fill where x is missing; an indicator adds a 1 there, else a 0.
 * The rest is what rounding the center to a float leaves. */
static float *number(float *b, float x, int missing, float fill, float center, float rest,
                     float scale, int indicator)
{
    *b++ = missing ? fill : (x - center - rest) / scale;
    if (indicator)
        *b++ = missing ? 1.0f : 0.0f;
    return b;
}
"""

_IS_MISSING = """\
/* NaN, or a number that is a marker of a missing value. */
static int is_missing(float x)
{{
    return isnan(x){markers};
}}
"""

_CATEGORY = """\
/* A place among n: 1 there, 0 elsewhere. What is rare may have one more, so may what is missing. */
static float *category(float *b, float x, int n, int rare, int missing)
{
    int place = rare ? n : -1;

    if (isnan(x))
        place = missing ? n + rare : place;
    else if (x >= 0.0f && x < (float)n)
        place = (int)x;
    for (int i = 0; i < n + rare + missing; i++)
        *b++ = i == place ? 1.0f : 0.0f;
    return b;
}
"""

_ENCODE = """\
/* b = what the network takes of a row a of the table */
static void encode(const float *a, float *b)
{{
{lines}
}}
"""


def encode_functions(step: Encode) -> Iterator[str]:
    """Write the functions that encode a row."""
    lines = [f"    b = {_call(column, at)};" for at, column in enumerate(step.columns)]
    lines[-1] = lines[-1].replace("b = ", "", 1)
    if any(isinstance(column, NumberColumn) for column in step.columns):
        markers = (f" || x == {hexadecimal(np.float64(each))}" for each in step.number_markers)
        yield _IS_MISSING.format(markers="".join(markers))
    if any(isinstance(column, NumberColumn | BooleanColumn) for column in step.columns):
        yield _NUMBER
    if any(isinstance(column, CategoryColumn) for column in step.columns):
        yield _CATEGORY
    yield _ENCODE.format(lines="\n".join(lines))


def category_arrays(step: Encode, prefix: str) -> dict[str, str]:
    """Write the names of categories, for who has them as text."""
    return {
        f"const char *const {prefix}_x{at}[{len(column.categories)}]": flow(
            map(c_string, column.categories)
        )
        for at, column in enumerate(step.columns)
        if isinstance(column, CategoryColumn) and column.categories
    }


def listed_columns(step: Encode, prefix: str) -> list[str]:
    """Say what x holds."""
    return [
        f"  x[{at}]  {words(column.name)}: {_meaning(column, f'{prefix}_x{at}')}"
        for at, column in enumerate(step.columns)
    ]


def _meaning(column: Column, array: str) -> str:
    if isinstance(column, CategoryColumn):
        count = len(column.categories)
        places = f"its place in {array}, " if count else ""
        return f"{places}{count} for any other"
    return "1 for true, 0 for false" if isinstance(column, BooleanColumn) else "a number"


def _call(column: Column, at: int) -> str:
    if isinstance(column, NumberColumn):
        fill = (column.fill - column.center) / column.scale
        parts = {"center": column.center, "scale": column.scale, "fill": fill}
        for name, value in parts.items():
            _check_single(column, name, value)
        numbers = ", ".join(
            hexadecimal(np.float64(value))
            for value in (fill, column.center, rest_of(column.center), column.scale)
        )
        return f"number(b, a[{at}], is_missing(a[{at}]), {numbers}, {int(column.indicator)})"
    if isinstance(column, BooleanColumn):
        numbers = f"{'1.0f' if column.fill else '0.0f'}, 0.0f, 0.0f, 1.0f"
        return f"number(b, a[{at}], isnan(a[{at}]), {numbers}, {int(column.indicator)})"
    if isinstance(column, CategoryColumn):
        options = f"{len(column.categories)}, {int(column.rare)}, {int(column.missing)}"
        return f"category(b, a[{at}], {options})"
    raise ValueError(
        f"model: column {column.name!r} holds a {column.kind}, and a float of C is too coarse for "
        "its seconds; to='python' and to='json' take it"
    )


def _check_single(column: Column, name: str, value: float) -> None:
    with np.errstate(over="ignore"):
        single = np.float32(value)
    if not np.isfinite(single) or (name == "scale" and single == 0):
        raise ValueError(
            f"model: column {column.name!r} has a {name} of {value:g}, beyond what a float of C "
            "can hold"
        )
