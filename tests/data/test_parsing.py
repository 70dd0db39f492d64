"""What raw columns mean: the same words mean the same, and what means nothing is named."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barenet.data._parsing import (
    BOOLEAN_WORDS,
    MISSING,
    as_booleans,
    as_datetimes,
    as_labels,
    as_numbers,
    is_code,
    to_number,
    unique_texts,
)
from barenet.data._to_frame import as_frame
from barenet.errors import DataError


def column(*values):
    return as_frame({"c": list(values)})


@given(values=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_numbers_are_the_same_written_or_not(values):
    for form in (column(*values), column(*map(repr, values)), column(*(f" {v} " for v in values))):
        np.testing.assert_array_equal(as_numbers(form, "c", ()), values)


@pytest.mark.parametrize("token", MISSING)
def test_what_is_missing_in_every_kind(token):
    nothing = ("", *MISSING)
    assert np.isnan(as_numbers(column("1", f" {token} "), "c", nothing)).tolist() == [False, True]
    assert np.isnan(as_booleans(column("yes", token), "c", nothing)).tolist() == [False, True]
    assert np.isnat(as_datetimes(column("2026-01-01", token), "c", nothing)).tolist() == [
        False,
        True,
    ]
    assert as_labels(column("a", token), "c", nothing).tolist() == ["a", ""]


def test_numbers_that_stand_for_nothing():
    for form in (column(-999, 5), column("-999", "5"), column("-999.0", "5")):
        np.testing.assert_array_equal(as_numbers(form, "c", ("", "-999")), [np.nan, 5])
    assert as_labels(column(-999, 5), "c", ("-999",)).tolist() == ["", "5"]


@pytest.mark.parametrize("pair", BOOLEAN_WORDS)
def test_truths_in_any_case(pair):
    true, false = pair
    for words in ((true, false), (true.upper(), false.title())):
        assert as_booleans(column(*words), "c", ()).tolist() == [1, 0]


def test_truths_as_numbers_and_as_truths():
    for form in (column(True, False), column(1, 0), column("1", "0"), column(1.0, 0.0)):
        assert as_booleans(form, "c", ()).tolist() == [1, 0]
    assert as_numbers(column(True, False), "c", ()).tolist() == [1, 0]
    assert as_labels(column(True, False), "c", ()).tolist() == ["True", "False"]


def test_equal_numbers_are_one_label_and_codes_are_their_own():
    forms = column("1", "1.0", "1e0", "+1", "01", "1234567890123456", "1e999", " 1 ", "1.5")
    assert as_labels(forms, "c", ()).tolist() == [
        *("1", "1", "1", "1", "01", "1234567890123456", "1e999", "1", "1.5")
    ]
    assert as_labels(column(1.0, 1.5, 2), "c", ()).tolist() == ["1", "1.5", "2"]


def test_dates_as_labels_and_missing_dates():
    days = as_frame({"c": np.array(["2026-01-02", "NaT"], "M8[D]")})
    assert as_labels(days, "c", ()).tolist() == ["2026-01-02", ""]
    hours = as_frame({"c": np.array(["2026-01-02T00:00", "2026-01-02T06:30"], "M8[us]")})
    assert as_labels(hours, "c", ()).tolist() == ["2026-01-02", "2026-01-02 06:30"]
    assert np.isnat(as_datetimes(column(None, None), "c", ())).all()


@pytest.mark.parametrize(
    ("read", "values", "message"),
    [
        (as_numbers, ("1", "a"), "row 1: column 'c': expected a number, got 'a'"),
        (as_numbers, ("1", "１"), "row 1: column 'c': expected a number, got '１'"),
        (as_numbers, ("1", "nan"), "row 1: column 'c': expected a number, got nothing"),
        (as_numbers, (1, np.inf), "row 1: .* expected a number within float64's range, got 'inf'"),
        (as_numbers, ("1", "-1e999"), "row 1: .* within float64's range, got '-1e999'"),
        (
            as_booleans,
            ("yes", "maybe"),
            "row 1: .* expected a truth value, such as yes or no, got 'm",
        ),
        (as_booleans, (0, 2), r"row 1: .* expected a truth value, such as yes or no, got '2\.0'"),
        (as_datetimes, ("2026-01-01", "2026"), "row 1: .* expected a date, such as .*, got '2026'"),
        (as_datetimes, (1, 2), r"row 0: .* expected a date, such as .*, got '1\.0'"),
    ],
)
def test_what_means_nothing_is_named_with_its_row(read, values, message):
    with pytest.raises(DataError, match=f"^X: {message}"):
        read(column(*values), "c", ())
    for other in (as_numbers, as_booleans):
        with pytest.raises(DataError, match=r"^X: row 0: column 'c': expected a .*, got '2026-01"):
            other(as_frame({"c": np.array(["2026-01-01"], "M8[D]")}), "c", ())


def test_numbers_and_codes_as_they_are_written():
    assert [to_number(text) for text in ("1", "-.5", "5.", "1e3", "1e999")] == [
        *(1, -0.5, 5, 1000, np.inf)
    ]
    assert not any(map(to_number, ("", "a", "1_0", "1,5", "nan", "inf", "0x1", "1e", ".", "1 0")))
    codes = ("007", "-01", "00", "1234567890123456")
    assert all(map(is_code, codes))
    assert not any(map(is_code, ("0", "0.07", "10", "123456789012345", "1.2345678901234567")))


def test_different_texts_are_numbered_as_they_come():
    codes, texts = unique_texts(column("b", "a", "b", " a")["c"])
    assert codes.tolist() == [0, 1, 0, 2] and texts == ["b", "a", "a"]
