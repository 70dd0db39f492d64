"""Data sets made from a formula: as many rows as asked for, and the same ones for the same seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.random import RandomState

from barenet.constraints import check_number
from barenet.data.dataset import Dataset
from barenet.data.named import NamedDataset
from barenet.data.run_config import RunConfig
from barenet.data.shapes import Points, circles, gaussians, hills, moons, plane, sine, spirals, xor

__all__ = ["GENERATED"]

#: What each option may be.
LIMITS: dict[str, Any] = {
    "samples": {"ge": 2, "le": 10**7, "integer": True},
    "noise": {"ge": 0},
    "data_seed": {"ge": 0, "le": 2**32 - 1, "integer": True},
}


@dataclass(frozen=True, kw_only=True)
class Generated(NamedDataset):
    """A data set made from a formula.

    Attributes
    ----------
    points : callable
        Takes the number of rows, the noise and a RandomState; returns X and y.
    classes : tuple of str, or None
        The classes' names; None for numbers.
    feature_names : tuple of str
        The columns' names.

    Examples
    --------
    >>> xor = GENERATED["xor"].load("xor", samples=50, noise=0.5)
    >>> xor.X.shape, xor.config.samples, xor.config.noise, xor.config.data_seed
    ((50, 2), 50, 0.5, 0)
    """

    kind: ClassVar[str] = "generated"
    options: ClassVar[tuple[str, ...]] = ("samples", "noise", "data_seed")

    points: Callable[[int, float, RandomState], Points]
    classes: tuple[str, ...] | None = ("0", "1")
    feature_names: tuple[str, ...] = ("x1", "x2")

    def load(self, name: str, **options: Any) -> Dataset:
        """Make the rows."""
        checked = {
            option: check_number(value, option, **LIMITS[option])
            for option, value in options.items()
        }
        config = RunConfig(**checked).over(self.config)  # type: ignore[arg-type]
        said: dict[str, Any] = config.set_fields()
        samples, noise, seed = (said[option] for option in self.options)
        X, y = self.points(samples, noise, RandomState(seed))
        return Dataset(
            name=name,
            X=X,
            y=y.astype(np.float64 if self.classes is None else np.int64),
            classes=self.classes,
            feature_names=self.feature_names,
            target_name="y",
            description=self.description,
            config=config,
        )


#: The sets by name.
GENERATED: dict[str, NamedDataset] = {
    "moons": Generated(
        description="two half moons that reach into each other, two classes",
        points=moons,
        config=RunConfig(
            samples=200,
            noise=0.2,
            data_seed=0,
            layers=(2, 1, 1),
            hidden=("tanh",),
            output="sigmoid",
            init="normal:std=0.01",
            bias_init="zeros",
            loss="binary_cross_entropy",
            optimizer="sgd",
            learning_rate=0.01,
            epochs=10_000,
            batch_size="full",
            shuffle=False,
            seed=2,
            dtype="float64",
            scaling="none",
            test_size=0.0,
            verbose_epoch=1000,
        ),
    ),
    "circles": Generated(
        description="a circle within a circle, two classes",
        points=circles,
        config=RunConfig(
            samples=300,
            noise=0.1,
            data_seed=0,
            layers=(2, 8, 1),
            output="sigmoid",
            learning_rate=0.01,
            epochs=100,
            scaling="none",
            verbose_epoch=10,
        ),
    ),
    "spirals": Generated(
        description="two spiral arms around each other, two classes",
        points=spirals,
        config=RunConfig(
            samples=500,
            noise=0.1,
            data_seed=0,
            layers=(2, 16, 16, 1),
            hidden=("tanh",),
            output="sigmoid",
            learning_rate=0.01,
            epochs=400,
            scaling="none",
            verbose_epoch=40,
        ),
    ),
    "xor": Generated(
        description="four quarters of a square, the opposite ones alike, two classes",
        points=xor,
        config=RunConfig(
            samples=400,
            noise=0.0,
            data_seed=0,
            layers=(2, 8, 1),
            output="sigmoid",
            learning_rate=0.03,
            epochs=60,
            verbose_epoch=6,
        ),
    ),
    "gaussians": Generated(
        description="two round clouds, two classes",
        points=gaussians,
        config=RunConfig(
            samples=400,
            noise=1.0,
            data_seed=0,
            layers=(2, 2, 1),
            hidden=("tanh",),
            output="sigmoid",
            learning_rate=0.01,
            epochs=30,
            verbose_epoch=3,
        ),
    ),
    "sine": Generated(
        description="two periods of a sine wave between 0 and 1, a curve to fit",
        points=sine,
        classes=None,
        feature_names=("x",),
        config=RunConfig(
            samples=500,
            noise=0.0,
            data_seed=0,
            layers=(1, 10, 10, 1),
            hidden=("relu",),
            output="sigmoid",
            init="normal:std=0.1",
            bias_init="normal:std=0.1",
            loss="squared_error",
            optimizer="sgd",
            learning_rate=0.01,
            epochs=1000,
            batch_size=1,
            shuffle=False,
            seed=38,
            dtype="float64",
            scaling="standardize",
            test_size=0.0,
            verbose_epoch=200,
        ),
    ),
    "plane": Generated(
        description="a tilted plane over a square, a surface to fit",
        points=plane,
        classes=None,
        config=RunConfig(
            samples=400,
            noise=0.0,
            data_seed=0,
            layers=(2, 4, 1),
            hidden=("tanh",),
            learning_rate=0.03,
            epochs=50,
            verbose_epoch=5,
        ),
    ),
    "hills": Generated(
        description="six round hills and valleys, a sum of Gaussians, a surface to fit",
        points=hills,
        classes=None,
        config=RunConfig(
            samples=400,
            noise=0.0,
            data_seed=0,
            layers=(2, 16, 16, 1),
            hidden=("tanh",),
            learning_rate=0.01,
            epochs=200,
            verbose_epoch=20,
        ),
    ),
}
