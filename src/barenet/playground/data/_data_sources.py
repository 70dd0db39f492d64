"""The sources of data: named data sets, tables, models and points drawn by hand.

Rows are split and scaled as on the command line; all drawn points are training points. Rows consist
of columns that are encoded one by one; a numeric matrix is encoded unchanged.
"""

import re
import warnings
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

import numpy as np

from barenet import Scaling, TableEncoding, load_dataset
from barenet._messages import some
from barenet.datasets._dataset import Dataset
from barenet.datasets._dataset_loading import set_name
from barenet.errors import ArgumentError
from barenet.files._model_card import ModelCard
from barenet.playground.data import _plane as planes
from barenet.playground.data._opened_models import Model
from barenet.playground.data._prepared_data import PreparedData
from barenet.playground.data._table_file import TableFile, remedies_of_page
from barenet.playground.state._features import FEATURES
from barenet.playground.state._page_state import (
    ALL_COLUMNS,
    DRAWN_POINT,
    NAMED,
    DataSettings,
    check_source,
)
from barenet.playground.trainer._trainer_messages import Rows
from barenet.settings._task_settings import with_new_names
from barenet.tables.encoding._column import Column
from barenet.tables.encoding._column_kinds import NumberColumn
from barenet.tables.encoding._scaling import no_scaling
from barenet.tables.frames._frame import Frame
from barenet.tables.reading._table_reading import read_table_columns

#: Description of the values at which the plane fixes the other columns of a table.
FIXED_AT = "their median or most frequent value"
MEDIAN = "their median"
#: Description of points that are drawn, until there are test points.
ALL_FOR_TRAINING = "all of them are for training"
#: Maximum rows of an image data set: about as many as a network learns from in a second.
MAX_IMAGES = 10_000
#: Half the side of the map of drawn points, and the largest whole number of a coordinate.
DRAWN_HALF_SIDE = 2.0
MAX_COORDINATE = 36**2 - 1


def prepare_named(data: DataSettings, max_images: int = MAX_IMAGES) -> PreparedData:
    """Load and prepare a named data set, or some of its images."""
    check_source(data.source)
    rows = load_dataset(data.source, **data.generator_options)
    if rows.image_shape is not None and rows.n_samples > max_images:
        words = f"{rows.description}; {max_images:,} of them are here"
        some_rows = rows.take(np.linspace(0, rows.n_samples - 1, max_images).astype(int))
        rows = replace(some_rows, description=words)
    scaling = None
    if not isinstance(rows.X, Frame) and rows.X.dtype == np.uint8:
        # Pixels that are almost always empty would become large if they were standardized.
        ends = np.array([[0.0], [np.max(rows.X)]])
        scaling = Scaling.fit("minmax", ends.repeat(rows.n_features, axis=1))
    return _prepare_matrix(rows, data, scaling=scaling)


def read_points(text: str) -> tuple[planes.Array, np.ndarray[tuple[int], np.dtype[np.int64]]]:
    """Read hand-drawn points, shape (n_points, 2), and their classes, five characters per point.

    The class comes first, followed by both coordinates as base-36 numbers.

    Examples
    --------
    >>> read_points("100zz")
    (array([[-2.,  2.]]), array([1]))
    """
    classes = []
    coordinates = []
    for point in re.findall(DRAWN_POINT, text):
        classes.append(int(point[0], 36))
        across = int(point[1:3], 36)
        up = int(point[3:], 36)
        coordinates.append((across, up))
    # Coordinates from 0 to the largest whole number cover the map from one side to the other.
    numbers = np.array(coordinates, np.int64).reshape(-1, 2)
    # Positions range from −1 at the left and bottom to 1 at the right and top.
    places = 2 * numbers / MAX_COORDINATE - 1
    X = DRAWN_HALF_SIDE * places
    return X, np.array(classes, np.int64)


def prepare_drawn(data: DataSettings) -> PreparedData:
    """Prepare hand-drawn points of at least two classes; all of them are training points."""
    X, y = read_points(data.points)
    count = max(2, int(y.max(initial=0)) + 1)
    rows = Dataset(
        name=data.source,
        X=X,
        y=y,
        classes=tuple(f"class {number}" for number in range(1, count + 1)),
        feature_names=("x1", "x2"),
        target_name="class",
        description=ALL_FOR_TRAINING,
    )
    names = tuple(name for name in data.features if name in FEATURES)
    if not names:
        names = ("x1", "x2")
    corner = np.full(2, DRAWN_HALF_SIDE)
    return _split_and_scale(
        rows,
        planes.FeatureMap(names, (0, 1)),
        test_size=0.0,
        # The points are not scaled, so adding points does not change any inputs.
        scaling=no_scaling(len(names)),
        plane=planes.Plane(rows.feature_names, -corner, corner, lambda points: points),
        points=X,
        axes=rows.feature_names,
        fixed_at="",
    )


@remedies_of_page()
def prepare_table(data: DataSettings, table: TableFile) -> PreparedData:
    """Prepare a table: all columns, the columns of the axes, or features computed from these."""
    columns = table.features(data.target or table.default_target)
    numeric = tuple(name for name, is_numeric in columns.items() if is_numeric)
    has_all = data.features == (ALL_COLUMNS,) or not numeric
    axes: tuple[str, ...] = ()
    if numeric:
        axes = planes.check_axes(numeric, data.axes)
    has_more = len(columns) > len(axes)
    rows = table.load(data, frame=not has_all and has_more)
    raw = rows.X if isinstance(rows.X, Frame) else None
    if raw is not None and not has_all:
        numeric = _varying(rows, data.test_size, numeric)
        axes = planes.check_axes(numeric, data.axes)
        if {*data.features} != {"x1", "x2"}:
            rows = replace(rows, X=_complete(raw, axes), feature_names=axes)
    if not isinstance(rows.X, Frame):
        prepared = _prepare_matrix(rows, data)
        return replace(prepared, axes=numeric, table=table)
    dropped = []
    if not has_all:
        dropped = [name for name in columns if name not in axes]
    rows = _read(rows, dropped)
    training, _ = rows.split(data.test_size)
    encoding = TableEncoding.fit(training.X, drop=dropped)
    description = rows.description
    if has_all:
        description += _left_out(encoding)
    rows = replace(
        rows,
        X=encoding.transform(rows.X),
        feature_names=encoding.input_names,
        description=description,
    )
    prepared = _prepare(rows, encoding.used, data)
    prepared = replace(prepared, table=table, encoding=encoding)
    if has_all:
        return prepared
    # The columns of the axes are the features x₁ and x₂.
    feature_of = dict(zip(axes, ("x1", "x2"), strict=False))
    features = tuple(feature_of.get(name, name) for name in encoding.input_names)
    return replace(prepared, axes=numeric, input_features=features)


def _read(rows: Dataset, dropped: Collection[str]) -> Dataset:
    """Read the texts of columns by all rows, and describe the values that can't be read."""
    assert isinstance(rows.X, Frame)
    names = [name for name in rows.feature_names if name not in dropped]
    with warnings.catch_warnings(record=True) as noted:
        warnings.simplefilter("always")
        frame, _, _ = read_table_columns(rows.X.select(names), {})
    columns = rows.X.columns | frame.columns
    description = "; ".join([rows.description, *(str(note.message) for note in noted)])
    return replace(
        rows, X=replace(rows.X, columns=columns, kinds=frame.kinds), description=description
    )


def _left_out(encoding: TableEncoding) -> str:
    """Describe the columns that an encoding leaves out, with reasons; empty if there are none."""
    used = {*encoding.used}
    reasons = [
        f"{column.name} ({column.formula})" for column in encoding.columns if column not in used
    ]
    return f"; left out: {some(reasons)}" if reasons else ""


