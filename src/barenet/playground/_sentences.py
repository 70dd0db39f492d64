"""Sentences that Python makes for the page, which shows them in its own language.

A sentence is a text, or a tuple of its English text, with places {0}, {1}, … for values, and the
values. The page looks the English text up in the catalogue of its language, see `page/language.js`.
"""

import re
from collections.abc import Sequence
from typing import Any

#: JSON has a list in the place of the tuple.
Sentence = str | tuple[Any, ...] | list[Any]

_PLACE = re.compile(r"\{(\d+)\}")


def sentence(text: str, *values: Any) -> tuple[Any, ...]:
    """Make a sentence; a value that is a sentence is translated, too, and a text is not.

    Examples
    --------
    >>> sentence("at least {0}", "98 %")
    ('at least {0}', '98 %')
    """
    return (text, *values)


def english(words: Sentence) -> str:
    """Write a sentence in English.

    Examples
    --------
    >>> english(sentence("{0}: {1}", "Epoch", sentence("at least {0}", "10")))
    'Epoch: at least 10'
    """
    if isinstance(words, str):
        return words
    text, *values = words
    written = []
    for value in values:
        if isinstance(value, tuple | list):
            value = english(value)
        written.append(str(value))
    return _PLACE.sub(lambda match: written[int(match[1])], text)


def joined(parts: Sequence[Sentence], last: str = "{0}, {1}") -> Sentence:
    """Join parts with commas, and the last one by a sentence of its own, such as "{0} or {1}".

    Examples
    --------
    >>> english(joined(["a", "b", "c"], "{0} or {1}"))
    'a, b or c'
    """
    words = parts[0]
    for part in parts[1:-1]:
        words = sentence("{0}, {1}", words, part)
    if len(parts) > 1:
        words = sentence(last, words, parts[-1])
    return words
