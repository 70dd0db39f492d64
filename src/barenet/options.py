"""Options: the numbers that a named thing is made with, and what each may be.

A class says the range beside the default, ``delta: float = option(1.0, above=0)``, and every
instance is checked when it is made.
"""

from __future__ import annotations

import dataclasses
import math
import numbers
from collections.abc import Mapping
from typing import Any, ClassVar

from barenet.errors import ArgumentError

__all__ = ["WithOptions", "check_number", "option", "options_of"]


def option(
    default: Any = dataclasses.MISSING,
    *,
    least: float | None = None,
    above: float | None = None,
    below: float | None = None,
    most: float | None = None,
    whole: bool = False,
) -> Any:
    """Declare an option of a dataclass: a finite number, and its range."""
    limits = {"least": least, "above": above, "below": below, "most": most, "whole": whole}
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
            limits = _limits(self, each.name)
            if limits is None:
                continue
            part = f"{self.name}'s {each.name}"
            number = check_number(getattr(self, each.name), self.role, part=part, **limits)
            object.__setattr__(self, each.name, number)  # as most of these classes are frozen


def _limits(thing: WithOptions, name: str) -> Mapping[str, Any] | None:
    """The range of an option, a base's where a subclass gives just another default.

    None for a field that was not declared by `option`: it is a user's own business.
    """
    for kind in type(thing).__mro__:
        field = getattr(kind, "__dataclass_fields__", {}).get(name)
        if field is not None and field.metadata:
            return field.metadata
    return None


def options_of(thing: Any) -> list[dataclasses.Field[Any]]:
    """The fields that can be set; a class of a user's own that is no dataclass has none."""
    if not dataclasses.is_dataclass(thing):
        return []
    return [field for field in dataclasses.fields(thing) if field.init]


def check_number(
    value: object,
    argument: str,
    *,
    part: str = "",
    least: float | None = None,
    above: float | None = None,
    below: float | None = None,
    most: float | None = None,
    whole: bool = False,
) -> float:
    """Return a finite number within its range, as one of Python's own.

    Examples
    --------
    >>> check_number(2, "loss", part="huber's delta", above=0)
    2.0
    >>> check_number(0, "loss", part="huber's delta", above=0)
    Traceback (most recent call last):
    barenet.errors.ArgumentError: loss: huber's delta: expected a number above 0, got 0
    """
    kind = numbers.Integral if whole else numbers.Real
    if isinstance(value, kind) and not isinstance(value, bool):
        number = int(value) if whole else _as_float(value)  # type: ignore[call-overload]
        over = (least is None or number >= least) and (above is None or number > above)
        under = (below is None or number < below) and (most is None or number <= most)
        if over and under and math.isfinite(_as_float(number)):
            return number
    noun = "whole number" if whole else "number"
    limits = _in_words(least, above, below, most)
    raise ArgumentError.of(argument, value, f"a {noun}{limits}", part=part)


def _in_words(
    least: float | None, above: float | None, below: float | None, most: float | None
) -> str:
    """Say a range: "of 1 or more", "above 0", "from 0 to below 1"."""
    if below is not None or most is not None:
        start = f"from {least}" if least is not None else f"above {above}"
        return f" {start} to {most}" if most is not None else f" {start} to below {below}"
    if above is not None:
        return f" above {above}"
    return "" if least is None else f" of {least} or more"


def _as_float(value: Any) -> float:
    """A whole number too large for a float is as good as infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf
