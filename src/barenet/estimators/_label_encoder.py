"""Classes of any type as targets of a network, and back.

Two classes take one sigmoid output; three or more take a softmax output each; several labels of a
row take a sigmoid output each.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from barenet.errors import ArgumentError
from barenet.model._array_dataset import class_probabilities, one_hot
from barenet.model._arrays import FloatArray


class LabelEncoder:
    """The classes of a network.

    Examples
    --------
    >>> labels = LabelEncoder(["no", "yes", "no"])
    >>> labels.encode(np.array(["yes", "no"])).tolist()
    [[1.0], [0.0]]
    >>> labels.decode(np.array([[0.2], [0.9]]))
    array(['no', 'yes'], dtype='<U3')
    """

    def __init__(self, y: ArrayLike) -> None:
        #: Whether a row may have several labels.
        self.multilabel = _is_multilabel(y)
        #: Sorted; for several labels, the indices of the columns of y.
        self.classes = np.arange(np.shape(y)[1]) if self.multilabel else np.unique(y)

    @property
    def n_outputs(self) -> int:
        """The number of outputs that the network needs."""
        return 1 if len(self.classes) <= 2 and not self.multilabel else len(self.classes)

    @property
    def activation(self) -> str:
        """The name of the output activation."""
        return "sigmoid" if self.multilabel or self.n_outputs == 1 else "softmax"

    def encode(self, y: NDArray[Any], smoothing: float = 0.0) -> FloatArray:
        """Targets of the network, shape (n_samples, n_outputs)."""
        targets = self._indicators(y)
        if smoothing == 0:
            return targets
        n_ways = 2 if self.activation == "sigmoid" else len(self.classes)
        return targets.astype(np.float64) * (1 - smoothing) + smoothing / n_ways

    def _indicators(self, y: NDArray[Any]) -> FloatArray:
        """Zeros and ones, shape (n_samples, n_outputs)."""
        n_classes = len(self.classes)
        if self.multilabel != _is_multilabel(y) or (self.multilabel and y.shape[1] != n_classes):
            expected = f"(n_samples, {n_classes})" if self.multilabel else "(n_samples,)"
            raise ArgumentError(
                f"expected shape {expected}, as before, got {y.shape}", argument="y"
            )
        if self.multilabel:
            return (y != 0).astype(np.float32)
        known = np.isin(y, self.classes)
        if not known.all():
            problem = f"classes {shown(y[~known])} are not among {shown(self.classes)}"
            raise ArgumentError(problem, argument="y")
        indices = np.searchsorted(self.classes, y)
        if self.n_outputs == 1:
            return indices.reshape(-1, 1).astype(np.float32)
        return one_hot(indices, n_classes)

    def decode(self, output: FloatArray) -> NDArray[Any]:
        """The predicted class of each row, or 0 or 1 for each of several labels."""
        if self.multilabel:
            return (output > 0.5).astype(int)
        if len(self.classes) <= 2:
            second = (output[:, 0] > 0.5) & (len(self.classes) == 2)
            return self.classes[second.astype(int)]
        return self.classes[output.argmax(axis=1)]

    def agree(self, output: FloatArray, other: FloatArray) -> NDArray[np.bool_]:
        """Whether two outputs predict the same for each row, shape (n_samples,)."""
        if len(self.classes) == 1:
            return np.ones(len(output), bool)
        if self.activation == "sigmoid":
            same: NDArray[np.bool_] = ((output > 0.5) == (other > 0.5)).all(axis=1)
            return same
        return output.argmax(axis=1) == other.argmax(axis=1)

    def probabilities(self, output: FloatArray) -> FloatArray:
        """The probability of each class, shape (n_samples, n_classes)."""
        if self.multilabel or len(self.classes) > 2:
            return output
        if len(self.classes) == 1:
            return np.ones_like(output)
        return class_probabilities(output)


def weights_by_class(class_weight: Any, y: NDArray[Any], classes: NDArray[Any]) -> NDArray[Any]:
    """The sample weights of the parameter `class_weight`, shape (n_samples,)."""
    if not isinstance(class_weight, str | Mapping):
        expected = "'balanced' or a dict of a number for each class"
        raise ArgumentError.of("class_weight", class_weight, expected)
    weights = class_weight
    if isinstance(weights, Mapping) and y.ndim == 1:  # scikit-learn refuses those of absent classes
        absent = set(classes.tolist()) - set(np.unique(y).tolist())
        weights = {label: weight for label, weight in weights.items() if label not in absent}
    try:
        return compute_sample_weight(weights, y)
    except OverflowError as error:
        raise ArgumentError.of("class_weight", class_weight, "numbers that fit a float") from error


def shown(classes: NDArray[Any]) -> str:
    """Format classes for an error, at most five of them.

    Examples
    --------
    >>> shown(np.array([3, 1, 1])), shown(np.arange(100))
    ('[1, 3]', '[0, 1, 2, 3, 4, ...] (100)')
    """
    unique = np.unique(classes).tolist()
    few = ", ".join(map(repr, unique[:5]))
    return f"[{few}]" if len(unique) <= 5 else f"[{few}, ...] ({len(unique)})"


def _is_multilabel(y: ArrayLike) -> bool:
    """Whether rows may have several labels; refuses targets that are no classes."""
    try:
        check_classification_targets(y)
        kind = type_of_target(y, input_name="y")
    except (TypeError, ValueError, ArithmeticError) as error:
        if isinstance(error, ValueError) and re.search(r"\by\b", str(error)):
            raise
        raise ArgumentError(str(error), argument="y") from error
    if kind == "multiclass-multioutput":
        raise ArgumentError(
            "expected one class for each row, or 0 or 1 for each label, got several classes a row",
            argument="y",
            remedy="sklearn.multioutput.MultiOutputClassifier fits a network for each",
        )
    return bool(kind == "multilabel-indicator")
