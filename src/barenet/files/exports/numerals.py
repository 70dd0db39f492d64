"""Numerals: numbers as text that comes back as the same numbers, set in lines."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["decimal", "flow", "hexadecimal", "rest_of"]

#: Columns of a line.
WIDTH = 96


def decimal(value: np.floating[Any]) -> str:
    """Write a number in as few digits as its own precision needs.

    Examples
    --------
    >>> decimal(np.float32(0.1)), decimal(np.float64(np.float32(0.1)))
    ('0.1', '0.10000000149011612')
    """
    text = str(value)
    return text if type(value)(float(text)) == value else repr(float(value))


def hexadecimal(value: np.floating[Any]) -> str:
    """Write a number as a float of C99, whose digits are its bits.

    Examples
    --------
    >>> hexadecimal(np.float32(0.1875)), hexadecimal(np.float64(0))
    ('0x1.8p-3f', '0.0f')
    """
    single = float(np.float32(value))
    if single == 0:
        return "0.0f"
    digits, power = single.hex().split("p")
    return f"{digits.rstrip('0').rstrip('.')}p{power}f"


def rest_of(values: float | NDArray[Any]) -> Any:
    """Compute the difference between numbers and the nearest float32.

    Examples
    --------
    >>> print(rest_of(0.5), rest_of(40.7128))
    0.0 9.277343764324542e-07
    """
    with np.errstate(over="ignore"):
        return values - np.asarray(values, np.float32).astype(np.float64)


def flow(items: Iterable[str], indent: str = "    ", width: int = WIDTH) -> str:
    """Set items in lines, a comma after each, and break lines between them only.

    Examples
    --------
    >>> print(flow(["1.5", "-2.0", "12.25"], width=16))
        1.5, -2.0,
        12.25,
    """
    lines: list[str] = []
    line = indent
    for item in items:
        if len(line) + len(item) >= width and line != indent:
            lines.append(line.rstrip())
            line = indent
        line += f"{item}, "
    return "\n".join([*lines, line.rstrip()])
