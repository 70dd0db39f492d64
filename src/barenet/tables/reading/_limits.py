"""Limits in columns of numbers, such as <5, >= 100 and 10+.

Laboratories and surveys write them for numbers that weren't measured exactly. A column of numbers
reads each of them as its number, so that it keeps its place in the order of the others.
"""

import math
from collections.abc import Collection

from barenet.tables.reading._column_texts import NEARLY_ALL, ColumnTexts
from barenet.tables.reading._parsing import (
    ReadNumber,
    read_limit,
    read_number_or_limit,
    sign_and_number,
)

#: Minimum number of different numbers and limits among which limits are numbers.
MANY = 10


def _are_mixed_up(numbers: Collection[str], limits: Collection[str], read: ReadNumber) -> bool:
    """Return whether limits would be equal to values on their other side.

    <5 and >5 would be the same number, and so would 5 and 5+ beside 6, as grades have them.

    >>> _are_mixed_up(["6"], ["<5", ">5"], float), _are_mixed_up(["5", "6"], ["5+"], float)
    (True, True)
    >>> _are_mixed_up(["5", "6"], ["<5", "6+"], float)
    False
    """
    greatest = -math.inf
    for text in numbers:
        number = read(text)
        if number is not None:
            greatest = max(greatest, number)
    below = set()
    above = set()
    for text in limits:
        limit = sign_and_number(text, read)
        if limit is None:
            continue
        sign, number = limit
        if sign in "<≤":
            below.add(number)
        else:
            above.add(number)
        if sign == "+" and number < greatest:
            return True
    return not below.isdisjoint(above)


def are_beside_numbers(texts: ColumnTexts, read: ReadNumber) -> bool:
    """Return whether the limits of a column are read as numbers.

    That is the case if nine tenths of the rows have numbers, or if numbers and limits have ten or
    more different values and aren't mixed up. Five groups such as 1, 2, 3 and 4+ may be names.
    """
    limits = [text for text in texts.texts if read_limit(text, read) is not None]
    if not limits:
        return False
    numbers = [text for text in texts.texts if read(text) is not None]
    n_rows = sum(texts.counts[text] for text in numbers) + texts.n_numbers
    if n_rows >= NEARLY_ALL * texts.n_rows:
        return True
    different = {read_number_or_limit(text, read) for text in [*numbers, *limits]}
    return len(different) >= MANY and not _are_mixed_up(numbers, limits, read)
