"""The kind of a target, numbers or classes, and what a network needs for it.

The output layer, the metric and label smoothing all follow from it, and are chosen only here. The
default loss follows from the output layer (`as_loss`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from barenet.model._arrays import FloatArray

#: Output activations that return probabilities, as classes require.
PROBABILITIES = ("softmax", "sigmoid")


def n_classes_of(n_outputs: int) -> int:
    """Return the number of classes for a number of outputs; a single output means two classes."""
    return max(2, n_outputs)


@dataclass(frozen=True)
class TargetKind:
    """The kind of a target: one or more numbers, or one of several classes.

    Attributes
    ----------
    n_classes : int, optional
        Number of classes; None for numbers.
    n_numbers : int, default=1
        Number of numeric targets of a row, if the target is not a class.

    Examples
    --------
    >>> price = TargetKind()
    >>> price.n_outputs, price.output_activation(), price.metric
    (1, 'identity', 'r2')
    >>> species = TargetKind(n_classes=3)
    >>> species.n_outputs, species.output_activation(), species.metric
    (3, 'softmax', 'accuracy')
    """

    n_classes: int | None = None
    n_numbers: int = 1

    @classmethod
    def of(cls, classes: Sequence[str] | None) -> TargetKind:
        """Make the kind of a target from the names of its classes; None for a number."""
        return cls() if classes is None else cls(n_classes=len(classes))

    @classmethod
    def of_outputs(cls, n_outputs: int, activation: str) -> TargetKind:
        """Infer the kind of target that a network predicts from its output layer."""
        if activation in PROBABILITIES:
            return cls(n_classes=n_classes_of(n_outputs))
        return cls(n_numbers=n_outputs)

    @property
    def of_classes(self) -> bool:
        """Whether the task is a classification."""
        return self.n_classes is not None

    @property
    def n_columns(self) -> int:
        """The number of targets in a row: one 0 or 1 for each class, or the numbers."""
        return self.n_classes or self.n_numbers

    @property
    def allowed_n_outputs(self) -> tuple[int, ...]:
        """The numbers of outputs that are possible, the default first.

        For two classes, one probability is enough, as both sum to 1.
        """
        return (1, 2) if self.n_classes == 2 else (self.n_columns,)

    @property
    def n_outputs(self) -> int:
        """The default number of outputs."""
        return self.allowed_n_outputs[0]

    def output_activation(self, n_outputs: int | None = None) -> str:
        """Return the default activation of the output layer, by default for the default size."""
        if not self.of_classes:
            return "identity"
        if n_outputs is None:
            n_outputs = self.n_outputs
        if n_outputs == 1:
            return "sigmoid"
        return "softmax"

    @property
    def activation_of_columns(self) -> str:
        """The activation of an output layer with an output for each column."""
        return "softmax" if self.of_classes else "identity"

    def allows_activation(self, name: str) -> bool:
        """Return whether an output activation is possible; any is for numbers."""
        return not self.of_classes or name in PROBABILITIES

    @property
    def metric(self) -> str:
        """The name of the default metric; `main_metric` chooses another for rare classes."""
        return "accuracy" if self.of_classes else "r2"

    def n_ways(self, activation: str) -> int:
        """Return the number of possible outcomes for each output.

        A softmax output competes with the outputs of all other classes. A sigmoid output is yes or
        no, independently of the others.
        """
        return 2 if activation == "sigmoid" else self.n_columns

    def smooth(self, targets: FloatArray, smoothing: float, activation: str) -> NDArray[np.float64]:
        """Smooth targets of 0 and 1 with k possible outcomes: y (1 − ε) + ε/k.

        Examples
        --------
        >>> y = np.array([[0.0, 1.0, 0.0, 0.0]])
        >>> TargetKind(n_classes=4).smooth(y, 0.2, "softmax")  # 0.2 / 4 = 0.05
        array([[0.05, 0.85, 0.05, 0.05]])
        """
        y = targets.astype(np.float64)
        return y * (1 - smoothing) + smoothing / self.n_ways(activation)


#: The kind of a target that is one number, as of most regressions.
ONE_NUMBER = TargetKind()
