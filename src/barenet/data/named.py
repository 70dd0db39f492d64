"""What every named data set can say of itself before it is loaded.

So that a list of them all is instant: description and config are here, the rows come when asked.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

from barenet.data.dataset import Dataset
from barenet.data.run_config import RunConfig

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
    config : RunConfig
        The settings that it is usually trained with.

    Examples
    --------
    >>> from barenet.data.datasets import DATASETS
    >>> moons = DATASETS["moons"]
    >>> moons.kind, moons.options, moons.config.noise
    ('generated', ('samples', 'noise', 'data_seed'), 0.2)
    """

    kind: ClassVar[str]
    options: ClassVar[tuple[str, ...]]

    description: str
    config: RunConfig

    @abstractmethod
    def load(self, name: str, **options: Any) -> Dataset:
        """Load the rows."""
