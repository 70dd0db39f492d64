"""Plain data of a model file, looked at as what a stranger may have written.

Text that can be shown, whole numbers that fit into 64 bits, numbers: what is anything else is
refused by name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from barenet.errors import brief

__all__ = ["check_count", "check_mapping", "check_number", "check_setting", "check_text"]

#: Most characters of a text.
MOST_CHARACTERS = 10_000


def check_text(value: object, what: str, most: int = MOST_CHARACTERS) -> str:
    """Refuse what is no text, too long, or can't be written in UTF-8.

    Parameters
    ----------
    value : object
        What came.
    what : str
        What it is for, named in the error.
    most : int, default=10000
        Most characters.

    Returns
    -------
    str
        The text.

    Raises
    ------
    ValueError
        If it is something else.
    """
    if not isinstance(value, str) or len(value) > most:
        raise ValueError(f"{what}: expected text of up to {most:,} characters, got {brief(value)}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{what}: half of a character is no text: {brief(value)}") from error
    return value


def check_count(value: object, what: str) -> int:
    """Refuse what is no whole number from 0 on, of 63 bits at most.

    Parameters
    ----------
    value : object
        What came.
    what : str
        What it is for, named in the error.

    Returns
    -------
    int
        The number.

    Raises
    ------
    ValueError
        If it is something else.
    """
    if type(value) is not int or not 0 <= value < 2**63:
        raise ValueError(f"{what}: expected a whole number from 0, got {brief(value)}")
    return value


def check_number(value: object, what: str) -> None:
    """Refuse what is no finite number.

    Parameters
    ----------
    value : object
        What came.
    what : str
        What it is for, named in the error.

    Raises
    ------
    ValueError
        If it is something else.
    """
    whole = type(value) is int and abs(value) < 2**63
    if not (whole or (isinstance(value, float) and math.isfinite(value))):
        raise ValueError(f"{what}: expected a number, got {brief(value)}")


def check_setting(value: object, what: str) -> None:
    """Refuse what is no setting: text, a number, a truth value, or a list of those.

    Parameters
    ----------
    value : object
        What came.
    what : str
        What it is for, named in the error.

    Raises
    ------
    ValueError
        If it is something else.
    """
    for entry in value if isinstance(value, tuple) else (value,):
        if isinstance(entry, str):
            check_text(entry, what)
        elif not isinstance(entry, bool):
            check_number(entry, what)


def check_mapping(value: object, what: str) -> Mapping[str, Any]:
    """Refuse what does not have values by names.

    Parameters
    ----------
    value : object
        What came.
    what : str
        What it is for, named in the error.

    Returns
    -------
    mapping
        The same.

    Raises
    ------
    ValueError
        If it is something else.
    """
    if not isinstance(value, Mapping):
        raise ValueError(f"{what}: expected values by names, got {brief(value)}")
    for name in value:
        check_text(name, what)
    return value
