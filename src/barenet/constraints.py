"""Constraints of numbers: which values an option of a class, or an argument, may have.

A class declares the range beside the default, ``delta: float = option(1.0, gt=0)``; every instance
is checked when it is created.
"""

from __future__ import annotations

import dataclasses
import math
import numbers
from collections.abc import Mapping
from typing import Any, ClassVar

from barenet.errors import ArgumentError


def option(
    default: Any = dataclasses.MISSING,
    *,
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    lt: float | None = None,
    integer: bool = False,
) -> Any:
    """Declare an option of a dataclass: a finite number, and its range."""
    limits = {"ge": ge, "gt": gt, "le": le, "lt": lt, "integer": integer}
    return dataclasses.field(default=default, metadata=limits)


class Configurable:
    """Base of everything with a name and options."""

    #: The argument that takes the object; errors name it.
    role: ClassVar[str]
    #: The name in the registry.
    name: ClassVar[str]

    def __post_init__(self) -> None:
        for each in options_of(self):
            if limits := _limits(self, each.name):
                part = f"{self.name}'s {each.name}"
                number = check_number(getattr(self, each.name), self.role, part=part, **limits)
                object.__setattr__(self, each.name, number)  # most of these classes are frozen


def _limits(thing: Configurable, name: str) -> Mapping[str, Any] | None:
    """The range of an option: the base's where a subclass only replaces the default."""
    fields = (getattr(kind, "__dataclass_fields__", {}).get(name) for kind in type(thing).__mro__)
    return next((field.metadata for field in fields if field and field.metadata), None)


def options_of(thing: Any) -> list[dataclasses.Field[Any]]:
    """The fields that can be set; none for a user-defined class that is not a dataclass."""
    if not dataclasses.is_dataclass(thing):
        return []
    return [field for field in dataclasses.fields(thing) if field.init]


def check_number(
    value: object,
    argument: str,
    *,
    part: str = "",
    ge: float | None = None,
    gt: float | None = None,
    le: float | None = None,
    lt: float | None = None,
    integer: bool = False,
) -> float:
    """Return a finite number within its range as a Python number.

    Examples
    --------
    >>> check_number(2, "loss", part="huber's delta", gt=0)
    2.0
    >>> check_number(0, "loss", part="huber's delta", gt=0)
    Traceback (most recent call last):
    barenet.errors.ArgumentError: loss: huber's delta: expected a number above 0, got 0
    """
    kind = numbers.Integral if integer else numbers.Real
    if isinstance(value, kind) and not isinstance(value, bool):
        number = int(value) if integer else _as_float(value)  # type: ignore[call-overload]
        high = (ge is None or number >= ge) and (gt is None or number > gt)
        low = (le is None or number <= le) and (lt is None or number < lt)
        if high and low and math.isfinite(_as_float(number)):
            return number
    noun = "whole number" if integer else "number"
    raise ArgumentError.of(argument, value, f"a {noun}{_in_words(ge, gt, le, lt)}", part=part)


def check_count(value: object, argument: str) -> int:
    """Return a whole number of 1 or more."""
    return int(check_number(value, argument, ge=1, integer=True))


def check_seed(value: object, argument: str = "seed") -> int:
    """Return a whole number from 0 to 2³² − 1, the seeds of NumPy's RandomState."""
    return int(check_number(value, argument, ge=0, le=2**32 - 1, integer=True))


def check_flag(value: object, argument: str) -> bool:
    """Return True or False as a Python bool."""
    if not isinstance(value, bool) and type(value).__name__ not in ("bool", "bool_"):
        raise ArgumentError.of(argument, value, "True or False")
    return bool(value)


def _in_words(ge: float | None, gt: float | None, le: float | None, lt: float | None) -> str:
    """Describe a range: " of 1 or more", " above 0", " from 0 to below 1"."""
    if le is not None or lt is not None:
        start = f" from {ge}" if ge is not None else f" above {gt}"
        return f"{start} to {le}" if le is not None else f"{start} to below {lt}"
    if gt is not None:
        return f" above {gt}"
    return "" if ge is None else f" of {ge} or more"


def _as_float(value: Any) -> float:
    """Convert to float; a whole number that is too large becomes infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf
