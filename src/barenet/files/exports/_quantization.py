"""Quantization: weights as integers from −127 to 127, in a quarter of the memory.

Only the weights are rounded; inputs, biases and all arithmetic stay float32. The effect of the
rounding on the answers is measured on rows.
"""

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from barenet.files.exports._inference_program import Program, Step

#: The largest integer of 8 bits whose negative has 8 bits, too.
LARGEST = 127


class Rounding(NamedTuple):
    """Effect of rounded weights on the answers for some rows."""

    rows: int
    #: Of an output: a probability, or a number in the units of the target.
    largest_change: float
    #: Rows whose class, or all of whose labels, stay the same; None for numbers.
    answers_kept: int | None


def round_weights(program: Program) -> Program:
    """Round all weights of a program."""
    return replace(program, steps=tuple(map(_rounded, program.steps)))


def _rounded(step: Step) -> Step:
    """Round the weights of a step to integers, with a step size for each output."""
    if step.name != "affine":
        return step
    weights = step.parts["weights"]
    size = (np.abs(weights).max(axis=0) / LARGEST).astype(np.float32)
    divisor = np.where(size == 0, np.float32(1), size)
    codes = np.clip(np.rint(weights / divisor), -LARGEST, LARGEST).astype(np.int8)
    return Step("rounded", weights=codes, step=size, bias=step.parts["bias"])


def measure_rounding(exact: Program, rounded: Program, X: Any) -> Rounding:
    """Compare the answers before and after."""
    before, after = exact.outputs(X), rounded.outputs(X)
    kept = None
    if exact.answer == "class":
        kept = int((before.argmax(axis=1) == after.argmax(axis=1)).sum())
    elif exact.answer == "labels":
        kept = int(((before > 0.5) == (after > 0.5)).all(axis=1).sum())
    return Rounding(len(before), float(np.abs(before - after).max()), kept)
