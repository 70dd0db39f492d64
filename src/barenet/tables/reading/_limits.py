"""Limits in columns of numbers, such as <5, >= 100, 10+ and 5 or more.

Laboratories and surveys write them for numbers that weren't measured exactly. A column of numbers
reads each of them as its number, so that it keeps its place in the order of the others.
"""

import math
from collections.abc import Collection, Iterable
from dataclasses import replace

from barenet.tables.frames._frame import Frame
from barenet.tables.reading import _parsing as parsing
from barenet.tables.reading._distinct_texts import MANY, DistinctTexts

#: Maximum number of limits of a column that are listed.
MOST_LIMITS = 5


def with_limits_as_numbers(column: DistinctTexts) -> DistinctTexts:
    """Replace the limits in a column of numbers by their numbers.

    That is a column in which numbers and limits have ten or more different values, or in which nine
    tenths of the rows are numbers. Other columns keep their texts, as five groups such as 1, 2, 3
    and 4+ may be names.
    """
    both = column.find_nearly_all(_number_or_limit)
    numbers = []
    limits = []
    for code in both:
        if parsing.read_number(column.texts[code]) is None:
            limits.append(code)
        else:
            numbers.append(code)
    if not limits or not column.are_nearly_all(both):
        return column
    different = {_number_or_limit(text) for text in column.texts_of(both)}
    has_many = len(different) >= MANY
    are_numbers = bool(numbers) and column.share(numbers) >= parsing.NEARLY_ALL
    if not has_many and not are_numbers:
        return column
    if _are_mixed_up(column.texts_of(numbers), column.texts_of(limits)):
        return column
    texts = dict(column.texts)
    for code in limits:
        parts = parsing.parts_of_limit(texts[code])
        if parts is not None:
            texts[code] = parts["number"]
    return replace(column, texts=texts, _found={})


def _number_or_limit(text: str) -> float | None:
    """Parse a number, or a limit as its number."""
    number = parsing.read_number(text)
    if number is None:
        return parsing.read_limit(text)
    return number


def _are_mixed_up(numbers: Collection[str], limits: Collection[str]) -> bool:
    """Return whether limits would be equal to values on their other side.

    <5 and >5 would be the same number, and so would 5 and 5+ beside 6, as grades have them.

    >>> _are_mixed_up(["6"], ["<5", ">5"]), _are_mixed_up(["5", "6"], ["5+"])
    (True, True)
    >>> _are_mixed_up(["5", "6"], ["<5", "6+"])
    False
    """
    greatest = -math.inf
    for text in numbers:
        number = parsing.read_number(text)
        if number is not None:
            greatest = max(greatest, number)
    below = set()
    above = set()
    for text in limits:
        parts = parsing.parts_of_limit(text)
        if parts is None:
            continue
        number = float(parts["number"])
        if parts["below"] is not None:
            below.add(number)
        else:
            above.add(number)
        if parts.get("plus") is not None and number < greatest:
            return True
    return not below.isdisjoint(above)


def read_as_numbers(limit: str) -> str:
    """Write the remedy that reads the limits of a column as numbers where these are mixed up."""
    return f"to read {limit!r} as {parsing.read_limit(limit):.6g}, use {{numeric}}"


def limits_of(frame: Frame, name: str, missing: Collection[str]) -> set[str]:
    """Find the different limits in a column of numbers."""
    column = frame[name]
    if column.dtype.kind != "T":
        return set()
    _, texts = parsing.unique_texts(column)
    markers = {parsing.to_number(text) for text in missing}  # <-999 is missing where -999 is
    limits = set()
    for text in texts:
        if text in missing or parsing.read_number_or_truth(text) is not None:
            continue
        number = parsing.read_limit(text)
        if number is not None and number not in markers:
            limits.add(text)
    return limits


def listed_limits(limits: Iterable[str]) -> tuple[str, ...]:
    """Return the limits that a column lists, by their numbers."""
    return tuple(sorted(limits, key=_number_and_text)[:MOST_LIMITS])


def _number_and_text(limit: str) -> tuple[float, str]:
    """Return the key by which limits are sorted."""
    return parsing.read_limit(limit) or 0.0, limit
