"""Opened: a model's own material, the rows as its own preprocessing makes them, and its plane.

What the page does to rows before a new network sees them is its own affair; a network that is
trained already has to get what it was trained on. Where the rows are not here, the plane is where
the preprocessing says that they were.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.data.column_types import NumberColumn
from barenet.data.dataset import Dataset
from barenet.data.datasets import load_dataset
from barenet.data.encoding import TableEncoding
from barenet.data.generated import GENERATED
from barenet.data.scaling import Scaling
from barenet.errors import some
from barenet.playground.features import FEATURES
from barenet.playground.material import Material, arrange, span_of, split
from barenet.playground.models import Model
from barenet.playground.plane import Plane, around, columns_of
from barenet.playground.scene import ALL_COLUMNS, Scene
from barenet.playground.sets import NAMED

__all__ = ["material_of", "named_rows"]

#: How far the plane reaches where there are no rows, in units of the preprocessing.
REACH = 2.5


class _Usual(NamedTuple):
    """Where the numbers of a column are, as scaled: its ends, its middle, and what that was."""

    low: float
    middle: float
    high: float
    held: str


#: What each scaling makes of a usual column.
USUAL = {
    "none": _Usual(-REACH, 0.0, REACH, "0"),
    "standardize": _Usual(-REACH, 0.0, REACH, "their mean"),
    "minmax": _Usual(0.0, 0.5, 1.0, "the middle of their range"),
    "robust": _Usual(-REACH, 0.0, REACH, "their median"),
    "affine": _Usual(-REACH, 0.0, REACH, "what the network sees as 0"),
}


@dataclass(frozen=True, kw_only=True)
class _Axis:
    """A column of numbers x that the network sees as ``(x - center) / scale`` in one place."""

    name: str
    place: int
    center: float
    scale: float
    low: float
    high: float


def named_rows(model: Model) -> Dataset | None:
    """Load the named data set that a model was trained on, as it was made then."""
    name, config = model.predictor.dataset, model.config
    if name not in NAMED:
        return None
    made = {option: getattr(config, option) for option in ("samples", "noise", "data_seed")}
    dataset = load_dataset(name, **(made if name in GENERATED else {}))
    return dataset if dataset.classes == model.predictor.classes else None


def material_of(scene: Scene, model: Model, rows: Dataset | None) -> Material:
    """Make a model's material."""
    predictor = model.predictor
    if rows is None or isinstance(predictor.preprocessing, TableEncoding):
        return _of_encoded(scene, model, rows)
    if rows.feature_names == predictor.feature_names:
        return arrange(rows, dataclasses.replace(scene, features=(ALL_COLUMNS,)), model)
    known = dict(zip(rows.feature_names, ("x1", "x2"), strict=False))
    features = tuple(known.get(name, name) for name in predictor.feature_names)
    if not set(features) <= FEATURES.keys():
        return _of_encoded(scene, model, None)
    if rows.n_features > 2:
        raise ValueError(
            f"model: it was trained on {some(predictor.feature_names)}, and {rows.name} has "
            f"{some(rows.feature_names)}: which of these x1 and x2 are is not known"
        )
    return arrange(rows, dataclasses.replace(scene, features=features), model)


def _of_encoded(scene: Scene, model: Model, rows: Dataset | None) -> Material:
    """Take the numbers that the network sees for the rows; the axes are in the table's units."""
    inputs = _inputs(model, rows)
    axes = _axes(model)
    chosen = [axes[place] for place in columns_of([axis.name for axis in axes], scene.axes)]
    X = np.asarray(inputs.X)
    usual, held = _usual_row(model, X)
    plane, points = _plane(chosen, usual, X, inputs.y)
    if rows is None:
        training, held_out, is_test = inputs, inputs, np.zeros(0, np.bool_)
        span = _span(model, plane)
        if len(chosen) == 1:
            plane = _with_height(plane, span)
        if not np.isfinite([*plane.low, *plane.high, *span]).all():
            raise ValueError(
                "model: what it predicts, or what it was trained on, is too large to be drawn"
            )
    else:
        training, held_out, is_test = split(inputs, scene)
        span = span_of(training)
    return Material(
        dataset=inputs,
        inputs=inputs,
        training=training,
        held_out=held_out,
        is_test=is_test,
        scaling=Scaling("none", np.zeros(X.shape[1]), np.ones(X.shape[1])),
        target_scaling=model.predictor.target_scaling,
        plane=plane,
        points=points,
        held=held,
        axes=tuple(axis.name for axis in axes),
        span=span,
        model=model,
    )


