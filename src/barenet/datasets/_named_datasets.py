"""Named data sets, packed with the package or generated, described without loading them.

Generated sets are points in a plane, on a curve or on a surface. Random numbers come from
``numpy.random.RandomState``, whose stream is frozen: a seed gives the same rows in every version of
NumPy. The noise is normal with the given standard deviation. It is added to the points of classes,
and to the targets of a curve or surface.
"""

import math
import tomllib
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, TypedDict

import numpy as np
from numpy.random import RandomState
from numpy.typing import NDArray

from barenet._constraints import check_number
from barenet._registry import plain
from barenet.datasets._dataset import Dataset

#: The folder with copies of scikit-learn's data sets, as importing scikit-learn takes a second, and
#: with drawn_digits; NOTICES.md names their sources and licenses.
PACKED = Path(__file__).with_name("packed")

_DESCRIBED = tomllib.loads(Path(__file__).with_name("named_datasets.toml").read_text("utf-8"))

#: X of shape (samples, n_features), float64, and y of shape (samples,).
Points = tuple[NDArray[np.float64], NDArray[Any]]

#: The centers of the hills, the sign of each, and their width.
_CENTERS = np.array([[-4, 3], [0, 3], [4, 3], [-4, -3], [0, -3], [4, -3]], np.float64)
_SIGNS = np.array([1, -1, 1, -1, 1, -1], np.float64)
_WIDTH = 1.5


@dataclass(frozen=True, kw_only=True)
class NamedDataset(ABC):
    """A data set with a name and, in named_datasets.toml, a description and default settings.

    >>> from barenet.datasets._dataset_loading import DATASETS
    >>> moons = DATASETS["moons"]
    >>> moons.source, moons.options, moons.defaults["epochs"]
    ('generated', ('samples', 'noise', 'data_seed'), 10000)
    """

    #: The source of its rows: embedded, generated or images.
    source: ClassVar[str]
    #: Names of the options of `load`.
    options: ClassVar[tuple[str, ...]] = ()

    name: str
    target_name: str = "y"

    @property
    def description(self) -> str:
        """Description in one line."""
        return str(_DESCRIBED[self.name]["description"])

    @cached_property
    def defaults(self) -> dict[str, Any]:
        """The default settings for training, as fields of a `RunConfig`."""
        defaults: dict[str, Any] = {}
        for name, value in _DESCRIBED[self.name].items():
            if name != "description" and name not in self.options:
                defaults[name] = tuple(value) if isinstance(value, list) else value
        return defaults

    @property
    def default_options(self) -> dict[str, Any]:
        """The defaults of the options, if they have any."""
        described = _DESCRIBED[self.name]
        return {name: described[name] for name in self.options if name in described}

    @abstractmethod
    def load(self, **options: Any) -> Dataset:
        """Load the rows."""

    def _dataset(
        self,
        *,
        X: NDArray[Any],
        y: NDArray[Any],
        classes: tuple[str, ...] | None,
        feature_names: tuple[str, ...],
        image_shape: tuple[int, int] | None = None,
        stratify: bool = True,
    ) -> Dataset:
        """Make the data set, with its name, target, description and settings."""
        return Dataset(
            name=self.name,
            X=X,
            y=y,
            classes=classes,
            feature_names=feature_names,
            target_name=self.target_name,
            image_shape=image_shape,
            description=self.description,
            defaults=self.defaults,
            stratify=stratify,
        )


class Embedded(NamedDataset):
    """A data set that is part of the package.

    >>> EMBEDDED["wine"].load().X.shape
    (178, 13)
    """

    source: ClassVar[str] = "embedded"

    def load(self, **options: Any) -> Dataset:
        """Load the rows."""
        with np.load(PACKED / f"{self.name}.npz") as parts:
            classes = tuple(parts["classes"].tolist())
            feature_names = tuple(parts["feature_names"].tolist())
            image_shape = tuple(parts["image_shape"].tolist())
            target_type = np.int64 if classes else np.float64
            return self._dataset(
                X=parts["X"],
                y=parts["y"].astype(target_type),
                classes=classes or None,
                feature_names=feature_names,
                image_shape=image_shape or None,
            )


#: The data sets that are part of the package, by name: those of scikit-learn, and drawn_digits.
EMBEDDED: dict[str, NamedDataset] = {
    "digits": Embedded(name="digits", target_name="digit"),
    "drawn_digits": Embedded(name="drawn_digits", target_name="digit"),
    "iris": Embedded(name="iris", target_name="species"),
    "wine": Embedded(name="wine", target_name="grower"),
    "breast_cancer": Embedded(name="breast_cancer", target_name="diagnosis"),
    "diabetes": Embedded(name="diabetes", target_name="progression"),
}


class GeneratorOptions(TypedDict, total=False):
    """Settings of a generated data set."""

    samples: int | None
    noise: float | None
    data_seed: int | None


#: Limits of these settings, as `check_number` takes them.
GENERATOR_LIMITS: dict[str, dict[str, Any]] = {
    "samples": {"ge": 2, "le": 10**7, "integer": True},
    "noise": {"integer": False, "ge": 0},
    "data_seed": {"ge": 0, "le": 2**32 - 1, "integer": True},
}


