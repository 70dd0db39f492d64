"""Data sets made from a formula: as many rows as asked for, the same ones for the same seed.

Their random numbers are ``numpy.random.RandomState``'s, whose stream is frozen, so that the rows
stay the same from one version of NumPy to the next.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

from barenet.data.dataset import Dataset
from barenet.data.named import NamedDataset
from barenet.data.recipe import Recipe

__all__ = ["GENERATED"]

Points = tuple[NDArray[np.float64], NDArray[Any]]

#: Most rows that may be asked for.
MAX_SAMPLES = 10**7


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
    >>> xor.X.shape, xor.recipe.samples, xor.recipe.noise, xor.recipe.data_seed
    ((50, 2), 50, 0.5, 0)
    """

    kind: ClassVar[str] = "generated"
    options: ClassVar[tuple[str, ...]] = ("samples", "noise", "data_seed")

    points: Callable[[int, float, RandomState], Points]
    classes: tuple[str, ...] | None = ("0", "1")
    feature_names: tuple[str, ...] = ("x1", "x2")

    def load(self, name: str, **options: Any) -> Dataset:
        """Make the rows.

        Parameters
        ----------
        name : str
            What to call the data set.
        **options
            ``samples``, ``noise``, ``data_seed``; the recipe's where not said.

        Returns
        -------
        Dataset
            With a recipe that holds the options it was made with.

        Raises
        ------
        ValueError
            If an option is out of its range.
        """
        recipe = Recipe(**options).over(self.recipe)
        said: dict[str, Any] = recipe.said()
        samples, noise, seed = (said[option] for option in self.options)
        if not isinstance(samples, int) or not 2 <= samples <= MAX_SAMPLES:
            raise ValueError(f"samples: expected 2 to {MAX_SAMPLES:,} rows, got {samples}")
        if not 0 <= noise < math.inf:
            raise ValueError(f"noise: expected a finite number, 0 or more, got {noise}")
        if not 0 <= seed < 2**32:
            raise ValueError(f"data_seed: expected 0 to 2**32 - 1, got {seed}")
        X, y = self.points(samples, noise, RandomState(seed))
        return Dataset(
            name=name,
            X=X,
            y=y.astype(np.float64 if self.classes is None else np.int64),
            classes=self.classes,
            feature_names=self.feature_names,
            target_name="y",
            description=self.description,
            recipe=recipe,
        )


def moons(samples: int, noise: float, rng: RandomState) -> Points:
    """Two half circles that reach into each other, from scikit-learn."""
    from sklearn.datasets import make_moons

    X, y = make_moons(samples, noise=noise, random_state=rng)
    return X, y


def circles(samples: int, noise: float, rng: RandomState) -> Points:
    """A circle of radius 1/2 within one of radius 1, from scikit-learn."""
    from sklearn.datasets import make_circles

    X, y = make_circles(samples, noise=noise, factor=0.5, random_state=rng)
    return X, y


def spirals(samples: int, noise: float, rng: RandomState) -> Points:
    """Two arms r = t, half a turn apart, of 7/4 turns each, out to a radius of 5.

    A point of arm k at share s of its arm lies at radius 5 s and angle 2π (7/4 s + k/2).
    """
    y = np.arange(samples) % 2
    share = (np.arange(samples) // 2 + 1) / ((samples + 1) // 2)
    angle = 2 * math.pi * (1.75 * share + y / 2)
    arms = 5 * share[:, None] * np.column_stack([np.cos(angle), np.sin(angle)])
    return arms + noise * rng.standard_normal(arms.shape), y


def xor(samples: int, noise: float, rng: RandomState) -> Points:
    """A square of side 10 in four quarters, 0.6 apart; opposite quarters are one class."""
    gap = 0.3
    X = rng.uniform(-1, 1, (samples, 2))
    X = np.copysign(gap, X) + (5 - gap) * X
    y = X[:, 0] * X[:, 1] < 0
    return X + noise * rng.standard_normal(X.shape), y


def gaussians(samples: int, noise: float, rng: RandomState) -> Points:
    """Two round clouds around (-2, -2) and (2, 2), the noise their standard deviation."""
    y = np.arange(samples) % 2
    centres = np.where(y[:, None] == 1, 2.0, -2.0)
    return centres + noise * rng.standard_normal((samples, 2)), y


def sine(samples: int, noise: float, rng: RandomState) -> Points:
    """Two periods of y = (sin x + 1) / 2, at even steps of x from -2π to 2π."""
    x = np.linspace(-2 * math.pi, 2 * math.pi, samples)
    y = (np.sin(x) + 1) / 2
    return x[:, None], y + noise * rng.standard_normal(samples)


def plane(samples: int, noise: float, rng: RandomState) -> Points:
    """The tilted plane y = (x1 + x2) / 10 over a square of side 12."""
    X = rng.uniform(-6, 6, (samples, 2))
    return X, X.sum(axis=1) / 10 + noise * rng.standard_normal(samples)


#: The sets by name.
GENERATED: dict[str, NamedDataset] = {
    "moons": Generated(
        description="two half moons that reach into each other, two classes",
        points=moons,
        recipe=Recipe(
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
        recipe=Recipe(
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
        recipe=Recipe(
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
        recipe=Recipe(
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
        recipe=Recipe(
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
        recipe=Recipe(
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
        recipe=Recipe(
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
}
