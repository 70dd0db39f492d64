"""Data in the form that the page's networks learn from and its pictures show."""

import copy
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from barenet import Network, Predictor, Scaling, TableEncoding
from barenet._metrics import r2
from barenet.datasets._dataset import Dataset
from barenet.datasets._named_datasets import GENERATED
from barenet.datasets._target_kind import TargetKind
from barenet.insight._baselines import fit_baseline
from barenet.model._array_dataset import class_probabilities
from barenet.playground.data._opened_models import Model
from barenet.playground.data._plane import (
    FeatureMap,
    FixedColumn,
    PlacedColumn,
    Plane,
)
from barenet.playground.data._table_file import TableFile
from barenet.playground.state._network_layout import MAX_DRAWN, MAX_DRAWN_ON_IMAGES, check_size
from barenet.playground.state._page_state import HAND_DRAWN, NetworkSettings
from barenet.playground.trainer._trainer_messages import Rows, TrainingSetup
from barenet.settings._run_config import RunConfig

#: Maximum number of inputs that are named, and of columns that can be axes.
MAX_NAMES = 64
MAX_AXES = 200
#: Maximum number of test rows in a confusion matrix, also for a network of more parameters.
MAX_ROWS = 5_000
LARGE_NETWORK = 20_000
MAX_ROWS_OF_LARGE = 2_000
#: The inputs to predict for.
Place = Literal["grid", "line", "test"]


