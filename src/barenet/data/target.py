"""What a column to be predicted means: classes or numbers.

One rule for every file, written down in one place, and a word of the user's overrides it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "MOST_CLASSES",
    "WORDS",
    "Task",
    "are_classes",
    "check_task",
    "class_labels",
    "class_name",
    "encode",
    "is_number",
]

Task = Literal["classification", "regression"]

#: More different whole numbers than these are taken as numbers, not as classes.
MOST_CLASSES = 20

#: How false and true are written where they are names.
WORDS = ("False", "True")


def check_task(task: str | None) -> None:
    """Refuse a task that is none."""
    if task not in (None, "classification", "regression"):
        raise ValueError(f"task: expected classification or regression, got {task!r}")


def are_classes(numbers: NDArray[Any]) -> bool:
    """Decide whether numbers stand for classes.

    Examples
    --------
    >>> are_classes(np.array([3, 4, 4, 3, 5, 5])), are_classes(np.array([1, 2, 3, 4]))
    (True, False)
    """
    different = np.unique(numbers)
    few = len(different) <= min(MOST_CLASSES, len(numbers) / 2)
    return few and bool((different == np.floor(different)).all())


def class_name(number: float) -> str:
    """Write a number as the name of a class.

    Examples
    --------
    >>> class_name(3.0), class_name(0.5)
    ('3', '0.5')
    """
    return str(int(number)) if float(number).is_integer() else repr(float(number))


def is_number(name: str) -> bool:
    """Tell whether a class is a number, written as `class_name` writes it."""
    try:
        return math.isfinite(float(name)) and class_name(float(name)) == name
    except (ValueError, OverflowError):
        return False


def class_labels(classes: Sequence[str]) -> NDArray[Any]:
    """Give classes as what they were before they were names.

    Examples
    --------
    >>> class_labels(["3", "10"]), class_labels(["False", "True"]), class_labels(["3", "007"])
    (array([ 3, 10]), array([False,  True]), array(['3', '007'], dtype='<U3'))
    """
    if tuple(classes) == WORDS:
        return np.array([False, True])
    if not all(map(is_number, classes)):
        return np.array(classes)
    numbers = np.array([float(name) for name in classes])
    whole = bool((np.mod(numbers, 1) == 0).all() and (abs(numbers) < 2**63).all())
    return np.array([int(name) for name in classes], np.int64) if whole else numbers


def encode(values: Sequence[str] | NDArray[Any]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Number the classes.

    Examples
    --------
    >>> encode(np.array([10.0, 9.0, 10.0]))
    (array([1, 0, 1]), ('9', '10'))
    >>> encode(["no", "yes", "maybe"])
    (array([1, 2, 0]), ('maybe', 'no', 'yes'))
    """
    different, y = np.unique(np.asarray(values), return_inverse=True)
    text = different.dtype.kind in "US"
    return y.astype(np.int64), tuple(str(v) if text else class_name(v) for v in different)