def _inputs(model: Model, rows: Dataset | None) -> Dataset:
    """Encode the rows; without any, there is what they would be called."""
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


def _axes(model: Model) -> list[_Axis]:
    """Find the columns of numbers."""
    predictor = model.predictor
    encoding, axes, place = predictor.preprocessing, [], 0
    if predictor.image_shape is not None:
        raise ValueError(f"model: the images of {predictor.dataset} are not here to show it on")
    if isinstance(encoding, Scaling):
        for place, name in enumerate(predictor.feature_names):
            center, scale = float(encoding.offset[place]), 1 / float(encoding.factor[place])
            usual = USUAL[encoding.name]
            ends = {"low": center + usual.low * scale, "high": center + usual.high * scale}
            axes.append(_Axis(name=name, place=place, center=center, scale=scale, **ends))
        return axes
    for column in encoding.used:
        if isinstance(column, NumberColumn):
            reach, middle = REACH * abs(column.scale), column.fill
            ends = {"low": middle - reach, "high": middle + reach}
            way = {"center": column.center, "scale": column.scale}
            axes.append(_Axis(name=column.name, place=place, **way, **ends))
        place += len(column.outputs)
    if not axes:
        raise ValueError(
            f"model: none of its columns holds numbers, to be an axis: "
            f"{', '.join(encoding.feature_names[:10])}"
        )
    return axes


def _usual_row(model: Model, X: NDArray[np.float64]) -> tuple[NDArray[np.float64], str]:
    """What the network sees of an ordinary row, and in words what that is."""
    encoding = model.predictor.preprocessing
    if isinstance(encoding, Scaling):
        usual = USUAL[encoding.name]
        return np.full(len(encoding.offset), usual.middle), usual.held
    parts, place = [], 0
    for column in encoding.used:
        end = place + len(column.outputs)
        parts.append(column.usual(X[:, place:end]))
        place = end
    held = "their median or most frequent value"
    return np.concatenate(parts), held if len(X) else f"{held}, words at the first"


def _plane(
    chosen: list[_Axis], usual: NDArray[np.float64], X: NDArray[np.float64], y: NDArray[np.generic]
) -> tuple[Plane, NDArray[np.float64]]:
    """Lay the plane along the axes, around the rows, or around where they were."""
    directions, origin = np.zeros((2, len(usual))), usual.copy()
    for each, axis in enumerate(chosen):
        origin[axis.place] = -axis.center / axis.scale
        directions[each, axis.place] = 1 / axis.scale
    points = np.column_stack([X[:, axis.place] * axis.scale + axis.center for axis in chosen])
    ends = np.array([[axis.low, axis.high] for axis in chosen]).T
    if len(chosen) == 1:
        points = np.column_stack([points, y.astype(np.float64)])
        ends = np.column_stack([ends, np.zeros(2)])
    names = tuple(axis.name for axis in chosen)
    return around(points if len(points) else ends, names, origin, directions), points


def _with_height(plane: Plane, span: tuple[float, float]) -> Plane:
    """Make room for a curve that there are no points to tell the height of."""
    ends = np.column_stack([[plane.low[0], plane.high[0]], span])
    return around(ends, plane.names, plane.origin, plane.directions)


def _span(model: Model, plane: Plane) -> tuple[float, float]:
    """Of a model without rows: between which numbers it predicts on the plane."""
    if model.predictor.classes is not None:
        return 0.0, 1.0
    with np.errstate(all="ignore"):
        try:
            output = model.predictor.network.predict(plane.rows(plane.grid(24)))
        except ValueError:  # beyond the network's dtype
            return -math.inf, math.inf
        numbers = model.predictor.in_units(output)[:, 0]
    return float(numbers.min()), float(numbers.max())
