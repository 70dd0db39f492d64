"""The preparation of data: named data sets, tables, models and points drawn by hand.

Rows are split and scaled as by the command; drawn points are all for training. All rows are columns
that are encoded one by one; a matrix of numbers is encoded as it is. Without the rows of a model,
the plane lies where its preprocessing implies that they were.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from barenet import Dataset, Frame, Predictor, Scaling, TableEncoding, load_dataset
from barenet._registry import lookup
from barenet.data._column import Column
from barenet.data._column_kinds import NumberColumn
from barenet.data._datasets import DATASETS
from barenet.errors import ArgumentError, some
from barenet.playground import _plane as planes
from barenet.playground._opened_models import Model
from barenet.playground._page_state import (
    ALL_COLUMNS,
    DRAWN_POINT,
    NAMED,
    DataSettings,
    check_source,
)
from barenet.playground._prepared_data import PreparedData
from barenet.playground._tables import TableFile, remedies_of_page

#: Half the width of a plane without rows, in units of the preprocessing.
HALF_WIDTH = 2.5
#: The values at which the plane fixes the other columns of a table, in words.
FIXED_AT = "their median or most frequent value"
#: Rows of a data set of images: as many as are learned in a second.
MAX_IMAGES = 10_000
#: Half the side of the map of drawn points, and the largest of the whole numbers that are places.
DRAWN_HALF_SIDE, MAX_COORDINATE = 2.0, 36**2 - 1
#: For each scaling: the middle of a scaled column, half its width, and the middle in words.
MIDDLES = {
    "none": (0.0, HALF_WIDTH, "0"),
    "standardize": (0.0, HALF_WIDTH, "their mean"),
    "minmax": (0.5, 0.5, "the middle of their range"),
    "robust": (0.0, HALF_WIDTH, "their median"),
    "affine": (0.0, HALF_WIDTH, "the value that the network sees as 0"),
}


def prepare_named(data: DataSettings) -> PreparedData:
    """Load and prepare a named data set."""
    check_source(data.source)
    rows = load_dataset(data.source, **data.generator_options)
    if rows.n_samples <= MAX_IMAGES:
        return _prepare_matrix(rows, data)
    some_rows = rows.take(np.arange(0, rows.n_samples, rows.n_samples // MAX_IMAGES))
    words = f"{rows.description}; {MAX_IMAGES:,} of them are here"
    # Pixels that are nearly always empty would be large if standardized.
    scaling = Scaling.fit("minmax", np.array([[0.0], [255.0]]).repeat(rows.n_features, axis=1))
    return _prepare_matrix(replace(some_rows, description=words), data, scaling=scaling)


def read_points(text: str) -> tuple[planes.Array, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Read points drawn by hand, shape (n_points, 2), and their classes: five characters each.

    The class comes first, then both coordinates as numbers to the base of 36.

    Examples
    --------
    >>> read_points("100zz")
    (array([[-2.,  2.]]), array([1]))
    """
    parts = [(each[0], each[1:3], each[3:]) for each in re.findall(DRAWN_POINT, text)]
    numbers = np.array([[int(part, 36) for part in each] for each in parts], np.int64)
    numbers = numbers.reshape(-1, 3)
    return DRAWN_HALF_SIDE * (2 * numbers[:, 1:] / MAX_COORDINATE - 1), numbers[:, 0]


def prepare_drawn(data: DataSettings) -> PreparedData:
    """Prepare points drawn by hand, of two classes at least; all of them are for training."""
    X, y = read_points(data.points)
    count = max(2, int(y.max(initial=0)) + 1)
    rows = Dataset(
        name=data.source,
        X=X,
        y=y,
        classes=tuple(f"class {number}" for number in range(1, count + 1)),
        feature_names=("x1", "x2"),
        target_name="class",
        description="all of them are for training",
    )
    names = tuple(name for name in data.features if name in planes.FEATURES) or ("x1", "x2")
    corner = np.full(2, DRAWN_HALF_SIDE)
    return _split_and_scale(
        rows,
        planes.FeatureMap(names, (0, 1)),
        test_size=0.0,
        # They are not scaled, so that more points change no input.
        scaling=planes.unscaled(len(names)),
        plane=planes.Plane(rows.feature_names, -corner, corner, lambda points: points),
        points=X,
        axes=rows.feature_names,
        fixed_at="",
    )


