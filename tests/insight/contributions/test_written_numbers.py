"""Values, contributions and standard errors as texts."""

import math
from decimal import Decimal

import numpy as np
import pytest

from barenet.insight.contributions._written_numbers import (
    cell_text,
    contribution_text,
    prediction_text,
    standard_error_text,
)


def test_a_number_of_a_file_is_written_as_it_was_typed():
    for typed in ("1300000", "123456789", "0.006", "-3.5", "1234567.25", "0.000123", "-7"):
        assert cell_text(float(typed)) == typed


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (1.3e5, "130000"),
        (np.float32(0.1), "0.1"),
        (math.pi, "3.14159"),
        (-0.0, "0"),
        (1e300, "1e+300"),
        (math.inf, "inf"),
        (True, "True"),
        (np.datetime64("2024-05-01T00:00:00"), "2024-05-01"),
        ("00123", "00123"),
        (" Rome ", "Rome"),
    ],
)
def test_other_values(value, written):
    assert cell_text(value) == written


def test_a_missing_value_is_empty():
    for value in (math.nan, np.float32("nan"), None, "", "NaT", np.datetime64()):
        assert cell_text(value) == ""


@pytest.mark.parametrize(
    ("contribution", "error", "written"),
    [
        (0.03123, 0.004, "+0.031"),
        (-0.03123, 0.0044, "-0.031"),
        (0.03123, 0.0096, "+0.03"),  # the error is 0.01
        (549.3, 2.0, "+549"),
        (-0.002, 0.03, "0.00"),
        (4.0, 0.04, "+4.00"),
        (183512.4, 2000.0, "+184000"),
        (0.03123, 0.0, "+0.03123"),
        (0.0, 0.0, "0"),
        (3.21e-12, 4e-14, "+3.21e-12"),
        (math.nan, 0.1, "nan"),
    ],
)
def test_a_contribution_ends_at_the_first_digit_of_its_error(contribution, error, written):
    assert contribution_text(contribution, error) == written


def test_rounding_changes_a_contribution_by_less_than_its_error():
    random = np.random.default_rng(0)
    contributions = random.normal(size=500) * 10.0 ** random.integers(-9, 9, 500)
    errors = np.abs(contributions) * 10.0 ** random.uniform(-4, 1, 500)
    for contribution, error in zip(contributions.tolist(), errors.tolist(), strict=True):
        text = contribution_text(contribution, error)
        written_error = Decimal(standard_error_text(error))
        # The last digit stands where the only digit of the error does.
        last_place = Decimal(text).as_tuple().exponent
        first_place = written_error.adjusted()
        if first_place <= 0:
            assert last_place == max(first_place, last_place), (contribution, error)
        assert abs(Decimal(text) - Decimal(contribution)) <= Decimal("0.55") * written_error


def test_a_standard_error_has_one_digit_and_no_exponent():
    errors = [0.0, 0.0041, 0.0096, 19.7, 2345.0, 1.0]
    written = ["0", "0.004", "0.01", "20", "2000", "1"]
    assert [standard_error_text(error) for error in errors] == written


@pytest.mark.parametrize(
    ("prediction", "written"),
    [
        (0.26914, "0.2691"),
        (183512.4, "183512"),
        (-12.3456, "-12.35"),
        (0.0, "0"),
        (16.0, "16"),
        (1e20, "1.000e+20"),
    ],
)
def test_a_prediction_has_four_digits_and_all_whole_ones(prediction, written):
    assert prediction_text(prediction) == written
