"""The data of an opened model: its rows in its own preprocessing, and the plane of its pictures.

Without its rows, the plane lies where the preprocessing implies that they were.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.data._column_types import NumberColumn
from barenet.data._dataset import Dataset
from barenet.data._datasets import load_dataset
from barenet.data._encoding import TableEncoding
from barenet.data._generated import GENERATED
from barenet.data._scaling import Scaling
from barenet.errors import ArgumentError, some
from barenet.playground._features import FEATURES
from barenet.playground._opened_models import Model
from barenet.playground._page_state import ALL_COLUMNS, DataSettings
from barenet.playground._plane import Plane, column_indices, plane_around
from barenet.playground._prepared_data import PreparedData, prepare_dataset, split, target_range
from barenet.playground._presets import NAMED

__all__ = ["named_rows", "prepare_model"]

#: Half the width of the plane without rows, in units of the preprocessing.
REACH = 2.5


class _TypicalColumn(NamedTuple):
    """Range and middle of a scaled column, and a description of the middle."""

    low: float
    middle: float
    high: float
    description: str


TYPICAL = {
    "none": _TypicalColumn(-REACH, 0.0, REACH, "0"),
    "standardize": _TypicalColumn(-REACH, 0.0, REACH, "their mean"),
    "minmax": _TypicalColumn(0.0, 0.5, 1.0, "the middle of their range"),
    "robust": _TypicalColumn(-REACH, 0.0, REACH, "their median"),
    "affine": _TypicalColumn(-REACH, 0.0, REACH, "the value that the network sees as 0"),
}


@dataclass(frozen=True, kw_only=True)
class _Axis:
    """A numeric column x, which the network sees as ``(x - center) / scale`` at an index."""

    name: str
    index: int
    center: float
    scale: float
    low: float
    high: float


def named_rows(model: Model) -> Dataset | None:
    """Load the named data set that a model was trained on, with the settings of that time."""
    name, config = model.predictor.dataset, model.config
    if name not in NAMED:
        return None
    options = {option: getattr(config, option) for option in ("samples", "noise", "data_seed")}
    dataset = load_dataset(name, **(options if name in GENERATED else {}))
    return dataset if dataset.classes == model.predictor.classes else None


def prepare_model(data: DataSettings, model: Model, rows: Dataset | None) -> PreparedData:
    """Prepare the rows of a model, or its plane alone."""
    predictor = model.predictor
    if rows is None or isinstance(predictor.preprocessing, TableEncoding):
        return _prepare_encoded(data, model, rows)
    if rows.feature_names == predictor.feature_names:
        features: tuple[str, ...] = (ALL_COLUMNS,)
    else:
        known = dict(zip(rows.feature_names, ("x1", "x2"), strict=False))
        features = tuple(known.get(name, name) for name in predictor.feature_names)
        if not set(features) <= FEATURES.keys():
            return _prepare_encoded(data, model, None)
        if rows.n_features > 2:
            raise ArgumentError(
                f"it was trained on {some(predictor.feature_names)}, and {rows.name} has "
                f"{some(rows.feature_names)}: which of these x1 and x2 are is not known",
                argument="model",
            )
    return prepare_dataset(rows, dataclasses.replace(data, features=features), model=model)


def _prepare_encoded(data: DataSettings, model: Model, rows: Dataset | None) -> PreparedData:
    """Prepare the rows as the network sees them; the axes are in the table's units."""
    inputs = _encoded_inputs(model, rows)
    axes = _numeric_axes(model)
    names = tuple(axis.name for axis in axes)
    chosen = [axes[index] for index in column_indices(names, data.axes)]
    X = np.asarray(inputs.X)
    typical, fixed_at = _typical_row(model, X)
    plane, points = _plane(chosen, typical, X, inputs.y)
    if rows is None:
        training, test, is_test = inputs, inputs, np.zeros(0, np.bool_)
        limits = _predicted_range(model, plane)
        if len(chosen) == 1:
            plane = _with_height(plane, limits)
        if not np.isfinite([*plane.low, *plane.high, *limits]).all():
            problem = "its predictions or its training data are too large to be drawn"
            raise ArgumentError(problem, argument="model")
    else:
        training, test, is_test = split(inputs, data)
        limits = target_range(training)
    return PreparedData(
        dataset=inputs,
        inputs=inputs,
        training=training,
        test=test,
        is_test=is_test,
        scaling=Scaling("none", np.zeros(X.shape[1]), np.ones(X.shape[1])),
        target_scaling=model.predictor.target_scaling,
        plane=plane,
        points=points,
        fixed_at=fixed_at,
        axes=names,
        target_range=limits,
        model=model,
    )


