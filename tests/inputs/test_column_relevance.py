"""The relevance of columns, and the factors of the inputs of those that don't matter."""

import numpy as np
import pytest

from barenet import MLPEnsembleRegressor
from barenet.inputs import _column_relevance
from barenet.inputs._column_relevance import (
    RELEVANT,
    ColumnValues,
    relevance_factors,
    relevances,
)
from barenet.inputs._input_regression import targets_of
from barenet.tables.encoding._encoding import TableEncoding, values_of


@pytest.fixture
def few_are_enough(monkeypatch):
    """Compare columns of tables of any width."""
    monkeypatch.setattr(_column_relevance, "FEWEST_COLUMNS", 1)


def table_of_all_kinds(n_rows=1_500):
    """Columns that matter, and the same kinds of columns in another order, which don't."""
    rng = np.random.default_rng(0)
    table = {
        "number": rng.normal(size=n_rows),
        "gate": rng.normal(size=n_rows),
        "town": np.array([f"t{code}" for code in rng.integers(0, 40, n_rows)], object),
        "day": np.datetime64("2021-01-01") + rng.integers(0, 700, n_rows),
        "member": rng.integers(0, 2, n_rows).astype(bool),
    }
    effects = dict(zip(np.unique(table["town"]), rng.normal(size=40), strict=True))
    weekday = table["day"].astype(int) % 7
    y = np.array([effects[town] for town in table["town"]])
    y += table["number"] * (table["gate"] > 0) + (weekday == 2) + table["member"]
    y += 0.3 * rng.normal(size=n_rows)
    for name, values in list(table.items()):
        table[f"{name} noise"] = rng.permutation(values)
    return table, y


def relevances_of(table, targets, weight):
    """The relevance of each column by its name, without the rows of the first of four folds."""
    encoding = TableEncoding.fit(table)
    columns = []
    for column, values in values_of(encoding, table):
        columns.append(ColumnValues.of(column, values))
    folds = np.arange(len(targets)) % 4
    of_first, *_ = relevances(columns, targets, weight, folds)
    return dict(zip(table, of_first.tolist(), strict=True))


@pytest.mark.parametrize("of_classes", [False, True])
def test_columns_in_random_order_are_not_relevant(of_classes):
    table, y = table_of_all_kinds()
    targets = y[:, np.newaxis]
    if of_classes:
        targets = targets_of(np.digitize(y, np.quantile(y, [0.3, 0.7])))
    found = relevances_of(table, targets, np.ones(len(y)))
    assert list(found) == list(table)
    for name, relevance in found.items():
        assert (relevance < RELEVANT) == name.endswith("noise")


@pytest.mark.usefixtures("few_are_enough")
def test_irrelevant_columns_together_vary_as_much_as_one():
    table, y = table_of_all_kinds()
    encoding = TableEncoding.fit(table)
    left_out = np.split(np.arange(len(y)), 2)
    factors = relevance_factors(
        encoding, table, y[:, np.newaxis], np.ones(len(y)), left_out, n_folds=2
    )
    is_noise = np.array(["noise" in name for name in encoding.input_names])
    np.testing.assert_allclose(factors[:, is_noise], 5**-0.5, rtol=1e-6)
    assert (factors[:, ~is_noise] == 1).all()


def test_columns_are_compared_in_wide_tables_alone():
    rng = np.random.default_rng(5)
    table = {f"x{column}": rng.normal(size=100) for column in range(30)}
    y = table["x0"][:, np.newaxis]
    rows = (table, y, np.ones(100), np.split(np.arange(100), 4))
    assert relevance_factors(TableEncoding.fit(table), *rows, n_folds=4).min() < 1
    narrow = TableEncoding.fit(table, drop=["x29"])
    assert (relevance_factors(narrow, *rows, n_folds=4) == 1).all()


def test_rows_without_weight_have_no_part_in_the_relevance():
    table, y = table_of_all_kinds()
    half = np.arange(len(y)) < 800
    rng = np.random.default_rng(1)
    shuffled = np.where(half, y, rng.permutation(y))
    other = np.where(half, y, 0)
    weight = half.astype(float)
    found = relevances_of(table, shuffled[:, np.newaxis], weight)
    assert found == relevances_of(table, other[:, np.newaxis], weight)


def test_the_targets_of_left_out_rows_have_no_part_in_a_networks_factors():
    rng = np.random.default_rng(3)
    table = {f"x{at}": rng.normal(size=200) for at in range(30)}
    encoding = TableEncoding.fit(table)
    y = rng.normal(size=(200, 1))
    left_out = np.split(np.arange(200), 4)
    changed = y.copy()
    changed[:50] = 100 * rng.normal(size=(50, 1))
    before, after = (
        relevance_factors(encoding, table, targets, np.ones(200), left_out, n_folds=4)
        for targets in (y, changed)
    )
    np.testing.assert_array_equal(before[0], after[0])
    assert (before[1] != after[1]).any()


def test_numbers_beyond_float32_are_ranked():
    x = np.random.default_rng(0).normal(size=120)
    x[3] = -1e40
    found = relevances_of({"x": x, "z": x[::-1]}, np.sign(x)[:, np.newaxis], np.ones(120))
    assert found["x"] > 5 > found["z"]


@pytest.mark.integration
def test_noise_has_no_out_of_fold_score():
    """Neither the epoch nor the inputs of a network are chosen by the rows that it leaves out."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(150, 50))
    y = rng.normal(size=150)
    assert MLPEnsembleRegressor(random_state=1).fit(X, y).out_of_fold_score_ < 0.02


@pytest.mark.slow
def test_an_ensemble_learns_beside_columns_that_do_not_matter():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(600, 40))
    y = np.sin(2 * X[:, 0]) + X[:, 1] + 0.3 * rng.normal(size=600)
    new = rng.normal(size=(300, 40))
    expected = np.sin(2 * new[:, 0]) + new[:, 1]
    model = MLPEnsembleRegressor(random_state=0).fit(X, y)
    assert model.score(new, expected) > 0.92
