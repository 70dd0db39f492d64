"""Splits a text into its words. Exported Python files contain this module."""

import re
import unicodedata

#: A word: a letter or digit, and the letters, digits and marks behind it, for which `words_of`
#: writes "_". A point or a comma between two digits belongs to a word, too, as in 2.0.
WORD = r"[^\W_]\w*(?:(?<=[0-9])[.,](?=[0-9])\w+)*"


def words_of(text: str) -> list[str]:
    """Split a text into its words, in lower case and in Unicode's normal form NFC.

    >>> words_of("VW Golf 2.0 TDI, e-bike rack (new!)")
    ['vw', 'golf', '2.0', 'tdi', 'e', 'bike', 'rack', 'new']
    """
    lowered = text.lower()
    if lowered.isascii():
        return re.findall(WORD, lowered.replace("_", " "))
    lowered = unicodedata.normalize("NFC", lowered)
    characters = lowered.replace("_", " ")
    if not characters.isascii():
        # For `re`, marks such as the vowel signs of Hindi are not part of a word, but "_" is.
        replaced = []
        for character in characters:
            if unicodedata.category(character).startswith("M"):
                replaced.append("_")
            else:
                replaced.append(character)
        characters = "".join(replaced)
    return [lowered[match.start() : match.end()] for match in re.finditer(WORD, characters)]
