"""Quantization: a program whose layers compute in 8-bit integers.

The integer arithmetic follows Jacob et al., "Quantization and training of neural networks for
efficient integer-arithmetic-only inference" (2018), as in TensorFlow Lite and CMSIS-NN. A 32-bit
sum becomes an input of the next layer by a multiplication and a shift that rounds once. ReLU needs
no code, as 0 becomes the lowest code; any other activation is a table of 256 codes.
"""

import math
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from barenet._messages import count_of
from barenet.errors import ArgumentError, caller_stacklevel
from barenet.files.exports._inference_program import Program, Step, without_estimator
from barenet.model._activations import Activation, ReLU
from barenet.model._array_dataset import predicted_classes
from barenet.model._arrays import FloatArray, check_inputs

#: The largest 8-bit weight whose negative also has 8 bits.
MAX_WEIGHT = 127

#: All 8-bit codes.
CODES = np.arange(-128, 128)

#: Maximum bias in a 32-bit sum, which leaves as much room for at least 33,000 products.
MAX_BIAS = 2**30

#: With fewer rows, a large part of a layer's range is missed. For 30 independent rows, 2 / 31 of
#: new numbers are outside the range from the smallest to the largest, on average.
FEW_ROWS = 30

#: Minimum number of rows on which integers are compared with floats, if there are as many.
COMPARED_ROWS = 500

#: Maximum absolute number of a calibration, whose range still fits a 32-bit float.
MAX_NUMBER = 1e38


def with_integer_layers(
    program: Program, model: Any, calibration: Any, comparison: Any = None
) -> Program:
    """Convert the layers from the scaled inputs to the sums of the last dense layer to integers.

    The calibration rows determine the range of each layer and of each input; inputs with a common
    scaling, such as pixels, share a range. Steps after the last dense layer are float. Integers and
    floats are compared on the comparison rows, if there are any.
    """
    steps = _folded(program.steps)
    dense = [at for at, step in enumerate(steps) if step.name == "affine"]
    before = [step for step in steps if step.name in ("encode", "multiply", "scale")]
    checked = steps[len(before) : dense[-1]] if dense else steps
    _check_hidden(checked)
    scaling: dict[str, Any] = {}
    if before and not program.table:
        scaling = before.pop().parts
    X = _network_inputs(model, calibration, "calibration")
    if comparison is None:
        rows = "calibration rows"
        compared = _some_rows(X)
    else:
        rows = "rows for comparison"
        compared = _some_rows(_network_inputs(model, comparison, "comparison"))
    axis: int | None = 0
    is_common = all(np.ptp(part) == 0 for part in scaling.values())
    if scaling and is_common:
        axis = None  # inputs with a common scaling share a range
    grid = Grid.of(X, axis)
    layers = _IntegerLayers(X, compared, grid)
    for at, next_dense in pairwise(dense):
        activations = [step.parts["activation"] for step in steps[at + 1 : next_dense]]
        layers.add_hidden(steps[at], activations)
    last = dense[-1]
    sums = layers.last(steps[last])
    float_steps = steps[last + 1 :]
    activations = [step.parts["activation"] for step in float_steps if "activation" in step.parts]
    integers = _apply(activations, _sums(sums, layers.codes) * sums.parts["step"])
    floats = _apply(activations, _sums(steps[last], layers.compared))
    change = _change(program, integers, floats, rows)
    _warn(change, n_rows=len(X))
    quantize = _quantize(scaling, grid, n_inputs=X.shape[1])
    return replace(program, steps=(*before, quantize, *layers.steps, sums, *float_steps))


@dataclass(frozen=True)
class Grid:
    """The numbers size * (code - zero) for 8-bit codes, for all numbers or for each column."""

    size: NDArray[np.float64]
    zero: NDArray[np.float64]

    @classmethod
    def of(cls, numbers: FloatArray, axis: int | None = None) -> Self:
        """Fit a grid to the range of numbers and 0; a constant 0 gets the mean size."""
        low = np.minimum(numbers.min(axis), 0.0)
        high = np.maximum(numbers.max(axis), 0.0)
        size = np.asarray((high - low) / 255, np.float64)
        mean_size = size.mean()
        is_zero = size <= np.finfo(np.float32).eps * mean_size  # 0, except for rounding errors
        if mean_size == 0:  # all numbers are 0, and any grid has a code for them
            mean_size = 1.0
        size = np.where(is_zero, mean_size, size)
        zero = np.rint(CODES[0] - low / size)
        return cls(size, zero)

    def codes(self, numbers: NDArray[Any]) -> NDArray[np.int8]:
        """Round each number to the nearest code."""
        codes = np.rint(numbers / self.size + self.zero)
        return np.clip(codes, CODES[0], CODES[-1]).astype(np.int8)

    def before(self, activations: list[Activation], Z: FloatArray) -> Self:
        """Fit a grid to the numbers before activations, as far as these affect the codes after."""
        numbers = np.linspace(Z.min(), Z.max(), 4096)
        codes = self.codes(_apply(activations, numbers[np.newaxis]))
        changes = np.flatnonzero(np.diff(codes))
        if changes.size:
            first = changes[0]
            end = changes[-1] + 2  # after the number that has the last new code
            numbers = numbers[first:end]
        return self.of(numbers)


