"""The target of a table: its classes or numbers, and whether its rows are in order."""

from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from barenet._messages import some
from barenet.errors import DataError
from barenet.tables.frames._coded_texts import unique_texts
from barenet.tables.frames._frame import CATEGORY, Frame
from barenet.tables.frames._plain_values import class_name
from barenet.tables.reading import _parsing as parsing
from barenet.tables.reading._class_labels import encode, is_number
from barenet.tables.reading._column_reading import Reading, readings_of, refuse_undecided
from barenet.tables.reading._column_values import (
    as_labels,
    as_numbers,
    as_texts,
    complete_numbers,
    refuse_where,
)
from barenet.tables.reading._missing_texts import MISSING, is_absent
from barenet.tables.reading._number_forms import file_number_reader
from barenet.tables.reading._parsing import ReadNumber
from barenet.tables.reading._readers import (
    PLAIN_KIND,
    are_booleans,
    form_of,
    is_date,
    is_numeric,
    reader_of,
)

#: Maximum number of texts that may stand for a missing value.
FEW = 5

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
    is_of_classes = are_classes(numbers) if task is None else task == "classification"
    return encode(numbers) if is_of_classes else (numbers, None)


def read_target(
    rows: Frame, target: str, task: TargetTask | None, reading: Reading | None = None
) -> Target:
    """Read the target column of training rows, none of which lacks a target.

    `reading` is what a column of texts is, if these are some of its rows.
    """
    if task is None and rows.kinds.get(target) == CATEGORY:  # whole numbers declared as categories
        task = "classification"
    column = rows.columns[target]
    if column.dtype.kind == "M":
        raise rows.fault(0, target, "classes or numbers")
    if column.dtype.kind == "b" and task != "regression":
        return encode(as_labels(rows, target, ()))
    if column.dtype.kind == "T":
        return _read_text(rows, target, task, reading)
    return encode_numbers(complete_numbers(rows, target), task)


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
    column = rows.columns[target]
    missing = {text.strip() for text in missing}
    read = file_number_reader(rows.forms_of(target).numbers)
    if column.dtype.kind != "T":
        numbers = _numbers_among(missing, parsing.number_of_token)
        return np.isnan(column) | np.isin(column.astype(np.float64), numbers)
    numbers = _numbers_among(missing, read)
    codes, texts = unique_texts(column)
    are_missing = []
    are_markers = []
    present = set()
    for text in beside:
        if not is_absent(text):
            present.add(text)
    for text in texts:
        is_missing = text in missing or read(text) in numbers
        is_marker = is_absent(text) and text not in classes
        are_missing.append(is_missing)
        are_markers.append(is_marker)
        if not is_missing and not is_marker:
            present.add(text)
    if task != "classification" and (classes or _show_markers(present, read)):
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


def _show_markers(texts: Collection[str], read: ReadNumber) -> bool:
    """Return whether "." stands for a missing target, as it does beside numbers or two names.

    >>> read = parsing.read_number
    >>> [_show_markers(texts, read) for texts in (["1", "2.5"], ["yes", "No", "no"], "abc")]
    [True, True, False]
    """
    if not texts:
        return False
    are_numbers = all(read(text) is not None for text in texts)
    names = {text.lower() for text in texts}
    return are_numbers or len(names) <= 2


def _read_text(
    rows: Frame, target: str, task: TargetTask | None, reading: Reading | None
) -> Target:
    """Read a target column of text."""
    codes, texts = unique_texts(rows.columns[target])
    if task is None:
        _refuse_spellings(rows, target)
    read = file_number_reader(rows.forms_of(target).numbers)
    are_numbers = all(read(text) is not None for text in texts)
    if task != "classification":
        is_regression = task == "regression"
        numbers = _read_numbers(rows, target, reading, is_regression=is_regression)
        if numbers is not None:
            are_measures = not are_numbers  # such as 12 kg
            if is_regression or are_measures or not are_classes(numbers):
                return numbers, None
    if are_numbers and not any(parsing.is_code(text) for text in texts):
        # Classes 1 and 1.0 are one. New rows are read without a form such as 1.234,5, too.
        return encode(np.array([read(text) for text in texts])[codes])
    spelled = np.array(_in_one_spelling(texts))
    return encode(spelled[codes])


