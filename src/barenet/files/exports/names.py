"""Names and words of a user's in the text of a program, where they must stay names and words.

A class may be called ``"); system("`` or hold the end of a comment: whoever compiles or runs an
export must not run what somebody wrote into a table's header.
"""

from __future__ import annotations

import re

from barenet.errors import ArgumentError

__all__ = ["c_string", "identifier", "python_string", "words"]

#: Longest string that every C99 compiler takes.
MOST_BYTES = 4095

#: Headers of C99: a file of that name would be found in the place of the compiler's own.
HEADERS = {
    "assert", "complex", "ctype", "errno", "fenv", "float", "inttypes", "iso646", "limits",
    "locale", "math", "setjmp", "signal", "stdarg", "stdbool", "stddef", "stdint", "stdio",
    "stdlib", "string", "tgmath", "time", "wchar", "wctype",
}  # fmt: skip


def identifier(name: str) -> str:
    """Make a name that C and Python take, of the name of a file.

    Examples
    --------
    >>> identifier("2nd model-v1.2")
    'nd_model_v1_2'
    """
    result = re.sub("[^A-Za-z0-9]+", "_", name).strip("_").lstrip("0123456789_")
    if not result:
        raise ArgumentError.of("path", name, "a file name with a letter from A to Z")
    if result.lower() in HEADERS:
        raise ArgumentError(
            f"{name}.h is a header of the C standard library",
            argument="path",
            value=name,
            remedy="choose another name",
        )
    return result


def words(text: str, most: int = 60) -> str:
    """Make a text fit for a comment or a docstring: nothing in it ends one, or begins another.

    Examples
    --------
    >>> words("petal length (cm)"), words('*/ system("rm")')
    ('petal length (cm)', '__ system(_rm_)')
    """
    safe = re.sub(r"[^A-Za-z0-9 .,:;=()%+-]", "_", text)
    return safe if len(safe) <= most else f"{safe[: most - 3]}..."


def c_string(text: str) -> str:
    r"""Write a string of C's, in UTF-8.

    Examples
    --------
    >>> print(c_string('a "b"'), c_string("ö?"))
    "a \"b\"" "\303\266\077"
    """
    data = text.encode("utf-8", "replace")
    if len(data) > MOST_BYTES:
        raise ArgumentError(
            f"a name has {len(data):,} bytes, and a string of C99 {MOST_BYTES:,} at most",
            argument="classes",
            value=text,
        )
    return '"' + "".join(map(_character, data)) + '"'


def python_string(text: str) -> str:
    """Write a string of Python's, in double quotes where it holds none.

    Examples
    --------
    >>> print(python_string("it's"), python_string('"'))
    "it's" '"'
    """
    written = repr(text)
    plain = written[0] == "'" and '"' not in written
    return f'"{written[1:-1]}"' if plain else written


def _character(byte: int) -> str:
    letter = chr(byte)
    if letter in '"\\':
        return f"\\{letter}"
    return letter if " " <= letter <= "~" and letter != "?" else f"\\{byte:03o}"
