"""Walk: the update just taken in one neuron, by the numbers of one point of its batch.

They are those of `explain`, taken out of its equations: what came in, what came out, what the loss
says of it, and how each weight moved. The page puts words beside them before it shows all points.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.insight.explain import Equation, Explanation
from barenet.playground.evaluation import finite
from barenet.training.history import finite_or_none

__all__ = ["MOST_WEIGHTS", "walk"]

#: Weights that are told.
MOST_WEIGHTS = 64


def step_summary(page: Explanation, column: int) -> dict[str, Any]:
    """Take one point's numbers, that of the batch which moved the neuron most."""
    Z = next(_of(page, "Z"))
    X, weights, bias = (Z.operands[name].value for name in "XWb")
    parts = [list(_of(page, name, d=True)) for name in "Wb"]
    slopes = parts[0][0].operands["dZ"].value[:, 0]
    row = int(np.nan_to_num(np.abs(slopes)).argmax())
    says = [each.result.value for step in page.steps for each in _said(step.equations)][-1]
    after = [[each.result.value for each in _of(page, name)][-1:] for name in "Wb"]
    return {
        "row": row,
        "rows": len(slopes),
        "inputs": finite(X[row, :MOST_WEIGHTS].tolist()),
        "z": finite_or_none(float(Z.result.value[row, 0])),
        "says": finite_or_none(float(says[row, column if says.shape[1] > 1 else 0])),
        "slope": finite_or_none(float(slopes[row])),
        "gradient": _told(*(each[-1].result.value for each in parts)),
        "before": _told(weights, bias),
        "after": _told(after[0][0], after[1][0]) if all(after) else None,
    }


def _of(page: Explanation, base: str, d: bool = False) -> Iterator[Equation]:
    """Find what becomes of the neuron's own sum, weights or bias, or of their derivatives."""
    for equation in page.equations:
        name = equation.result.name
        if (name.base, name.d, name.of) == (base, d, None):
            yield equation


def _said(equations: tuple[Equation, ...]) -> list[Equation]:
    """Find what the neuron says: after its sum, its norm, its activation, its dropout."""
    return [each for each in equations if each.result.name.base == "A" and not each.result.name.d]


def _told(weights: NDArray[Any], bias: NDArray[Any]) -> list[float | None]:
    """Put a bias behind the weights that are told."""
    return finite([*weights.ravel()[:MOST_WEIGHTS].tolist(), float(bias.ravel()[0])])
