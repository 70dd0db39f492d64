"""The choice of the pairs of columns whose categories have inputs together."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from barenet.inputs import _chosen_pairs
from barenet.inputs._chosen_inputs import choose_inputs
from barenet.inputs._chosen_pairs import PairSide, inputs_of_pairs, with_categories_of_pairs
from barenet.tables.encoding._encoding import TableEncoding


def texts(codes):
    return np.array([f"c{code}" for code in codes], object)


def cells(*, interaction, n_rows=2_000, seed=0):
    """Two columns of 15 categories, and another one; the target depends on their cells."""
    rng = np.random.default_rng(seed)
    first, second = rng.integers(0, 15, (2, n_rows))
    sums = rng.normal(size=15)[first] + rng.normal(size=15)[second]
    products = rng.normal(size=(15, 15))[first, second]
    y = sums + interaction * products + 0.5 * rng.normal(size=n_rows)
    table = {
        "first": texts(first),
        "other": texts(rng.integers(0, 15, n_rows)),
        "second": texts(second),
        "x": rng.normal(size=n_rows),
    }
    return table, y


def with_pairs(encoding, table, pairs):
    return replace(encoding, pairs=inputs_of_pairs(encoding, table, pairs))


def chosen_pairs(table, y):
    if y.dtype.kind == "f":
        y = y[:, np.newaxis]
    return choose_inputs(table, y, np.ones(len(y))).pairs


@pytest.mark.parametrize("seed", range(2))
def test_pairs_are_chosen_if_the_target_depends_on_their_cells(seed):
    pair = (PairSide("first"), PairSide("second"))
    table, y = cells(interaction=1, seed=seed)
    assert chosen_pairs(table, y) == (pair,)
    thirds = np.digitize(y, np.quantile(y, [1 / 3, 2 / 3]))
    assert chosen_pairs(table, thirds) == (pair,)
    assert chosen_pairs(*cells(interaction=0, seed=seed)) == ()


@pytest.mark.parametrize(
    ("name", "make", "side"),
    [
        ("number", lambda codes: codes * 2.5, PairSide("second")),
        ("boolean", lambda codes: codes > 6, PairSide("second")),
        ("month", lambda codes: np.datetime64("2024-01") + codes % 12, PairSide("second", "month")),
    ],
)
def test_the_second_column_may_be_of_another_kind(name, make, side):
    rng = np.random.default_rng(1)
    first, second = rng.integers(0, 15, (2, 3_000))
    values = make(second)
    _, codes = np.unique(values, return_inverse=True)
    y = rng.normal(size=(15, 15))[first, codes] + 0.5 * rng.normal(size=3_000)
    table = {"first": texts(first), "second": values}
    assert chosen_pairs(table, y) == ((PairSide("first"), side),)
    pairs = ((PairSide("first"), side),)
    encoding = TableEncoding.fit(table, numbers="piecewise", rare=0)
    encoding = with_categories_of_pairs(encoding, table, pairs)
    encoding = with_pairs(encoding, table, pairs)
    n_categories = 1 if name == "boolean" else codes.max() + 1
    assert encoding.n_pairs == 15 * n_categories
    rows_of_pairs = encoding.transform(table)[:, -encoding.n_pairs :].sum(axis=1)
    is_in_pair = values if name == "boolean" else np.ones(3_000)
    np.testing.assert_array_equal(rows_of_pairs, is_in_pair)


@pytest.mark.parametrize(
    ("make", "side", "n_slopes"),
    [
        (texts, PairSide("second"), 3),
        (lambda codes: codes > 1, PairSide("second"), 1),
    ],
)
def test_a_number_has_a_slope_in_each_of_a_few_categories(make, side, n_slopes):
    """As a tip, which is a part of the fare, and 0 if it is paid in cash."""
    rng = np.random.default_rng(5)
    codes = rng.integers(0, 3, 1_000)
    number = rng.normal(4, 2, 1_000)
    table = {"number": number, "second": make(codes), "other": rng.normal(size=1_000)}
    pair = (side, PairSide("number", "slope"))
    noise = rng.normal(size=1_000)
    y = np.where(codes > 1, number, 0.0) + noise
    assert choose_inputs(table, y[:, np.newaxis], np.ones(1_000)).slopes == (pair,)
    sums = codes + number + noise
    assert choose_inputs(table, sums[:, np.newaxis], np.ones(1_000)).slopes == ()
    encoding = TableEncoding.fit(table, numbers="piecewise", rare=0)
    encoding = with_pairs(encoding, table, [pair])
    assert encoding.n_pairs == n_slopes
    scaled = encoding.transform(table)[:, encoding.input_names.index("number")]
    slopes = encoding.transform(table)[:, -n_slopes:]
    is_in_category = np.equal.outer(codes, np.unique(codes)[-n_slopes:])
    np.testing.assert_array_equal(slopes, scaled[:, np.newaxis] * is_in_category)


def test_a_column_that_determines_another_one_forms_no_pair_with_it():
    rng = np.random.default_rng(2)
    town = rng.integers(0, 40, 1_000)
    table = {"town": texts(town), "country": texts(town // 4)}
    assert chosen_pairs(table, rng.normal(size=40)[town] + rng.normal(size=1_000)) == ()


def test_the_frequent_ones_of_too_many_pairs_have_an_input(monkeypatch):
    monkeypatch.setattr(_chosen_pairs, "MOST_INPUTS_OF_PAIRS", 50)
    rng = np.random.default_rng(3)
    first, second = rng.geometric(0.2, (2, 1_000))
    table = {"first": texts(first), "second": texts(second)}
    sides = (PairSide("first"), PairSide("second"))
    encoding = with_pairs(TableEncoding.fit(table, rare=0), table, [sides])
    counts = np.unique(np.stack([first, second]), axis=1, return_counts=True)[1]
    ordered = sorted(counts)
    fewest = ordered[-50] + (ordered[-51] == ordered[-50])
    assert encoding.n_pairs == np.count_nonzero(counts >= fewest)
    rows_of_inputs = encoding.transform(table)[:, -encoding.n_pairs :].sum(axis=0)
    assert sorted(rows_of_inputs) == sorted(counts)[-encoding.n_pairs :]


def test_categories_that_are_merged_form_no_pairs_by_themselves():
    """Rare ones share an input, and form pairs together."""
    first = ["a"] * 50 + ["b"] * 49 + ["c"]
    second = (["u", "v"] * 50)[:100]
    table = {"first": texts(first), "second": texts(second)}
    encoding = TableEncoding.fit(table, rare=2, keep_column=["first"])
    sides = (PairSide("first"), PairSide("second"))
    names = with_pairs(encoding, table, [sides]).input_names[-5:]
    expected = [*itertools.product(["first=ca", "first=cb"], ["second=cu", "second=cv"])]
    expected.append(("first rare", "second=cv"))
    assert sorted(names) == sorted(", ".join(pair) for pair in expected)


def test_columns_that_cannot_have_categories_are_skipped():
    """A number without bins has no input for each number."""
    table = {"town": texts(np.arange(60) % 3), "x": np.arange(60) % 5 * 1.0}
    pairs = [(PairSide("town"), PairSide("x"))]
    encoding = TableEncoding.fit(table, rare=0)
    assert with_categories_of_pairs(encoding, table, pairs).input_names == encoding.input_names
    assert with_pairs(encoding, table, pairs).pairs == ()


def test_columns_that_are_dropped_are_skipped():
    """A threshold of the user's may merge all categories of a column."""
    table = {"town": texts(np.arange(60) % 30), "size": texts(np.arange(60) % 2)}
    pairs = [(PairSide("town"), PairSide("size"))]
    encoding = TableEncoding.fit(table, rare=3)
    assert encoding.columns[0].kind == "dropped"
    assert with_pairs(with_categories_of_pairs(encoding, table, pairs), table, pairs).pairs == ()
