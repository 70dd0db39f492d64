"""The weights of the classes in the loss."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import check_number
from barenet._registry import lookup
from barenet.datasets._dataset import Dataset
from barenet.errors import ArgumentError

BALANCED = "balanced"


def class_weights(spec: Sequence[str], rows: Dataset) -> NDArray[np.float64]:
    """Compute the weight of each class, 1 for classes that are not named, shape (n_classes,).

    Balanced weights are the same as in scikit-learn: rows / (classes · rows of the class).

    >>> from barenet.datasets._dataset_loading import load_dataset
    >>> class_weights(["setosa=2", "virginica=0.5"], load_dataset("iris"))
    array([2. , 1. , 0.5])
    """
    assert rows.classes is not None
    if list(spec) == [BALANCED]:
        counts = np.bincount(rows.y, minlength=len(rows.classes))
        mean_count = rows.n_samples / np.count_nonzero(counts)  # of the classes that are present
        return mean_count / np.maximum(counts, 1)  # a class without rows has no row to weight
    weights = np.ones(len(rows.classes))
    indices = {name: index for index, name in enumerate(rows.classes)}
    for setting in spec:
        name, equals, text = setting.rpartition("=")
        expected = f"{BALANCED}, or classes with weights such as {rows.classes[-1]}=5"
        if not equals:
            raise ArgumentError.of("class_weight", setting, expected)
        try:
            number = float(text)
        except ValueError as error:
            raise ArgumentError.of("class_weight", setting, expected) from error
        index = lookup(indices, name.strip(), "class_weight")
        weights[index] = check_number(number, "class_weight", part=name, ge=0)
    if not weights[rows.y].any():
        raise ArgumentError.of("class_weight", list(spec), "a weight above 0 for one of the rows")
    return weights
