"""Data frames of pandas, polars and Arrow: their columns have names, and the names count."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.compose import make_column_transformer
from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from barenet import MLPClassifier, MLPRegressor

X, Y = load_iris(return_X_y=True)
NAMES = ["sepal length", "sepal width", "petal length", "petal width"]
KINDS = (MLPClassifier, MLPRegressor)
SMALL = {"hidden_layer_sizes": (4,), "max_iter": 8, "random_state": 0}


def of_pandas(X, names, backing=None):
    pandas = pytest.importorskip("pandas", reason="the frames are pandas'")
    frame = pandas.DataFrame(X, columns=names)
    return frame if backing is None else frame.convert_dtypes(dtype_backend=backing)


def of_pandas_on_arrow(X, names):
    pytest.importorskip("pyarrow", reason="the columns are Arrow's")
    return of_pandas(X, names, "pyarrow")


def of_pandas_with_missing_values(X, names):
    return of_pandas(X, names, "numpy_nullable")


def of_polars(X, names):
    polars = pytest.importorskip("polars", reason="the frames are polars'")
    return polars.DataFrame(X, schema=names)


def of_arrow(X, names):
    pyarrow = pytest.importorskip("pyarrow", reason="the tables are Arrow's")
    return pyarrow.table(dict(zip(names, X.T, strict=True)))


FRAMES = [of_pandas, of_pandas_on_arrow, of_pandas_with_missing_values, of_polars, of_arrow]


def select(frame, names):
    """The columns of these names, in their order."""
    return frame.select(names) if hasattr(frame, "select") else frame[names]


@pytest.mark.parametrize("make", FRAMES)
def test_a_frame_is_learned_from_as_its_numbers(make, kind):
    frame, usual = make(X, NAMES), kind(**SMALL).fit(X, Y)
    model = kind(**SMALL).fit(frame, Y, validation_data=(frame, Y))
    assert model.feature_names_in_.tolist() == NAMES
    assert model.feature_names_in_.dtype == object
    assert model.loss_curve_ == usual.loss_curve_
    assert (model.predict(frame) == usual.predict(X)).all()
    assert model.partial_fit(frame, Y).score(frame, Y) == model.score(frame, Y)


@pytest.mark.parametrize("make", FRAMES)
def test_fault_25_columns_in_another_order_or_of_other_names(make, kind):
    frame = make(X, NAMES)
    model = kind(**SMALL).fit(frame, Y)
    reordered, renamed = select(frame, NAMES[::-1]), make(X, ["x", *NAMES[1:]])
    before = model.network_.parameters.copy()
    for learn in (model.predict, lambda X: model.partial_fit(X, Y), lambda X: model.score(X, Y)):
        with pytest.raises(ValueError, match="must be in the same order"):
            learn(reordered)
        with pytest.raises(ValueError, match=r"unseen at fit time:\n- x"):
            learn(renamed)
    with pytest.raises(ValueError, match=r"^validation_data: .*\n?.*same order"):
        kind(**SMALL).fit(frame, Y, validation_data=(reordered, Y))
    assert (model.network_.parameters == before).all()
    with pytest.warns(UserWarning, match="X does not have valid feature names"):
        model.predict(X)


@pytest.mark.parametrize("make", FRAMES)
def test_targets_may_be_a_column_of_a_frame(make):
    frame = make(np.column_stack([X, Y]), [*NAMES, "kind"])
    column = frame["kind"]
    expected = MLPRegressor(**SMALL).fit(X, Y).loss_curve_
    assert MLPRegressor(**SMALL).fit(select(frame, NAMES), column).loss_curve_ == expected
    classes = MLPClassifier(**SMALL).fit(select(frame, NAMES), column)
    assert classes.loss_curve_ == MLPClassifier(**SMALL).fit(X, Y).loss_curve_
    several = select(frame, ["sepal width", "kind"])
    model = MLPRegressor(**SMALL).fit(select(frame, NAMES), several)
    assert model.predict(select(frame, NAMES)).shape == (150, 2)


@pytest.mark.parametrize("output", ["pandas", "polars"])
def test_in_a_pipeline_that_hands_frames_on(output):
    make = {"pandas": of_pandas, "polars": of_polars}[output]
    frame = make(X, NAMES)
    scaling = make_column_transformer((StandardScaler(), NAMES[:2]), (StandardScaler(), NAMES[2:]),
                                      verbose_feature_names_out=False)  # fmt: skip
    pipeline = make_pipeline(scaling, MLPClassifier(**SMALL)).set_output(transform=output)
    pipeline.fit(frame, Y)
    assert pipeline[-1].feature_names_in_.tolist() == NAMES
    usual = MLPClassifier(**SMALL).fit(StandardScaler().fit_transform(X), Y)
    np.testing.assert_allclose(pipeline.predict_proba(frame), usual.predict_proba(
        StandardScaler().fit_transform(X)), rtol=1e-9)  # fmt: skip


@pytest.mark.parametrize("make", [of_pandas, of_polars])
def test_text_for_targets_and_for_features(make):
    frame = make(X, NAMES)
    kinds = np.array(["setosa", "versicolor", "virginica"])[Y]
    column = make(kinds.reshape(-1, 1), ["kind"])["kind"]
    model = MLPClassifier(**SMALL, early_stopping=True, scoring="neg_log_loss")
    assert set(model.fit(frame, column).predict(frame)) <= set(kinds)
    words = make(kinds.reshape(-1, 1), ["kind"])
    with pytest.raises(ValueError, match="setosa"):
        MLPClassifier(**SMALL).fit(words, Y)
    encoded = make_pipeline(OneHotEncoder(sparse_output=False), MLPRegressor(**SMALL))
    assert encoded.fit(words, Y).predict(words).shape == (150,)


def test_missing_values_are_refused():
    frame = of_pandas_with_missing_values(X, NAMES)
    frame.iloc[3, 1] = None
    for kind in KINDS:
        with pytest.raises(ValueError, match="Input X contains NaN"):
            kind(**SMALL).fit(frame, Y)
