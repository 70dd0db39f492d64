"""What a column is taken for: rules that are written down, each with its edge."""

import pytest

from barenet.data._column_fitting import kind_of
from barenet.data._parsing import MISSING
from barenet.data._to_frame import as_frame
from barenet.errors import DataError

#: The remedies for dates.
NAMES = {"drop": ["c"], "categories": ["c"]}


def kind(*values):
    return kind_of(as_frame({"c": list(values)}), "c", MISSING)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.5, 2, None], "number"),
        ([0, 1, 1], "number"),
        (["1", "-2.5e3", "?"], "number"),
        (["NA", "", "-"], "number"),
        (["01067", "10115"], "category"),
        (["1234567890123456", "2"], "category"),
        (["Rome", "Oslo", None], "category"),
        (["yes", "no", "?"], "boolean"),
        (["Y", "n"], "boolean"),
        (["TRUE", "false"], "boolean"),
        ([True, False], "boolean"),
        ([True, None, False], "boolean"),
        (["yes", "yes"], "category"),
        (["yes", "n"], "category"),
        (["yes", "no", "maybe"], "category"),
        (["2026-01-01", "2026/01/02", ""], "date"),
        (["2026-01-01", "2026-01-02T12:00Z"], "date"),
        (["2026-01", "2026-02"], "category"),
        (["A1", "2", "3"], "category"),
        (["2026-01-01", "2"], "category"),
    ],
)
def test_the_rules(values, expected):
    assert kind(*values) == expected


@pytest.mark.parametrize("n_words", [1, 2])
def test_fault_40_nine_tenths_decide(n_words):
    """The shares are of rows with a value, not of different values."""
    numbers = [*["1"] * 9 * n_words, *["NA"] * 50]
    words = [f"w{number}" for number in range(n_words)]
    message = r"^X: row 0: column 'c': expected a number, as in 90 % of the rows, got 'w0'; if it"
    with pytest.raises(DataError, match=message):
        kind(*words, *numbers)
    assert kind(*words, *numbers[1:]) == "category"


def test_fault_40_a_word_among_dates():
    with pytest.raises(DataError, match=r"^X: row 0: .* a date, as in 95 % of the rows, "):
        kind("2026-02-30", *(f"2026-01-{day:02}" for day in range(1, 20)))


def test_fault_40_a_share_is_never_said_to_be_all():
    with pytest.raises(DataError, match=r"as in 99\.9 % of the rows"):
        kind("old", *map(str, range(100_000)))


@pytest.mark.parametrize(
    ("values", "row", "expected", "options"),
    [
        (["1", "2,5", "3,75", "NA"], 1, "a number", {"decimal": ","}),
        (["31.12.2024", "1.5.2025", "NA"], 0, "a date such as 2024-12-31", NAMES),
        (["31/12/2024 12:30", "01/02/2025"], 0, "a date such as 2024-12-31", NAMES),
        (["1.234,5", "17", "2,5"], 0, "a number", {"decimal": ","}),
        (["1.234.567"], 0, "a number", {"decimal": ","}),
        (["17", "1,234.5", "1"], 1, "a number", {}),
        (["1,234,567"], 0, "a number", {}),
    ],
)
def test_fault_40_the_formats_of_a_country_are_refused(values, row, expected, options):
    with pytest.raises(DataError) as caught:
        kind(*values)
    error = caught.value
    assert (error.expected, error.value, error.options) == (expected, values[row], options)
    assert error.problem.startswith(f"row {row}: column 'c': ")


@pytest.mark.parametrize(
    "values", [["192.168.100.101"], ["1.2.3"], ["1.2.2024", "x", "y"], ["1,5,2", "a", "b"]]
)
def test_what_only_looks_like_it_is_a_category(values):
    assert kind(*values) == "category"
