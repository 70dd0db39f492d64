"""The encoding of short free texts, such as titles or remarks, by the words that occur in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.errors import ArgumentError
from barenet.tables.encoding._column import Column, Entries
from barenet.tables.reading._words import words_of


@dataclass(frozen=True)
class WordsColumn(Column):
    """Texts: 1 for each of several words that occurs in the text of the row, 0 for the others.

    A word consists of letters, digits and marks, in lower case. A point or a comma between two
    digits belongs to it, too: 2.0 is one word.

    Attributes
    ----------
    name : str
        Name of the column.
    words : tuple of str
        The words that have an input each, in this order.
    missing : bool
        Whether one more input stands for missing texts; else all inputs of a missing text are 0.
    missing_texts : tuple of str, default=()
        Texts that stand for a missing value in this column, besides those of all columns.

    Raises
    ------
    ValueError
        If a field is not valid.

    Examples
    --------
    >>> title = WordsColumn("title", ("red", "bike"), missing=False)
    >>> title.inputs
    ('title: red', 'title: bike')
    >>> title.encode(np.array(["Bike, as new", "RED, a bike"]))
    array([[0., 1.],
           [1., 1.]])
    """

    kind = "words"
    words: tuple[str, ...]
    missing: bool

    def __post_init__(self) -> None:
        super().__post_init__()
        all_differ = len(set(self.words)) == len(self.words)
        if not all_differ or "" in self.words:
            expected = "different words, none of them empty"
            raise ArgumentError.of("words", self.words, expected)

    @cached_property
    def inputs(self) -> tuple[str, ...]:
        inputs = [f"{self.name}: {word}" for word in self.words]
        if self.missing:
            inputs.append(f"{self.name} missing")
        return tuple(inputs)

    @property
    def formula(self) -> str:
        return "1 for each of its words that occurs in the text, 0 for the others"

    @cached_property
    def indices(self) -> dict[str, int]:
        """The input of each word."""
        return {word: at for at, word in enumerate(self.words)}

    def encode(self, values: NDArray[Any]) -> NDArray[np.float64]:
        encoded = np.zeros((len(values), len(self.inputs)))
        for row, inputs in enumerate(self._ones(values)):
            encoded[row, inputs] = 1
        return encoded

    def entries(self, values: NDArray[Any]) -> Entries:
        ones = self._ones(values)
        most = 0
        for inputs in ones:
            most = max(most, len(inputs))
        places = np.zeros((len(ones), most), np.intp)
        numbers = np.zeros((len(ones), most))  # the entries that fill up a row are 0, at input 0
        for row, inputs in enumerate(ones):
            places[row, : len(inputs)] = inputs
            numbers[row, : len(inputs)] = 1
        return Entries(places, numbers)

    def known_words(self, text: str) -> list[str]:
        """List the words of a text that have an input, in the order of the inputs.

        Parameters
        ----------
        text : str
            The text.

        Returns
        -------
        list of str
            Each of these words once.
        """
        words = self.indices.keys() & words_of(text)
        return sorted(words, key=self.indices.__getitem__)

    def first_words(self, texts: NDArray[Any]) -> NDArray[Any]:
        """Name each text by the first of `words` that it contains, for statistics of the column.

        Parameters
        ----------
        texts : ndarray of shape (n_rows,)
            Values of `parse`.

        Returns
        -------
        ndarray of shape (n_rows,)
            The names: `NO_WORD` for a text without any, and an empty one for a missing text.
        """
        names = []
        for text in texts.tolist():
            words = self.known_words(text)
            if text == "":
                names.append("")
            elif words:
                names.append(words[0])
            else:
                names.append(NO_WORD)
        return np.array(names, object)

    def _ones(self, values: NDArray[Any]) -> list[Sequence[int]]:
        """List the inputs that are 1 in each row, in ascending order."""
        ones: list[Sequence[int]] = []
        for text in values.tolist():
            inputs = [self.indices[word] for word in self.known_words(text)]
            if self.missing and text == "":
                inputs.append(len(self.words))
            ones.append(inputs)
        return ones


#: The name of texts without any of the words; a word contains no space.
NO_WORD = "no word"
