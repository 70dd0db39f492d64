"""Scaling, against scikit-learn's own scalers."""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st
from hypothesis.extra import numpy as hnp
from sklearn.preprocessing import MinMaxScaler, RobustScaler, StandardScaler

from barenet import Scaling, TableEncoding
from barenet.streams._column_statistics import ColumnStatistics

# Hundredths: two features' values are the same or well apart, as measured data are.
numbers = st.integers(-100_000, 100_000).map(lambda hundredths: hundredths / 100)
matrices = hnp.arrays(
    np.float64, hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=20), elements=numbers
)


@pytest.mark.parametrize(
    ("kind", "oracle"),
    [("standardize", StandardScaler), ("minmax", MinMaxScaler), ("robust", RobustScaler)],
)
@settings(max_examples=8)
@given(X=matrices, later=matrices)
def test_scaling_agrees_with_scikit_learn(kind, oracle, X, later):
    theirs, ours = oracle().fit(X), Scaling.fit(kind, X)
    rows = np.resize(later, (7, X.shape[1]))
    np.testing.assert_allclose(ours.transform(X), theirs.transform(X), atol=1e-9)
    np.testing.assert_allclose(ours.transform(rows), theirs.transform(rows), rtol=1e-9, atol=1e-9)


@pytest.mark.case(20)
@pytest.mark.parametrize("kind", ["standardize", "minmax", "robust"])
@pytest.mark.parametrize("value", [0.1, -1e308])
def test_a_constant_feature_becomes_zero(kind, value):
    """0.1 summed ten times over ten is not 0.1: its deviation must not be divided by."""
    X = np.column_stack([np.full(10, value), np.arange(10.0)])
    scaling = Scaling.fit(kind, X)
    assert scaling.factor[0] == 1
    assert (scaling.transform(X)[:, 0] == 0).all()
    assert scaling.transform(np.array([[value, 3.0]]))[0, 0] == 0


def test_images_are_always_divided_by_255():
    dark = np.array([[0, 10], [7, 20]], np.uint8)
    scaling = Scaling.fit("minmax", dark)
    np.testing.assert_allclose(scaling.transform(dark), dark / 255, rtol=1e-15)
    np.testing.assert_allclose(
        scaling.transform(dark, np.float32), dark / np.float32(255), rtol=1e-7
    )


def test_float32_is_rounded_only_at_the_end():
    X = 1e8 + np.arange(3000.0).reshape(1500, 2)  # More rows than one block.
    before, scaled = X.copy(), Scaling.fit("minmax", X).transform(X, np.float32)
    np.testing.assert_array_equal(scaled[:, 0], (np.arange(1500) / 1499).astype(np.float32))
    np.testing.assert_array_equal(X, before)
    assert scaled.dtype == np.float32 and scaled.flags.c_contiguous


@pytest.mark.case(124)
@given(st.integers(0, 10_000))
def test_the_mean_and_deviation_count_the_weights_of_rows(seed):
    rng = np.random.default_rng(seed)
    X, weight = rng.normal(100, 3, size=(20, 2)), np.r_[1, rng.choice([0, 0.5, 7], 19)]
    X[weight > 0, 1] = 7.3  # constant, but for rows of weight 0
    theirs, scaling = StandardScaler(), Scaling.fit("standardize", X, weight)
    theirs.fit(X, sample_weight=weight)
    np.testing.assert_allclose(scaling.offset, theirs.mean_)
    np.testing.assert_allclose(scaling.transform(X)[:, 0], theirs.transform(X)[:, 0], atol=1e-9)
    assert scaling.offset[1] == 7.3 and scaling.factor[1] == 1


@pytest.mark.case(188)
@pytest.mark.parametrize("size", [1e-16, 1e-145, 1e-170, 1e-200, 1e-300])
@pytest.mark.parametrize("kind", ["standardize", "robust", "minmax"])
def test_numbers_near_0_keep_their_scale(kind, size):
    X = np.random.default_rng(0).normal(size=(50, 2))
    expected = Scaling.fit(kind, X).transform(X)
    found = Scaling.fit(kind, X * size).transform(X * size)
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    encoding = TableEncoding.fit({"x": X[:, 0] * size}, numbers=kind)
    np.testing.assert_allclose(encoding.transform({"x": X[:, 0] * size}), expected[:, :1])
    if kind == "standardize":
        weights = np.arange(50.0)
        weighted = Scaling.fit(kind, X, weights), Scaling.fit(kind, X * size, weights)
        np.testing.assert_allclose(weighted[1].factor * size, weighted[0].factor, rtol=1e-12)


@pytest.mark.case(188)
@pytest.mark.parametrize("size", [1e-16, 1e-170, 1e-200])
def test_numbers_near_0_keep_their_scale_in_a_stream(size):
    x = np.random.default_rng(0).normal(size=90)
    statistics = ColumnStatistics("x")
    for block in (x[:20], x[20:50], x[50:]):
        statistics.add(block * size)
    center, scale = statistics.center_and_scale("standardize")
    assert center / size == pytest.approx(x.mean()) and scale / size == pytest.approx(x.std())
