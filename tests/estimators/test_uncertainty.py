"""The spread of an ensemble and its prediction intervals, on numbers drawn and on real tables."""

import os
from pathlib import Path

import numpy as np
import pytest
from benchmarks.table_data import read, targets
from sklearn.model_selection import train_test_split

from barenet import MLPEnsembleClassifier, MLPEnsembleRegressor, Predictor, load, save
from barenet.errors import ArgumentError

pytestmark = pytest.mark.integration

TABLES = Path(os.environ.get("BARENET_DATA", "")) / "tables"


def noisy(n_rows, seed=0):
    """A curve, whose noise is larger on the right."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(-2, 2, (n_rows, 2))
    return X, 100 + 10 * np.sin(2 * X[:, 0]) + rng.normal(size=n_rows) * np.exp(X[:, 1])


def covered(model, X, y, coverage=0.9):
    lower, upper = model.predict_interval(X, coverage)
    return float(np.mean((lower <= y) & (y <= upper)))


@pytest.fixture(scope="module")
def model():
    return MLPEnsembleRegressor(max_iter=12, random_state=0).fit(*noisy(300))


def test_the_spread_is_that_of_the_networks(model):
    X, _ = noisy(50, seed=1)
    mean, std = model.predict(X, return_std=True)
    assert np.array_equal(mean, model.predict(X))
    inputs, scaling = model.encoding_.transform(X, np.float32), model.target_scaling_
    each = [scaling.inverse_transform(one.predict(inputs)) for one in model.network_.networks]
    np.testing.assert_allclose(std, np.std(each, axis=0, ddof=1)[:, 0], rtol=1e-4)
    far = model.predict(X + 8, return_std=True)[1]
    assert far.mean() > 2 * std.mean()
    with pytest.raises(ArgumentError, match="return_std"):
        model.predict(X, return_std="yes")


@pytest.mark.usefixtures("small_ensembles")
def test_intervals_of_drawn_numbers_have_their_coverage():
    """On average over draws; the number of rows is large enough to see it, and few epochs do."""
    found = []
    for seed in range(4):
        X, y = noisy(2_300, seed=seed)
        model = MLPEnsembleRegressor(max_iter=6, random_state=seed).fit(X[:300], y[:300])
        found.append([covered(model, X[300:], y[300:], coverage) for coverage in (0.5, 0.9)])
    np.testing.assert_allclose(np.mean(found, axis=0), [0.5, 0.9], atol=0.05)


def test_intervals_are_around_the_mean_and_nested(model):
    X, _ = noisy(40, seed=2)
    mean, std = model.predict(X, return_std=True)
    ends = [model.predict_interval(X, coverage) for coverage in (0.5, 0.9, 0.99)]
    for lower, upper in ends:
        np.testing.assert_allclose((lower + upper) / 2, mean)
        wide = std > std.mean()
        assert np.array_equal(np.argsort((upper - lower)[wide]), np.argsort(std[wide]))
    assert all((a[0] > b[0]).all() and (a[1] < b[1]).all() for a, b in zip(ends, ends[1:]))  # noqa: B905, RUF007


@pytest.mark.usefixtures("small_ensembles")
def test_several_targets_have_intervals_of_their_own():
    X, y = noisy(200)
    both = np.column_stack([y, -1000 * y])
    model = MLPEnsembleRegressor(max_iter=6, random_state=0).fit(X, both)
    lower, upper = model.predict_interval(X)
    std = model.predict(X, return_std=True)[1]
    assert lower.shape == upper.shape == std.shape == (200, 2)
    assert np.median((upper - lower)[:, 1] / (upper - lower)[:, 0]) == pytest.approx(1000, rel=0.3)


@pytest.mark.usefixtures("small_ensembles")
def test_few_rows_allow_a_lower_coverage():
    X, y = noisy(8)
    few = MLPEnsembleRegressor(max_iter=1, random_state=0).fit(X, y)
    assert few.predict_interval(X, 0.8)[0].shape == (8,)
    with pytest.raises(ArgumentError, match=r"at most 8/9, with 8 residuals"):
        few.predict_interval(X)


@pytest.mark.usefixtures("small_ensembles")
def test_a_file_holds_the_intervals(model, tmp_path):
    X, _ = noisy(9_000, seed=3)  # in several blocks
    predictor = Predictor.from_estimator(model)
    save(predictor, tmp_path / "model.safetensors")
    loaded = load(tmp_path / "model.safetensors")
    for ends in (predictor.predict_interval(X, 0.8), loaded.predict_interval(X, 0.8)):
        np.testing.assert_allclose(ends, model.predict_interval(X, 0.8), rtol=1e-5)
    with pytest.raises(ValueError, match="has 1 columns, expected 2"):
        loaded.predict_interval(X[:, :1])
    classes = MLPEnsembleClassifier(max_iter=1).fit(X[:50], X[:50, 0] > 0)
    with pytest.raises(ArgumentError, match="coverage: the model predicts classes"):
        Predictor.from_estimator(classes).predict_interval(X)
    assert not hasattr(classes, "predict_interval")


@pytest.mark.slow
@pytest.mark.skipif(not TABLES.is_dir(), reason="BARENET_DATA names no folder with tables")
def test_intervals_cover_nine_tenths_of_real_tables():
    """From 0.88 to 0.92 on average over tables and splits, with at most 800 training rows."""
    found = {}
    for name, (_, _, of_classes) in targets(TABLES).items():
        if of_classes:
            continue
        table = read(name, TABLES)
        for seed in range(3):
            rows = train_test_split(np.arange(len(table.y)), train_size=0.7, random_state=seed)
            train, test = rows[0][:800], rows[1][:1500]
            model = MLPEnsembleRegressor(max_iter=30, random_state=seed)
            model.fit(table.X.iloc[train], table.y[train])
            found[name, seed] = covered(model, table.X.iloc[test], table.y[test])
    assert len(found) >= 12 and 0.88 <= np.mean([*found.values()]) <= 0.92, found
