"""Finds columns of short texts that share words, unlike identifiers, and the words they share."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from barenet.tables.encoding._words_column import WordsColumn
from barenet.tables.reading._words import words_of

#: Minimum number of rows that have a word, and that don't have it, for an input of its own.
MIN_ROWS = 5

#: Maximum number of words of a column that have an input.
MOST_WORDS = 300

#: Minimum number of different plain words that texts share, and the minimum fraction of the texts
#: with one of the `MOST_WORDS` most frequent ones. Identifiers have none, or too many different
#: ones: parts of two thousand codes of random letters are in less than a sixth of them.
ENOUGH_WORDS = 5
ENOUGH_TEXTS = 0.5

#: Minimum number of characters of a plain word, which has no digits.
PLAIN_LENGTH = 3

#: Two words or more, as in sentences and in lists. Hyphens, points and slashes separate no words
#: here, as they also join the parts of identifiers.
SEVERAL_WORDS = re.compile(r"\W*\w[^\s,;|]*[\s,;|]\W*\w")

#: Any ASCII characters but letters, and any but digits.
NO_LETTERS = bytes(code for code in range(128) if not chr(code).isalpha())
NO_DIGITS = bytes(code for code in range(128) if not chr(code).isdigit())

#: An address of e-mail, or of a page.
ADDRESS = re.compile(r"\w@\w|\w://\w")


def fit_words(
    name: str, labels: Iterable[str], counts: Iterable[int], *, has_missing: bool
) -> WordsColumn | None:
    """Fit a column of words to different texts and the number of rows of each.

    The column has the most frequent words. The result is None if the texts share too few.

    >>> titles = ["red bike", "old red bike", "red car, like new", "new: green car", "green bike"]
    >>> fit_words("title", titles * 4, [1] * 20, has_missing=False).words
    ('bike', 'red', 'car', 'green', 'new')
    """
    numbers_of_rows = [*counts]
    n_rows = sum(numbers_of_rows)
    texts = [*labels]
    words_by_text = sets_of_words(texts)
    shared = shared_words(words_by_text, numbers_of_rows)
    plain: set[str] = set()
    for word in shared:
        if _is_plain(word) and len(plain) < MOST_WORDS:
            plain.add(word)
    if len(plain) < ENOUGH_WORDS:
        return None
    n_readable = 0
    for text, words, count in zip(texts, words_by_text, numbers_of_rows, strict=True):
        if not words.isdisjoint(plain) and _is_text(text):
            n_readable += count
            if n_readable >= ENOUGH_TEXTS * n_rows:
                return WordsColumn(name, tuple(shared[:MOST_WORDS]), missing=has_missing)
    return None


def sets_of_words(texts: Iterable[str]) -> list[set[str]]:
    """Return the different words of each text."""
    return [set(words_of(text)) for text in texts]


def shared_words(words_by_text: Sequence[set[str]], counts: Sequence[int]) -> list[str]:
    """List the words that enough rows have, and enough don't, those of most rows first.

    `counts` are the numbers of rows of the texts.
    """
    n_rows = sum(counts)
    rows_by_word: Counter[str] = Counter()
    for words, count in zip(words_by_text, counts, strict=True):
        for word in words:
            rows_by_word[word] += count
    shared = []
    for word, count in rows_by_word.items():
        if MIN_ROWS <= count <= n_rows - MIN_ROWS:
            shared.append(word)
    shared.sort(key=lambda word: (-rows_by_word[word], word))
    return shared


def _is_plain(word: str) -> bool:
    """Return whether a word has no digits, and is longer than the parts of codes."""
    has_digits = any(character.isnumeric() for character in word)
    return len(word) >= PLAIN_LENGTH and not has_digits


def _is_text(text: str) -> bool:
    """Return whether a text has several words, separated as in a sentence, and mostly letters."""
    if ADDRESS.search(text) is not None:
        return False
    if SEVERAL_WORDS.match(text) is None:
        return False
    if text.isascii():
        characters = text.encode()
        n_letters = len(characters.translate(None, NO_LETTERS))
        n_digits = len(characters.translate(None, NO_DIGITS))
    else:
        n_letters = sum(character.isalpha() for character in text)
        n_digits = sum(character.isnumeric() for character in text)
    return n_letters > n_digits