def _varying(rows: Dataset, test_size: float, numeric: tuple[str, ...]) -> tuple[str, ...]:
    """Return the numeric columns that the encoding keeps: not row numbers or constant ones."""
    drop = [name for name in rows.feature_names if name not in numeric]
    training, _ = rows.split(test_size)
    return TableEncoding.fit(training.X, drop=drop).feature_names


def _complete(X: Frame, axes: tuple[str, ...]) -> planes.Array:
    """Return the columns of the axes; no values may be missing, as they are used for features."""
    columns = np.column_stack([X[name] for name in axes])
    if np.isnan(columns).any():
        problem = f"they are computed from {some(axes)}, where values are missing"
        remedy = "choose x₁ and x₂, or all columns"
        raise ArgumentError(problem, argument="features", remedy=remedy)
    return columns


@remedies_of_page()
def prepare_model(data: DataSettings, model: Model, rows: Dataset) -> PreparedData:
    """Prepare the rows of a model."""
    predictor = model.predictor
    encoding = predictor.preprocessing
    if isinstance(encoding, TableEncoding):
        X = encoding.transform(rows.X)
        rows = replace(rows, X=X, feature_names=predictor.input_names)
        prepared = _prepare(rows, encoding.used, data, model=model)
        plane = replace(prepared.plane, encoding=encoding)
        return replace(prepared, encoding=encoding, plane=plane)
    features: tuple[str, ...] = (ALL_COLUMNS,)
    if rows.feature_names != predictor.feature_names:
        feature_of = dict(zip(rows.feature_names, ("x1", "x2"), strict=False))
        features = tuple(feature_of.get(name, name) for name in predictor.feature_names)
        if rows.n_features > 2 or not all(name in FEATURES for name in features):
            raise _without_rows(model)
    return _prepare_matrix(rows, replace(data, features=features), model=model, scaling=encoding)


def _without_rows(model: Model) -> ArgumentError:
    """Return the error of a model whose rows are not here."""
    name = model.predictor.dataset or "its training"
    return ArgumentError(
        f"the page shows a model with the rows of {name}, which are not here",
        argument="rows",
        remedy="open the table that it was trained on, too; `barenet report` describes a model "
        "without it",
    )


def named_rows(model: Model) -> Dataset:
    """Load the named data set that a model was trained on, with the settings of its training."""
    card = model.predictor.card or ModelCard()
    data = str(with_new_names(card.settings).get("data", model.predictor.dataset))
    if set_name(data) not in NAMED:
        raise _without_rows(model)
    dataset = load_dataset(data)
    if dataset.classes != model.predictor.classes:  # another data set with the same name
        raise _without_rows(model)
    return dataset


def _number_columns(
    names: Iterable[str], fills: planes.Array, scaling: Scaling
) -> list[NumberColumn]:
    """Make number columns from their values for missing numbers."""
    centers = scaling.offset.tolist()
    scales = (1 / scaling.factor).tolist()
    columns = []
    for name, fill, center, scale in zip(names, fills.tolist(), centers, scales, strict=True):
        columns.append(NumberColumn(name, fill, center, scale, indicator=False))
    return columns


def _prepare_matrix(
    rows: Dataset,
    data: DataSettings,
    *,
    scaling: Scaling | None = None,
    model: Model | None = None,
) -> PreparedData:
    """Prepare rows of numbers: all columns, or features computed from the columns of the axes."""
    X = np.asarray(rows.X, np.float64)
    rows = replace(rows, X=X)
    medians = np.median(X, axis=0)
    unscaled = no_scaling(rows.n_features)
    columns = _number_columns(rows.feature_names, medians, unscaled)
    return _prepare(
        rows,
        columns,
        data,
        features=data.features,
        fixed_at=MEDIAN,
        scaling=scaling,
        model=model,
    )


