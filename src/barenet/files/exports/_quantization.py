"""Quantization: weights as integers from −127 to 127, in a quarter of the memory.

Only the weights are rounded; inputs, biases and all arithmetic stay float32. The effect of the
rounding on the answers is measured on rows.
"""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from barenet.files.exports._inference_program import Program
from barenet.files.exports._steps import Affine, Step

#: The largest integer of 8 bits whose negative has 8 bits, too.
LARGEST = 127


@dataclass(frozen=True, eq=False)
class RoundedAffine(Step):
    """(X C) · s + b, with integers C and a step size s for each output: the weights are C · s."""

    name: ClassVar[str] = "affine"
    codes: NDArray[np.int8]
    step: NDArray[np.float32]
    bias: NDArray[Any]

    @classmethod
    def of(cls, affine: Affine) -> Self:
        """Round the weights of a step."""
        step = (np.abs(affine.weights).max(axis=0) / LARGEST).astype(np.float32)
        divisor = np.where(step == 0, np.float32(1), step)
        codes = np.clip(np.rint(affine.weights / divisor), -LARGEST, LARGEST)
        return cls(codes.astype(np.int8), step, affine.bias)

    def forward(self, X: NDArray[Any]) -> NDArray[Any]:
        return (X @ self.codes.astype(X.dtype)) * self.step + self.bias


class Rounding(NamedTuple):
    """Effect of rounded weights on the answers for some rows."""

    rows: int
    #: Of an output: a probability, or a number in the units of the target.
    largest_change: float
    #: Rows whose class, or all of whose labels, stay the same; None for numbers.
    answers_kept: int | None


def round_weights(program: Program) -> Program:
    """Round all weights of a program."""
    steps = (RoundedAffine.of(s) if isinstance(s, Affine) else s for s in program.steps)
    return replace(program, steps=tuple(steps))


def measure_rounding(exact: Program, rounded: Program, X: Any) -> Rounding:
    """Compare the answers before and after."""
    before, after = exact.outputs(X), rounded.outputs(X)
    kept = None
    if exact.answer == "class":
        kept = int((before.argmax(axis=1) == after.argmax(axis=1)).sum())
    elif exact.answer == "labels":
        kept = int(((before > 0.5) == (after > 0.5)).all(axis=1).sum())
    return Rounding(len(before), float(np.abs(before - after).max()), kept)
