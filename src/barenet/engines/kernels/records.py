"""Records: the numbers that kernels read, by name, and what they see through them.

Places in memory are addresses. Rows of weights, of the layers' outputs and of their derivatives are
padded to whole vectors; the length of such a row is its stride. The padding of weights and
derivatives stays zero through all of learning; that of outputs is what an activation makes of 0,
and meets only zeros. The user's arrays have none.
"""

from __future__ import annotations

import numba as nb
import numpy as np

from barenet.engines.simd.calls import INLINE
from barenet.engines.simd.memory import array, vectors


def record(whole, real=""):
    """Make a type of record: the names of its whole numbers, and of its real ones."""
    names = [(name, np.int64) for name in whole.split()]
    return np.dtype([*names, *((name, np.float64) for name in real.split())])


#: What all kernels of a step share: where the data are, which batch it is, the optimizer's numbers.
STEP = record(
    "x x_row x_column y sample_weight output "  # the user's rows; strides in numbers
    "batch n_rows capacity "  # the numbers of the batch's rows, how many, and at the most
    "seed number n_steps "  # the run's seed and step; the optimizer's steps with this one
    "parameters moment_1 moment_2 gradient statistics "  # the network's own vectors
    "multiply "  # the kernel of that name
    "squares n_tiles losses",  # Σ g² of each tile, and the loss of each row
    "scale row_weight "  # of X; of each row of the batch, if they have none of their own
    "rate beta_1 beta_2 epsilon weight_decay clip norm epsilon_hat",
)

#: C = S + A B; see `simd.block_product`. A depth of 0 is the number of the batch's rows.
PRODUCT = record("a a_row a_step b b_step s c c_row width depth")

#: A layer, or the loss: all that its kernels read.
LAYER = record(
    "index n_in n_out x_stride stride "
    "x z a d d_in "  # input, values before and after the activation, dL/d(output), dL/d(input)
    "weights gradient moment_1 moment_2 "  # rows of weights, and then the bias
    "first_tile tile_bits "  # of which each tile has 2 to the bits
    "n_whole "  # rows of dW, without the bias, in whole blocks
    "transposed transposed_stride "  # Wᵀ, where dL/d(input) is needed
    "scales "  # what a norm has divided by
    "n_parts part_size partial "  # of the inputs, and where the products of each go
    "flat statistics "  # in the network's own vectors
    "parts forward backward learning",  # the products X W by parts, or at once; dZ Wᵀ; Xᵀ dZ
    "option epsilon momentum l1 l2 shared_l1 shared_l2",
)


@nb.njit(**INLINE)
def row_numbers(kind, layer, place, row):
    """One row of a matrix as wide as the layer's outputs, number by number."""
    return array(kind, place, row * layer.stride, layer.n_out)


@nb.njit(**INLINE)
def row_vectors(kind, layer, place, row):
    """The vectors from a row on."""
    return vectors(kind, place, row * layer.stride)


@nb.njit(**INLINE)
def tile(kind, layer, start, stop):
    """Some rows of parameters, of their gradient, and how many numbers that are."""
    p = row_vectors(kind, layer, layer.weights, start)
    g = row_vectors(kind, layer, layer.gradient, start)
    return p, g, (stop - start) * layer.stride
