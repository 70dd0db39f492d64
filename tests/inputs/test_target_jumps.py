"""Steps of a target, and the narrow bins that ensembles have there."""

import numpy as np
import pytest

from barenet import MLPEnsembleClassifier, TableEncoding
from barenet.inputs._target_jumps import MOST_ROWS_OF_JUMPS, add_edges_at_jumps
from barenet.population import _prepared_training


def columns(n_rows=1_000, seed=0):
    rng = np.random.default_rng(seed)
    size = rng.normal(50, 10, n_rows)
    size[::50] = np.nan
    return {"size": size, "noise": rng.exponential(size=n_rows), "town": ["a", "b"] * (n_rows // 2)}


def added(X, y, weight=None):
    """The edges of each column that the jumps add."""
    encoding = TableEncoding.fit(X, numbers="piecewise", bins=6)
    weight = np.ones(len(y)) if weight is None else weight
    found = add_edges_at_jumps(encoding, X, y, weight)
    pairs = zip(encoding.columns, found.columns, strict=True)
    return {
        old.name: sorted({*new.edges} - {*old.edges}) for old, new in pairs if hasattr(old, "edges")
    }


def around(values, threshold):
    known = values[~np.isnan(values)]
    return [known[known <= threshold].max(), known[known > threshold].min()]


TARGETS = {
    "two classes": lambda size: (size > 57).astype(int),
    "three classes": lambda size: (size > 57) * 2,
    "numbers": lambda size: np.where(size > 57, 3.0, -1.0)[:, np.newaxis],
    "several numbers": lambda size: np.column_stack([size * 0, np.where(size > 57, 3.0, -1.0)]),
}


@pytest.mark.parametrize("name", TARGETS)
def test_the_values_on_both_sides_of_a_jump_become_edges(name):
    X = columns()
    y = TARGETS[name](np.nan_to_num(X["size"], nan=0))
    if y.ndim == 2:
        y = y + np.random.default_rng(1).normal(size=y.shape) * 0.3
    assert added(X, y) == {"size": around(X["size"], 57), "noise": []}


@pytest.mark.parametrize("seed", [0, *(pytest.param(n, marks=pytest.mark.slow) for n in (1, 2))])
@pytest.mark.parametrize("shape", ["line", "wave", "curve", "noise", "noisy classes"])
def test_a_smooth_target_has_no_jumps(seed, shape):
    X, rng = columns(seed=seed), np.random.default_rng(seed + 100)
    x = (np.nan_to_num(X["size"], nan=50) - 50) / 10
    smooth = {
        "line": x,
        "wave": np.sin(2 * x),
        "curve": X["noise"] ** 2,
        "noise": 0 * x,
        "noisy classes": x,
    }[shape]
    y = (smooth + rng.normal(size=len(x)))[:, np.newaxis]
    y = (y[:, 0] > 0).astype(int) if shape == "noisy classes" else y
    assert added(X, y) == {"size": [], "noise": []}


@pytest.mark.parametrize("n_rows", [200, 5_000])
@pytest.mark.parametrize("function", [np.sin, np.abs])
def test_a_smooth_target_without_noise_has_no_jumps(n_rows, function):
    x = np.linspace(-3, 3, n_rows)
    assert added({"x": x}, function(x)[:, np.newaxis]) == {"x": []}


def test_rows_without_weight_have_no_jumps():
    X = columns()
    y = (np.nan_to_num(X["size"]) > 57).astype(int)
    is_one = np.arange(len(y)) % 2 == 0
    weight = np.where(is_one, 1.0, 0.0)
    y[~is_one] = X["noise"][~is_one] > 1
    assert added(X, y, weight) == {"size": around(X["size"][is_one], 57), "noise": []}


def test_a_jump_of_a_jump_is_found():
    """Of the columns alone, neither has an effect."""
    X = columns()
    size = np.nan_to_num(X["size"], nan=50)
    found = added(X, ((size > 50) ^ (X["noise"] > 0.7)).astype(int))
    for name, threshold in {"size": 50, "noise": 0.7}.items():
        assert {*around(X[name], threshold)} <= {*found[name]} and len(found[name]) <= 4


def test_jumps_of_many_rows_are_found_by_some_of_them():
    x = np.random.default_rng(0).random(3 * MOST_ROWS_OF_JUMPS)
    (below, above) = added({"x": x}, (x > 0.4).astype(int))["x"]
    assert below <= 0.4 < above and above - below < 10 / MOST_ROWS_OF_JUMPS


def test_values_that_float32_cannot_tell_apart_are_no_jump():
    x = 1e9 + np.random.default_rng(0).random(400) * 1e-6
    encoding = TableEncoding.fit({"x": x}, numbers="piecewise", bins=6)
    assert add_edges_at_jumps(encoding, {"x": x}, (x > np.median(x)).astype(int), np.ones(400))


@pytest.mark.integration
def test_an_ensemble_learns_a_target_that_jumps(monkeypatch):
    X = np.random.default_rng(0).exponential(size=(2_500, 6)) * 100
    y = ((X[:, 0] > 150) ^ (X[:, 1] < 50) & (X[:, 2] > 30)).astype(int)
    train, test = slice(0, 1_000), slice(1_000, None)

    def accuracy():
        model = MLPEnsembleClassifier(random_state=0).fit(X[train], y[train])
        return model.score(X[test], y[test])

    with_jumps = accuracy()
    monkeypatch.setattr(_prepared_training, "add_edges_at_jumps", lambda encoding, *_: encoding)
    assert with_jumps > 0.985 and with_jumps > accuracy() + 0.01
