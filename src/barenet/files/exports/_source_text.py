"""Numbers, names and words in source code.

Numbers are written so that they are read back exactly. A class may be called ``"); system("`` or
contain the end of a comment, so no text of a table may become code of an export.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.errors import ArgumentError

#: Maximum number of characters of a line.
WIDTH = 96

#: Constants that must not be rounded to 0.
NEVER_ZERO = ("factor", "deviation", "epsilon", "scale")


def template(name: str) -> str:
    """Read a template from the folder of this module."""
    return Path(__file__).with_name(name).read_text("utf-8")


def decimal(value: np.floating[Any]) -> str:
    """Write a number with the fewest digits that restore it exactly.

    Examples
    --------
    >>> decimal(np.float32(0.1)), decimal(np.float64(np.float32(0.1)))
    ('0.1', '0.10000000149011612')
    """
    text = str(value)
    is_exact = type(value)(float(text)) == value
    return text if is_exact else repr(float(value))


def hex_float(value: np.floating[Any]) -> str:
    """Write a number as a hexadecimal C99 float.

    Examples
    --------
    >>> hex_float(np.float32(0.1875)), hex_float(np.float64(0))
    ('0x1.8p-3f', '0.0f')
    """
    single = to_single(value)
    if single == 0:
        return "0.0f"
    if np.isinf(single):
        return "-INFINITY" if single < 0 else "INFINITY"
    digits, power = single.hex().split("p")
    return f"{digits.rstrip('0').rstrip('.')}p{power}f"


def to_single(value: float | np.floating[Any]) -> float:
    """Round a number to float32, or to infinity if it is out of range."""
    with np.errstate(over="ignore"):
        return float(np.float32(value))


def rest_of(values: float | NDArray[Any]) -> Any:
    """Compute the difference between numbers and their nearest float32.

    Examples
    --------
    >>> print(rest_of(0.5), rest_of(40.7128))
    0.0 9.277343764324542e-07
    """
    with np.errstate(over="ignore"):
        return values - np.asarray(values, np.float32).astype(np.float64)


def check_single(name: str, values: NDArray[Any], owner: str = "") -> None:
    """Reject numbers beyond the range of a C float, or that must not be rounded to 0."""
    with np.errstate(over="ignore"):
        single = values.astype(np.float32)
    is_wrong = ~np.isfinite(single)
    if name in NEVER_ZERO:
        is_wrong |= (single == 0) & (values != 0)
    wrong = values[is_wrong]
    if wrong.size:
        problem = f"{owner}{name} {wrong.flat[0]:g} is beyond the range of a C float"
        raise ArgumentError(problem, argument="model")


def flow(items: Iterable[str], indent: str = "    ", width: int = WIDTH) -> str:
    """Write items on lines, with a comma after each item.

    Examples
    --------
    >>> print(flow(["1.5", "-2.0", "12.25"], width=16))
        1.5, -2.0,
        12.25,
    """
    lines: list[str] = []
    line = indent
    for item in items:
        is_full = len(line) + len(item) >= width
        if is_full and line != indent:
            lines.append(line.rstrip())
            line = indent
        line += f"{item}, "
    return "\n".join([*lines, line.rstrip()])


def bracketed(items: Iterable[str], width: int, indent: str = "") -> str:
    """Write a list on a line of less than `width` characters, or on indented lines.

    Examples
    --------
    >>> print(bracketed(["1.5", "2"], 20))
    [1.5, 2]
    """
    items = list(items)
    line = f"[{', '.join(items)}]"
    if len(line) < width:
        return line
    lines = flow(items, f"{indent}    ")
    return f"[\n{lines}\n{indent}]"


def identifier(name: str) -> str:
    """Make an identifier for C and Python from a file name.

    Examples
    --------
    >>> identifier("2nd model-v1.2")
    'nd_model_v1_2'
    """
    result = re.sub("[^A-Za-z0-9]+", "_", name).strip("_").lstrip("0123456789_")
    if not result:
        raise ArgumentError.of("path", name, "a file name with a letter from A to Z")
    return result


def words(text: str, most: int = 60) -> str:
    """Make a text safe to use in a comment or a docstring.

    Examples
    --------
    >>> words("petal length (cm)"), words('*/ system("rm")')
    ('petal length (cm)', '__ system(_rm_)')
    """
    safe = re.sub(r"[^A-Za-z0-9 .,:;=()%+-]", "_", text)
    return safe if len(safe) <= most else f"{safe[: most - 3]}..."


def c_string(text: str) -> str:
    r"""Write a C string literal in UTF-8.

    Examples
    --------
    >>> print(c_string('a "b"'), c_string("ö?"))
    "a \042b\042" "\303\266\077"
    """

    def octal(match: re.Match[bytes]) -> bytes:
        return b"\\%03o" % ord(match[0])

    data = text.encode("utf-8", "replace")
    plain = re.sub(rb"[^A-Za-z0-9 _.,:;=()<>%+-]", octal, data)
    return f'"{plain.decode()}"'
