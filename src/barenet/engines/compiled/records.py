"""Records: the numbers that kernels read, by name. Places in memory are addresses.

Rows of weights, of the layers' outputs and of their derivatives are padded to whole vectors; the
length of such a row is its stride. The padding of weights and derivatives stays zero through all of
learning; that of outputs is what an activation makes of 0, and meets only zeros. The user's arrays
have none.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["GROUP", "INSTRUCTION", "LAYER", "PRODUCT", "PROGRAM", "REGION", "SLICE", "STEP"]


def _record(whole: str, real: str = "") -> np.dtype[Any]:
    names = [(name, np.int64) for name in whole.split()]
    return np.dtype([*names, *((name, np.float64) for name in real.split())])


#: What all kernels of a step share: where the data are, which batch it is, the optimizer's numbers.
STEP = _record(
    "x x_row x_column y sample_weight output "  # the user's rows; strides in numbers
    "batch n_rows capacity "  # the numbers of the batch's rows, how many, and at the most
    "seed number n_steps "  # the run's seed and step; the optimizer's steps with this one
    "parameters moment_1 moment_2 gradient statistics "  # the network's own vectors
    "multiply "  # the kernel of that name
    "squares n_tiles losses",  # Σ g² of each tile, and the loss of each row
    "scale row_weight "  # of X; of each row of the batch, if they have none of their own
    "rate beta_1 beta_2 epsilon weight_decay clip norm epsilon_hat",
)

#: C = S + A B, where a row of A from the last one on is `one`, repeated; see `simd.block_product`.
PRODUCT = _record("a a_row a_step one one_row height b b_step s c c_row width depth")

#: A layer, or the loss: all that its kernels read.
LAYER = _record(
    "index n_in n_out x_stride stride "
    "x z a d d_in "  # input, values before and after the activation, dL/d(output), dL/d(input)
    "weights gradient moment_1 moment_2 "  # rows of weights, and then the bias
    "height first_tile tile_bits "  # how many rows these are; tiles have 2 to the bits of them
    "transposed transposed_stride "  # Wᵀ, where dL/d(input) is needed
    "scales "  # what a norm has divided by
    "n_parts part_size partial "  # of the inputs, and where the products of each go
    "flat statistics "  # in the network's own vectors
    "parts forward backward learning",  # the products X W by parts, or at once; dZ Wᵀ; Xᵀ dZ
    "option epsilon momentum l1 l2 shared_l1 shared_l2",
)

#: Where the tables of a program are, which regions are done for each batch: those from `start` up
#: to `stop`; the ones before, from `load` on, are done once for a slice, as are those after, up to
#: `end`; and where threads meet.
PROGRAM = _record("step regions groups instructions load start stop end crew")

#: Which rows a program is run on, in which batches, and where each loss goes, and then each norm.
SLICE = _record("program order n_rows batch_size rates n_batches first_step report")

#: Groups from `first` up to `last`; `alone` if one thread does them.
REGION = _record("first last alone")

#: Instructions from `first` up to `last`, done for each chunk of the units; 0 units are the rows of
#: the batch, and −n those of n copies of it in blocks of `dense.BLOCK`. Threads get whole grains.
GROUP = _record("first last units chunk grain")

#: A kernel and the record that it reads, by their addresses.
INSTRUCTION = _record("kernel operands")
