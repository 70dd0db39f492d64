"""Records: the named numbers that kernels read, and views of the memory at their addresses.

Rows of weights, of the layers' outputs and of their derivatives are padded to whole vectors; the
length of such a row is its stride. The padding of weights and derivatives stays zero throughout
training; the padding of outputs is the activation of 0, and is only multiplied by zeros. The user's
arrays have no padding. Large weights, which would take long to copy, are used in the user's arrays.

The integers of a record are numbers, and addresses of arrays or of other records. An address of 0
means that there is no such array.
"""

import ctypes
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.engines.simd._calls import inlined
from barenet.engines.simd._views import array, vectors


def record(integers, floats=()):
    """Make a type of record, from the names of its integers and of its floats."""
    fields = [(name, np.int64) for name in integers]
    fields.extend((name, np.float64) for name in floats)
    return np.dtype(fields)


#: Shared by all kernels of a step: addresses of the data, the batch, the optimizer's numbers.
STEP = record(
    integers=[
        # The user's rows, with strides in numbers.
        "x", "x_row", "x_column", "y", "sample_weight", "output",
        # Whether a number of X in a prediction, or an output, is not finite.
        "unsafe",
        # Of a sparse X, whose entries are at x: where each row starts, and the entries' columns.
        "x_bounds", "x_columns",
        # The indices of the batch's rows, their number, and its maximum.
        "batch", "n_rows", "capacity",
        # The number of threads; the position of the batch's first row in the order of the call.
        "threads", "position",
        # The seed and step of the run; the optimizer's steps including this one.
        "seed", "number", "n_steps",
        # The network's own vectors.
        "parameters", "moment_1", "moment_2", "average", "gradient", "statistics",
        # The limits of the parameters, of the same length.
        "lower", "upper",
        # The kernel of that name.
        "multiply",
        # Σ g² of each tile, then its penalty; the number of tiles; the loss of each row.
        "squares", "n_tiles", "losses",
    ],
    floats=[
        # The factor of X; the weight of each row of the batch without sample weights.
        "scale", "row_weight",
        "rate", "beta_1", "beta_2", "epsilon", "weight_decay", "clip", "norm", "epsilon_hat",
        # Adam's corrections of bias; the decay of an average of the parameters.
        "m_scale", "v_scale", "average_decay",
    ],
)  # fmt: skip

#: C = S + A B; see `simd.block_product`. A depth of 0 is the number of the batch's rows.
PRODUCT = record(
    ["a", "a_row", "a_step", "b", "b_step", "s", "c", "c_row", "width", "depth"]
)  # fmt: skip

#: A layer, or the loss.
LAYER = record(
    integers=[
        "index", "n_in", "n_out", "x_stride", "stride",
        # The input, the values before and after the activation, dL/d(output) and dL/d(input).
        "x", "z", "a", "d", "d_in",
        # Rows of weights, then the bias; the stride of these rows.
        "weights", "gradient", "moment_1", "moment_2", "average", "row",
        # The limits of these numbers, in rows of the same stride.
        "lower", "upper",
        # For each thread, if not all gradients are kept; the rows that are computed together.
        "gradient_rows", "block",
        # A tile has 2 to the power of tile_bits rows.
        "first_tile", "tile_bits",
        # Rows of dW, without the bias, in whole blocks.
        "n_whole",
        # Wᵀ, where dL/d(input) is needed, if not of single rows.
        "transposed", "transposed_stride",
        # The divisors of a norm; of a loss, its option for each output.
        "scales", "options",
        # The parts of the inputs, and the address of their products.
        "n_parts", "part_size", "partial",
        # The address of the ends of each run of columns.
        "runs",
        # In the network's own vectors.
        "flat", "statistics",
        # The products X W that threads split by parts of X or by columns of W, or the one that they
        # split by rows; dZ Wᵀ; Xᵀ dZ.
        "split_products", "forward", "backward", "weight_gradients",
    ],
    floats=["option", "epsilon", "momentum", "l1", "l2", "shared_l1", "shared_l2"],
)  # fmt: skip


@inlined
def ceil_div(n, divisor):
    """n / divisor, rounded up to a whole number."""
    return -(-n // divisor)


@inlined
def part_of_thread(n_units, n_threads, grain):
    """The number of units that a thread processes: whole grains, as many as in any other part.

    The last parts may have fewer units, or none.
    """
    n_grains = ceil_div(n_units, n_threads * grain)
    return n_grains * grain


@inlined
def row_numbers(spec, layer, place, row):
    """A row of a matrix as wide as the layer's outputs, as an array of numbers."""
    return array(spec, place, row * layer.stride, layer.n_out)


@inlined
def gradient_row(step, layer, row):
    """Return the row of `layer.gradient` that holds the gradient of a row of parameters.

    If the gradient is applied immediately, each thread has memory for only a block of rows, which
    stays in its cache.
    """
    if layer.gradient_rows == 0:
        return row
    grain = 1 << layer.tile_bits
    n_rows = layer.n_in + 1
    part = part_of_thread(n_rows, step.threads, grain)
    thread = row // part
    place = row % part % layer.block
    return thread * layer.gradient_rows + place


@inlined
def row_vectors(spec, layer, place, row):
    """The vectors from a row onwards."""
    return vectors(spec, place, row * layer.stride)


@inlined
def parameter_vectors(spec, layer, place, row):
    """The vectors from a row of parameters, of their gradient or of a moment onwards."""
    return vectors(spec, place, row * layer.row)


@inlined
def tile(spec, step, layer, start, stop):
    """Some rows of parameters, of their gradient, and the count of their numbers."""
    p = parameter_vectors(spec, layer, layer.weights, start)
    g = parameter_vectors(spec, layer, layer.gradient, gradient_row(step, layer, start))
    return p, g, (stop - start) * layer.row


def address(numbers: NDArray[Any]) -> int:
    """Return the address of an array's first number; 0 if it is empty."""
    if not numbers.size:
        return 0
    buffer: Any = numbers
    try:
        return ctypes.addressof(ctypes.c_char.from_buffer(buffer))  # twice as fast as the other way
    except (BufferError, TypeError, ValueError):  # the array is read-only or strided
        return numbers.ctypes.data
