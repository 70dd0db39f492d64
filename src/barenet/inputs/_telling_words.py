"""Chooses the words of texts that predict the target, among all those that enough rows share.

The words that explain most of the target, each by itself, come first. How many of them become
inputs is chosen by cross-validation: ridge regression on the words predicts rows that were left
out. Words that mean nothing make a network overfit, so a column without telling words is dropped.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.errors import DataError
from barenet.inputs._input_regression import (
    MOST_ROWS_OF_NUMBERS,
    LeftOutErrors,
    RegressionSample,
    centered,
    share_of_numbers,
)
from barenet.tables.encoding._column import Column, DroppedColumn, FilledColumn
from barenet.tables.encoding._encoding import TableEncoding, values_of
from barenet.tables.encoding._shared_words import MOST_WORDS, sets_of_words, shared_words
from barenet.tables.encoding._words_column import WordsColumn

#: The penalty of ridge regression, in rows: the effect of a rare word is mostly chance.
PENALTY = 10.0

#: The numbers of words that are compared, and the number of folds that are left out in turn.
NUMBERS_OF_WORDS = (0, 10, 30, 100, MOST_WORDS)
FOLDS = 5

#: The seed of the folds. Rows in a regular order may have been shuffled with a usual seed, such as
#: 0; if the folds were drawn with the same one, each would have rows of one kind.
SEED = 20_231_127

#: Maximum number of rows that the words are compared on.
MOST_ROWS_OF_WORDS = MOST_ROWS_OF_NUMBERS


class WordRows(NamedTuple):
    """The words that texts share, and the rows that have them.

    Attributes
    ----------
    words : list of str
        The words.
    places : ndarray of shape (n_entries,), int
        The place of a word in `words`.
    rows : ndarray of shape (n_entries,), int
        A row that has this word.
    """

    words: list[str]
    places: NDArray[np.intp]
    rows: NDArray[np.intp]

    @classmethod
    def of(cls, texts: NDArray[Any]) -> "WordRows":
        """Find the words that enough rows share."""
        words_by_text = sets_of_words(texts.tolist())
        counts = [1 for _ in words_by_text]  # each text is in one row
        shared = shared_words(words_by_text, counts)
        place_of_word = {word: place for place, word in enumerate(shared)}
        places = []
        rows = []
        for row, words in enumerate(words_by_text):
            for word in words:
                if word in place_of_word:
                    places.append(place_of_word[word])
                    rows.append(row)
        return cls(shared, np.array(places, np.intp), np.array(rows, np.intp))

    def by_explained(
        self, targets: NDArray[np.float64], weight: NDArray[np.float64]
    ) -> NDArray[np.intp]:
        """Order the places of the words by the squares that each explains, and return the first.

        The squares are those that ridge regression on the word alone explains.
        """
        n_words = len(self.words)
        targets = targets - weight @ targets / weight.sum()
        weight_of_entries = weight[self.rows]
        weight_by_word = np.bincount(self.places, weight_of_entries, n_words)
        # The squared deviations of the truth value "the row has the word" from its mean.
        deviations = weight_by_word * (1 - weight_by_word / weight.sum())
        explained = np.zeros(n_words)
        for target in targets.T:
            weighted = weight_of_entries * target[self.rows]
            products = np.bincount(self.places, weighted, n_words)
            explained += np.square(products) / (deviations + PENALTY)
        return np.argsort(-explained, kind="stable")[:MOST_WORDS]

    def matrix(self, places: NDArray[np.intp], n_rows: int) -> NDArray[np.float64]:
        """Return whether each row has the words at some places, as 0 or 1."""
        column_of_place = np.full(len(self.words), -1)
        column_of_place[places] = np.arange(len(places))
        columns = column_of_place[self.places]
        is_chosen = columns >= 0
        has_word = np.zeros((n_rows, len(places)))
        has_word[self.rows[is_chosen], columns[is_chosen]] = 1
        return has_word


class TextSample(NamedTuple):
    """Some rows of a table, to choose the words of its texts.

    Attributes
    ----------
    rows : ndarray of shape (n_sampled,), int
        The rows.
    word_rows : dict of str to WordRows
        The words of each column of texts.
    targets : ndarray of shape (n_sampled, n_targets)
        The targets, without what numbers and dates explain.
    weight : ndarray of shape (n_sampled,)
        The weights, of mean 1.
    """

    rows: NDArray[np.intp]
    word_rows: dict[str, WordRows]
    targets: NDArray[np.float64]
    weight: NDArray[np.float64]

    @classmethod
    def of(
        cls, encoding: TableEncoding, X: Any, y: NDArray[Any], weight: NDArray[Any]
    ) -> "TextSample":
        """Choose rows; y has classes, or rows of numbers."""
        sample = RegressionSample.of(y, weight, MOST_ROWS_OF_WORDS)
        frame = encoding.frame_of(X).take(sample.rows)
        word_rows = {}
        other_inputs = []
        for column, values in values_of(encoding, frame):
            if isinstance(column, WordsColumn):
                word_rows[column.name] = WordRows.of(values)
            elif isinstance(column, FilledColumn):
                other_inputs.append(column.encode(values))
        numbers = sample.centered(other_inputs)
        residuals = sample.targets - share_of_numbers(numbers, sample.targets, sample.weight)
        targets = centered(residuals, sample.weight)
        return cls(sample.rows, word_rows, targets, sample.weight)

    def numbers_of_words(self) -> dict[str, int]:
        """Choose the number of words of each column."""
        numbers = {}
        for name, word_rows in self.word_rows.items():
            numbers[name] = _number_of_words(word_rows, self.targets, self.weight)
        return numbers

    def first_words(self, name: str, n_words: int, weight: NDArray[np.float64]) -> tuple[str, ...]:
        """List the words of a column that explain most; rows of weight 0 have no part in it."""
        word_rows = self.word_rows[name]
        order = word_rows.by_explained(self.targets, weight)
        return tuple(word_rows.words[place] for place in order[:n_words].tolist())


def with_telling_words(
    encoding: TableEncoding,
    X: Any,
    y: NDArray[Any],
    weight: NDArray[Any],
    keep: Collection[str] = (),
) -> TableEncoding:
    """Choose the words of each column by the target; y has classes, or rows of numbers.

    A column whose words don't predict the target is dropped, unless it is the only one or one to
    keep, which keeps its most frequent words.

    >>> kinds = ["red car", "old red bike", "new green car", "new yellow car", "old blue bike"]
    >>> titles = [f"{kinds[number % 5]} {number}" for number in range(200)]
    >>> table = {"title": titles, "x": np.sin(np.arange(200))}
    >>> encoding = TableEncoding.fit(table)
    >>> encoding.columns[0].words
    ('car', 'bike', 'new', 'old', 'red', 'blue', 'green', 'yellow')
    >>> prices = np.array([["car" in title] for title in titles], float)
    >>> with_telling_words(encoding, table, prices, np.ones(200)).columns[0].words
    ('bike', 'old', 'car', 'new', 'blue', 'yellow', 'green', 'red')
    """
    if not has_words(encoding):
        return encoding
    sample = TextSample.of(encoding, X, y, weight)
    words_by_name = {}
    for name, n_words in sample.numbers_of_words().items():
        words_by_name[name] = sample.first_words(name, n_words, sample.weight)
    return _with_words(encoding, words_by_name, keep)


def with_words_of_networks(
    encoding: TableEncoding,
    X: Any,
    y: NDArray[Any],
    weight: NDArray[Any],
    left_out: Sequence[NDArray[np.intp]],
    keep: Collection[str] = (),
) -> tuple[TableEncoding, NDArray[np.float32]]:
    """Choose words for each network of an ensemble, from the rows that it does not leave out.

    Returns the encoding with the words of all networks, and factors of its inputs for each network,
    which are 0 for the words of others. The number of words is one decision for all networks.
    """
    n_networks = len(left_out)
    if not has_words(encoding):
        return encoding, np.ones((n_networks, encoding.n_inputs), np.float32)
    sample = TextSample.of(encoding, X, y, weight)
    numbers = sample.numbers_of_words()
    words_of_networks: list[dict[str, tuple[str, ...]]] = []
    for left_out_rows in left_out:
        is_left_out = np.isin(sample.rows, left_out_rows)
        weight_in_training = np.where(is_left_out, 0.0, sample.weight)
        words_of_network = {}
        for name, n_words in numbers.items():
            words_of_network[name] = sample.first_words(name, n_words, weight_in_training)
        words_of_networks.append(words_of_network)
    words_by_name = {}
    for name in numbers:
        words: dict[str, None] = {}  # an ordered set
        for words_of_network in words_of_networks:
            words.update(dict.fromkeys(words_of_network[name]))
        words_by_name[name] = tuple(words)
    encoding = _with_words(encoding, words_by_name, keep)
    factors = np.ones((n_networks, encoding.n_inputs), np.float32)
    for network, words_of_network in enumerate(words_of_networks):
        factors[network, _inputs_of_other_words(encoding, words_of_network)] = 0
    return encoding, factors


def _inputs_of_other_words(
    encoding: TableEncoding, words_of_network: Mapping[str, tuple[str, ...]]
) -> list[int]:
    """List the inputs of words that a network doesn't have; without any words, it has all."""
    inputs = []
    starts = encoding.starts
    for column in encoding.used:
        if not isinstance(column, WordsColumn) or not words_of_network[column.name]:
            continue
        for place, word in enumerate(column.words):
            if word not in words_of_network[column.name]:
                inputs.append(starts[column.name] + place)
    return inputs


