"""What is measured: the edges that a real table does not have."""

from __future__ import annotations

import numpy as np
import pytest

from barenet.data._column_fitting import (
    SCALES,
    fit_boolean,
    fit_category,
    fit_date,
    fit_numbers,
)
from barenet.data._to_frame import as_frame
from barenet.errors import DataError


def table(*values):
    return as_frame({"c": list(values)})


def measure_number(frame, name, missing, how):
    return fit_numbers(frame, [name], missing, how)[name]


def days(*texts):
    return fit_date(as_frame({"c": np.array(texts, "M8[us]")}), "c", [""], "none")


@pytest.mark.parametrize("how", SCALES)
def test_numbers_that_are_0_or_1_are_left_alone(how):
    record = measure_number(table(0, 1, 1, None), "c", [""], how)
    assert (record.fill, record.center, record.scale, record.indicator) == (1, 0, 1, True)


@pytest.mark.parametrize("how", SCALES)
def test_one_number_and_holes_are_told_apart_by_the_hole_alone(how):
    record = measure_number(table(5, None, 5), "c", [""], how)
    encoded = record.encode(np.array([5, np.nan]))
    assert encoded[0, 0] == encoded[1, 0] and encoded[:, 1].tolist() == [0, 1]


@pytest.mark.parametrize(
    ("how", "values"),
    [
        ("standardize", (-1e308, 1e308)),
        ("minmax", (-1.5e308, 1.5e308)),
        ("robust", (-1e308, 1e308)),
    ],
)
def test_fault_11_numbers_whose_spread_is_beyond_float64(how, values):
    with pytest.raises(DataError, match=rf"^column 'c': {how} is beyond float64 for its numbers"):
        measure_number(table(*values, *values), "c", [""], how)


@pytest.mark.parametrize(
    ("values", "fill"), [((True, True, False), True), ((True, False), False), ((1, 0, None), False)]
)
def test_a_missing_truth_is_the_more_frequent_one(values, fill):
    assert fit_boolean(table(*values), "c", [""]).fill is fill


def test_dates_differ_in_cycles_or_have_none():
    assert days("2026-01-05", "2027-01-05").cycles == ()
    assert days("2026-01-05", "2026-02-05").cycles == ("year",)
    assert days("2026-01-05", "2026-01-06").cycles == ("week",)
    assert days("2026-01-05T01", "2026-01-05T02").cycles == ("day",)
    assert days("2026-01-05T01", "2026-02-06T02").cycles == ("year", "week", "day")
    assert days("2026-01-01", "2026-01-03", "NaT").fill == 1767312000  # the second of January


def test_text_that_names_rows_is_dropped_from_twenty_rows_on():
    def measured(n_rows, n_different, is_guess=True):
        names = table(*(f"n{min(row, n_different - 1)}" for row in range(n_rows)))
        return fit_category(names, "c", [""], 0.01, is_guess=is_guess).kind

    assert measured(19, 19) == "category"
    assert measured(20, 20) == measured(20, 19) == "dropped"
    assert measured(20, 18) == "category"
    assert measured(20, 20, is_guess=False) == "category"


def test_categories_that_are_all_rare_say_nothing_unless_some_are_missing():
    rare = fit_category(table(*"aabbccdd"), "c", [""], 3, is_guess=True)
    assert (rare.kind, rare.reason) == ("dropped", "each of its 4 values is rare")
    known = fit_category(table(*"aabbccdd", None), "c", [""], 3, is_guess=True)
    assert known.outputs == ("c rare", "c missing")


def test_columns_are_measured_alike_alone_and_together(monkeypatch):
    X = as_frame(np.random.default_rng(0).normal(size=(50, 7)) * [1, 2, 0, 1e9, 1e-9, 3, 1])
    together = fit_numbers(X, [*X.columns], [""], "standardize")
    monkeypatch.setattr("barenet.data._column_fitting._BLOCK", 100)
    assert fit_numbers(X, [*X.columns], [""], "standardize") == together
    assert together["x2"].kind == "dropped" and sorted(together) == list(X.columns)
