"""Named data sets, described without loading them; those of scikit-learn among them."""

import tomllib
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

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
        plain: dict[str, Any] = {**_DESCRIBED[self.name]}
        del plain["description"]
        lists = {name: tuple(value) for name, value in plain.items() if isinstance(value, list)}
        return RunConfig(**plain | lists)

    @abstractmethod
    def load(self, **options: Any) -> Dataset:
        """Load the rows."""

    def _dataset(self, **fields: Any) -> Dataset:
        """Make the data set, with its own name, target, description and settings."""
        fields = {"config": self.config, **fields}
        name, target = self.name, self.target_name
        return Dataset(name=name, target_name=target, description=self.description, **fields)


class Embedded(NamedDataset):
    """A data set of scikit-learn.

    >>> EMBEDDED["wine"].load().X.shape
    (178, 13)
    """

    kind: ClassVar[str] = "embedded"

    def load(self, **options: Any) -> Dataset:
        """Load the rows."""
        from sklearn import datasets

        # Ages in years, not in standard deviations.
        arguments = {"scaled": False} if self.name == "diabetes" else {}
        bunch = getattr(datasets, f"load_{self.name}")(**arguments)
        has_classes = "target_names" in bunch
        return self._dataset(
            X=np.asarray(bunch.data, np.float64),
            y=np.asarray(bunch.target, np.int64 if has_classes else np.float64),
            classes=tuple(map(str, bunch.target_names)) if has_classes else None,
            feature_names=tuple(bunch.feature_names),
            image_shape=bunch.images.shape[1:] if "images" in bunch else None,
        )


_TARGETS = {
    "digits": "digit",
    "iris": "species",
    "wine": "grower",
    "breast_cancer": "diagnosis",
    "diabetes": "progression",
}

#: The data sets by name.
EMBEDDED: dict[str, NamedDataset] = {
    name: Embedded(name=name, target_name=target) for name, target in _TARGETS.items()
}
