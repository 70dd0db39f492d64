"""Columns of few different values: truth values and categories."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.data._column import Column, FilledColumn, Text
from barenet.data._parsing import as_booleans
from barenet.errors import ArgumentError


@dataclass(frozen=True)
class BooleanColumn(FilledColumn):
    """Truth values: 1 for true and 0 for false.

    Attributes
    ----------
    fill : bool
        Replaces a missing value: the more frequent one of the training rows, false in a tie.

    Examples
    --------
    >>> BooleanColumn("member", fill=True, indicator=False).encode(np.array([0.0, np.nan]))
    array([[0.],
           [1.]])
    """

    kind = "boolean"
    parse = staticmethod(as_booleans)
    fill: bool
    center, scale = 0.0, 1.0
    indicator: bool

    @property
    def formula(self) -> str:
        return f"1 if true, 0 if false, where missing {int(self.fill)}"


@dataclass(frozen=True)
class CategoryColumn(Column):
    """Categories, one-hot: 1 for the category of the row, 0 for the others.

    Attributes
    ----------
    categories : tuple of str
        The categories that have an output each, in this order.
    rare : bool
        Whether one more output stands for rare and new categories; else a new one is all 0.
    missing : bool
        Whether one more output stands for missing values; else they are new categories.

    Raises
    ------
    ValueError
        If a field is not valid.

    Examples
    --------
    >>> towns = CategoryColumn("town", ("Paris", "Rome"), rare=True, missing=False)
    >>> towns.outputs
    ('town=Paris', 'town=Rome', 'town rare')
    >>> towns.encode(np.array(["Rome", "Oslo"]))
    array([[0., 1., 0.],
           [0., 0., 1.]])
    """

    kind = "category"
    categories: tuple[Text, ...]
    rare: bool
    missing: bool

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(set(self.categories)) < len(self.categories) or "" in self.categories:
            expected = "different names, none of them empty"
            raise ArgumentError.of("categories", self.categories, expected)

    @cached_property
    def outputs(self) -> tuple[str, ...]:
        others = [word for word in ("rare", "missing") if getattr(self, word)]
        named = [f"{self.name}={category}" for category in self.categories]
        return (*named, *(f"{self.name} {word}" for word in others))

    @property
    def formula(self) -> str:
        others = "rare and new ones share one" if self.rare else "a new one is all 0"
        return f"one-hot: 1 for its own category, 0 for the others; {others}"

    @cached_property
    def _output_indices(self) -> dict[str, int]:
        """The output of each label."""
        indices = {category: at for at, category in enumerate(self.categories)}
        return indices | {"": len(self.outputs) - 1} if self.missing else indices

    def encode(self, values: NDArray[Any]) -> NDArray[np.float64]:
        other = len(self.categories) if self.rare else -1
        indices = np.array([self._output_indices.get(label, other) for label in values.tolist()])
        return (indices[:, np.newaxis] == np.arange(len(self.outputs))).astype(np.float64)
