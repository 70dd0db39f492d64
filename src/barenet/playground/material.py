"""Material: a scene's data as networks take them, and as pictures show them.

The rows are split, turned into features and scaled as `barenet train` does it, so that what is
learned on the page is what the command learns.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.data.dataset import Dataset
from barenet.data.datasets import load_dataset
from barenet.data.generated import GENERATED
from barenet.data.scaling import Scaling
from barenet.playground.features import FEATURES
from barenet.playground.models import Model
from barenet.playground.plane import Plane, columns_of, plane_of
from barenet.playground.scene import ALL_COLUMNS, Scene
from barenet.playground.sets import NAMED, noise_of
from barenet.registry import lookup

__all__ = ["Material", "arrange", "prepare", "span_of", "split"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Material:
    """Data, ready to be learned from and to be drawn.

    Attributes
    ----------
    dataset : Dataset
        All rows, as they came.
    inputs : Dataset
        All rows, with a column for each of the network's inputs.
    training, held_out : Dataset
        The parts of `inputs`.
    is_test : ndarray of bool of shape (n_samples,)
        Which rows are test rows.
    scaling : Scaling
        Of the inputs, measured on the training rows.
    target_scaling : Scaling, optional
        Of a target of numbers.
    plane : Plane
        What the pictures show.
    points : ndarray of shape (n_samples, 2)
        Where the rows lie on it.
    axes : tuple of str
        Every column that can be an axis.
    span : tuple of float
        Of numbers to predict: the smallest and the largest that is drawn.
    held : str
        At what the plane holds the other columns, in words.
    features : tuple of str
        Names from `FEATURES`; empty where every column is an input.
    columns : list of int
        The columns of the axes.
    offset, factor : ndarray of shape (2,)
        ``u = (x - offset) * factor`` is what features other than the coordinates are of.
    fills : dict of str to float
        Of a table with holes: what stands for a number that is missing, column by column.
    model : Model, optional
        The model that is shown, where it is one.
    """

    dataset: Dataset
    inputs: Dataset
    training: Dataset
    held_out: Dataset
    is_test: NDArray[np.bool_]
    scaling: Scaling
    target_scaling: Scaling | None
    plane: Plane
    points: NDArray[np.float64]
    axes: tuple[str, ...]
    span: tuple[float, float]
    held: str = "their median"
    features: tuple[str, ...] = ()
    columns: list[int] = field(default_factory=list)
    offset: NDArray[np.float64] = field(default_factory=lambda: np.zeros(2))
    factor: NDArray[np.float64] = field(default_factory=lambda: np.ones(2))
    fills: dict[str, float] = field(default_factory=dict)
    model: Model | None = None
    kept: dict[Any, NDArray[np.float32]] = field(default_factory=dict)

    @property
    def classes(self) -> tuple[str, ...] | None:
        """The classes' names; None for numbers."""
        return self.dataset.classes

    @property
    def is_curve(self) -> bool:
        """Whether there is a single axis, so that the picture is a curve."""
        return len(self.plane.names) == 1

    def grid(self, side: int) -> NDArray[np.float32]:
        """Cover the plane with rows, as the network takes them."""
        return self._scaled(("grid", side), self.plane.grid(side))

    def line(self, count: int) -> NDArray[np.float32]:
        """Cover the horizontal axis with rows, as the network takes them."""
        return self._scaled(("line", count), self.plane.line(count))

    def rows(self, part: Dataset) -> tuple[NDArray[np.float32], NDArray[Any]]:
        """Bring rows into the units that the network is trained on."""
        y = part.y
        if self.target_scaling is not None:
            y = self.target_scaling.transform(y.reshape(-1, 1))[:, 0]
        return self.scaling.transform(part.X, np.float32), y

    def _scaled(self, key: Any, points: NDArray[np.float64]) -> NDArray[np.float32]:
        if key not in self.kept:
            columns = self.inputs_at(self.plane.rows(points))
            self.kept[key] = self.scaling.transform(columns, np.float32)
        return self.kept[key]

    def inputs_at(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Compute the features of raw rows."""
        return _features(rows, self.features, self.columns, self.offset, self.factor)


def prepare(scene: Scene, tables: dict[str, Dataset]) -> Material:
    """Load a scene's data, and make them ready."""
    return arrange(_load(scene, tables), scene)


def arrange(dataset: Dataset, scene: Scene, model: Model | None = None) -> Material:
    """Make rows of numbers ready."""
    features = _fitting(scene.features, dataset)
    columns = [] if dataset.image_shape else columns_of(dataset.feature_names, scene.axes)
    plane, points = plane_of(dataset, scene.axes)
    offset, factor = _units(dataset, columns)
    X = _features(np.asarray(dataset.X, np.float64), features, columns, offset, factor)
    inputs = dataclasses.replace(dataset, X=X, feature_names=_names(dataset, features, columns))
    training, held_out, is_test = split(inputs, scene)
    scaling, target_scaling = _scalings(training, model)
    return Material(
        dataset=dataset,
        inputs=inputs,
        training=training,
        held_out=held_out,
        is_test=is_test,
        scaling=scaling,
        target_scaling=target_scaling,
        plane=plane,
        points=points,
        features=features,
        columns=columns,
        offset=offset,
        factor=factor,
        axes=() if dataset.image_shape else dataset.feature_names,
        span=span_of(training),
        model=model,
    )


def _scalings(training: Dataset, model: Model | None) -> tuple[Scaling, Scaling | None]:
    """Measure the training rows; a model has done that already, on its own."""
    if model is not None:
        assert isinstance(model.predictor.preprocessing, Scaling)
        return model.predictor.preprocessing, model.predictor.target_scaling
    numbers = None if training.classes else training.y.reshape(-1, 1)
    target = None if numbers is None else Scaling.fit("standardize", numbers)
    return Scaling.fit("standardize", training.X), target


def span_of(rows: Dataset) -> tuple[float, float]:
    """Tell between which numbers the targets of some rows lie."""
    return float(rows.y.min()), float(rows.y.max())


def _load(scene: Scene, tables: dict[str, Dataset]) -> Dataset:
    """Find the rows."""
    if scene.data in tables:
        return tables[scene.data]
    lookup(dict.fromkeys(NAMED), scene.data, "data")
    if scene.data not in GENERATED:
        return load_dataset(scene.data)
    noise = noise_of(scene.data, scene.noise)
    return load_dataset(scene.data, samples=scene.samples, noise=noise, data_seed=scene.data_seed)


def _fitting(features: tuple[str, ...], dataset: Dataset) -> tuple[str, ...]:
    """Leave out the features that need a second column; images are learned whole."""
    if features == (ALL_COLUMNS,) or dataset.image_shape is not None:
        return ()
    n_axes = min(2, dataset.n_features)
    fitting = tuple(name for name in features if FEATURES[name].needs <= n_axes)
    return fitting or ("x1",)


def _units(dataset: Dataset, columns: list[int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A formula's points are a few units from 0; other columns are standardized for features."""
    offset, factor = np.zeros(2), np.ones(2)
    if dataset.name in GENERATED or not columns:
        return offset, factor
    scaling = Scaling.fit("standardize", np.asarray(dataset.X, np.float64)[:, columns])
    offset[: len(columns)], factor[: len(columns)] = scaling.offset, scaling.factor
    return offset, factor


def _features(
    X: NDArray[np.float64],
    features: tuple[str, ...],
    columns: list[int],
    offset: NDArray[np.float64],
    factor: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Compute the network's inputs; the coordinates themselves stay in their own units."""
    if not features:
        return X
    raw = [X[:, columns[0]], X[:, columns[-1]]]
    units = [(raw[axis] - offset[axis]) * factor[axis] for axis in (0, 1)]
    own = {"x1": raw[0], "x2": raw[1]}
    return np.column_stack(
        [own[name] if name in own else FEATURES[name].formula(*units) for name in features]
    )


def _names(dataset: Dataset, features: tuple[str, ...], columns: list[int]) -> tuple[str, ...]:
    if not features:
        return dataset.feature_names
    own = {"x1": columns[0], "x2": columns[-1]}
    return tuple(dataset.feature_names[own[name]] if name in own else name for name in features)


def split(inputs: Dataset, scene: Scene) -> tuple[Dataset, Dataset, NDArray[np.bool_]]:
    """Part the rows as `Dataset.split` does, and remember which are which."""
    numbered = dataclasses.replace(
        inputs, X=np.column_stack([inputs.X, np.arange(inputs.n_samples)])
    )
    training, held_out = numbered.split(scene.test_size, 0)
    assert held_out is not None
    is_test = np.zeros(inputs.n_samples, np.bool_)
    is_test[held_out.X[:, -1].astype(int)] = True
    parts = [dataclasses.replace(part, X=part.X[:, :-1]) for part in (training, held_out)]
    return parts[0], parts[1], is_test