@dataclass(frozen=True, kw_only=True)
class Generated(NamedDataset):
    """A data set computed by a formula, with two classes, or with numbers if y is float.

    >>> xor = GENERATED["xor"].load(samples=50, noise=0.5)
    >>> xor.X.shape, GENERATED["xor"].default_options
    ((50, 2), {'samples': 400, 'noise': 0.0, 'data_seed': 0})
    """

    source: ClassVar[str] = "generated"
    options: ClassVar[tuple[str, ...]] = ("samples", "noise", "data_seed")
    formula: Callable[[int, float, RandomState], Points]

    def load(self, **options: Any) -> Dataset:
        """Compute the rows."""
        chosen = self.default_options
        for name, value in options.items():
            if value is not None:
                chosen[name] = check_number(plain(value), name, **GENERATOR_LIMITS[name])
        rng = RandomState(chosen["data_seed"])
        X, y = self.formula(chosen["samples"], chosen["noise"], rng)
        classes = None
        if y.dtype.kind != "f":
            y = y.astype(np.int64)
            classes = ("0", "1")
        feature_names: tuple[str, ...] = ("x1", "x2")
        if X.shape[1] == 1:
            feature_names = ("x",)
        return self._dataset(X=X, y=y, classes=classes, feature_names=feature_names)


def moons(samples: int, noise: float, rng: RandomState) -> Points:
    """Two half circles that interleave: the numbers of scikit-learn's ``make_moons``."""
    n_outer = samples // 2
    outer_angles = np.linspace(0, np.pi, n_outer)
    inner_angles = np.linspace(0, np.pi, samples - n_outer)
    outer = np.column_stack([np.cos(outer_angles), np.sin(outer_angles)])
    inner_x = 1 - np.cos(inner_angles)
    inner_y = 1 - np.sin(inner_angles) - 0.5
    inner = np.column_stack([inner_x, inner_y])
    return _shuffled(outer, inner, noise, rng)


def circles(samples: int, noise: float, rng: RandomState) -> Points:
    """A circle of radius 1/2 within one of radius 1: the numbers of ``make_circles``."""
    n_outer = samples // 2
    outer_angles = np.linspace(0, 2 * np.pi, n_outer, endpoint=False)
    inner_angles = np.linspace(0, 2 * np.pi, samples - n_outer, endpoint=False)
    outer = np.column_stack([np.cos(outer_angles), np.sin(outer_angles)])
    inner_directions = np.column_stack([np.cos(inner_angles), np.sin(inner_angles)])
    inner = 0.5 * inner_directions
    return _shuffled(outer, inner, noise, rng)


def _shuffled(first: NDArray[Any], second: NDArray[Any], noise: float, rng: RandomState) -> Points:
    """Shuffle the points of two classes, and add noise."""
    order = np.arange(len(first) + len(second))
    rng.shuffle(order)
    X = np.concatenate((first, second))[order]
    is_second = order >= len(first)
    X = X + rng.normal(scale=noise, size=X.shape)
    return X, is_second.astype(np.int64)


def spirals(samples: int, noise: float, rng: RandomState) -> Points:
    """Two arms r = t, half a turn apart, of 7/4 turns each, out to a radius of 5.

    A point at fraction s of arm k lies at radius 5 s and angle 2π (7/4 s + k/2).
    """
    index = np.arange(samples)
    arm = index % 2
    step = index // 2 + 1  # along the arm, from 1
    steps_per_arm = (samples + 1) // 2
    fraction = step / steps_per_arm
    angle = 2 * math.pi * (1.75 * fraction + arm / 2)
    directions = np.column_stack([np.cos(angle), np.sin(angle)])
    arms = 5 * fraction[:, None] * directions
    X = arms + noise * rng.standard_normal(arms.shape)
    return X, arm


def xor(samples: int, noise: float, rng: RandomState) -> Points:
    """A square of side 10 in four quarters, 0.6 apart; opposite quarters are one class."""
    gap = 0.3
    X = rng.uniform(-1, 1, (samples, 2))
    X = np.copysign(gap, X) + (5 - gap) * X
    have_different_signs = X[:, 0] * X[:, 1] < 0
    X = X + noise * rng.standard_normal(X.shape)
    return X, have_different_signs


def gaussians(samples: int, noise: float, rng: RandomState) -> Points:
    """Two round clouds around (-2, -2) and (2, 2), the noise their standard deviation."""
    y = np.arange(samples) % 2
    centers = np.where(y[:, None] == 1, 2.0, -2.0)
    X = centers + noise * rng.standard_normal((samples, 2))
    return X, y


def sine(samples: int, noise: float, rng: RandomState) -> Points:
    """Two periods of y = (sin x + 1) / 2, at even steps of x from -2π to 2π."""
    x = np.linspace(-2 * math.pi, 2 * math.pi, samples)
    y = (np.sin(x) + 1) / 2
    y = y + noise * rng.standard_normal(samples)
    return x[:, None], y


def plane(samples: int, noise: float, rng: RandomState) -> Points:
    """The tilted plane y = (x1 + x2) / 10 over a square of side 12."""
    X = rng.uniform(-6, 6, (samples, 2))
    y = X.sum(axis=1) / 10
    y = y + noise * rng.standard_normal(samples)
    return X, y


def hills(samples: int, noise: float, rng: RandomState) -> Points:
    """Six round hills and valleys y = Σₖ sₖ exp(−‖x − cₖ‖² / (2 · 1.5²)) over a square of side 12.

    A sum of Gaussians whose signs sₖ = ±1 alternate.
    """
    X = rng.uniform(-6, 6, (samples, 2))
    from_centers = X[:, None] - _CENTERS
    squared_distances = (from_centers**2).sum(axis=2)
    hills = _SIGNS * np.exp(-squared_distances / (2 * _WIDTH**2))
    y = hills.sum(axis=1)
    y = y + noise * rng.standard_normal(samples)
    return X, y


#: The generated data sets by name.
GENERATED: dict[str, NamedDataset] = {}
for _formula in (moons, circles, spirals, xor, gaussians, sine, plane, hills):
    _name = _formula.__name__
    GENERATED[_name] = Generated(name=_name, formula=_formula)
