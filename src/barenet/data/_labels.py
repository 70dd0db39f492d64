"""Names of classes: numbers and truth values as text, and back."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.data._frame import TEXT

#: The names of false and true.
WORDS = ("False", "True")


def boolean_names(values: NDArray[np.bool_]) -> NDArray[Any]:
    """The names of truth values, as text."""
    return np.array(WORDS, TEXT)[values.astype(np.int64)]


def class_name(number: float) -> str:
    """The name of a class that is a number.

    >>> class_name(3.0), class_name(0.5)
    ('3', '0.5')
    """
    return str(int(number)) if float(number).is_integer() else repr(float(number))


def is_number(name: str) -> bool:
    """Whether a name of a class is a number in the format of `class_name`."""
    try:
        return math.isfinite(float(name)) and class_name(float(name)) == name
    except (ValueError, OverflowError):
        return False


def class_labels(classes: Sequence[str]) -> NDArray[Any]:
    """Convert names of classes back to numbers, truth values or text.

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
    """Encode labels as indices of sorted classes.

    >>> encode(np.array([10.0, 9.0, 10.0]))
    (array([1, 0, 1]), ('9', '10'))
    >>> encode(["no", "yes", "maybe"])
    (array([1, 2, 0]), ('maybe', 'no', 'yes'))
    """
    different, y = np.unique(np.asarray(values), return_inverse=True)
    is_text = different.dtype.kind in "US"
    return y.astype(np.int64), tuple(str(v) if is_text else class_name(v) for v in different)