def _quantize(scaling: dict[str, Any], grid: Grid, n_inputs: int) -> Step:
    """Make one step of the scaling of raw rows, if there is one, and the rounding to codes."""
    offset: Any = 0.0
    factor: Any = np.ones(n_inputs)
    if scaling:
        offset = scaling["offset"]
        factor = scaling["factor"]
    factor = factor / grid.size
    offset = offset - grid.zero / factor
    return Step("quantize", offset=offset, factor=factor)


class _IntegerLayers:
    """Integer layers, and the numbers before the next one, in floats and in codes."""

    def __init__(self, X: FloatArray, compared: FloatArray, grid: Grid) -> None:
        self.steps: list[Step] = []
        #: The inputs of the next layer for the calibration rows, which determine its range.
        self.X = X
        #: The same for the compared rows, in floats and in codes.
        self.compared = compared
        self.codes: FloatArray = grid.codes(compared).astype(np.float32)
        #: The numbers that the codes stand for.
        self.grid = grid

    def add_hidden(self, dense: Step, activations: list[Activation]) -> None:
        """Add a dense layer and the activations after it."""
        sums = _sums(dense, self.X)
        outputs = _apply(activations, sums)
        grid_of_outputs = Grid.of(outputs)
        hidden = _hidden(dense, activations, sums, inputs=self.grid, outputs=grid_of_outputs)
        self.steps += hidden
        self.codes = _codes_after(hidden, self.codes)
        self.compared = _apply(activations, _sums(dense, self.compared))
        self.X = outputs
        self.grid = grid_of_outputs

    def last(self, dense: Step) -> Step:
        """Make the last dense layer, whose sums are floats again."""
        parts = _integer_parts(dense, self.grid)
        return Step("sums", weights=parts.weights, bias=parts.bias, step=parts.size)


@np.errstate(over="ignore", invalid="ignore")
def _apply(activations: list[Activation], Z: FloatArray) -> FloatArray:
    """Apply activations, one after the other."""
    for activation in activations:
        Z = activation.forward(Z)
    return _checked(Z)


@np.errstate(over="ignore", invalid="ignore")
def _sums(step: Step, X: FloatArray) -> FloatArray:
    """Compute the sums of a dense layer in floats, from numbers or codes."""
    return _checked(X @ step.parts["weights"] + step.parts["bias"])


def _checked(numbers: FloatArray) -> FloatArray:
    """Check that the numbers of calibration rows are not too large for a grid."""
    if not (np.abs(numbers) <= MAX_NUMBER).all():
        problem = f"inputs or activations of its rows are beyond {MAX_NUMBER:g}"
        raise ArgumentError(problem, argument="calibration", remedy="use rows like the training's")
    return numbers


def _codes_after(steps: Iterable[Step], codes: FloatArray) -> FloatArray:
    """Compute the codes after an integer hidden layer, up to rounding in floats."""
    for step in steps:
        parts = step.parts
        if step.name == "look_up":
            codes = parts["codes"][codes.astype(int) + 128]
        else:
            sums = _sums(step, codes)
            numbers = sums * parts["multiplier"] / 2.0 ** parts["shift"]
            nearest = np.rint(numbers + parts["zero"])
            codes = np.clip(nearest, CODES[0], CODES[-1])
    return codes.astype(np.float32)


