"""Labels: classes of any kind as what a network says, and back.

Two classes are one yes or no; three or more are an output each, of which one is right; of several
labels at once each is a yes or no of its own.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.multiclass import check_classification_targets, type_of_target

from barenet.model.arrays import FloatArray
from barenet.model.targets import class_probabilities, one_hot

__all__ = ["Labels", "shown"]


class Labels:
    """The classes that a network tells apart.

    Attributes
    ----------
    classes : ndarray of shape (n_classes,)
        Sorted; the numbers of the labels where there may be several at once.
    several : bool
        Whether a row may have several labels.

    Examples
    --------
    >>> import numpy as np
    >>> labels = Labels(["no", "yes", "no"])
    >>> labels.encode(np.array(["yes", "no"])).tolist()
    [[1.0], [0.0]]
    >>> labels.decode(np.array([[0.2], [0.9]]))
    array(['no', 'yes'], dtype='<U3')
    """

    def __init__(self, y: ArrayLike) -> None:
        self.several = _have_several(y)
        self.classes = np.arange(np.shape(y)[1]) if self.several else np.unique(y)

    @property
    def n_outputs(self) -> int:
        """How many outputs a network needs for them."""
        return 1 if len(self.classes) <= 2 and not self.several else len(self.classes)

    @property
    def output(self) -> str:
        """Name of the output activation."""
        return "sigmoid" if self.several or self.n_outputs == 1 else "softmax"

    def encode(self, y: NDArray[Any], smoothing: float = 0.0) -> FloatArray:
        """Turn classes into what a network should say."""
        targets = self._zeros_and_ones(y)
        if smoothing == 0:
            return targets
        ways = 2 if self.output == "sigmoid" else len(self.classes)
        return targets.astype(np.float64) * (1 - smoothing) + smoothing / ways

    def _zeros_and_ones(self, y: NDArray[Any]) -> FloatArray:
        if self.several != _have_several(y) or (self.several and y.shape[1] != len(self.classes)):
            expected = f"(n_samples, {len(self.classes)})" if self.several else "(n_samples,)"
            raise ValueError(f"y: expected shape {expected}, as before, got {y.shape}")
        if self.several:
            return (y != 0).astype(np.float32)
        known = np.isin(y, self.classes)
        if not known.all():
            raise ValueError(f"y: classes {shown(y[~known])} are not among {shown(self.classes)}")
        indices = np.searchsorted(self.classes, y)
        if self.n_outputs == 1:
            return indices.reshape(-1, 1).astype(np.float32)
        return one_hot(indices, len(self.classes))

    def decode(self, output: FloatArray) -> NDArray[Any]:
        """Turn what a network says into classes."""
        if self.several:
            return (output > 0.5).astype(int)
        if len(self.classes) <= 2:
            second = (output[:, 0] > 0.5) & (len(self.classes) == 2)
            return self.classes[second.astype(int)]
        return self.classes[output.argmax(axis=1)]

    def agree(self, output: FloatArray, other: FloatArray) -> NDArray[np.bool_]:
        """Compare what two of them say."""
        if len(self.classes) == 1:
            return np.ones(len(output), bool)
        if self.output == "sigmoid":
            same: NDArray[np.bool_] = ((output > 0.5) == (other > 0.5)).all(axis=1)
            return same
        return output.argmax(axis=1) == other.argmax(axis=1)

    def probabilities(self, output: FloatArray) -> FloatArray:
        """Turn what a network says into a probability for each class."""
        if self.several or len(self.classes) > 2:
            return output
        if len(self.classes) == 1:
            return np.ones_like(output)
        return class_probabilities(output)


def shown(classes: NDArray[Any]) -> str:
    """Write classes for an error, or a few of many.

    Examples
    --------
    >>> import numpy as np
    >>> shown(np.array([3, 1, 1])), shown(np.arange(100))
    ('[1, 3]', '[0, 1, 2, 3, 4, ...] (100)')
    """
    unique = np.unique(classes).tolist()
    few = ", ".join(map(repr, unique[:5]))
    return f"[{few}]" if len(unique) <= 5 else f"[{few}, ...] ({len(unique)})"


def _have_several(y: ArrayLike) -> bool:
    """Tell if rows may have several labels, and refuse what are no classes."""
    try:
        check_classification_targets(y)
        kind = type_of_target(y, input_name="y")
    except (TypeError, ValueError, ArithmeticError) as error:
        if isinstance(error, ValueError) and re.search(r"\by\b", str(error)):
            raise
        raise ValueError(f"y: {error}") from error  # as of bytes, and of a number that signals
    if kind == "multiclass-multioutput":
        raise ValueError(
            "y: expected one class for each row, or a 0 or 1 for each label, got several "
            "classes a row; sklearn.multioutput.MultiOutputClassifier fits a network for each"
        )
    return bool(kind == "multilabel-indicator")
