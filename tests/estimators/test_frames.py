"""Data frames of pandas, polars and Arrow, and the names of their columns."""

import numpy as np
import pandas as pd
import polars
import pyarrow
import pytest
from sklearn.datasets import load_iris

from barenet import MLPRegressor

X, Y = load_iris(return_X_y=True)
NAMES = ["sepal length", "sepal width", "petal length", "petal width"]


FRAMES = {
    "pandas": pd.DataFrame,
    "pandas on Arrow": lambda X, columns: pd.DataFrame(X, columns=columns).convert_dtypes(
        dtype_backend="pyarrow"
    ),
    "nullable pandas": lambda X, columns: pd.DataFrame(X, columns=columns).convert_dtypes(),
    "polars": lambda X, columns: polars.DataFrame(X, schema=columns),
    "Arrow": lambda X, columns: pyarrow.table(dict(zip(columns, X.T, strict=True))),
}


@pytest.fixture(params=FRAMES)
def make(request):
    """Make a frame of an array and names."""
    form = FRAMES[request.param]
    return lambda X, names: form(X, columns=names)


def select(frame, names):
    """The columns of these names, in their order."""
    return frame.select(names) if hasattr(frame, "select") else frame[names]


def test_dataframes_fit_like_their_values(make, small):
    frame, usual = make(X, NAMES), small().fit(X, Y)
    model = small().fit(frame, Y, validation_data=(frame, Y))
    assert model.feature_names_in_.tolist() == NAMES
    assert model.feature_names_in_.dtype == object
    assert model.loss_curve_ == usual.loss_curve_
    assert (model.predict(frame) == usual.predict(X)).all()
    assert model.partial_fit(frame, Y).score(frame, Y) == model.score(frame, Y)


def test_fault_25_reordered_or_renamed_columns(make, small):
    frame = make(X, NAMES)
    model = small().fit(frame, Y)
    reordered, renamed = select(frame, NAMES[::-1]), make(X, ["x", *NAMES[1:]])
    before = model.network_.parameters.copy()
    for use in (model.predict, lambda X: model.partial_fit(X, Y), lambda X: model.score(X, Y)):
        with pytest.raises(ValueError, match="must be in the same order"):
            use(reordered)
        with pytest.raises(ValueError, match=r"unseen at fit time:\n- x"):
            use(renamed)
    with pytest.raises(ValueError, match=r"^validation_data: .*\n?.*same order"):
        small().fit(frame, Y, validation_data=(reordered, Y))
    assert (model.network_.parameters == before).all()
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        model.predict(X)


def test_targets_may_be_dataframe_columns(make, small):
    frame = make(np.column_stack([X, Y]), [*NAMES, "kind"])
    features = select(frame, NAMES)
    assert small().fit(features, frame["kind"]).loss_curve_ == small().fit(X, Y).loss_curve_
    model = MLPRegressor(max_iter=5).fit(features, select(frame, ["sepal width", "kind"]))
    assert model.predict(features).shape == (150, 2)
