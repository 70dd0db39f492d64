"""How values of columns, contributions and their standard errors are written for a reader.

The command line and notebooks write them in the same way.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.tables.frames._frame import TEXT, Frame

#: Significant digits of a number whose standard error is 0 or unknown.
DIGITS = 4
#: Significant digits of a value of a column that has too many to be written whole.
VALUE_DIGITS = 6
#: Maximum number of significant digits of a value that is written whole.
MAX_VALUE_DIGITS = 10
#: Whole numbers up to this size are exact in float64, and written without an exponent.
LARGEST_WHOLE = 2.0**53
#: Decimal places of the smallest contributions that are written without an exponent.
MAX_PLACES = 8
#: Texts of missing values.
MISSING = ("", "NaT", "None", "nan", "<NA>")


def cell_text(value: Any) -> str:
    """Write a value of a column as its file has it; empty for a missing one.

    >>> [cell_text(value) for value in (130000.0, 0.006, 1 / 3, "Rome ", "v1.000000", math.nan)]
    ['130000', '0.006', '0.333333', 'Rome', 'v1.000000', '']
    """
    if isinstance(value, float | np.floating):
        return _number_of_cell(value)
    text = str(value).strip()
    if isinstance(value, np.datetime64):
        text = text.removesuffix(".000000").removesuffix("T00:00:00")
    return "" if text in MISSING else text


def shown_column(frame: Frame, name: str) -> NDArray[Any]:
    """Return a column for a reader: booleans, whether typed or read from text, as yes and no.

    >>> member = {"member": np.array([1.0, 0.0, math.nan])}
    >>> shown_column(Frame(member, kinds={"member": "boolean"}), "member").tolist()
    ['yes', 'no', '']
    """
    values = frame[name]
    if frame.kinds.get(name) != "boolean" or values.dtype.kind not in "bf":
        return values
    words = np.where(values == 1, "yes", "no")
    return np.where(np.isnan(values), "", words).astype(TEXT)


def with_truth_values(column: NDArray[Any]) -> NDArray[Any]:
    """Return a column of `shown_column` with yes and no as 1 and 0; other columns unchanged.

    >>> with_truth_values(np.array(["yes", "", "no"], TEXT))
    array([ 1., nan,  0.])
    """
    if column.dtype.kind != "T" or not {*column.tolist()} <= {"yes", "no", ""}:
        return column
    return np.where(column == "", math.nan, column == "yes")


def _number_of_cell(value: float | np.floating[Any]) -> str:
    """Write a number whole if it has few digits, or else with six significant ones."""
    if np.isnan(value):
        return ""
    if abs(float(value)) < LARGEST_WHOLE and float(value).is_integer():
        return str(int(value))
    short = f"{value:.{VALUE_DIGITS}g}"
    whole = f"{value:.{MAX_VALUE_DIGITS}g}"
    is_whole = type(value)(whole) == value
    if is_whole and type(value)(short) != value:
        return whole
    return short


def contribution_text(contribution: float, standard_error: float) -> str:
    """Write a contribution with its sign, up to the first digit of its standard error.

    Later digits would be due to chance. Without an error, it is written as a prediction is.

    >>> contribution_text(0.03123, 0.004), contribution_text(549.3, 20), contribution_text(12, 0)
    ('+0.031', '+550', '+12')
    """
    text = prediction_text(contribution)
    if standard_error > 0 and math.isfinite(contribution + standard_error):
        text = _text_to_place(contribution, _place_of_first_digit(standard_error))
    if float(text) > 0:
        text = f"+{text}"
    return text


def standard_error_text(standard_error: float) -> str:
    """Write a standard error with one significant digit.

    >>> standard_error_text(0.0041), standard_error_text(19.7), standard_error_text(0.0)
    ('0.004', '20', '0')
    """
    if standard_error == 0 or not math.isfinite(standard_error):
        return f"{standard_error:g}"
    return _text_to_place(standard_error, _place_of_first_digit(standard_error))


def prediction_text(prediction: float) -> str:
    """Write a prediction or the mean of some, with four significant digits and all whole ones.

    >>> prediction_text(0.26914), prediction_text(183512.4), prediction_text(16.0)
    ('0.2691', '183512', '16')
    """
    if not math.isfinite(prediction):
        return str(prediction)
    place = _place_of_first_digit(prediction) - DIGITS + 1
    text = _text_to_place(prediction, min(place, 0))
    if "." not in text or "e" in text:
        return text
    return text.rstrip("0").removesuffix(".")


def _place_of_first_digit(number: float) -> int:
    """Return the power of ten of the first digit of a number that is rounded to one digit."""
    if number == 0:
        return 0
    _, exponent = f"{number:.0e}".split("e")
    return int(exponent)


def _text_to_place(number: float, place: int) -> str:
    """Round a number to a power of ten, and write it up to this place, without a negative zero."""
    rounded = round(number, -place)
    if rounded == 0:
        rounded = 0.0  # not −0
    elif place < -MAX_PLACES:
        n_digits = max(math.floor(math.log10(abs(rounded))) - place, 0)
        return f"{rounded:.{n_digits}e}"
    if abs(rounded) >= LARGEST_WHOLE:
        return f"{rounded:.{DIGITS - 1}e}"
    n_decimals = min(max(-place, 0), MAX_PLACES)
    return f"{rounded:.{n_decimals}f}"
