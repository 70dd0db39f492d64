"""The data of an opened model: its rows in its own preprocessing, and the plane of its pictures.

Without its rows, the plane lies where the preprocessing implies that they were.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from barenet.data._column import Column, NumberColumn
from barenet.data._dataset import Dataset
from barenet.data._datasets import load_dataset
from barenet.data._encoding import TableEncoding
from barenet.data._named import GENERATED
from barenet.data._scaling import Scaling
from barenet.errors import ArgumentError, some
from barenet.playground._features import FEATURES
from barenet.playground._opened_models import Model
from barenet.playground._page_state import ALL_COLUMNS, NAMED, DataSettings
from barenet.playground._plane import column_indices, number_columns, plane_along, plane_around
from barenet.playground._prepared_data import PreparedData, prepare_dataset, split_and_scale
from barenet.playground._tables import model_rows

#: Half the width of the plane without rows, in units of the preprocessing.
REACH = 2.5
#: The middle of a scaled column, half its width, and what the middle is of the rows.
TYPICAL = {
    "none": (0.0, REACH, "0"),
    "standardize": (0.0, REACH, "their mean"),
    "minmax": (0.5, 0.5, "the middle of their range"),
    "robust": (0.0, REACH, "their median"),
    "affine": (0.0, REACH, "the value that the network sees as 0"),
}


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
    features: tuple[str, ...] = (ALL_COLUMNS,)
    if rows.feature_names != predictor.feature_names:
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
    columns, reach, fixed_at = _columns(model, has_rows=rows is not None)
    typical, numeric, start = [], {}, 0
    for column in columns:
        stop = start + len(column.outputs)
        typical.append(column.typical(inputs.X[:, start:stop]))
        if isinstance(column, NumberColumn):
            numeric[start] = column
        start = stop
    if not numeric:
        names = some([column.name for column in columns], 10)
        raise ArgumentError(f"no axis: none of its columns is numeric: {names}", argument="model")
    axes = tuple(column.name for column in numeric.values())
    inputs_of_axes = [[*numeric][index] for index in column_indices(axes, data.axes)]
    chosen = {index: numeric[index] for index in inputs_of_axes}
    plane, points = plane_along(
        chosen, np.asarray(inputs.X), inputs.y, np.concatenate(typical), reach
    )
    identity = Scaling("none", np.zeros(start), np.ones(start))
    geometry = {"plane": plane, "points": points, "fixed_at": fixed_at, "axes": axes}
    prepared = split_and_scale(inputs, data, model, dataset=inputs, scaling=identity, **geometry)
    return prepared if rows is not None else _with_predicted_range(prepared)


def _encoded_inputs(model: Model, rows: Dataset | None) -> Dataset:
    """Encode the rows, or describe the inputs without any."""
    predictor = model.predictor
    if predictor.image_shape is not None:
        problem = f"the images of {predictor.dataset} are not here to show it on"
        raise ArgumentError(problem, argument="model")
    if rows is None:
        X = np.empty((0, len(predictor.input_names)))
        y: NDArray[np.generic] = np.empty(0, np.float64 if predictor.classes is None else np.int64)
        description = "a model without its rows"
        rows = model_rows(predictor, predictor.dataset, X, y, description)
    else:
        rows = dataclasses.replace(rows, X=predictor.preprocessing.transform(rows.X))
    return dataclasses.replace(rows, feature_names=predictor.input_names)


def _columns(model: Model, has_rows: bool) -> tuple[Sequence[Column], float, str]:
    """The columns of the rows, the reach of the plane, and where it fixes the other columns."""
    encoding = model.predictor.preprocessing
    if isinstance(encoding, TableEncoding):
        suffix = "" if has_rows else ", text at the first category"
        return encoding.used, REACH, f"their median or most frequent value{suffix}"
    middle, reach, fixed_at = TYPICAL[encoding.name]
    return number_columns(model.predictor.feature_names, encoding, middle), reach, fixed_at


def _with_predicted_range(prepared: PreparedData) -> PreparedData:
    """Take the range of the predictions on the plane, which for a curve is its height, too."""
    assert prepared.model is not None
    predictor, plane, limits = prepared.model.predictor, prepared.plane, (0.0, 1.0)
    inputs = np.empty(0, np.float32)
    if predictor.classes is None:
        with np.errstate(all="ignore"):
            inputs = prepared.grid(24)
            numbers = predictor.in_units(predictor.network.forward(inputs)[0])[:, 0]
        limits = float(numbers.min()), float(numbers.max())
    if prepared.is_curve:
        ends = np.column_stack([[plane.low[0], plane.high[0]], limits])
        plane = plane_around(ends, plane.names, plane.origin, plane.directions)
    if not np.isfinite([*plane.low, *plane.high, *limits, *inputs.ravel()]).all():
        problem = "its predictions or its training data are too large to be drawn"
        raise ArgumentError(problem, argument="model")
    return dataclasses.replace(prepared, plane=plane, target_range=limits)