def _encoded_inputs(model: Model, rows: Dataset | None) -> Dataset:
    """Encode the rows, or describe the inputs without any."""
    predictor = model.predictor
    if rows is None:
        X = np.empty((0, len(predictor.input_names)))
        y: NDArray[np.generic] = np.empty(0, np.float64 if predictor.classes is None else np.int64)
    else:
        X, y = predictor.preprocessing.transform(rows.X), rows.y
    return Dataset(
        name=predictor.dataset if rows is None else rows.name,
        X=X,
        y=y,
        classes=predictor.classes,
        feature_names=predictor.input_names,
        target_name=predictor.target_name,
        description="a model without its rows" if rows is None else rows.description,
    )


def _numeric_axes(model: Model) -> list[_Axis]:
    predictor = model.predictor
    encoding, axes, index = predictor.preprocessing, [], 0
    if predictor.image_shape is not None:
        problem = f"the images of {predictor.dataset} are not here to show it on"
        raise ArgumentError(problem, argument="model")
    if isinstance(encoding, Scaling):
        typical = TYPICAL[encoding.name]
        for index, name in enumerate(predictor.feature_names):
            center, scale = float(encoding.offset[index]), 1 / float(encoding.factor[index])
            ends = {"low": center + typical.low * scale, "high": center + typical.high * scale}
            axes.append(_Axis(name=name, index=index, center=center, scale=scale, **ends))
        return axes
    for column in encoding.used:
        if isinstance(column, NumberColumn):
            reach, middle = REACH * abs(column.scale), column.fill
            ends = {"low": middle - reach, "high": middle + reach}
            scaling = {"center": column.center, "scale": column.scale}
            axes.append(_Axis(name=column.name, index=index, **scaling, **ends))
        index += len(column.outputs)
    if not axes:
        columns = ", ".join(encoding.feature_names[:10])
        raise ArgumentError(f"no axis: none of its columns is numeric: {columns}", argument="model")
    return axes


def _typical_row(model: Model, X: NDArray[np.float64]) -> tuple[NDArray[np.float64], str]:
    """The encoding of a typical row, shape (n_inputs,), and its description."""
    encoding = model.predictor.preprocessing
    if isinstance(encoding, Scaling):
        typical = TYPICAL[encoding.name]
        return np.full(len(encoding.offset), typical.middle), typical.description
    parts, start = [], 0
    for column in encoding.used:
        stop = start + len(column.outputs)
        parts.append(column.usual(X[:, start:stop]))
        start = stop
    description = "their median or most frequent value"
    if not len(X):
        description += ", text at the first category"
    return np.concatenate(parts), description


def _plane(
    chosen: list[_Axis],
    typical: NDArray[np.float64],
    X: NDArray[np.float64],
    y: NDArray[np.generic],
) -> tuple[Plane, NDArray[np.float64]]:
    """The plane along the axes around the rows, or around the typical range; and the points."""
    directions, origin = np.zeros((2, len(typical))), typical.copy()
    for direction, axis in zip(directions, chosen, strict=False):
        origin[axis.index] = -axis.center / axis.scale
        direction[axis.index] = 1 / axis.scale
    points = np.column_stack([X[:, axis.index] * axis.scale + axis.center for axis in chosen])
    ends = np.array([[axis.low, axis.high] for axis in chosen]).T
    if len(chosen) == 1:
        points = np.column_stack([points, y.astype(np.float64)])
        ends = np.column_stack([ends, np.zeros(2)])
    names = tuple(axis.name for axis in chosen)
    return plane_around(points if len(points) else ends, names, origin, directions), points


def _with_height(plane: Plane, limits: tuple[float, float]) -> Plane:
    """Extend the plane of a curve without points to the predicted range."""
    ends = np.column_stack([[plane.low[0], plane.high[0]], limits])
    return plane_around(ends, plane.names, plane.origin, plane.directions)


def _predicted_range(model: Model, plane: Plane) -> tuple[float, float]:
    """Smallest and largest prediction on the plane."""
    if model.predictor.classes is not None:
        return 0.0, 1.0
    with np.errstate(all="ignore"):
        try:
            output = model.predictor.network.predict(plane.rows(plane.grid(24)))
        except ValueError:  # beyond the network's dtype
            return -math.inf, math.inf
        numbers = model.predictor.in_units(output)[:, 0]
    return float(numbers.min()), float(numbers.max())
