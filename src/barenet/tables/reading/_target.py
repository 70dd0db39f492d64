"""The target of a table: its classes or numbers, and whether its rows are in order."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from barenet.errors import DataError, some
from barenet.tables.frames._frame import Frame
from barenet.tables.frames._plain_values import class_name
from barenet.tables.reading import _parsing as parsing
from barenet.tables.reading._date_formats import DATES
from barenet.tables.reading._distinct_texts import FEW
from barenet.tables.reading._kind_inference import distinct_texts, kind_of_values
from barenet.tables.reading._misread_numbers import (
    refuse_decimals_of_months,
    refuse_digits_of_dates,
    refuse_points_of_thousands,
)
from barenet.tables.reading._missing_texts import MISSING, is_absent
from barenet.tables.reading._unread_numbers import LOCAL_NUMBER, separators_of

#: What a target is predicted as: one of several classes, or a number.
TargetTask = Literal["classification", "regression"]

#: y, and the names of the classes; None for numbers.
Target = tuple[NDArray[Any], tuple[str, ...] | None]

#: Maximum number of different whole numbers that count as classes.
MAX_CLASSES = 20


def are_classes(numbers: NDArray[Any]) -> bool:
    """Return whether numbers stand for classes.

    >>> are_classes(np.array([3, 4, 4, 3, 5, 5])), are_classes(np.array([1, 2, 3, 4]))
    (True, False)
    """
    different = np.unique(numbers)
    are_few = len(different) <= min(MAX_CLASSES, len(numbers) / 2)
    are_whole = bool((different == np.floor(different)).all())
    return are_few and are_whole


def encode_numbers(numbers: NDArray[np.float64], task: TargetTask | None) -> Target:
    """Encode numbers as classes if they are classes."""
    is_of_classes = task == "classification"
    if task is None:
        is_of_classes = are_classes(numbers)
    if is_of_classes:
        return parsing.encode(numbers)
    return numbers, None


def read_target(rows: Frame, target: str, task: TargetTask | None) -> Target:
    """Read the target column of training rows, none of which lacks a target."""
    column = rows[target]
    if column.dtype.kind == "M":
        raise rows.fault(0, target, "classes or numbers")
    if column.dtype.kind == "b" and task != "regression":
        return parsing.encode(parsing.as_labels(rows, target, ()))
    if column.dtype.kind == "T":
        return _read_text(rows, target, task)
    return encode_numbers(parsing.complete_numbers(rows, target), task)


def missing_targets(
    rows: Frame,
    target: str,
    missing: Collection[str],
    task: TargetTask | None = None,
    classes: Collection[str] = (),
    beside: Collection[str] = (),
) -> NDArray[np.bool_]:
    """Find the rows without a target, shape (n_rows,), given the spellings of a missing one.

    Some spellings count only beside numbers or two names, in these rows and those of `beside`.
    """
    column = rows[target]
    missing = rows.as_read(missing)
    if column.dtype.kind != "T":
        numbers = _numbers_among(missing, parsing.number_of_token)
        return np.isnan(column) | np.isin(column.astype(np.float64), numbers)
    numbers = _numbers_among(missing, parsing.to_number)
    codes, texts = parsing.unique_texts(column)
    are_missing = []
    are_markers = []
    present = set()
    for text in beside:
        if not is_absent(text):
            present.add(text)
    for text in texts:
        is_missing = text in missing or parsing.to_number(text) in numbers
        is_marker = is_absent(text) and text not in classes
        are_missing.append(is_missing)
        are_markers.append(is_marker)
        if not is_missing and not is_marker:
            present.add(text)
    if task != "classification" and (classes or _show_markers(present)):
        are_missing = np.logical_or(are_missing, are_markers).tolist()
    return np.array(are_missing)[codes]


def _numbers_among(
    texts: Collection[str], read_number: Callable[[str], float | None]
) -> list[float]:
    """Parse the texts that are numbers."""
    numbers = []
    for text in texts:
        number = read_number(text)
        if number is not None:
            numbers.append(number)
    return numbers


def _show_markers(texts: Collection[str]) -> bool:
    """Return whether "." stands for a missing target, as it does beside numbers or two names.

    >>> _show_markers(["1", "2.5"]), _show_markers(["yes", "No", "no"]), _show_markers("abc")
    (True, True, False)
    """
    if not texts:
        return False
    are_numbers = all(parsing.read_number(text) is not None for text in texts)
    names = {text.lower() for text in texts}
    return are_numbers or len(names) <= 2


def _read_text(rows: Frame, target: str, task: TargetTask | None) -> Target:
    """Read a target column of text."""
    codes, texts = parsing.unique_texts(rows[target])
    if task is None:
        _refuse_spellings(rows, target)
    are_numbers = all(parsing.read_number(text) is not None for text in texts)
    if task == "regression" or are_numbers:
        if task is None:
            _refuse_misread(rows, target)
        numbers, classes = encode_numbers(parsing.complete_numbers(rows, target), task)
        if classes is None or not any(parsing.is_code(text) for text in texts):
            return numbers, classes
    elif task is None:
        _refuse_some_numbers(rows, target)
        _refuse_measures(rows, target)
    spelled = np.array(_in_one_spelling(texts))
    return parsing.encode(spelled[codes])


def _refuse_some_numbers(rows: Frame, target: str) -> None:
    """Reject numbers beside other texts, and numbers in the format of a country."""
    codes, texts = parsing.unique_texts(rows[target])
    is_number = np.array([parsing.read_number(text) is not None for text in texts])
    is_local = np.array([_is_local_number(text) for text in texts])
    are_nearly_all_numbers = (is_local | is_number).mean() >= parsing.NEARLY_ALL
    if is_local.any() and are_nearly_all_numbers:
        row = int(np.argmax(is_local[codes]))
        raise _local_fault(rows, target, row, texts)
    if is_number.any():
        row = int(np.argmin(is_number[codes]))
        others = [texts[code] for code in np.flatnonzero(~is_number)]
        remedy = "for classes, use {task}"
        if len(others) <= FEW:
            remedy = f"if it stands for a missing value, use {{missing}}; {remedy}"
        raise rows.fault(
            row,
            target,
            "a number",
            remedy,
            detail="as in other rows",
            missing=others,
            task="classification",
        )


def _local_fault(rows: Frame, target: str, row: int, texts: Sequence[str]) -> DataError:
    """Make the error for numbers in the format of a country, given all different texts."""
    thousands = ""
    if rows.has_csv_options:
        present = [text for text in texts if not is_absent(text)]
        separators = separators_of(present)
        if separators is None:
            remedy = "remove signs, spaces and commas, and write (5) as -5; "
        else:
            thousands, _ = separators
            remedy = "for separators between thousands, use {thousands}; "
        remedy += "for decimal commas, use {decimal}; "
    else:
        remedy = "remove signs, spaces and commas, and write (5) as -5; "
        remedy += "write decimal commas as points; "
    remedy += "for classes, use {task}"
    expected = "a number with a point, or a class"
    return rows.fault(
        row,
        target,
        expected,
        remedy,
        thousands=thousands,
        decimal=",",
        task="classification",
    )


def _refuse_misread(rows: Frame, target: str) -> None:
    """Reject numbers that may be dates or have points of thousands, as in feature columns."""
    column = distinct_texts(rows, target, MISSING)
    try:
        refuse_points_of_thousands(column)
        refuse_decimals_of_months(column)
        refuse_digits_of_dates(column)
    except DataError as error:
        error.remedy = "write plain numbers; to read these as they are, use {task}"
        error.options = {"task": "regression"}
        raise


def _refuse_measures(rows: Frame, target: str) -> None:
    """Reject numbers with units, dates and times, as in feature columns."""
    remedy = "write numbers alone, and dates and times as numbers, such as days; "
    remedy += "for classes, use {task}"
    refused = rows.fault(0, target, "classes or numbers", remedy, task="classification")
    try:
        column_kind = kind_of_values(rows, target, MISSING)
    except DataError as error:
        error.remedy = refused.remedy
        error.options = refused.options
        raise
    if column_kind in DATES:
        raise refused


def _refuse_spellings(rows: Frame, target: str) -> None:
    """Reject several spellings of yes or no, which are equal in feature columns."""
    codes, texts = parsing.unique_texts(rows[target])
    spelled = _in_one_spelling(texts)
    if not parsing.are_booleans(spelled) or len(set(spelled)) == 2:
        return
    counts = Counter[str]()
    for text, count in zip(spelled, np.bincount(codes).tolist(), strict=True):
        counts[text] += count
    most_frequent: dict[bool | None, str] = {}
    for text, _ in reversed(counts.most_common()):
        most_frequent[parsing.truth_of(text)] = text
    for row, code in enumerate(codes):
        text = spelled[code]
        usual = most_frequent[parsing.truth_of(text)]
        if text != usual:
            remedy = "write each class in one way; for classes of their own, use {task}"
            raise rows.fault(
                row,
                target,
                repr(usual),
                remedy,
                detail="as in other rows",
                task="classification",
            )


def _in_one_spelling(texts: Sequence[str]) -> list[str]:
    """Return the texts, with a single spelling of True, of False and of texts that look alike.

    >>> _in_one_spelling(["True", "true", "FALSE"]), _in_one_spelling(["true", "false"])
    (['True', 'True', 'False'], ['true', 'false'])
    """
    texts = parsing.in_one_form(texts)
    spelled = [parsing.known_spelling(text, parsing.WORDS) for text in texts]
    if len(set(spelled)) < len(set(texts)):
        return spelled
    return [*texts]


def _is_local_number(text: str) -> bool:
    """Return whether a text is a number in the format of a country, with any grouping."""
    digits = text.strip(f"+- {parsing.SIGNS}").replace(".", "").replace(",", "")
    has_mark = any(mark in text for mark in f",{parsing.SIGNS}")
    is_marked = digits.isdecimal() and has_mark
    return is_marked or LOCAL_NUMBER.fullmatch(text) is not None


def known_targets(rows: Frame, target: str, classes: Sequence[str] | None) -> NDArray[Any]:
    """Read the target column as numbers, or as indices of a network's classes, shape (n_rows,)."""
    if classes is None:
        return parsing.complete_numbers(rows, target)
    if rows[target].dtype.kind == "T":
        codes, labels = parsing.unique_texts(rows[target])
        # If the classes are text, 01 differs from 1.
        are_numbers = all(parsing.is_number(name) for name in classes)
        numbers = _numbers_among(labels, parsing.read_number)
        if are_numbers and len(numbers) == len(labels):
            labels = [class_name(number) for number in numbers]
    else:
        codes, labels = parsing.unique_texts(parsing.as_labels(rows, target, ()))
    indices = {label: index for index, label in enumerate(classes)}
    comparable = parsing.comparable_labels(classes)
    class_codes = []
    for label in labels:
        spelling = parsing.known_spelling(label, indices)
        if spelling not in indices:
            spelling = comparable.get(parsing.comparable_label(label), label)
        class_codes.append(indices.get(spelling, -1))
    y = np.array(class_codes, np.int64)[codes]
    parsing.refuse_where(rows, target, y < 0, f"one of {some(classes)}")
    return y


