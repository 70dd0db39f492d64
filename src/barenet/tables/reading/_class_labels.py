"""Names of classes, and the numbers, booleans or texts that they stand for."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.tables.frames._plain_values import class_name
from barenet.tables.reading._parsing import WORDS


def is_number(name: str) -> bool:
    """Return whether the name of a class is a number in the format of `class_name`."""
    try:
        return math.isfinite(float(name)) and class_name(float(name)) == name
    except (ValueError, OverflowError):
        return False


def class_labels(classes: Sequence[str]) -> NDArray[Any]:
    """Convert names of classes back to numbers, booleans or text.

    >>> class_labels(["3", "10"]), class_labels(["False", "True"]), class_labels(["3", "007"])
    (array([ 3, 10]), array([False,  True]), array(['3', '007'], dtype='<U3'))
    """
    if tuple(classes) == WORDS:
        return np.array([False, True])
    for name in classes:
        if not is_number(name):
            return np.array(classes)
    numbers = np.array([float(name) for name in classes])
    are_whole = (np.mod(numbers, 1) == 0).all()
    if are_whole and (abs(numbers) < 2**63).all():  # if int64 can hold them
        return np.array([int(name) for name in classes], np.int64)
    return numbers


def encode(values: Sequence[str] | NDArray[Any]) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Encode labels as indices of sorted classes.

    >>> encode(np.array([10.0, 9.0, 10.0]))
    (array([1, 0, 1]), ('9', '10'))
    >>> encode(["no", "yes", "maybe"])
    (array([1, 2, 0]), ('maybe', 'no', 'yes'))
    """
    different, y = np.unique(np.asarray(values), return_inverse=True)
    name_of: Callable[[Any], str] = class_name
    if different.dtype.kind in "USO":
        name_of = str
    return y.astype(np.int64), tuple(name_of(label) for label in different)
