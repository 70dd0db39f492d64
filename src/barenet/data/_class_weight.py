"""Weights of the classes of a data set, from their names or balanced."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import check_number
from barenet._registry import lookup
from barenet.data._dataset import Dataset
from barenet.errors import ArgumentError

BALANCED = "balanced"


def class_weights(spec: Sequence[str], rows: Dataset) -> NDArray[np.float64]:
    """The weight of each class, 1 for those that are not named, shape (n_classes,).

    Balanced ones are those of scikit-learn: rows / (classes · rows of the class).

    >>> from barenet.data._datasets import load_dataset
    >>> class_weights(["setosa=2", "virginica=0.5"], load_dataset("iris"))
    array([2. , 1. , 0.5])
    """
    assert rows.classes is not None
    if list(spec) == [BALANCED]:
        counts = np.bincount(rows.y, minlength=len(rows.classes))
        return rows.n_samples / np.count_nonzero(counts) / np.maximum(counts, 1)
    weights, indices = np.ones(len(rows.classes)), {name: i for i, name in enumerate(rows.classes)}
    for each in spec:
        name, equals, text = each.rpartition("=")
        try:
            number = float(text if equals else "")
        except ValueError as error:
            expected = f"{BALANCED}, or classes with weights such as {rows.classes[-1]}=5"
            raise ArgumentError.of("class_weight", each, expected) from error
        at = lookup(indices, name.strip(), "class_weight")
        weights[at] = check_number(number, "class_weight", part=name, ge=0)
    if not weights[rows.y].any():
        raise ArgumentError.of("class_weight", list(spec), "a weight above 0 for one of the rows")
    return weights
