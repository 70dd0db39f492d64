"""Encodes classes of any type, or numbers, as targets of a network, decodes and scores them.

Two classes share one sigmoid output; three or more have a softmax output each; several labels of a
row have a sigmoid output each.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from barenet._messages import brief
from barenet._metrics import r2, weighted_mean
from barenet.datasets._target_kind import TargetKind
from barenet.errors import ArgumentError
from barenet.estimators._array_inputs import errors_naming_argument, is_plain
from barenet.model._array_dataset import ArrayDataset, class_probabilities
from barenet.model._arrays import FloatArray, one_hot
from barenet.model.losses import GaussianNLL, Loss


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

    score_name = "accuracy"
    outputs_per_target = 1

    def __init__(self, y: ArrayLike) -> None:
        #: Whether a row may have several labels.
        self.multilabel = is_multilabel(y)
        classes = np.arange(np.shape(y)[1]) if self.multilabel else np.unique(y)
        #: The sorted classes; for several labels, the indices of the columns of y.
        self.classes: NDArray[Any] = classes

    @property
    def activation(self) -> str:
        """The name of the output activation."""
        return "sigmoid" if self.multilabel else self.target_kind.output_activation()

    @property
    def target_kind(self) -> TargetKind:
        """The kind of a target with these classes, one for each row."""
        return TargetKind(len(self.classes))

    def encode(self, y: NDArray[Any]) -> FloatArray:
        """Encode targets for the network, as zeros and ones, shape (n_samples, n_outputs)."""
        n_classes = len(self.classes)
        has_other_shape = self.multilabel != is_multilabel(y)
        if self.multilabel and is_multilabel(y):
            has_other_shape = y.shape[1] != n_classes
        if has_other_shape:
            expected = f"(n_samples, {n_classes})" if self.multilabel else "(n_samples,)"
            problem = f"expected shape {expected}, as before, got {y.shape}"
            raise ArgumentError(problem, argument="y")
        if self.multilabel:
            return (y != 0).astype(np.float32)
        are_classes = np.isin(y, self.classes)
        if not are_classes.all():
            problem = f"classes {shown(y[~are_classes])} are not among {shown(self.classes)}"
            raise ArgumentError(problem, argument="y")
        indices = np.searchsorted(self.classes, y)
        if self.activation == "softmax":
            return one_hot(indices, n_classes)
        return indices.reshape(-1, 1).astype(np.float32)

    def _indices(self, output: FloatArray) -> NDArray[np.intp]:
        """Return the index of each row's predicted class, or 0 or 1 for each of several labels."""
        if self.activation == "softmax":
            return output.argmax(axis=1, keepdims=True)
        threshold = 0.5
        if len(self.classes) == 1:  # the output belongs to the second class
            threshold = math.inf
        return (output > threshold).astype(int)

    def decode(self, output: FloatArray) -> NDArray[Any]:
        """Return the predicted class of each row, or 0 or 1 for each of several labels."""
        indices = self._indices(output)
        return indices if self.multilabel else self.classes[indices[:, 0]]

    def score(self, output: FloatArray, rows: ArrayDataset) -> float:
        """The accuracy."""
        correct = (self._indices(output) == self._indices(rows.y)).all(axis=1)
        return weighted_mean(correct, rows.sample_weight)

    def strata(self, rows: ArrayDataset) -> NDArray[Any] | None:
        """Return the groups that validation rows are stratified by; None for more than two classes.

        scikit-learn's networks stratify the rows of two classes only.
        """
        if self.multilabel or self.activation == "softmax":
            return None
        return self.decode(rows.y)

    def probabilities(self, output: FloatArray) -> FloatArray:
        """Return the probability of each class, shape (n_samples, n_classes)."""
        return np.ones_like(output) if len(self.classes) == 1 else class_probabilities(output)


@dataclass
class NumberEncoder:
    """Numbers as targets of a network: one column for each target."""

    loss: Loss
    score_name: ClassVar[str] = "r2"
    multilabel: ClassVar[bool] = False

    @property
    def activation(self) -> str:
        """The name of the output activation."""
        if self.loss.activations:
            return self.loss.activations[0]
        if "exponential" in self.loss.on_logits:
            return "exponential"
        return "identity"

    @property
    def outputs_per_target(self) -> int:
        return self.loss.outputs_per_target

    def encode(self, y: NDArray[Any]) -> FloatArray:
        return y.reshape(len(y), -1)

    def decode(self, output: FloatArray) -> FloatArray:
        """Return the predictions: all of several quantiles, or means without their variances."""
        if isinstance(self.loss, GaussianNLL):
            output = self.loss.point(output)
        if output.shape[1] == 1:
            return output[:, 0]
        return output

    def score(self, output: FloatArray, rows: ArrayDataset) -> float:
        """Compute R², which needs two rows with weights above 0."""
        return r2(self.loss.point(output), self.loss.point(rows.y), rows.sample_weight)

    def strata(self, rows: ArrayDataset) -> None:
        return None


def weights_by_class(class_weight: Any, y: NDArray[Any], classes: NDArray[Any]) -> NDArray[Any]:
    """Compute the sample weights for the parameter `class_weight`, shape (n_samples,)."""
    weights = class_weight
    # scikit-learn refuses weights of absent classes
    if isinstance(weights, Mapping) and y.ndim == 1:
        present = set(np.unique(y).tolist())
        absent = set(classes.tolist()) - present
        weights = {label: weight for label, weight in weights.items() if label not in absent}
    elif weights is not None and str(weights) != "balanced":
        expected = "'balanced', or a dict where each row has one class"
        raise ArgumentError.of("class_weight", weights, expected)
    with errors_naming_argument("class_weight"):
        by_class: NDArray[Any] = compute_sample_weight(weights, y)
    are_weights = np.isfinite(by_class).all() and (by_class >= 0).all()
    all_zero = not by_class.any()
    if len(y) and (not are_weights or all_zero):
        expected = "numbers of 0 or more, one of a class in y above 0"
        raise ArgumentError.of("class_weight", class_weight, expected)
    return by_class


def shown(classes: NDArray[Any]) -> str:
    """Write classes for an error."""
    return brief(np.unique(classes).tolist())


def is_multilabel(y: Any) -> bool:
    """Return whether rows may have several labels; reject targets that are not classes."""
    is_plain_vector = is_plain(y, 1, "biuU") and y.dtype.kind != "f"
    if is_plain_vector:
        has_few_rows = len(y) <= 20
        if has_few_rows or 2 * len(np.unique(y)) <= len(y):
            return False  # scikit-learn takes 0.1 ms for this, and warns of many classes
    with errors_naming_argument("y"):
        check_classification_targets(y)
        target_type = type_of_target(y, input_name="y")
    if target_type == "multiclass-multioutput":
        expected = "expected one class for each row, or 0 or 1 for each label"
        remedy = "sklearn.multioutput.MultiOutputClassifier fits a network for each"
        raise ArgumentError(f"{expected}, got several classes a row", argument="y", remedy=remedy)
    return bool(target_type == "multilabel-indicator")
