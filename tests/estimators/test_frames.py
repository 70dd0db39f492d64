"""Data frames of pandas, polars and Arrow, and the names of their columns."""

import numpy as np
import pandas as pd
import polars
import pyarrow
import pytest
from sklearn.datasets import load_iris

from barenet import MLPClassifier, MLPRegressor, Network, train

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


@pytest.mark.parametrize("kind", [MLPClassifier])
def test_dataframes_fit_like_their_values(make, small):
    frame, usual = make(X, NAMES), small().fit(X, Y)
    model = small().fit(frame, Y, validation_data=(frame, Y))
    assert model.feature_names_in_.tolist() == NAMES
    assert model.feature_names_in_.dtype == object
    assert model.loss_curve_ == usual.loss_curve_
    assert (model.predict(frame) == usual.predict(X)).all()
    assert model.partial_fit(frame, Y).score(frame, Y) == model.score(frame, Y)


@pytest.mark.case(25)
@pytest.mark.parametrize("kind", [MLPClassifier])
def test_reordered_or_renamed_columns_are_refused(make, small):
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


@pytest.mark.parametrize("kind", [MLPClassifier])
def test_targets_may_be_dataframe_columns(make, small):
    frame = make(np.column_stack([X, Y]), [*NAMES, "kind"])
    features = select(frame, NAMES)
    assert small().fit(features, frame["kind"]).loss_curve_ == small().fit(X, Y).loss_curve_
    model = MLPRegressor(max_iter=5).fit(features, select(frame, ["sepal width", "kind"]))
    assert model.predict(features).shape == (150, 2)


#: Columns that are no numbers, and the noun of their remedy.
OTHERS = {
    "text": (["a", "b", "c", "d"], "text"),
    "objects": (pd.Series(["a", "b", "c", "d"], dtype=object), "text"),
    "categories": (pd.Categorical(["a", "b", "a", "c"]), "text"),
    "dates": (pd.date_range("2024-01-01", periods=4), "dates"),
    "durations": (pd.to_timedelta([1, 2, 3, 4], unit="h"), "dates"),
    "periods": (pd.period_range("2024-01", periods=4, freq="M"), "dates"),
}

#: Columns beside it, which decide in which function of pandas the conversion fails.
COMPANIONS = {
    "alone": {},
    "booleans": {"flag": [True, False, True, True]},
    "floats": {"size": [0.5, 1.0, 1.5, 2.0]},
    "nullable": {"count": pd.array([1, 2, 3, 4], dtype="Int64")},
}


#: Every column alone, and two of them beside every other one, in a table of pandas; and a few of
#: polars, which has no periods.
TABLES = [
    *((other, companion, False) for other in OTHERS for companion in COMPANIONS
      if companion == "alone" or other in ("categories", "dates")),
    *((other, companion, True) for other in ("text", "categories", "dates")
      for companion in ("alone", "nullable")),
]  # fmt: skip


@pytest.mark.case(178)
@pytest.mark.parametrize("kind", [MLPClassifier])
@pytest.mark.parametrize(("other", "companion", "is_polars"), TABLES)
def test_a_table_has_the_same_remedy_for_any_columns(other, companion, is_polars, small):
    values, noun = OTHERS[other]
    frame = pd.DataFrame({**COMPANIONS[companion], "other": values})
    if is_polars:
        frame = polars.from_pandas(frame)
    with pytest.raises(ValueError, match=rf"^X: .*encode {noun} with TablePreprocessor, or use"):
        small().fit(frame, [0, 1, 0, 1])


@pytest.mark.case(178)
def test_train_names_what_encodes_a_table():
    frame = pd.DataFrame({"town": pd.Categorical(["a", "b"]), "flag": [True, False]})
    with pytest.raises(ValueError, match=r"^X: .*; encode text and dates with TablePreprocessor"):
        train(Network.dense([2, 1]), frame, [0.0, 1.0])


def test_a_frame_of_numbers_and_booleans_needs_no_remedy():
    frame = pd.DataFrame({"flag": [True, False] * 4, "code": pd.Categorical([1, 2] * 4)})
    model = MLPClassifier(4, max_iter=2).fit(frame, [0, 1] * 4)
    assert model.n_features_in_ == 2
