"""Checks of X, y and groups before scikit-learn's, which accept masks and name no argument."""

import re
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin
from sklearn.utils.validation import check_array, check_consistent_length, column_or_1d

from barenet._messages import brief
from barenet.errors import ArgumentError
from barenet.model._arrays import INPUT_DTYPES, check_in_memory, is_safe
from barenet.tables.frames._to_column import is_missing

#: Attributes of arrays, and of objects that NumPy can convert to one.
ARRAY_ATTRIBUTES = ("__len__", "shape", "__array__", "__dataframe__")
TABLE_REMEDY = "encode {0} with TablePreprocessor, or use an ensemble, which takes tables with {0}"
#: Kinds of columns that are not numbers, by the beginnings of the names of their types.
OTHER_COLUMNS = {
    "date": "dates",
    "timedelta": "dates",
    "duration": "dates",
    "period": "dates",
    "time": "dates",
    "object": "text",
    "str": "text",
    "large_string": "text",
    "category": "text",
    "categorical": "text",
    "dictionary": "text",
    "enum": "text",
}


class UnusableError(ArgumentError, TypeError):
    """A ValueError that is also the TypeError that scikit-learn's checks expect."""


def check_series(values: Any, argument: str, *, dates: bool = False) -> None:
    """Reject anything but an array of plain numbers or labels, even if NumPy could convert it.

    Examples
    --------
    >>> check_series({"a": 1}, "y")
    Traceback (most recent call last):
    barenet.errors.ArgumentError: y: expected an array, got {'a': 1}
    """
    check_in_memory(values, argument)
    has_array_attribute = any(hasattr(values, attribute) for attribute in ARRAY_ATTRIBUTES)
    # Texts, mappings and sets have a length, too. A sparse matrix may be a mapping with a shape.
    is_text_or_mapping = False
    if not hasattr(values, "shape"):
        is_text_or_mapping = isinstance(values, str | bytes | Mapping | Set)
    is_scalar = getattr(values, "ndim", 1) == 0
    if not has_array_attribute or is_text_or_mapping or is_scalar:
        raise ArgumentError.of(argument, values, "an array")
    if np.ma.isMaskedArray(values) and np.ma.getmaskarray(values).any():
        remedy = "fill them, or leave their rows out"
        raise ArgumentError("has masked entries", argument=argument, remedy=remedy)
    dtype = getattr(values, "dtype", None)
    are_dates = getattr(dtype, "kind", "") in ("m", "M")
    if are_dates and not dates:
        raise ArgumentError(f"expected numbers, got {values.dtype}", argument=argument)
    if not dates and other_columns(values) == "dates":  # scikit-learn would use their nanoseconds
        remedy = TABLE_REMEDY.format("dates")
        raise ArgumentError("expected numbers, got dates", argument=argument, remedy=remedy)


def other_columns(X: Any) -> str:
    """Return "dates" or "text" if a data frame has such columns; empty for anything else.

    >>> other_columns(np.zeros((2, 1)))
    ''
    """
    if not hasattr(X, "columns"):
        return ""
    nouns = set()
    for dtype in getattr(X, "dtypes", ()):
        name = str(dtype).lower()
        for start, noun in OTHER_COLUMNS.items():
            if name.startswith(start):
                nouns.add(noun)
    return min(nouns, default="")


@contextmanager
def errors_naming_argument(argument: str, table: Any = None) -> Iterator[None]:
    """Make every error of scikit-learn's checks name the argument, with a remedy for tables."""
    try:
        yield
    except (TypeError, ValueError, ArithmeticError) as error:
        problem = str(error)
        noun = other_columns(table)
        if isinstance(error, ValueError) and re.search(r"\b[Xy]\b", problem):
            if not noun:
                raise
            argument = ""  # the error already names the argument
        remedy = TABLE_REMEDY.format(noun) if noun else ""
        error_class = UnusableError if isinstance(error, TypeError) else ArgumentError
        raise error_class(problem, argument=argument, remedy=remedy) from error


def is_plain(array: Any, n_dimensions: int = 2, kinds: str = "f") -> bool:
    """Return whether scikit-learn's checks, slower than a small epoch, accept an array as is.

    Examples
    --------
    >>> is_plain(np.zeros((2, 1))), is_plain(np.full((2, 1), np.inf)), is_plain([[0.0]])
    (True, False, False)
    """
    if type(array) is not np.ndarray or array.ndim != n_dimensions or not array.size:
        return False
    if array.dtype.kind != "f":
        return array.dtype.kind in kinds
    if array.dtype not in INPUT_DTYPES:
        return False
    if is_safe(array):
        return True
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(array.sum()))


