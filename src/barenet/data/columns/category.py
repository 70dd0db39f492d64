"""A column of categories: a 1 in the output of its own, a 0 in all others."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from barenet.data.columns.column import Column
from barenet.data.frame import Frame
from barenet.data.reading import as_labels

__all__ = ["CategoryColumn"]


@dataclass(frozen=True)
class CategoryColumn(Column):
    """Categories, one-hot: 1 for the row's own, 0 for all others.

    Attributes
    ----------
    name : str
        The column.
    categories : tuple of str
        Those that have an output of their own, in its order.
    rare : bool
        Whether one more output stands for all others. It is there where the training rows hold
        categories that are too rare; what they do not hold at all is then rare, too, and else 0 in
        every output.
    missing : bool
        Whether one more output stands for missing values. It is there where some were missing in
        the training rows; else a missing value is one that they do not hold.

    Raises
    ------
    ValueError
        If a field is not what it should be, or a category is there twice.

    Examples
    --------
    >>> towns = CategoryColumn("town", ("Paris", "Rome"), rare=True, missing=False)
    >>> towns.outputs
    ('town=Paris', 'town=Rome', 'town rare')
    >>> towns.encode(np.array(["Rome", "Oslo"]))
    array([[0., 1., 0.],
           [0., 0., 1.]])
    """

    kind: ClassVar[str] = "category"
    categories: tuple[str, ...]
    rare: bool
    missing: bool

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(set(self.categories)) < len(self.categories) or "" in self.categories:
            raise ValueError("categories: expected different names, none of them empty")

    @property
    def outputs(self) -> tuple[str, ...]:
        others = [word for word in ("rare", "missing") if getattr(self, word)]
        named = [f"{self.name}={category}" for category in self.categories]
        return (*named, *(f"{self.name} {word}" for word in others))

    @property
    def formula(self) -> str:
        others = "rare and new ones share one" if self.rare else "a new one is all 0"
        return f"one-hot: 1 for its own category, 0 for the others; {others}"

    @cached_property
    def _places(self) -> dict[str, int]:
        """The output of each label."""
        places = {category: at for at, category in enumerate(self.categories)}
        return places | {"": self._n_outputs - 1} if self.missing else places

    @cached_property
    def _n_outputs(self) -> int:
        return len(self.categories) + self.rare + self.missing

    def read(self, frame: Frame, missing: Collection[str]) -> NDArray[Any]:
        return as_labels(frame, self.name, missing)

    def encode(self, values: NDArray[Any]) -> NDArray[np.float64]:
        other = len(self.categories) if self.rare else -1
        places = np.array([self._places.get(label, other) for label in values.tolist()])
        return (places[:, np.newaxis] == np.arange(self._n_outputs)).astype(np.float64)

    def usual(self, encoded: NDArray[np.float64]) -> NDArray[np.float64]:
        most = encoded.sum(axis=0).argmax()
        return (np.arange(self._n_outputs) == most).astype(np.float64)
