"""The fit of columns, at the edges that a real table does not have."""

import numpy as np
import pytest

from barenet import TableEncoding
from barenet.data._column_fitting import SCALES
from barenet.errors import DataError


def fit(values, **options):
    """Fit column c beside another one, so that it may be dropped."""
    return TableEncoding.fit({"c": values, "x": np.arange(len(values))}, **options).columns[0]


@pytest.mark.parametrize("scale", SCALES)
def test_numbers_that_are_0_or_1_are_not_scaled(scale):
    column = fit([0, 1, 1, None], numbers=scale)
    assert (column.fill, column.center, column.scale, column.indicator) == (1, 0, 1, True)


@pytest.mark.parametrize("scale", SCALES)
def test_one_number_and_missing_values_differ_in_the_indicator_alone(scale):
    encoded = fit([5, None, 5], numbers=scale).encode(np.array([5, np.nan]))
    assert encoded[0, 0] == encoded[1, 0] and encoded[:, 1].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("scale", "most"), [("standardize", 1e308), ("minmax", 1.5e308), ("robust", 1e308)]
)
def test_fault_11_numbers_whose_spread_is_beyond_float64(scale, most):
    with pytest.raises(DataError, match=rf"^column 'c': {scale} is beyond float64 for its numbers"):
        fit([-most, most] * 2, numbers=scale)


@pytest.mark.parametrize(
    ("values", "fill"),
    [([True, True, False], True), ([True, False], False), (["yes", "no", ""], False)],
)
def test_a_missing_truth_value_becomes_the_more_frequent_one(values, fill):
    assert fit(values).fill is fill


@pytest.mark.parametrize(
    ("days", "cycles"),
    [
        (["2026-01-05", "2027-01-05"], ()),
        (["2026-01-05", "2026-02-05"], ("year",)),
        (["2026-01-05", "2026-01-06"], ("week",)),
        (["2026-01-05T01", "2026-01-05T02"], ("day",)),
        (["2026-01-05T01", "2026-02-06T02"], ("year", "week", "day")),
    ],
)
def test_dates_have_the_cycles_in_which_they_differ(days, cycles):
    assert fit(np.array(days, "M8[us]")).cycles == cycles


def test_a_missing_date_becomes_the_median():
    assert fit(np.array(["2026-01-01", "2026-01-03", "NaT"], "M8[us]")).fill == 1767312000


@pytest.mark.parametrize(
    ("n_rows", "n_different", "categories", "kind"),
    [
        (19, 19, [], "category"),
        (20, 20, [], "dropped"),
        (20, 19, [], "dropped"),
        (20, 18, [], "category"),
        (20, 20, ["c"], "category"),
    ],
)
def test_text_that_identifies_the_rows_is_dropped(n_rows, n_different, categories, kind):
    names = [f"n{min(row, n_different - 1)}" for row in range(n_rows)]
    assert fit(names, categories=categories).kind == kind


def test_categories_that_are_all_rare_are_dropped_unless_some_are_missing():
    assert fit([*"aabbccdd"], rare=3).reason == "each of its 4 values is rare"
    assert fit([*"aabbccdd", None], rare=3).outputs == ("c rare", "c missing")
