"""Records: the named numbers that kernels read, and views of the memory at their addresses.

Rows of weights, of the layers' outputs and of their derivatives are padded to whole vectors; the
length of such a row is its stride. The padding of weights and derivatives stays zero throughout
training; the padding of outputs is the activation of 0, and is only multiplied by zeros. The user's
arrays have no padding. Large weights, which would take long to copy, are used in the user's arrays.
"""

import numpy as np

from barenet.engines.simd._calls import inlined
from barenet.engines.simd._views import array, vectors


def record(whole, real=""):
    """Make a type of record, from the names of its integers and of its floats."""
    integers = [(name, np.int64) for name in whole.split()]
    floats = [(name, np.float64) for name in real.split()]
    return np.dtype([*integers, *floats])


#: Shared by all kernels of a step: addresses of the data, the batch, the optimizer's numbers.
STEP = record(
    "x x_row x_column y sample_weight output "  # the user's rows; strides in numbers
    "unsafe "  # whether a number of X in a prediction, or an output, is not finite
    "x_bounds x_columns "  # of a sparse X, whose entries are at x
    "batch n_rows capacity "  # the indices of the batch's rows, their number, and its maximum
    "threads position "  # of the batch, and of its first row in the order of the call
    "seed number n_steps "  # the run's seed and step; the optimizer's steps including this one
    "parameters moment_1 moment_2 average gradient statistics "  # the network's own vectors
    "multiply "  # the kernel of that name
    "squares n_tiles losses",  # Σ g² of each tile, then its penalty; the loss of each row
    "scale row_weight "  # of X; of each row of the batch without sample weights
    "rate beta_1 beta_2 epsilon weight_decay clip norm epsilon_hat "
    "m_scale v_scale average_decay",  # Adam's corrections of bias; of an average of the parameters
)

#: C = S + A B; see `simd.block_product`. A depth of 0 is the number of the batch's rows.
PRODUCT = record("a a_row a_step b b_step s c c_row width depth")

#: A layer, or the loss.
LAYER = record(
    "index n_in n_out x_stride stride "
    "x z a d d_in "  # input, values before and after the activation, dL/d(output), dL/d(input)
    "weights gradient moment_1 moment_2 average row "  # rows of weights, then bias; their stride
    "gradient_rows block "  # for each thread, if not all are kept; those computed together
    "first_tile tile_bits "  # of which each tile has 2 to the bits
    "n_whole "  # rows of dW, without the bias, in whole blocks
    "transposed transposed_stride "  # Wᵀ, where dL/d(input) is needed, if not of single rows
    "scales "  # the divisors of a norm
    "n_parts part_size partial "  # of the inputs, and the address of their products
    "runs "  # the address of the ends of each run of columns
    "flat statistics "  # in the network's own vectors
    "parts forward backward weight_gradients",  # X W by parts, or at once; dZ Wᵀ; Xᵀ dZ
    "option epsilon momentum l1 l2 shared_l1 shared_l2",
)


@inlined
def row_numbers(spec, layer, place, row):
    """A row of a matrix as wide as the layer's outputs, as an array of numbers."""
    return array(spec, place, row * layer.stride, layer.n_out)


@inlined
def gradient_row(step, layer, row):
    """Return the row of `layer.gradient` that holds the gradient of a row of parameters.

    If the gradient is applied immediately, each thread has memory for only a block of rows, which
    stays in its cache. A thread's part is the same as in `_interpreter.run_part`.
    """
    if layer.gradient_rows == 0:
        return row
    grain = 1 << layer.tile_bits
    n_rows = layer.n_in + 1
    part = -(-n_rows // (step.threads * grain)) * grain
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
