"""The last update in one neuron, by the numbers of one point of its mini-batch."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.insight.explain import Equation, Explanation
from barenet.playground._data_view import MAX_NAMES
from barenet.playground._evaluation import finite
from barenet.training._history import finite_or_none

__all__ = ["step_summary"]


def step_summary(explanation: Explanation, column: int) -> dict[str, Any]:
    """Take the numbers of the point that moved the neuron most."""
    Z = next(_equations(explanation, "Z"))
    X, weights, bias = (Z.operands[name].value for name in "XWb")
    gradients = [list(_equations(explanation, name, derivative=True)) for name in "Wb"]
    slopes = gradients[0][0].operands["dZ"].value[:, 0]
    row = int(np.nan_to_num(np.abs(slopes)).argmax())
    outputs = [each.result.value for step in explanation.steps for each in _activations(step)][-1]
    after = [[each.result.value for each in _equations(explanation, name)][-1:] for name in "Wb"]
    return {
        "row": row,
        "rows": len(slopes),
        "inputs": finite(X[row, :MAX_NAMES].tolist()),
        "z": finite_or_none(float(Z.result.value[row, 0])),
        "output": finite_or_none(float(outputs[row, column if outputs.shape[1] > 1 else 0])),
        "slope": finite_or_none(float(slopes[row])),
        "gradient": _with_bias(*(each[-1].result.value for each in gradients)),
        "before": _with_bias(weights, bias),
        "after": _with_bias(after[0][0], after[1][0]) if all(after) else None,
    }


def _equations(explanation: Explanation, base: str, derivative: bool = False) -> Iterator[Equation]:
    """Yield the equations of the neuron's sum, weights or bias, or of their derivatives."""
    for equation in explanation.equations:
        name = equation.result.name
        if (name.base, name.d, name.of) == (base, derivative, None):
            yield equation


def _activations(step: Any) -> list[Equation]:
    """The equations of the neuron's output: after its activation, its dropout."""
    names = [(each, each.result.name) for each in step.equations]
    return [each for each, name in names if name.base == "A" and not name.d]


def _with_bias(weights: NDArray[Any], bias: NDArray[Any]) -> list[float | None]:
    return finite([*weights.ravel()[:MAX_NAMES].tolist(), float(bias.ravel()[0])])