#: Minimum number of rows whose order is judged.
_ENOUGH = 50
#: Mean difference between neighbours, relative to any two rows, below which neighbours are alike.
_ALIKE = 0.5
#: Minimum fraction of the rows at which a target changes direction, which a sorted target never
#: does.
_TURNS = 0.1


def is_ordered(y: NDArray[Any], *, classes: bool) -> bool:
    """Return whether the targets of neighbouring rows are alike, but not merely sorted.

    >>> rng = np.random.default_rng(0)
    >>> series = np.cumsum(rng.normal(size=500))
    >>> is_ordered(series, classes=False), is_ordered(np.sort(series), classes=False)
    (True, False)
    >>> is_ordered(rng.permutation(series), classes=False)
    False
    """
    if len(y) < _ENOUGH:
        return False
    if classes:
        steps = (y[1:] != y[:-1]).astype(float)
        shares = np.bincount(y) / len(y)
        expected = 1 - np.square(shares).sum()  # the probability that two random rows differ
        turns = steps.sum()
    else:
        steps = np.square(np.diff(y))
        expected = 2 * np.var(y)  # the mean square difference of two random rows
        signs = np.sign(np.diff(y))
        signs = signs[signs != 0]
        turns = (signs[1:] != signs[:-1]).sum()
    are_neighbours_alike = steps.mean() < _ALIKE * expected
    turns_often = turns > _TURNS * len(y)
    return bool(are_neighbours_alike and turns_often)
