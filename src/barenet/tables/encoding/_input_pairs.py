"""Inputs for pairs of columns: of categories, such as a store and a month, or with a number.

The inputs of each column by itself add up, whatever the other column is. An input for a pair has a
weight of its own, for what two categories have in common beyond their sum, or for the slope of a
number in a category.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import convert_fields
from barenet.errors import ArgumentError
from barenet.tables.encoding._column import Column, Entries


@dataclass(frozen=True)
class InputPairs:
    """Pairs of inputs of two columns, whose products are further inputs.

    At most one input of a category column is 1 in a row. The same holds for the codes of a column
    of numbers, and for a part of a date. So the product of such an input and one of another column
    is 1 in the rows with this pair of categories, and 0 in the others. The product with a scaled
    number is this number in the rows with the category, and 0 in the others.

    Attributes
    ----------
    first, second : str
        Names of the columns.
    pairs : tuple of (int, int)
        The index of an input of the first column, and that of an input of the second one. A column
        has all these inputs in one of the ranges of its `exclusive_inputs`.

    Raises
    ------
    ValueError
        If there is no pair, a pair occurs twice, or a pair does not consist of two indices.

    Examples
    --------
    >>> from barenet.tables.encoding._column_kinds import CategoryColumn
    >>> town = CategoryColumn("town", ("Oslo", "Rome"), rare=False, missing=False)
    >>> size = CategoryColumn("size", ("L", "S"), rare=False, missing=False)
    >>> InputPairs("town", "size", ((0, 1), (1, 1))).names(town, size)
    ['town=Oslo, size=S', 'town=Rome, size=S']
    """

    first: str
    second: str
    pairs: tuple[tuple[int, int], ...]

    def __post_init__(self) -> None:
        convert_fields(self)
        are_pairs = all(len(pair) == 2 for pair in self.pairs)
        all_differ = len(set(self.pairs)) == len(self.pairs)
        if not self.pairs or not are_pairs or not all_differ:
            raise ArgumentError.of("pairs", self.pairs, "one or more pairs, all of them different")

    @property
    def formula(self) -> str:
        """The inputs in one line."""
        return "the product of an input of each column"

    @cached_property
    def first_places(self) -> NDArray[np.intp]:
        """The inputs of the first column, shape (n_pairs,)."""
        return np.array([first for first, _ in self.pairs])

    @cached_property
    def second_places(self) -> NDArray[np.intp]:
        """The inputs of the second column, shape (n_pairs,)."""
        return np.array([second for _, second in self.pairs])

    def check(self, first: Column, second: Column) -> None:
        """Refuse inputs that the columns don't have, or of which several may differ from 0.

        Raises
        ------
        ValueError
            If a column lacks one of the inputs, or several of them may differ from 0 in a row.
        """
        _check_exclusive(first, self.first_places)
        _check_exclusive(second, self.second_places)

    def names(self, first: Column, second: Column) -> list[str]:
        """Name the inputs."""
        names = []
        for first_place, second_place in self.pairs:
            names.append(f"{first.inputs[first_place]}, {second.inputs[second_place]}")
        return names

    def entries(self, first: Entries, second: Entries) -> Entries:
        """Encode each row as the input that may not be 0, given the entries of both columns."""
        places = self._pair_of_rows(
            first.place_among(self.first_places), second.place_among(self.second_places)
        )
        products = first.sum_among(self.first_places) * second.sum_among(self.second_places)
        has_pair = places >= 0  # the entry of a row without a pair is 0, at input 0
        numbers = np.where(has_pair, products, 0.0)
        inputs = np.maximum(places, 0)
        return Entries(inputs[:, np.newaxis], numbers[:, np.newaxis])

    def _pair_of_rows(self, first: NDArray[np.intp], second: NDArray[np.intp]) -> NDArray[np.intp]:
        """Find the index of each row's pair of inputs; -1 if it isn't one of the pairs."""
        numbers = first * self._n_second + second
        after = np.searchsorted(self._numbers[self._order], numbers)
        nearest = self._order[np.minimum(after, len(self._order) - 1)]
        has_both = (first >= 0) & (second >= 0)
        is_pair = (self._numbers[nearest] == numbers) & has_both
        return np.where(is_pair, nearest, -1)

    @cached_property
    def _n_second(self) -> int:
        """A number above each index of the second column."""
        return int(self.second_places.max()) + 1

    @cached_property
    def _numbers(self) -> NDArray[np.intp]:
        """A number for each pair, among which those of rows are looked up."""
        return self.first_places * self._n_second + self.second_places

    @cached_property
    def _order(self) -> NDArray[np.intp]:
        """The pairs in the order of their numbers."""
        return np.argsort(self._numbers)

    def to_dict(self) -> dict[str, Any]:
        """Convert to JSON data, for `input_pairs_from_dict`."""
        pairs = [list(pair) for pair in self.pairs]
        return {"first": self.first, "second": self.second, "pairs": pairs}


def input_pairs_from_dict(plain: Any) -> InputPairs:
    """Make pairs from the data of `InputPairs.to_dict`."""
    if not isinstance(plain, dict) or plain.keys() != {"first", "second", "pairs"}:
        raise ArgumentError.of("pairs", plain, "a dictionary with first, second and pairs")
    return InputPairs(**plain)


def _check_exclusive(column: Column, places: NDArray[np.intp]) -> None:
    """Refuse inputs that are not in one range of inputs of which at most one is not 0."""
    for inputs in column.exclusive_inputs.values():
        if all(place in inputs for place in places.tolist()):
            return
    expected = f"inputs of column {column.name!r} of which at most one is not 0"
    raise ArgumentError.of("pairs", places.tolist(), expected)
