"""What every named data set can say of itself before it is loaded.

So that a list of them all is instant: description and recipe are here, the rows come when asked.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from barenet.data.dataset import Dataset
from barenet.data.recipe import Recipe

__all__ = ["NamedDataset"]


@dataclass(frozen=True, kw_only=True)
class NamedDataset(ABC):
    """A data set that has a name.

    Attributes
    ----------
    kind : str
        Where its rows come from: embedded, generated or images.
    options : tuple of str
        What `load` can be told.
    description : str
        One line.
    recipe : Recipe
        The settings that it is usually trained with.

    Examples
    --------
    >>> from barenet.data.datasets import DATASETS
    >>> moons = DATASETS["moons"]
    >>> moons.kind, moons.options, moons.recipe.noise
    ('generated', ('samples', 'noise', 'data_seed'), 0.2)
    """

    kind: ClassVar[str]
    options: ClassVar[tuple[str, ...]]

    description: str
    recipe: Recipe

    @abstractmethod
    def load(self, name: str, **options: Any) -> Dataset:
        """Load the rows."""
