"""Named data sets: described without loading them, so that listing them all is instant."""

from __future__ import annotations

import tomllib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from barenet.data._dataset import Dataset
from barenet.data._run_config import RunConfig

_DESCRIBED = tomllib.loads(Path(__file__).with_name("named_datasets.toml").read_text("utf-8"))


@dataclass(frozen=True, kw_only=True)
class NamedDataset(ABC):
    """A data set with a name and with settings of its own.

    >>> from barenet.data._datasets import DATASETS
    >>> moons = DATASETS["moons"]
    >>> moons.kind, moons.options, moons.config.noise
    ('generated', ('samples', 'noise', 'data_seed'), 0.2)
    """

    #: The source of its rows: embedded, generated or images.
    kind: ClassVar[str]
    #: Names of the options of `load`.
    options: ClassVar[tuple[str, ...]] = ()

    description: str
    #: The settings that it is trained with by default.
    config: RunConfig

    @classmethod
    def described(cls, name: str, **fields: Any) -> Self:
        """Make a data set with its description and settings in named_datasets.toml."""
        settings: dict[str, Any] = {
            setting: tuple(value) if isinstance(value, list) else value
            for setting, value in _DESCRIBED[name].items()
        }
        description = settings.pop("description")
        return cls(description=description, config=RunConfig(**settings), **fields)

    @abstractmethod
    def load(self, name: str, **options: Any) -> Dataset:
        """Load the rows."""