def _prepare(
    rows: Dataset,
    columns: Sequence[Column],
    data: DataSettings,
    *,
    features: tuple[str, ...] = (),
    fixed_at: str = FIXED_AT,
    scaling: Scaling | None = None,
    model: Model | None = None,
) -> PreparedData:
    """Find the plane of rows that columns encode; without features, the columns are the inputs."""
    X = np.asarray(rows.X)
    computed = planes.FeatureMap()
    typical = planes.typical_row(columns, X)
    placed_columns = planes.place_columns(columns)
    numeric: dict[str, NumberColumn] = {}
    starts: dict[str, int] = {}
    for start, column in placed_columns:
        if isinstance(column, NumberColumn):
            numeric[column.name] = column
            starts[column.name] = start
    has_axes = rows.image_shape is None and len(numeric) > 0
    names: tuple[str, ...] = ()
    fixed_columns = []
    if X.shape[1] > 1 and not has_axes:
        plane, points = planes.principal_plane(X)
    else:
        if not numeric:
            column_names = some([column.name for column in columns], 10)
            problem = f"no axis: none of its columns is numeric: {column_names}"
            raise ArgumentError(problem, argument="model")
        names = tuple(numeric)
        axes = {starts[name]: numeric[name] for name in planes.check_axes(names, data.axes)}
        plane, points = planes.plane_along(axes, X, rows.y, typical=typical)
        if features and features != (ALL_COLUMNS,):
            computed = planes.FeatureMap.fit(rows, features, [*axes])
        elif rows.image_shape is None:
            for start, column in placed_columns:
                if column.name not in plane.names:
                    fixed = planes.fixed_column(column, start=start, X=X, typical=typical)
                    fixed_columns.append(fixed)
    if not features:
        scaling = no_scaling(X.shape[1])  # the columns are already scaled
    prepared = _split_and_scale(
        rows,
        computed,
        data.test_size,
        scaling=scaling,
        model=model,
        plane=plane,
        points=points,
        axes=names,
        fixed_at=fixed_at,
    )
    return replace(prepared, columns=placed_columns, fixed_columns=fixed_columns)


def _split_and_scale(
    rows: Dataset,
    features: planes.FeatureMap,
    test_size: float,
    *,
    plane: planes.Plane,
    points: planes.Array,
    axes: tuple[str, ...],
    fixed_at: str,
    scaling: Scaling | None = None,
    model: Model | None = None,
) -> PreparedData:
    """Split rows, and fit a scaling to the training rows unless one is given."""
    raw = features.apply(np.asarray(rows.X))
    y = rows.y
    indices = np.arange(rows.n_samples)
    # Without a test set, both sets are all rows.
    training = indices
    test = indices
    is_test = np.zeros(rows.n_samples, bool)
    if rows.n_samples and test_size:
        training_half, test_half = replace(rows, numbers=indices).split(test_size)
        assert test_half is not None
        training = training_half.numbers
        test = test_half.numbers
        is_test[test] = True
    scaling = scaling or Scaling.fit("standardize", raw[training])
    target_scaling = None
    if model is not None:
        target_scaling = model.predictor.target_scaling
    elif rows.classes is None:
        learned_targets = y[training].reshape(-1, 1)
        target_scaling = Scaling.fit("standardize", learned_targets)
    scaled = y
    if target_scaling is not None and len(y):
        scaled_column = target_scaling.transform(y.reshape(-1, 1))
        scaled = scaled_column[:, 0]
    X = scaling.transform(raw, np.float32)
    target_range = (0.0, 0.0)
    if len(y):
        learned_targets = y[training]
        target_range = (float(learned_targets.min()), float(learned_targets.max()))
    return PreparedData(
        dataset=rows,
        input_names=features.input_names(rows.feature_names),
        features=features,
        training=Rows(X[training], scaled[training]),
        test=Rows(X[test], scaled[test]),
        is_test=is_test,
        test_rows=test,
        scaling=scaling,
        target_scaling=target_scaling,
        target_range=target_range,
        model=model,
        plane=plane,
        points=points,
        axes=axes,
        fixed_at=fixed_at,
    )
