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
from barenet.data._encoding import TableEncoding
from barenet.data._run_config import RunConfig
from barenet.data._scaling import Scaling
from barenet.files._predictor import Predictor
from barenet.model._array_dataset import class_probabilities
from barenet.model._network import Network
from barenet.playground._features import FeatureMap
from barenet.playground._network_layout import MAX_DRAWN, check_size
from barenet.playground._opened_models import Model
from barenet.playground._page_state import ALL_COLUMNS, NAMED, DataSettings, NetworkSettings
from barenet.playground._plane import Plane, plane_of
from barenet.playground._tables import TableFile
from barenet.playground._trainer_messages import TrainingTask

#: Maximum number of inputs that are named, and of columns that can be axes.
MAX_NAMES, MAX_AXES = 64, 200
#: Maximum number of test rows in a confusion matrix, for small networks and for large ones.
MAX_ROWS = ((20_000, 5_000), (10**9, 2_000))


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
    #: The feature that each input is, of those in `features` or of encoded columns.
    input_features: tuple[str, ...] = ()
    #: The output that is drawn, of a model that predicts several numbers.
    output: int = 0
    #: The encoding of the columns, if they are encoded one by one.
    encoding: TableEncoding | None = None
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

    def outputs(self, network: Network, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Outputs of a network on the plane, or of an opened ensemble with it as the first one."""
        output = network.forward(inputs)[0]
        ensemble = None if self.model is None else self.model.ensemble
        if ensemble is None or network.sizes != ensemble.sizes:
            return output
        key = "others", inputs.shape
        if key not in self._cache:
            _, *others = zip(ensemble.weights, ensemble.networks, strict=True)
            parts = [weight * other.forward(inputs)[0] for weight, other in others]
            self._cache[key] = np.sum(parts, axis=0, dtype=np.float32)
        return np.float32(ensemble.weights[0]) * output + self._cache[key]

    def rows(self, part: Dataset) -> tuple[NDArray[np.float32], NDArray[Any]]:
        """Scale the inputs and targets of some rows."""
        y = part.y
        if self.target_scaling is not None and len(y):
            y = self.target_scaling.transform(y.reshape(-1, 1))[:, 0]
        return self.scaling.transform(part.X, np.float32), y

    def run_config(self, settings: NetworkSettings) -> RunConfig:
        """Describe a network and its training as the library does."""
        n_classes = len(self.classes or ())
        n_outputs = n_classes if n_classes > 2 else 1
        if self.model is not None and self.model.outputs:
            n_outputs = len(self.model.outputs)
        return dataclasses.replace(
            settings.run_config(self.training.n_samples),
            layers=(self.inputs.n_features, *settings.hidden, n_outputs),
            hidden=settings.activations or None,
            output="identity" if n_classes == 0 else "sigmoid" if n_classes == 2 else "softmax",
        )

    def make_network(self, settings: NetworkSettings) -> Network:
        """Build a network with its initial weights, or copy that of the model."""
        if self.model is not None and settings.has_same_architecture(self.model.settings):
            return self.model.predictor.first_network.copy()
        network = self.run_config(settings).make_network()
        check_size(network)
        return network

    def make_task(self, settings: NetworkSettings) -> TrainingTask:
        """Collect everything that the trainer needs."""
        return TrainingTask(
            network=self.make_network(settings),
            training=self.rows(self.training),
            test=self.rows(self.test),
            metric="accuracy" if self.classes else "r2",
            settings=settings,
        )

    def predictor(self, network: Network) -> Predictor:
        """Combine a network with its preprocessing, to predict raw rows."""
        if self.model is not None:
            return dataclasses.replace(self.model.predictor, network=network)
        preprocessing = self.encoding or self.scaling
        return Predictor(
            network=network,
            preprocessing=preprocessing,
            target_scaling=self.target_scaling,
            classes=self.classes,
            feature_names=getattr(preprocessing, "feature_names", self.inputs.feature_names),
            target_name=self.inputs.target_name,
            dataset=self.inputs.name,
            image_shape=self.inputs.image_shape,
        )

    def confusion_matrix(self, network: Network) -> list[list[int]] | None:
        """Count the test rows by class and predicted class."""
        if self.classes is None or not self.test.n_samples:
            return None
        limit = next(rows for size, rows in MAX_ROWS if network.n_parameters <= size)
        X, y = (each[:limit] for each in self.rows(self.test))
        predicted = class_probabilities(network.forward(X)[0]).argmax(axis=1)
        n_classes = len(self.classes)
        counts = np.bincount(n_classes * y + predicted, minlength=n_classes**2)
        return counts.reshape(n_classes, n_classes).tolist()

    def describe(self) -> dict[str, Any]:
        """Describe the data for the page."""
        dataset, plane = self.dataset, self.plane
        table, model = self.table, self.model
        return {
            "name": dataset.name,
            "description": dataset.description,
            "task": dataset.task,
            "classes": dataset.classes,
            "target": dataset.target_name,
            "rows": [self.training.n_samples, self.test.n_samples],
            "columns": list(self.axes[:MAX_AXES]),
            "table": table.numeric if table else None,
            "required": model.required_columns if model else None,
            "outputs": model.outputs if model else [],
            "image": dataset.image_shape,
            "curve": self.is_curve,
            "axes": plane.names,
            "low": plane.low.tolist(),
            "high": plane.high.tolist(),
            "features": self.input_features or self.features.names,
            "inputs": self.inputs.feature_names[:MAX_NAMES],
            "drawn_inputs": self.drawn_inputs(),
            "mean_image": self._mean_image(),
            "n_inputs": self.inputs.n_features,
            "scaling": self.scaling.name,
            "target_scaling": getattr(self.target_scaling, "name", "none"),
            "fixed_at": self.fixed_at,
            "settings": model.description if model else "",
            "range": self.target_range,
        }

    def drawn_inputs(self) -> list[int]:
        """Choose the inputs to draw: the first ones, or of an image the pixels that vary most."""
        count = min(self.inputs.n_features, MAX_DRAWN)
        if self.dataset.image_shape is None:
            return list(range(count))
        spread = np.std(self.training.X, axis=0)
        return sorted(np.argsort(-spread, kind="stable")[:count].tolist())

    def _mean_image(self) -> list[float]:
        """The mean of all images, each pixel from 0 to 1; empty for other data."""
        if self.dataset.image_shape is None:
            return []
        mean = np.mean(self.dataset.X, axis=0)
        return np.round(mean / (mean.max() or 1.0), 3).tolist()

    def _scaled(self, key: Any, points: NDArray[np.float64]) -> NDArray[np.float32]:
        if key not in self._cache:
            columns = self.features.apply(self.plane.rows(points))
            self._cache[key] = self.scaling.transform(columns, np.float32)
        return self._cache[key]


def prepare(data: DataSettings) -> PreparedData:
    """Load and prepare a named data set."""
    lookup(dict.fromkeys(NAMED), data.source, "data")
    return prepare_dataset(load_dataset(data.source, **data.generator_options), data)


def prepare_dataset(
    dataset: Dataset, data: DataSettings, model: Model | None = None, **parts: Any
) -> PreparedData:
    """Prepare rows of numbers; the parts are other fields."""
    plane, points, columns = plane_of(dataset, data.axes)
    features = FeatureMap()
    if columns and data.features != (ALL_COLUMNS,):
        features = FeatureMap.fit(dataset, data.features, columns)
    inputs = dataclasses.replace(
        dataset,
        X=features.apply(np.asarray(dataset.X, np.float64)),
        feature_names=features.input_names(dataset.feature_names),
    )
    axes = dataset.feature_names if columns else ()
    geometry = {"plane": plane, "points": points, "axes": axes, "features": features}
    return split_and_scale(inputs, data, model, dataset=dataset, **{**geometry, **parts})


def split_and_scale(
    inputs: Dataset, data: DataSettings, model: Model | None, **parts: Any
) -> PreparedData:
    """Split rows and fit their scaling, or take that of a model; the parts are other fields."""
    numbered = dataclasses.replace(inputs, X=np.arange(inputs.n_samples).reshape(-1, 1))
    halves = numbered.split(data.test_size, 0) if inputs.n_samples else (numbered, numbered)
    indices = [half.X[:, 0] for half in halves if half is not None]
    training, test = map(inputs.take, indices)
    if model is not None:
        scaling, target = model.predictor.preprocessing, model.predictor.target_scaling
    else:
        scaling = Scaling.fit("standardize", training.X)
        is_number = training.classes is None
        target = Scaling.fit("standardize", training.y.reshape(-1, 1)) if is_number else None
    y = training.y if training.n_samples else np.zeros(1)
    made = {
        "training": training,
        "test": test,
        "is_test": np.isin(np.arange(inputs.n_samples), indices[1]),
        "scaling": scaling,
        "target_scaling": target,
        "target_range": (float(y.min()), float(y.max())),
    }
    return PreparedData(inputs=inputs, model=model, **{**made, **parts})