def _some_rows(X: FloatArray) -> FloatArray:
    """Choose evenly spaced rows, on which integers are compared with floats."""
    distance = max(1, len(X) // COMPARED_ROWS)
    return X[::distance]


def _change(program: Program, integers: FloatArray, floats: FloatArray, rows: str) -> str:
    """Describe a change of over 2 % of the classes, or of numbers by over 5 % of their range."""
    if program.classes:
        classes = predicted_classes(floats, program.threshold)
        differ = predicted_classes(integers, program.threshold) != classes
        share = differ.mean()
        limit = 0.02
        change = f"the classes of {100 * share:.0f} % of the {rows}"
    else:
        errors = np.abs(integers - floats).mean(axis=0)
        spread = np.ptp(floats, axis=0)
        spread = np.where(spread == 0, np.inf, spread)  # ignore constant outputs
        share = (errors / spread).max()
        limit = 0.05
        change = f"the outputs of the {rows} by {100 * share:.0f} % of their range on average"
    if share > limit:
        return change
    return ""


def _warn(change: str, n_rows: int) -> None:
    """Warn about too few calibration rows, and about predictions that integers change."""
    parts = []
    if n_rows < FEW_ROWS:
        few = count_of(n_rows, "row")
        parts.append(f"calibration: {few} determine the ranges of int8, which other rows exceed")
        remedy = f"use {FEW_ROWS} rows or more, a few hundred if possible, like the training's"
    else:
        remedy = "scale the columns, use more rows like those of the training, or float32"
    if change:
        parts.append(f"arithmetic: int8 changes {change}")
    if parts:
        text = f"{'; '.join(parts)}; {remedy}"
        warnings.warn(text, stacklevel=caller_stacklevel())


def _network_inputs(model: Any, rows: Any, argument: str) -> FloatArray:
    """Return the network's inputs for the rows of an argument."""
    model = without_estimator(model)
    network = getattr(model, "network", model)
    is_predictor = network is not model
    try:
        X = model.inputs(rows) if is_predictor else rows
        return _checked(check_inputs(X, network.dtype, network.n_inputs))
    except ArgumentError as error:
        raise error.renamed(argument) from None


def _folded(steps: Iterable[Step]) -> list[Step]:
    """Fold each batch norm into the dense layer before it."""
    folded: list[Step] = []
    for step in steps:
        if step.name == "normalize" and folded and folded[-1].name == "affine":
            dense = folded.pop().parts
            norm = step.parts
            factor = norm["gain"] / norm["deviation"]
            bias = (dense["bias"] - norm["mean"]) * factor + norm["bias"]
            folded.append(Step("affine", weights=dense["weights"] * factor, bias=bias))
        else:
            folded.append(step)
    return folded


def _check_hidden(steps: list[Step]) -> None:
    """Reject steps without an integer form; the first one must be a dense layer."""
    refused = []
    for at, step in enumerate(steps):
        is_activation = at > 0 and _is_elementwise(step)
        if step.name != "affine" and not is_activation:
            refused.append(str(step))
    problem = "int8 is for dense layers and elementwise activations after them, and this has"
    if "keep" in refused:
        remedy = "train one network with the ensemble as teacher, or use {arithmetic}"
        raise _unfit(f"{problem} several networks", remedy)
    if refused:
        raise _unfit(f"{problem} {refused[0]}")


def _unfit(problem: str, remedy: str = "use {arithmetic}") -> ArgumentError:
    """Return the error for a network without an integer form."""
    return ArgumentError(problem, argument="arithmetic", remedy=remedy, arithmetic="float32")


def _is_elementwise(step: Step) -> bool:
    """Return whether a step is an elementwise activation."""
    return step.name == "apply" and "_outputs" not in step.parts["activation"].formula


def _hidden(
    step: Step, activations: list[Activation], Z: FloatArray, *, inputs: Grid, outputs: Grid
) -> list[Step]:
    """Make a hidden layer, with codes sum * multiplier / 2^shift + zero, and its table."""
    is_relu = all(type(activation) is ReLU for activation in activations)
    sums = outputs if is_relu else outputs.before(activations, Z)
    parts = _integer_parts(step, inputs)
    ratio = parts.size / sums.size
    _, exponent = math.frexp(ratio.max())
    shift = max(31 - exponent, 1)
    shift = min(shift, 50)
    rounded = np.rint(ratio * 2.0**shift)
    multiplier = np.minimum(rounded, 2**31 - 1).astype(np.int32)
    integer = Step(
        "integer",
        weights=parts.weights,
        bias=parts.bias,
        multiplier=multiplier,
        shift=shift,
        zero=int(sums.zero),
    )
    if is_relu:
        return [integer]
    numbers = sums.size * (CODES[np.newaxis] - sums.zero)
    codes = outputs.codes(_apply(activations, numbers))
    return [integer, Step("look_up", codes=codes[0])]


class _IntegerParts(NamedTuple):
    """The integers of a dense layer whose inputs are codes."""

    weights: NDArray[np.int8]
    bias: NDArray[np.int32]
    #: The number that a sum of 1 stands for, for each output.
    size: NDArray[np.float64]


def _integer_parts(step: Step, inputs: Grid) -> _IntegerParts:
    """Round the weights and the bias of a dense layer to integers."""
    weights = step.parts["weights"] * inputs.size.reshape(-1, 1)
    bias = step.parts["bias"].astype(np.float64)
    largest_weights = np.abs(weights).max(axis=0)
    size = np.maximum(largest_weights / MAX_WEIGHT, np.abs(bias) / MAX_BIAS)
    codes = _weight_codes(weights, size)
    largest_sum = np.abs(codes).sum(axis=0, dtype=np.int64).max()
    largest_code = CODES[-1] - CODES[0]
    if largest_sum * largest_code >= MAX_BIAS:
        raise _unfit(f"the sums of a layer with {len(codes)} inputs can overflow 32 bits in int8")
    zeros = np.broadcast_to(inputs.zero, len(codes)) @ codes
    divisor = np.where(size == 0, 1, size)
    sums = np.rint(bias / divisor) - zeros
    return _IntegerParts(codes, sums.astype(np.int32), size)


def _weight_codes(weights: NDArray[Any], size: NDArray[Any]) -> NDArray[np.int8]:
    """Convert weights to multiples of each output's size."""
    divisor = np.where(size == 0, size.dtype.type(1), size)
    codes = np.rint(weights / divisor)
    return np.clip(codes, -MAX_WEIGHT, MAX_WEIGHT).astype(np.int8)
