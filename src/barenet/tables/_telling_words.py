"""Chooses the words of texts that predict the target, among all those that enough rows share.

The words that explain most of the target, each by itself, come first. How many of them become
inputs is chosen by cross-validation: ridge regression on the words predicts rows that were left
out. Words that mean nothing make a network overfit, so a column without telling words is dropped.
"""

import math
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.errors import DataError
from barenet.tables._chosen_inputs import (
    MOST_ROWS_OF_NUMBERS,
    LeaveOneOut,
    centered,
    share_of_numbers,
    targets_of,
)
from barenet.tables._column import Column, DroppedColumn, FilledColumn
from barenet.tables._encoding import TableEncoding, values_of
from barenet.tables._shared_words import MOST_WORDS, sets_of_words, shared_words
from barenet.tables._words_column import WordsColumn

#: The penalty of ridge regression, in rows: the effect of a rare word is mostly chance.
PENALTY = 10.0

#: The numbers of words that are compared, and the number of folds that are left out in turn.
NUMBERS_OF_WORDS = (0, 10, 30, 100, MOST_WORDS)
FOLDS = 5

#: The seed of the folds. Rows in a regular order may have been shuffled with a usual seed, such as
#: 0; if the folds were drawn with the same one, each would have rows of one kind.
SEED = 20_231_127

#: Maximum number of rows that the words are compared on.
MOST_ROWS = MOST_ROWS_OF_NUMBERS


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
        shared = shared_words(words_by_text, [1] * len(words_by_text))
        place_of_word = dict(zip(shared, range(len(shared)), strict=True))
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


def with_telling_words(
    encoding: TableEncoding, X: Any, y: NDArray[Any], weight: NDArray[Any]
) -> TableEncoding:
    """Choose the words of each column by the target; y has classes, or rows of numbers.

    A column whose words don't predict the target is dropped, unless it is the only one.

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
    if not any(isinstance(column, WordsColumn) for column in encoding.used):
        return encoding
    frame = encoding.frame_of(X)
    stride = math.ceil(len(frame) / MOST_ROWS)
    sample = slice(None, None, stride)
    frame = frame.take(sample)
    weight = weight[sample]
    weight = weight / (weight.mean() or 1.0)
    texts_by_name: dict[str, NDArray[Any]] = {}
    other_inputs = []
    for column, values in values_of(encoding, frame):
        if isinstance(column, WordsColumn):
            texts_by_name[column.name] = values
        elif isinstance(column, FilledColumn):
            other_inputs.append(column.encode(values))
    targets = centered(targets_of(y[sample]), weight)
    if other_inputs:
        numbers = centered(np.column_stack(other_inputs), weight)
        targets = targets - share_of_numbers(numbers, targets, weight)
        targets = centered(targets, weight)
    columns: list[Column] = []
    for column in encoding.columns:
        if isinstance(column, WordsColumn):
            words = telling_words(texts_by_name[column.name], targets, weight)
            columns.append(_with_words(column, words))
        else:
            columns.append(column)
    try:
        return replace(encoding, columns=tuple(columns))
    except DataError:  # no other column is left to learn from
        return encoding


def _with_words(column: WordsColumn, words: tuple[str, ...]) -> Column:
    """Replace the words of a column; drop it if there are none."""
    if not words:
        return DroppedColumn(column.name, "the words of its texts do not predict the target")
    return replace(column, words=words)


def telling_words(
    texts: NDArray[Any], targets: NDArray[np.float64], weight: NDArray[np.float64]
) -> tuple[str, ...]:
    """List the words of texts that predict the targets, shape (n_rows, n_targets)."""
    word_rows = WordRows.of(texts)
    n_words = _number_of_words(word_rows, targets, weight)
    order = word_rows.by_explained(targets, weight)
    words = []
    for place in order[:n_words].tolist():
        words.append(word_rows.words[place])
    return tuple(words)


def _number_of_words(
    word_rows: WordRows, targets: NDArray[np.float64], weight: NDArray[np.float64]
) -> int:
    """Choose the number of words with the lowest error on left-out rows; 0 if none are better."""
    n_rows = len(targets)
    fold_of_row = np.random.default_rng(SEED).permutation(n_rows) % FOLDS
    predictions = {}
    for n_words in NUMBERS_OF_WORDS:
        predictions[n_words] = np.zeros_like(targets)
    for fold in range(FOLDS):
        is_left_out = fold_of_row == fold
        training_weight = np.where(is_left_out, 0.0, weight)
        if not training_weight.any():
            return 0
        places = word_rows.by_explained(targets, training_weight)
        mean = training_weight @ targets / training_weight.sum()
        X = word_rows.matrix(places, n_rows)
        X -= training_weight @ X / training_weight.sum()
        weighted = training_weight[:, np.newaxis] * X
        squares = weighted.T @ X + PENALTY * np.eye(len(places))
        products = weighted.T @ (targets - mean)
        for n_words, predicted in predictions.items():
            coefficients = np.linalg.solve(squares[:n_words, :n_words], products[:n_words])
            predicted[is_left_out] = mean + X[is_left_out, :n_words] @ coefficients
    results = {}
    for n_words, predicted in predictions.items():
        squared_errors = weight * np.square(targets - predicted).mean(axis=1)
        results[n_words] = LeaveOneOut(squared_errors, predicted)
    best = min(results, key=lambda n_words: results[n_words].error)
    if not results[best].is_clearly_better(than=results[0]):
        return 0
    return best
