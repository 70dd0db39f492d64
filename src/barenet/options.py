"""Options: the numbers that a named thing is made with, and what each may be.

A class says the range beside the default, ``delta: float = option(1.0, above=0)``, and every
instance is checked when it is made.
"""

from __future__ import annotations

import dataclasses
import math
import numbers
from typing import Any, ClassVar

__all__ = ["WithOptions", "check_number", "option", "options_of"]


def option(
    default: Any = dataclasses.MISSING,
    *,
    least: float | None = None,
    above: float | None = None,
    below: float | None = None,
    whole: bool = False,
) -> Any:
    """Declare an option of a dataclass: a finite number, and its range.

    Parameters
    ----------
    default : float or int, optional
        What holds if nothing is said.
    least : float, optional
        The smallest value.
    above : float, optional
        The option must be larger than this.
    below : float, optional
        The option must be smaller than this.
    whole : bool, default=False
        True for whole numbers only.

    Returns
    -------
    dataclasses.Field
        With the range as its metadata.
    """
    limits = {"least": least, "above": above, "below": below, "whole": whole}
    return dataclasses.field(default=default, metadata=limits)


class WithOptions:
    """Base of everything that has a name and options.

    Attributes
    ----------
    role : str
        The argument that it is given for; named in errors.
    name : str
        What it is called in its registry.
    """

    role: ClassVar[str]
    name: ClassVar[str]

    def __post_init__(self) -> None:
        for each in options_of(self):
            what = f"{self.role}: {self.name}'s {each.name}"
            number = check_number(getattr(self, each.name), what, **each.metadata)
            object.__setattr__(self, each.name, number)  # as most of these classes are frozen


def options_of(thing: Any) -> list[dataclasses.Field[Any]]:
    """The fields that can be set; a class of a user's own that is no dataclass has none."""
    if not dataclasses.is_dataclass(thing):
        return []
    return [field for field in dataclasses.fields(thing) if field.init]


def check_number(
    value: object,
    what: str,
    *,
    least: float | None = None,
    above: float | None = None,
    below: float | None = None,
    whole: bool = False,
) -> float:
    """Return a finite number within its range, as one of Python's own.

    Parameters
    ----------
    value : object
        What the user gave.
    what : str
        What it was given for, named in the error.
    least, above, below : float, optional
        The range.
    whole : bool, default=False
        True for whole numbers only.

    Returns
    -------
    float or int
        The number.

    Raises
    ------
    ValueError
        If it is anything else.

    Examples
    --------
    >>> check_number(2, "loss: huber's delta", above=0)
    2.0
    >>> check_number(0, "loss: huber's delta", above=0)
    Traceback (most recent call last):
    ValueError: loss: huber's delta must be a number above 0, got 0
    """
    kind = numbers.Integral if whole else numbers.Real
    if isinstance(value, kind) and not isinstance(value, bool):
        number = int(value) if whole else _as_float(value)
        inside = (least is None or number >= least) and (above is None or number > above)
        if inside and math.isfinite(number) and (below is None or number < below):
            return number
    noun = "whole number" if whole else "number"
    raise ValueError(f"{what} must be a {noun}{_range(least, above, below)}, got {value!r}")


def _as_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _range(least: float | None, above: float | None, below: float | None) -> str:
    """Say a range in words."""
    if above is not None:
        return f" above {above:g}" + ("" if below is None else f" and below {below:g}")
    if below is not None:
        return f" from {least:g} to below {below:g}" if least is not None else f" below {below:g}"
    return f" of {least:g} or more" if least is not None else ""
