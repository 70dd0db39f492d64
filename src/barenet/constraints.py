"""Constraints of numbers: which values an option of a class, or an argument, may have.

A class declares the range beside the default, ``delta: float = option(1.0, gt=0)``; every instance
is checked when it is created.
"""

from __future__ import annotations

import dataclasses
import math
import numbers
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
        limits = {}  # a subclass that only replaces a default keeps the base's constraints
        for kind in reversed(type(self).__mro__):
            for field in vars(kind).get("__dataclass_fields__", {}).values():
                if field.metadata:
                    limits[field.name] = field.metadata
        for name, constraints in limits.items():
            part = f"{self.name}'s {name}"
            number = check_number(getattr(self, name), self.role, part=part, **constraints)
            object.__setattr__(self, name, number)  # most of these classes are frozen


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
    if isinstance(value, numbers.Integral if integer else numbers.Real) and not isinstance(
        value, bool
    ):
        try:
            number = int(value) if integer else float(value)  # type: ignore[call-overload]
            finite = math.isfinite(number)
        except OverflowError:  # a whole number too large for a float
            finite = False
        high = finite and (ge is None or number >= ge) and (gt is None or number > gt)
        if high and (le is None or number <= le) and (lt is None or number < lt):
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
