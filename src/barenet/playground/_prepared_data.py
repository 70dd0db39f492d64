"""Data as the networks of the page learn from them, and as its pictures show them.

Rows are split and scaled as by ``barenet train``.
"""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._registry import lookup
from barenet.data._dataset import Dataset
from barenet.data._datasets import load_dataset
from barenet.data._scaling import Scaling
from barenet.playground._features import FeatureMap
from barenet.playground._opened_models import Model
from barenet.playground._page_state import ALL_COLUMNS, DataSettings
from barenet.playground._plane import Plane, plane_of
from barenet.playground._presets import NAMED
from barenet.playground._tables import TableFile


@dataclass(frozen=True, eq=False, kw_only=True)
class PreparedData:
    """Data split, scaled and placed on the plane of the pictures."""

    dataset: Dataset
    #: The rows with a column for each of the network's inputs, and their two parts.
    inputs: Dataset
    training: Dataset
    test: Dataset
    #: Whether each row is a test row.
    is_test: NDArray[np.bool_]
    #: Of the inputs, fitted to the training rows.
    scaling: Scaling
    #: Of the targets in a regression.
    target_scaling: Scaling | None
    plane: Plane
    #: Positions of the rows on the plane, shape (n_rows, 2).
    points: NDArray[np.float64]
    #: Names of the columns that can be axes.
    axes: tuple[str, ...]
    #: Smallest and largest number that is drawn, in a regression.
    target_range: tuple[float, float]
    #: Where the plane fixes the other columns, in words.
    fixed_at: str = "their median"
    features: FeatureMap = field(default_factory=FeatureMap)
    #: The file, for data from a table, and the model if one was opened.
    table: TableFile | None = None
    model: Model | None = None
    _cache: dict[Any, NDArray[np.float32]] = field(default_factory=dict)

    @property
    def classes(self) -> tuple[str, ...] | None:
        """Names of the classes; None in a regression."""
        return self.dataset.classes

    @property
    def is_curve(self) -> bool:
        """Whether there is a single axis, so that the picture is a curve."""
        return len(self.plane.names) == 1

    def grid(self, side: int) -> NDArray[np.float32]:
        """Network inputs on a grid over the plane, shape (side * side, n_inputs)."""
        return self._scaled(("grid", side), self.plane.grid(side))

    def line(self, count: int) -> NDArray[np.float32]:
        """Network inputs along the horizontal axis, shape (count, n_inputs)."""
        return self._scaled(("line", count), self.plane.line(count))

    def rows(self, part: Dataset) -> tuple[NDArray[np.float32], NDArray[Any]]:
        """Scale the inputs and targets of some rows."""
        y = part.y
        if self.target_scaling is not None:
            y = self.target_scaling.transform(y.reshape(-1, 1))[:, 0]
        return self.scaling.transform(part.X, np.float32), y

    def _scaled(self, key: Any, points: NDArray[np.float64]) -> NDArray[np.float32]:
        if key not in self._cache:
            columns = self.features.apply(self.plane.rows(points))
            self._cache[key] = self.scaling.transform(columns, np.float32)
        return self._cache[key]


def prepare(data: DataSettings, table: TableFile | None = None) -> PreparedData:
    """Load and prepare a named data set, or a table."""
    if table is not None:
        return prepare_dataset(table.load(data), data, table=table)
    lookup(dict.fromkeys(NAMED), data.source, "data")
    return prepare_dataset(load_dataset(data.source, **data.generator_options), data)


def prepare_dataset(
    dataset: Dataset, data: DataSettings, table: TableFile | None = None, model: Model | None = None
) -> PreparedData:
    """Prepare rows of numbers."""
    plane, points, columns = plane_of(dataset, data.axes)
    features = FeatureMap()
    if columns and data.features != (ALL_COLUMNS,):
        features = FeatureMap.fit(dataset, data.features, columns)
    inputs = dataclasses.replace(
        dataset,
        X=features.apply(np.asarray(dataset.X, np.float64)),
        feature_names=features.input_names(dataset.feature_names),
    )
    return PreparedData(
        dataset=dataset,
        inputs=inputs,
        plane=plane,
        points=points,
        axes=dataset.feature_names if columns else (),
        features=features,
        table=table,
        model=model,
        **split_and_scale(inputs, data, model),
    )


def split_and_scale(
    inputs: Dataset, data: DataSettings, model: Model | None = None
) -> dict[str, Any]:
    """Split rows and fit their scaling, or take that of a model: fields of `PreparedData`."""
    numbered = dataclasses.replace(inputs, X=np.arange(inputs.n_samples).reshape(-1, 1))
    parts = numbered.split(data.test_size, 0) if inputs.n_samples else (numbered, numbered)
    indices = [part.X[:, 0] for part in parts if part is not None]
    training, test = (inputs.take(each) for each in indices)
    y = training.y if training.n_samples else np.zeros(1)
    if model is not None:
        scaling, target = model.predictor.preprocessing, model.predictor.target_scaling
    else:
        scaling = Scaling.fit("standardize", training.X)
        is_number = training.classes is None
        target = Scaling.fit("standardize", training.y.reshape(-1, 1)) if is_number else None
    return {
        "training": training,
        "test": test,
        "is_test": np.isin(np.arange(inputs.n_samples), indices[1]),
        "scaling": scaling,
        "target_scaling": target,
        "target_range": (float(y.min()), float(y.max())),
    }