def target_reading(rows: Frame, target: str) -> Reading:
    """Decide what a target is by the rule of other columns, which may show a decimal comma."""
    reading = readings_of(rows, [target], MISSING, target=target)[target]
    is_open = bool(reading.candidates) or reading.kind == PLAIN_KIND
    if is_open and is_numeric(reading.kind):
        return readings_of(rows, [*rows.columns], MISSING, target=target)[target]
    return reading


def reading_of_kind(target_kind: str) -> Reading | None:
    """Return the reading of a target in a form, such as 1.234,5; None for plain numbers."""
    return None if target_kind == PLAIN_KIND else Reading(target_kind)


def _read_numbers(
    rows: Frame, target: str, reading: Reading | None, *, is_regression: bool = False
) -> NDArray[np.float64] | None:
    """Read a target by the rule of other columns; None if it holds names."""
    reading = reading or target_reading(rows, target)
    remedy = "for classes, use {task}"
    column_kind = reading.likely or reading.kind
    if is_date(column_kind):
        expected = "classes or numbers"
        raise rows.fault(
            0,
            target,
            expected,
            f"write dates as numbers, such as days; {remedy}",
            task="classification",
        )
    try:
        refuse_undecided([rows], {target: reading})
    except DataError as error:
        error.remedy = f"write the numbers with a decimal point alone; {remedy}"
        error.options = {"task": "classification"}
        form = form_of(reading.kind)
        if rows.has_csv_options and form is not None and not (form.before or form.behind):
            error.remedy = "for commas between thousands, use {thousands}; for decimal commas, "
            error.remedy += f"use {{decimal}}; {remedy}"
            error.options |= {"thousands": ",", "decimal": ","}
        raise
    if not is_numeric(column_kind):
        return complete_numbers(rows, target) if is_regression else None
    read = reader_of(column_kind, rows.forms_of(target))
    try:
        numbers = as_numbers(rows, target, (), read)
        refuse_where(rows, target, np.isnan(numbers), "a number")
    except DataError as error:
        error.remedy = remedy
        error.options = {"task": "classification"}
        _, texts = unique_texts(rows[target])
        unread = [text for text in texts if read(text) is None]
        if 0 < len(unread) <= FEW:
            error.remedy = f"if it stands for a missing value, use {{missing}}; {remedy}"
            error.options["missing"] = unread
        raise
    return numbers


def _refuse_spellings(rows: Frame, target: str) -> None:
    """Reject several spellings of yes or no, which are equal in feature columns."""
    codes, texts = unique_texts(rows.columns[target])
    spelled = _in_one_spelling(texts)
    if not are_booleans(spelled) or len(set(spelled)) == 2:
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
    """Return the texts, or the canonical labels of all if some of them are equal.

    >>> _in_one_spelling(["True", "true", "FALSE"]), _in_one_spelling(["true", "false"])
    (['True', 'True', 'False'], ['true', 'false'])
    """
    labels = [parsing.canonical(text) for text in texts]
    return labels if len(set(labels)) < len(set(texts)) else [*texts]


def known_targets(
    rows: Frame, target: str, classes: Sequence[str] | None, reading: Reading | None = None
) -> NDArray[Any]:
    """Read the target column as numbers, or as indices of a network's classes, shape (n_rows,).

    `reading` is what a column of texts is, if these are some of its rows.
    """
    if classes is None:
        if rows.columns[target].dtype.kind != "T":
            return complete_numbers(rows, target)
        numbers = _read_numbers(rows, target, reading, is_regression=True)
        assert numbers is not None  # or an error
        return numbers
    codes, labels = unique_texts(as_texts(rows, target, ()))
    if rows.columns[target].dtype.kind == "T":
        # If the classes are text, 01 differs from 1.
        are_numbers = all(is_number(name) for name in classes)
        read = file_number_reader(rows.forms_of(target).numbers)
        numbers_of_labels = _numbers_among(labels, read)
        if are_numbers and len(numbers_of_labels) == len(labels):
            labels = [class_name(number) for number in numbers_of_labels]
    indices = {parsing.canonical(name): index for index, name in enumerate(classes)}
    indices |= {name: index for index, name in enumerate(classes)}
    class_codes = []
    for label in labels:
        index = indices.get(label, indices.get(parsing.canonical(label), -1))
        class_codes.append(index)
    y = np.array(class_codes, np.int64)[codes]
    refuse_where(rows, target, y < 0, f"one of {some(classes)}")
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