def _labels(y: Any) -> Any:
    """Convert booleans and integers of pandas types, which scikit-learn would turn into floats."""
    labels = y.tolist()
    types = {type(label) for label in labels}
    if types == {bool} or types == {int}:
        return np.array(labels)
    return y


def _missing_rows(y: Any) -> NDArray[np.bool_]:
    """Find the rows with None, or with NaN among objects; NaN in floats is checked elsewhere.

    >>> _missing_rows(["no", None, float("nan")]).tolist()
    [False, True, True]
    """
    if hasattr(y, "isna"):
        are_missing = np.asarray(y.isna())
    elif hasattr(y, "tocsr"):
        return np.zeros(0, bool)
    else:
        dtype = None
        if isinstance(y, list | tuple):
            types = {type(value) for value in y}
            if len(types) > 1:
                dtype = object  # NumPy's text of NaN is "nan", which would be a class
        array = np.asarray(y, dtype)
        if array.dtype != object:
            return np.zeros(0, bool)
        flat = np.array([is_missing(value) for value in array.ravel()], bool)
        are_missing = flat.reshape(array.shape)
    rows = are_missing.reshape(len(are_missing), -1)
    has_missing: NDArray[np.bool_] = np.any(rows, axis=1)
    return has_missing


def _refuse_zero_characters(y: Any) -> None:
    """Reject classes with a zero character, which NumPy drops at the end of a text."""
    labels = y if isinstance(y, list | tuple) else np.asarray(y)
    for row, label in enumerate(labels):
        if isinstance(label, str) and "\0" in label:
            raise ValueError(f"row {row}: a zero character in {label!a}; correct the class")


@errors_naming_argument("y")
def check_y(y: Any, n_rows: int, estimator: Any) -> NDArray[Any]:
    """Check that y has one or two dimensions, and as many rows as X."""
    numeric = isinstance(estimator, RegressorMixin)
    if y is None:
        raise ValueError("fit requires y to be passed, but the target y is None")
    check_series(y, "y", dates=not numeric)
    missing = _missing_rows(y)
    if missing.any():
        remedy = "leave out the rows without a value, or give them a class"
        problem = f"row {int(missing.argmax())} has no value"
        raise ArgumentError(problem, argument="y", remedy=remedy)
    if not numeric and hasattr(y, "tolist"):
        has_pandas_type = not isinstance(y.dtype, np.dtype)
        if has_pandas_type:
            y = _labels(y)
    kinds = "biuf"
    if not numeric:
        kinds += "U"
    if is_plain(y, 1, kinds) and len(y) == n_rows:
        return y
    if not numeric and not hasattr(y, "tocsr"):
        _refuse_zero_characters(y)
    y = check_array(y, accept_sparse="csr", ensure_2d=False, dtype=None, input_name="y")
    if hasattr(y, "toarray"):
        y = y.toarray()
    if numeric and y.dtype.kind in "OU":
        y = y.astype(np.float64)
    check_consistent_length(range(n_rows), y)
    if y.ndim == 2 and y.shape[1] == 1:
        return column_or_1d(y, warn=True)
    return y


def check_groups(
    groups: Any, n_rows: int, rows: NDArray[np.intp] | None = None
) -> NDArray[np.intp]:
    """Number the groups of the rows, or of some of them, in the order of their first rows.

    Examples
    --------
    >>> check_groups(["Rome", "Oslo", "Rome"], 3)
    array([0, 1, 0])
    """
    check_series(groups, "groups", dates=True)
    dtype = None
    if isinstance(groups, list | tuple):
        dtype = object  # NumPy would turn the number 1 beside the text "1" into that text
    labels = np.asarray(groups, dtype)
    if labels.shape != (n_rows,):
        problem = f"expected shape ({n_rows},), one for each row of X, got {labels.shape}"
        raise ArgumentError(problem, argument="groups")
    if labels.dtype.kind == "f":
        are_missing = np.isnan(labels)
    elif labels.dtype.kind in "mM":
        are_missing = np.isnat(labels)
    else:
        are_missing = _missing_rows(labels)
    if are_missing.any():
        problem = f"row {int(are_missing.argmax())} has no group"
        remedy = "leave out the rows without a group, or give each of them a group of its own"
        raise ArgumentError(problem, argument="groups", remedy=remedy)
    if rows is not None:
        labels = labels[rows]
    numbers: dict[Any, int] = {}
    codes = np.empty(len(labels), np.intp)
    with errors_naming_argument("groups"):  # a group may have no hash
        for row, label in enumerate(labels.tolist()):
            codes[row] = numbers.setdefault(label, len(numbers))
    if len(numbers) < 2:
        problem = f"all rows are in the group {brief(labels.tolist()[0])}"
        remedy = "name two groups or more, or leave the argument out"
        raise ArgumentError(problem, argument="groups", remedy=remedy)
    return codes
