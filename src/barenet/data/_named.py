"""Named data sets: described without loading them, so that listing them all is instant."""

import tomllib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from barenet.data._dataset import Dataset
from barenet.data._run_config import RunConfig

_DESCRIBED = tomllib.loads(Path(__file__).with_name("named_datasets.toml").read_text("utf-8"))


@dataclass(frozen=True, kw_only=True)
class NamedDataset(ABC):
    """A data set with a name and, in named_datasets.toml, a description and settings of its own.

    >>> from barenet.data._datasets import DATASETS
    >>> moons = DATASETS["moons"]
    >>> moons.kind, moons.options, moons.config.noise
    ('generated', ('samples', 'noise', 'data_seed'), 0.2)
    """

    #: The source of its rows: embedded, generated or images.
    kind: ClassVar[str]
    #: Names of the options of `load`.
    options: ClassVar[tuple[str, ...]] = ()

    name: str
    target_name: str = "y"

    @property
    def description(self) -> str:
        """Description in one line."""
        return str(_DESCRIBED[self.name]["description"])

    @cached_property
    def config(self) -> RunConfig:
        """The settings that it is trained with by default."""
        settings: dict[str, Any] = {
            setting: tuple(value) if isinstance(value, list) else value
            for setting, value in _DESCRIBED[self.name].items()
            if setting != "description"
        }
        return RunConfig(**settings)

    @abstractmethod
    def load(self, **options: Any) -> Dataset:
        """Load the rows."""

    def _dataset(self, **fields: Any) -> Dataset:
        """Make the data set, with its own name, target, description and settings."""
        fields = {"config": self.config, **fields}
        name, target = self.name, self.target_name
        return Dataset(name=name, target_name=target, description=self.description, **fields)
