"""Data whose columns are encoded one by one, as by ``barenet train``: tables and opened models.

Without the rows of a model, the plane lies where its preprocessing implies that they were.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from barenet._registry import lookup
from barenet.data._column import Column, FilledColumn
from barenet.data._dataset import Dataset
from barenet.data._datasets import load_dataset
from barenet.data._encoding import TableEncoding
from barenet.data._frame import Frame
from barenet.data._named import GENERATED
from barenet.data._number_column import NumberColumn
from barenet.data._scaling import Scaling
from barenet.errors import ArgumentError, DataError, some
from barenet.playground._features import FEATURES
from barenet.playground._opened_models import Model
from barenet.playground._page_state import ALL_COLUMNS, NAMED, DataSettings
from barenet.playground._plane import column_indices, number_columns, plane_along, plane_around
from barenet.playground._prepared_data import PreparedData, prepare_dataset, split_and_scale
from barenet.playground._tables import TableFile, errors_naming_table

#: Half the width of the plane without rows, in units of the preprocessing.
REACH = 2.5
#: Where the plane fixes the other columns of a table.
FIXED_AT = "their median or most frequent value"
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


def prepare_table(data: DataSettings, table: TableFile) -> PreparedData:
    """Prepare a table: all columns, those of the axes, or features computed from these."""
    columns = table.features(data.target or table.default_target)
    numeric = tuple(name for name, is_numeric in columns.items() if is_numeric)
    if not numeric:
        problem = f"no column of numbers to draw; there is {some([*columns])}"
        raise DataError(problem, path=table.name, remedy="barenet train learns from text, too")
    axes = [numeric[index] for index in column_indices(numeric, data.axes)]
    has_all, chosen = data.features == (ALL_COLUMNS,), {*data.features}
    dropped = [] if has_all else [name for name in columns if name not in axes]
    rows = table.load(data, frame=bool(dropped))
    if isinstance(rows.X, Frame) and not has_all and chosen != {"x1", "x2"}:
        X = np.column_stack([rows.X[name] for name in axes])
        if np.isnan(X).any():
            problem = f"they are computed from {some(axes)}, where values are missing"
            remedy = "choose x₁ and x₂, or all columns"
            raise ArgumentError(problem, argument="features", remedy=remedy)
        rows = dataclasses.replace(rows, X=X, feature_names=tuple(axes))
    if not isinstance(rows.X, Frame):
        return prepare_dataset(rows, data, table=table, axes=numeric)
    training, _ = rows.split(data.test_size)
    parts: dict[str, Any] = {"table": table}
    with errors_naming_table(table.name, table.path):
        encoding = TableEncoding.fit(training.X, drop=dropped)
        X = encoding.transform(rows.X)
    if not has_all:
        names = dict(zip(axes, ("x1", "x2"), strict=False))
        features = tuple(names.get(name, name) for name in encoding.output_names)
        parts |= {"axes": numeric, "input_features": features}
    inputs = dataclasses.replace(rows, X=X, feature_names=encoding.output_names)
    return _prepare_encoded(data, inputs, encoding.used, encoding=encoding, **parts)


def prepare_model(data: DataSettings, model: Model, rows: Dataset | None) -> PreparedData:
    """Prepare the rows of a model, or its plane alone."""
    predictor = model.predictor
    if rows is None or isinstance(predictor.preprocessing, TableEncoding):
        return _prepare_columns(data, model, rows)
    features: tuple[str, ...] = (ALL_COLUMNS,)
    if rows.feature_names != predictor.feature_names:
        known = dict(zip(rows.feature_names, ("x1", "x2"), strict=False))
        features = tuple(known.get(name, name) for name in predictor.feature_names)
        if rows.n_features > 2 or not set(features) <= FEATURES.keys():
            return _prepare_columns(data, model, None)
    return prepare_dataset(rows, dataclasses.replace(data, features=features), model=model)


def _prepare_columns(data: DataSettings, model: Model, rows: Dataset | None) -> PreparedData:
    """Prepare the rows of a model as its network sees them, or its plane alone."""
    predictor, encoding = model.predictor, model.predictor.preprocessing
    if predictor.image_shape is not None:
        problem = f"the images of {predictor.dataset} are not here to show it on"
        raise ArgumentError(problem, argument="model")
    parts: dict[str, Any] = {"model": model}
    if isinstance(encoding, TableEncoding):
        columns: Sequence[Column] = encoding.used
        suffix = "" if rows is not None else ", text at the first category"
        parts |= {"encoding": encoding, "fixed_at": f"{FIXED_AT}{suffix}"}
    else:
        middle, parts["reach"], parts["fixed_at"] = TYPICAL[encoding.name]
        columns = number_columns(predictor.feature_names, encoding, middle)
    if rows is not None:
        X = encoding.transform(rows.X)
        inputs = dataclasses.replace(rows, X=X, feature_names=predictor.input_names)
        return _prepare_encoded(data, inputs, columns, **parts)
    if model.outputs:
        names = {name: index for index, name in enumerate(model.outputs)}
        parts["output"] = lookup(names, data.target or model.outputs[0], "target")
    inputs = Dataset(
        name=predictor.dataset,
        X=np.empty((0, len(predictor.input_names))),
        y=np.empty(0, np.float64 if predictor.classes is None else np.int64),
        classes=predictor.classes,
        feature_names=predictor.input_names,
        target_name=data.target or model.outputs[0] if model.outputs else predictor.target_name,
        description="a model without its rows",
    )
    return _with_predicted_range(_prepare_encoded(data, inputs, columns, **parts))


def _prepare_encoded(
    data: DataSettings,
    inputs: Dataset,
    columns: Sequence[Column],
    *,
    model: Model | None = None,
    reach: float = REACH,
    **parts: Any,
) -> PreparedData:
    """Prepare encoded rows; the axes are in the units of the columns."""
    typical, numeric, start = [], {}, 0
    for column in columns:
        stop = start + len(column.outputs)
        if isinstance(column, FilledColumn):
            typical.append(column.encode(np.array([column.fill_value]))[0])
        else:
            typical.append(np.eye(stop - start)[inputs.X[:, start:stop].sum(axis=0).argmax()])
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
    made = {"plane": plane, "points": points, "axes": axes, "fixed_at": FIXED_AT}
    made |= {"scaling": identity, **parts}
    return split_and_scale(inputs, data, model, dataset=inputs, **made)


def _with_predicted_range(prepared: PreparedData) -> PreparedData:
    """Take the range of the predictions on the plane, which for a curve is its height, too."""
    assert prepared.model is not None
    predictor, plane, limits = prepared.model.predictor, prepared.plane, (0.0, 1.0)
    inputs = np.empty(0, np.float32)
    if predictor.classes is None:
        with np.errstate(all="ignore"):
            inputs = prepared.grid(24)
            outputs = predictor.in_units(prepared.outputs(predictor.first_network, inputs))
        numbers = outputs[:, prepared.output]
        limits = float(numbers.min()), float(numbers.max())
    if prepared.is_curve:
        ends = np.column_stack([[plane.low[0], plane.high[0]], limits])
        plane = plane_around(ends, plane.names, plane.origin, plane.directions)
    if not np.isfinite([*plane.low, *plane.high, *limits, *inputs.ravel()]).all():
        problem = "its predictions or its training data are too large to be drawn"
        raise ArgumentError(problem, argument="model")
    return dataclasses.replace(prepared, plane=plane, target_range=limits)
