"""The relevance of columns, and the factors of the inputs of those that don't matter."""

import numpy as np
import pytest

from barenet import MLPEnsembleRegressor
from barenet.tables._column_relevance import RELEVANT, column_factors, relevances
from barenet.tables._encoding import TableEncoding


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


@pytest.mark.parametrize("of_classes", [False, True])
def test_columns_in_random_order_are_not_relevant(of_classes):
    table, y = table_of_all_kinds()
    targets = y[:, np.newaxis]
    if of_classes:
        targets = np.digitize(y, np.quantile(y, [0.3, 0.7]))
    found = relevances(TableEncoding.fit(table), table, targets, np.ones(len(y)))
    assert list(found) == list(table)
    for name, relevance in found.items():
        assert (relevance < RELEVANT) == name.endswith("noise")


def test_irrelevant_columns_together_vary_as_much_as_one():
    table, y = table_of_all_kinds()
    encoding = TableEncoding.fit(table)
    factors = column_factors(encoding, table, y[:, np.newaxis], np.ones(len(y)))
    is_noise = np.array(["noise" in name for name in encoding.input_names])
    np.testing.assert_allclose(factors[is_noise], 5**-0.5, rtol=1e-6)
    assert (factors[~is_noise] == 1).all()


def test_rows_without_weight_decide_nothing():
    table, y = table_of_all_kinds()
    half = np.arange(len(y)) < 800
    rng = np.random.default_rng(1)
    shuffled = np.where(half, y, rng.permutation(y))[:, np.newaxis]
    encoding = TableEncoding.fit(table)
    weight = half.astype(float)
    found = relevances(encoding, table, shuffled, weight)
    first_rows = {name: values[:800] for name, values in table.items()}
    alone = relevances(encoding, first_rows, y[:800, np.newaxis], np.ones(800))
    assert found == alone


def test_an_ensemble_learns_beside_columns_that_do_not_matter():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(600, 40))
    y = np.sin(2 * X[:, 0]) + X[:, 1] + 0.3 * rng.normal(size=600)
    new = rng.normal(size=(300, 40))
    expected = np.sin(2 * new[:, 0]) + new[:, 1]
    model = MLPEnsembleRegressor(random_state=0).fit(X, y)
    assert model.score(new, expected) > 0.92
