"""Ensembles on dates: one that is centuries away ruins no column, and no prediction."""

import numpy as np
import pytest

from barenet import MLPEnsembleRegressor, TablePreprocessor

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("small_ensembles")]


def sales(n_rows: int, seed: int):
    """Four years of a trend and a season, and targets from about 0 to 30."""
    rng = np.random.default_rng(seed)
    years = 4 * rng.random(n_rows)
    days = (18_000 + 365.25 * years).astype(np.int64)
    size = rng.normal(size=n_rows)
    y = 12 + 3 * years + 4 * np.sin(2 * np.pi * years) + size + 0.3 * rng.normal(size=n_rows)
    return {"day": days.astype("M8[D]").astype("M8[us]"), "size": size}, y


@pytest.fixture(scope="module")
def fitted(few_networks):
    X, y = sales(600, seed=0)
    with few_networks():
        return MLPEnsembleRegressor(random_state=0, max_iter=60).fit(X, y), X, y


@pytest.mark.case(153)
@pytest.mark.parametrize("placeholder", ["9999-12-31", "0001-01-01", "1900-01-01"])
def test_one_placeholder_leaves_the_other_dates_their_effect(placeholder, fitted):
    X, y = sales(600, seed=0)
    X["day"][7] = np.datetime64(placeholder)
    with pytest.warns(UserWarning, match=f"column 'day': {placeholder}, in 1 of 600 rows"):
        model = MLPEnsembleRegressor(random_state=0, max_iter=60).fit(X, y)
    new, truth = sales(400, seed=1)
    assert fitted[0].score(new, truth) > 0.97
    assert model.score(new, truth) > 0.97

    known = MLPEnsembleRegressor(random_state=0, max_iter=60, missing=[placeholder]).fit(X, y)
    assert known.score(new, truth) > 0.97
    absent = {name: column[:1].copy() for name, column in X.items()}
    absent["day"][0] = np.datetime64("NaT", "s")
    marked = {**absent, "day": np.array([placeholder], "M8[us]")}
    assert known.predict(marked) == known.predict(absent)


FAR = ["0001-01-01", "1900-01-01", "2100-01-01", "9999-12-31"]


@pytest.mark.case(154)
def test_a_date_far_outside_is_treated_as_one_a_bin_outside(fitted):
    model, X, y = fitted
    edges = model.encoding_.columns[0].edges
    ends = [2 * edges[0] - edges[1], 2 * edges[-1] - edges[-2]]
    low, high = model.encoding_.columns[0].seconds_column.limits
    far = model.encoding_.transform({"day": np.array(FAR, "M8[us]"), "size": np.zeros(4)})
    assert far[:, 0].tolist() == [low, low, high, high]
    assert low == pytest.approx((ends[0] - X["day"].astype(int).mean() / 1e6) / spread(X))

    new = {"day": np.repeat(np.array(FAR, "M8[us]"), 50), "size": np.tile(X["size"][:50], 4)}
    found = model.predict(new)
    margin = 0.2 * np.ptp(y)
    assert y.min() - margin < found.min() and found.max() < y.max() + margin
    low, high = model.predict_interval(new)
    assert y.min() - 2 * margin < low.min() and high.max() < y.max() + 2 * margin


def spread(X):
    return (X["day"].astype(int) / 1e6).std()


@pytest.mark.case(154)
def test_a_transformer_limits_dates_where_it_limits_numbers():
    X, _ = sales(200, seed=0)
    far = {"day": np.array(FAR, "M8[us]"), "size": np.zeros(4)}
    pieces = TablePreprocessor(numbers="piecewise").fit(X).transform(far)
    assert np.abs(pieces).max() < 4