@dataclass(frozen=True, eq=False, kw_only=True)
class PreparedData:
    """Data that are split, scaled and placed on the plane of the pictures."""

    #: The rows, with text and missing values encoded.
    dataset: Dataset
    input_names: tuple[str, ...]
    #: The training rows and the test rows, as the network takes them.
    training: Rows
    test: Rows
    #: Whether each row is a test row, and the test rows in the order of `test`.
    is_test: NDArray[np.bool_]
    test_rows: NDArray[np.intp]
    #: The scaling of the inputs, fitted to the training rows.
    scaling: Scaling
    #: The scaling of the targets for regression.
    target_scaling: Scaling | None
    plane: Plane
    #: Positions of the rows on the plane, shape (n_rows, 2).
    points: NDArray[np.float64]
    #: Names of the columns that can be axes.
    axes: tuple[str, ...]
    #: Smallest and largest number that is drawn, for regression.
    target_range: tuple[float, float]
    #: Description of the values at which the plane fixes the other columns.
    fixed_at: str
    features: FeatureMap
    #: The feature of each input, from `features` or the encoded columns.
    input_features: tuple[str, ...] = ()
    #: The columns, each with its first position in a row; empty for drawn points, which are the
    #: inputs.
    columns: Sequence[PlacedColumn] = ()
    #: The encoding of the columns, if they are encoded one by one.
    encoding: TableEncoding | None = None
    #: The file of a table, and the model if one was opened.
    table: TableFile | None = None
    model: Model | None = None
    #: The columns that the plane fixes.
    fixed_columns: Sequence[FixedColumn] = ()
    _cache: dict[Any, NDArray[np.float32]] = field(default_factory=dict)

    @property
    def classes(self) -> tuple[str, ...] | None:
        """Names of the classes; None for regression."""
        return self.dataset.classes

    @property
    def is_curve(self) -> bool:
        """Whether there is only one axis, so that the picture is a curve."""
        return len(self.plane.names) == 1

    @property
    def has_input_axes(self) -> bool:
        """Whether the coordinates of points are shown as the network reads them: scaled.

        Generated points in a plane have no units. With the scaled numbers, the line of a neuron
        lies where its formula is 0.
        """
        is_plane = len(self.plane.names) == 2 and self.features.names == ("x1", "x2")
        return is_plane and self.dataset.name in GENERATED

    def continues(self, other: "PreparedData") -> bool:
        """Return whether networks can continue from other data: another slice or other points."""
        if self.training is other.training:
            return True
        are_drawn = self.dataset.name == other.dataset.name == HAND_DRAWN
        has_same_classes = self.classes == other.classes
        return are_drawn and has_same_classes and self.input_names == other.input_names

    def with_fixed(self, fixed: Sequence[str]) -> "PreparedData":
        """Copy the data to another slice, given names and values of columns in turn."""
        names = fixed[::2]
        values = fixed[1::2]
        moved_to = dict(zip(names, values, strict=False))
        columns = []
        encoded = {}
        for column in self.fixed_columns:
            text = moved_to.get(column.name)
            columns.append(replace(column, moved=text))
            if text is not None:
                encoded[column.start] = column.encode(text)
        plane = replace(self.plane, fixed=encoded)
        copied = copy.copy(self)  # unlike replace(), keep the linear model's score
        vars(copied).update(plane=plane, fixed_columns=columns, _cache={})
        return copied

    def drawn_values(self, y: NDArray[Any]) -> NDArray[Any]:
        """Return classes unchanged, and numbers as fractions of the range that is drawn."""
        if self.classes:
            return y
        low, high = self.target_range
        span = high - low
        if span == 0:  # all targets are equal
            span = 1.0
        return (y - low) / span

    def inputs(self, place: Place, count: int) -> NDArray[np.float32]:
        """Return the inputs at count² grid points, at `count` points on a line, or of test rows."""
        if place == "test":
            return self.test.X[:count]
        if (place, count) not in self._cache:
            points = self.plane.grid(count) if place == "grid" else self.plane.line(count)
            columns = self.features.apply(self.plane.rows(points))
            inputs = self.scaling.transform(columns, np.float32)
            self._cache[place, count] = inputs
        return self._cache[place, count]

    def outputs(self, network: Network, place: Place, count: int) -> NDArray[np.floating]:
        """Predict for many inputs."""
        return self.predictions(network, self.inputs(place, count))

    @np.errstate(all="ignore")
    def predictions(self, network: Network, X: NDArray[np.float32]) -> NDArray[np.floating]:
        """Predict in units of the target."""
        output, _ = network.forward(X)
        if self.target_scaling is None:
            return output
        return self.target_scaling.inverse_transform(output)

    def run_config(self, settings: NetworkSettings) -> RunConfig:
        """Convert the settings of a network and its training to the library's configuration."""
        target_kind = TargetKind.of(self.classes)
        n_inputs = len(self.input_names)
        _, y = self.training
        return replace(
            settings.run_config(len(y)),
            layers=(n_inputs, *settings.hidden, target_kind.n_outputs),
            hidden=settings.activations or None,
            output=target_kind.output_activation(),
        )

    def replaces_model(self, settings: NetworkSettings) -> bool:
        """Return whether the settings need a new, untrained network in place of a model's."""
        if self.model is None:
            return False
        return not settings.has_same_architecture(self.model.settings)

    def make_network(self, settings: NetworkSettings) -> Network:
        """Build a network with its initial weights, or copy the network of the model."""
        if self.model is not None and not self.replaces_model(settings):
            return self.model.predictor.first_network.copy()
        network = self.run_config(settings).make_network()
        check_size(network)
        return network

    def make_setup(self, settings: NetworkSettings) -> TrainingSetup:
        """Collect everything that the trainer needs."""
        return TrainingSetup(
            network=self.make_network(settings),
            training=self.training,
            test=self.test,
            metric=TargetKind.of(self.classes).metric,
            settings=settings,
        )

    def predictor(self, network: Network) -> Predictor:
        """Combine a network with its preprocessing, to predict raw rows."""
        if self.model is not None:
            return replace(self.model.predictor, network=network)
        preprocessing: Scaling | TableEncoding = self.scaling
        names = self.input_names
        if self.encoding is not None:
            preprocessing = self.encoding
            names = self.encoding.feature_names
        return Predictor(
            network=network,
            preprocessing=preprocessing,
            target_scaling=self.target_scaling,
            classes=self.classes,
            feature_names=names,
            target_name=self.dataset.target_name,
            dataset=self.dataset.name,
            image_shape=self.dataset.image_shape,
        )

    @cached_property
    def linear_score(self) -> float | None:
        """Test accuracy or R² of a linear model on the same inputs, for tables with test rows."""
        if not self.axes or self.dataset.name in GENERATED or not self.is_test.any():
            return None
        target_kind = TargetKind.of(self.classes)
        n_classes = target_kind.n_classes
        try:
            baseline = fit_baseline("linear", self.training.X, self.training.y, n_classes=n_classes)
            output = baseline.outputs(self.test.X)
        except ImportError:  # SciPy minimizes the loss of the linear model
            return None
        if target_kind.of_classes:
            is_right = output.argmax(axis=1) == self.test.y
            score = float(is_right.mean())
        else:
            score = r2(output, self.test.y.reshape(-1, 1))
        return float(np.nan_to_num(score))

    def confusion_matrix(self, network: Network) -> list[list[int]] | None:
        """Count the test rows by class and predicted class."""
        _, y = self.test
        if self.classes is None or not len(y):
            return None
        predicted = self.test_probabilities(network).argmax(axis=1)
        truth = y[: len(predicted)]
        n_classes = len(self.classes)
        cells = n_classes * truth + predicted
        counts = np.bincount(cells, minlength=n_classes**2)
        return counts.reshape(n_classes, n_classes).tolist()

    def test_probabilities(self, network: Network) -> NDArray[np.floating]:
        """Predict the class probabilities of the test rows, or of the first ones of very many."""
        limit = MAX_ROWS if network.n_parameters <= LARGE_NETWORK else MAX_ROWS_OF_LARGE
        return class_probabilities(self.outputs(network, "test", limit))

    def describe(self) -> dict[str, Any]:
        """Describe the data for the page."""
        return (
            self._describe_rows()
            | self._describe_plane()
            | self._describe_inputs()
            | self._describe_target()
        )

    def _describe_rows(self) -> dict[str, Any]:
        """Describe the data set, its columns, and the settings of a model."""
        dataset = self.dataset
        numeric = self.table.numeric if self.table is not None else None
        settings = self.model.description if self.model is not None else ""
        return {
            "name": dataset.name,
            "description": dataset.description,
            "task": dataset.task,
            "classes": dataset.classes,
            "target": dataset.target_name,
            "rows": [len(self.training.y), int(self.is_test.sum())],
            "columns": list(self.axes[:MAX_AXES]),
            "table": numeric,
            "settings": settings,
            "image": dataset.image_shape,
        }

    def _describe_plane(self) -> dict[str, Any]:
        """Describe the plane of the pictures, and the columns that it fixes."""
        plane = self.plane
        corners = np.array([plane.low, plane.high])
        if self.has_input_axes:
            corners = self.scaling.transform(corners)
        low, high = corners.tolist()
        return {
            "curve": self.is_curve,
            "axes": plane.names,
            "low": low,
            "high": high,
            "fixed_at": self.fixed_at,
            "n_fixed": len(self.fixed_columns),
            "fixed": [column.describe() for column in self.fixed_columns[:MAX_NAMES]],
        }

    def _describe_inputs(self) -> dict[str, Any]:
        """Describe the inputs of the network, and the inputs that are drawn."""
        return {
            "features": self.input_features or self.features.names,
            "inputs": self.input_names[:MAX_NAMES],
            "drawn_inputs": self.drawn_inputs(),
            "mean_image": self._mean_image(),
            "image_top": self.image_top(),
            "n_inputs": len(self.input_names),
            "scaling": self.scaling.name,
        }

    def _describe_target(self) -> dict[str, Any]:
        """Describe the scaling and range of the target, and its spread over the test rows."""
        spread = None
        if self.is_test.any():
            test_targets = self.dataset.y[self.is_test]
            spread = float(np.std(test_targets))
        return {
            "target_scaling": getattr(self.target_scaling, "name", "none"),
            "range": self.target_range,
            "spread": spread,
        }

    @property
    def max_drawn(self) -> int:
        """Maximum number of neurons drawn per layer; neurons for images have small pictures."""
        return MAX_DRAWN if self.dataset.image_shape is None else MAX_DRAWN_ON_IMAGES

    def drawn_inputs(self) -> list[int]:
        """Choose the inputs to draw: axes and then first inputs, or the pixels that vary most."""
        count = min(len(self.input_names), MAX_DRAWN)
        if self.dataset.image_shape is None:
            axes = []
            others = []
            for index, name in enumerate(self.input_names[:MAX_NAMES]):
                if name in self.plane.names:
                    axes.append(index)
                else:
                    others.append(index)
            return [*axes, *others][:count]
        training_images = self.dataset.X[~self.is_test]
        spread = np.std(training_images, axis=0)
        varying_most = np.argsort(-spread, kind="stable")[:count]
        return sorted(varying_most.tolist())

    def _mean_image(self) -> list[float]:
        """Compute the mean image, with pixels from 0 to 1; return an empty list for other data."""
        if self.dataset.image_shape is None:
            return []
        mean = np.sum(self.dataset.X, axis=0)
        largest = mean.max()
        if largest == 0:  # the images are blank
            largest = 1.0
        return np.round(mean / largest, 3).tolist()

    def image_top(self) -> float:
        """Return the largest pixel value; for other data, that of a byte."""
        return 255.0 if self.dataset.image_shape is None else float(np.max(self.dataset.X))