@remedies_of_page()
def prepare_table(data: DataSettings, table: TableFile) -> PreparedData:
    """Prepare a table: all columns, those of the axes, or features computed from these."""
    columns = table.features(data.target or table.default_target)
    numeric = tuple(name for name, is_numeric in columns.items() if is_numeric)
    has_all, chosen = data.features == (ALL_COLUMNS,) or not numeric, {*data.features}
    axes = () if not numeric else planes.check_axes(numeric, data.axes)
    rows = table.load(data, frame=not has_all and len(columns) > len(axes))
    parts: dict[str, Any] = {"table": table, "raw": rows.X if isinstance(rows.X, Frame) else None}
    if isinstance(rows.X, Frame) and not has_all:
        numeric = _varying(rows, data.test_size, numeric)
        axes = planes.check_axes(numeric, data.axes)
        if chosen != {"x1", "x2"}:
            rows = replace(rows, X=_complete(rows.X, axes), feature_names=axes)
    if not isinstance(rows.X, Frame):
        return _prepare_matrix(rows, data, axes=numeric, **parts)
    dropped = [] if has_all else [name for name in columns if name not in axes]
    encoding = TableEncoding.fit(rows.split(data.test_size)[0].X, drop=dropped)
    X = encoding.transform(rows.X)
    if not has_all:
        names = dict(zip(axes, ("x1", "x2"), strict=False))
        features = tuple(names.get(name, name) for name in encoding.output_names)
        parts |= {"axes": numeric, "input_features": features}
    left_out = {*encoding.columns} - {*encoding.used}
    reasons = [f"{each.name} ({each.formula})" for each in encoding.columns if each in left_out]
    words = f"; left out: {some(reasons)}" if has_all and reasons else ""
    description = f"{rows.description}{words}"
    rows = replace(rows, X=X, feature_names=encoding.output_names, description=description)
    return _prepare(rows, encoding.used, data, encoding=encoding, **parts)


def _varying(rows: Dataset, test_size: float, numeric: tuple[str, ...]) -> tuple[str, ...]:
    """The columns of numbers that the encoding keeps: others count the rows or are constant."""
    drop = [name for name in rows.feature_names if name not in numeric]
    return TableEncoding.fit(rows.split(test_size)[0].X, drop=drop).feature_names


def _complete(X: Frame, axes: tuple[str, ...]) -> planes.Array:
    """The columns of the axes; a missing value is an error, as features are computed from them."""
    columns = np.column_stack([X[name] for name in axes])
    if np.isnan(columns).any():
        problem = f"they are computed from {some(axes)}, where values are missing"
        remedy = "choose x₁ and x₂, or all columns"
        raise ArgumentError(problem, argument="features", remedy=remedy)
    return columns


@remedies_of_page()
def prepare_model(data: DataSettings, model: Model, rows: Dataset | None) -> PreparedData:
    """Prepare the rows of a model, or its plane alone."""
    predictor, encoding = model.predictor, model.predictor.preprocessing
    if isinstance(encoding, Scaling) and rows is not None:
        known = dict(zip(rows.feature_names, ("x1", "x2"), strict=False))
        features = tuple(known.get(name, name) for name in predictor.feature_names)
        if rows.feature_names == predictor.feature_names:
            features = (ALL_COLUMNS,)
        elif rows.n_features > 2 or not {*features} <= planes.FEATURES.keys():
            return prepare_model(data, model, None)
        data = replace(data, features=features)
        return _prepare_matrix(rows, data, model=model, scaling=encoding)
    if predictor.image_shape is not None:  # two pixels in the middle: those at the border are empty
        first = planes.middle_pixel(predictor.image_shape)
        data = replace(data, axes=predictor.feature_names[first : first + 2])
    parts: dict[str, Any] = {"model": model}
    if isinstance(encoding, TableEncoding):
        columns: Sequence[Column] = encoding.used
        suffix = "" if rows is not None else ", text at the first category"
        parts |= {"encoding": encoding, "fixed_at": f"{FIXED_AT}{suffix}"}
    else:
        middle, parts["reach"], parts["fixed_at"] = MIDDLES[encoding.name]
        fills = encoding.offset + middle / encoding.factor
        columns = _number_columns(predictor.feature_names, fills, encoding)
    if rows is not None:
        parts["raw"] = rows.X if isinstance(rows.X, Frame) else None
        rows = replace(rows, X=encoding.transform(rows.X), feature_names=predictor.input_names)
        return _prepare(rows, columns, data, **parts)
    target = predictor.target_name
    if model.outputs:
        names = {name: index for index, name in enumerate(model.outputs)}
        target = data.target or model.outputs[0]
        parts["output"] = lookup(names, target, "target")
    prepared = _prepare(_empty_dataset(predictor, target), columns, data, **parts)
    return _with_predicted_range(model, prepared)


def _empty_dataset(predictor: Predictor, target_name: str) -> Dataset:
    """The data set of a model without its rows."""
    return Dataset(
        name=predictor.dataset,
        X=np.empty((0, len(predictor.input_names))),
        y=np.empty(0, np.float64 if predictor.classes is None else np.int64),
        classes=predictor.classes,
        feature_names=predictor.input_names,
        target_name=target_name,
        image_shape=predictor.image_shape,
        description="a model without its rows",
    )


def named_rows(model: Model) -> Dataset | None:
    """Load the named data set that a model was trained on, with the settings of that time."""
    if (name := model.predictor.dataset) not in NAMED:
        return None
    options = {each: getattr(model.config, each) for each in DATASETS[name].options}
    dataset = load_dataset(name, **options)
    return dataset if dataset.classes == model.predictor.classes else None