def has_words(encoding: TableEncoding) -> bool:
    """Return whether some column is encoded by its words."""
    return any(isinstance(column, WordsColumn) for column in encoding.used)


def _with_words(
    encoding: TableEncoding, words_by_name: Mapping[str, tuple[str, ...]], keep: Collection[str]
) -> TableEncoding:
    """Replace the words of the columns; columns without words are dropped, except those to keep."""
    columns: list[Column] = []
    for column in encoding.columns:
        if not isinstance(column, WordsColumn):
            columns.append(column)
        elif words_by_name[column.name]:
            columns.append(replace(column, words=words_by_name[column.name]))
        elif column.name in keep:
            columns.append(column)
        else:
            reason = "the words of its texts do not predict the target"
            columns.append(DroppedColumn(column.name, reason))
    try:
        return replace(encoding, columns=tuple(columns))
    except DataError:  # no other column is left to learn from
        return encoding


def _number_of_words(
    word_rows: WordRows, targets: NDArray[np.float64], weight: NDArray[np.float64]
) -> int:
    """Choose the number of words with the lowest error on left-out rows; 0 if none are better."""
    n_rows = len(targets)
    fold_of_row = np.random.default_rng(SEED).permutation(n_rows) % FOLDS
    predictions = {n_words: np.zeros_like(targets) for n_words in NUMBERS_OF_WORDS}
    for fold in range(FOLDS):
        is_left_out = fold_of_row == fold
        training_weight = np.where(is_left_out, 0.0, weight)
        if not training_weight.any():
            return 0
        places = word_rows.by_explained(targets, training_weight)
        total_weight = training_weight.sum()
        mean = training_weight @ targets / total_weight
        X = word_rows.matrix(places, n_rows)
        X -= training_weight @ X / total_weight
        weighted = training_weight[:, np.newaxis] * X
        squares = weighted.T @ X + PENALTY * np.eye(len(places))
        products = weighted.T @ (targets - mean)
        for n_words, predicted in predictions.items():
            squares_of_words = squares[:n_words, :n_words]
            coefficients = np.linalg.solve(squares_of_words, products[:n_words])
            predicted[is_left_out] = mean + X[is_left_out, :n_words] @ coefficients
    results = {}
    for n_words, predicted in predictions.items():
        squared_errors = weight * np.square(targets - predicted).mean(axis=1)
        results[n_words] = LeftOutErrors(squared_errors, predicted)
    best = min(results, key=lambda n_words: results[n_words].error)
    return best if results[best].is_clearly_better(than=results[0]) else 0
