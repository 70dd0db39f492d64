"""Softmax: a row of any numbers becomes the probabilities of classes.

Each output depends on every input of its row, so the chain rule needs the whole row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from barenet.model.activations.activation import Activation
from barenet.model.arrays import FloatArray

__all__ = ["Softmax"]


@dataclass(frozen=True)
class Softmax(Activation):
    """f(z)ᵢ = exp(zᵢ) / Σⱼ exp(zⱼ): probabilities of classes, one row at a time.

    Subtracting the row's greatest z changes nothing in the quotient, and keeps exp from
    overflowing. As ∂aᵢ/∂zⱼ = aᵢ(δᵢⱼ − aⱼ), the chain rule reads::

        dL/dzⱼ = Σᵢ dL/daᵢ · aᵢ(δᵢⱼ − aⱼ) = aⱼ (dL/daⱼ − Σᵢ dL/daᵢ · aᵢ).

    Examples
    --------
    >>> import numpy as np
    >>> Softmax().forward(np.array([[1.0, 2.0, 3.0]])).round(4)
    array([[0.09 , 0.2447, 0.6652]])
    """

    name: ClassVar[str] = "softmax"
    formula: ClassVar[str] = "exp(Z) / over_outputs(exp(Z))"
    backward_formula: ClassVar[str] = "A * (dA - over_outputs(dA * A))"
    stable_formula: ClassVar[tuple[str, ...]] = (
        "exp(Z - max_outputs(Z))",
        "Z / over_outputs(Z)",
    )
    onnx_operator: ClassVar[str] = "Softmax"

    def forward(self, Z: FloatArray) -> FloatArray:
        E = np.exp(Z - Z.max(axis=1, keepdims=True))
        return E / E.sum(axis=1, keepdims=True)

    def backward(self, Z: FloatArray, A: FloatArray, d_A: FloatArray) -> FloatArray:
        return A * (d_A - (d_A * A).sum(axis=1, keepdims=True))