def _number_columns(
    names: Iterable[str], fills: planes.Array, scaling: Scaling
) -> list[NumberColumn]:
    """Number columns with their values for missing ones."""
    centers, scales = scaling.offset.tolist(), (1 / scaling.factor).tolist()
    rows = zip(names, fills.tolist(), centers, scales, strict=True)
    return [NumberColumn(*row, indicator=False) for row in rows]


def _prepare_matrix(rows: Dataset, data: DataSettings, **parts: Any) -> PreparedData:
    """Prepare rows of numbers: all columns, or features computed from those of the axes."""
    rows = replace(rows, X=np.asarray(rows.X, np.float64))
    medians, scaling = np.median(rows.X, axis=0), planes.unscaled(rows.n_features)
    columns = _number_columns(rows.feature_names, medians, scaling)
    fixed = "their median"
    return _prepare(rows, columns, data, features=data.features, fixed_at=fixed, **parts)


def _prepare(
    rows: Dataset,
    columns: Sequence[Column],
    data: DataSettings,
    *,
    features: tuple[str, ...] = (),
    reach: float = HALF_WIDTH,
    **parts: Any,
) -> PreparedData:
    """Find the plane of rows that are encoded by columns; without features, they are the inputs."""
    X, computed, names = np.asarray(rows.X), planes.FeatureMap(), tuple[str, ...]()
    typical, starts = planes.typical_row(columns, X), planes.with_starts(columns)
    numeric = {c.name: (start, c) for start, c in starts if isinstance(c, NumberColumn)}
    has_axes = rows.image_shape is None and len(numeric) > 0
    if len(X) and X.shape[1] > 1 and not has_axes:
        plane, points = planes.principal_plane(X)
    else:
        if not numeric:
            known = some([column.name for column in columns], 10)
            problem = f"no axis: none of its columns is numeric: {known}"
            raise ArgumentError(problem, argument="model")
        names = tuple(numeric)
        axes = dict(numeric[name] for name in planes.check_axes(names, data.axes))
        plane, points = planes.plane_along(axes, X, rows.y, typical, reach)
        if features and features != (ALL_COLUMNS,):
            computed = planes.FeatureMap.fit(rows, features, [*axes])
        elif rows.image_shape is None:
            others = [(column, start) for start, column in starts if column.name not in plane.names]
            parts["fixed_columns"] = [
                planes.fixed_column(*each, X, typical, reach) for each in others
            ]
    if not features:
        parts["scaling"] = planes.unscaled(X.shape[1])
    geometry = {"plane": plane, "points": points, "axes": names, "columns": starts}
    parts = {"fixed_at": FIXED_AT, **geometry, **parts}
    return _split_and_scale(rows, computed, data.test_size, **parts)


def _split_and_scale(
    rows: Dataset,
    features: planes.FeatureMap,
    test_size: float,
    *,
    scaling: Scaling | None = None,
    model: Model | None = None,
    **parts: Any,
) -> PreparedData:
    """Split rows, and fit their scaling to the training rows unless it is given."""
    raw, y = features.apply(np.asarray(rows.X)), rows.y
    training = test = indices = np.arange(rows.n_samples)
    if rows.n_samples and test_size:
        halves = replace(rows, numbers=indices).split(test_size)
        training, test = (half.numbers for half in halves if half is not None)
    scaling = scaling or Scaling.fit("standardize", raw[training])
    target = None if model is None else model.predictor.target_scaling
    if model is None and rows.classes is None:
        target = Scaling.fit("standardize", y[training].reshape(-1, 1))
    scaled = y if target is None or not len(y) else target.transform(y.reshape(-1, 1))[:, 0]
    X, learned = scaling.transform(raw, np.float32), y[training] if len(y) else np.zeros(1)
    return PreparedData(
        dataset=rows,
        input_names=features.input_names(rows.feature_names),
        features=features,
        training=(X[training], scaled[training]),
        test=(X[test], scaled[test]),
        is_test=np.isin(indices, test) & (test_size > 0),
        test_rows=test,
        scaling=scaling,
        target_scaling=target,
        target_range=(float(learned.min()), float(learned.max())),
        model=model,
        **parts,
    )


def _with_predicted_range(model: Model, prepared: PreparedData) -> PreparedData:
    """Take the range of the predictions on the plane, which for a curve is its height, too."""
    predictor, plane, limits = model.predictor, prepared.plane, (0.0, 1.0)
    if predictor.classes is None:
        outputs = prepared.outputs(predictor.first_network, "grid", 24)
        numbers = outputs[:, prepared.output]
        limits = float(numbers.min()), float(numbers.max())
    if prepared.is_curve:
        ends = np.column_stack([[plane.low[0], plane.high[0]], limits])
        plane = planes.Plane.around(ends, plane.names, plane.typical_rows)
    inputs = prepared.inputs("grid", 24)
    if not np.isfinite([*plane.low, *plane.high, *limits, *inputs.ravel()]).all():
        problem = "its predictions or its training data are too large to be drawn"
        raise ArgumentError(problem, argument="model")
    return replace(prepared, plane=plane, target_range=limits)
