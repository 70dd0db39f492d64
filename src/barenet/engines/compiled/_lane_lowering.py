"""LaneLowering: the instructions for predictions of many rows by narrow layers.

Each lane of a vector has a row of the batch; `kernels/_rows_in_lanes.py` explains why.
"""

from typing import Any

import numpy as np

from barenet._sparse_rows import SparseRows
from barenet.engines import _threads
from barenet.engines._engine import Job
from barenet.engines.compiled._lowering import WIDE, first_option
from barenet.engines.compiled._program_builder import (
    EVALUATION_BATCH,
    Group,
    ProgramBuilder,
    Region,
)
from barenet.engines.compiled._workspace import Matrix, Record, Workspace, stride_of, up
from barenet.engines.kernels import _copies, _rows_in_lanes
from barenet.engines.kernels._records import PRODUCT, address
from barenet.engines.kernels._rows_in_lanes import PAIR, TILE_BYTES
from barenet.model._activations import ENTRYWISE, Activation, hides_overflow
from barenet.model._array_dataset import ArrayDataset
from barenet.model.layers import Dense, Dropout

#: Maximum number of weights of a layer, which then stay in the second-level cache: each tile reads
#: all of them.
MAX_WEIGHTS = 2**16

#: Number of rows of parameters that are loaded together.
LOADED_ROWS = 64


def suits_lanes(job: Job, rows: ArrayDataset) -> bool:
    """Return whether a network can predict rows of this type with a row in each lane.

    All its layers are dense, with few weights. With `WIDE` inputs, the other kernels compute the
    sums of the first layer in parts, so the bits would differ.
    """
    if isinstance(rows.X, SparseRows) or rows.X.shape[1] >= WIDE:
        return False
    for layer in job.network.layers:
        if isinstance(layer, Dropout):
            continue
        if not isinstance(layer, Dense) or layer.n_in * layer.n_out > MAX_WEIGHTS:
            return False
        activation = layer.activation
        if activation is not None and activation.name not in (*ENTRYWISE, "softmax"):
            return False
    return True


def rows_of_batch(dtype: np.dtype[Any]) -> int:
    """Return the number of rows in a batch, with at least one tile for each core."""
    rows_of_tile = TILE_BYTES // dtype.itemsize
    return max(EVALUATION_BATCH, rows_of_tile * _threads.allowed_cores())


class LaneLowering(ProgramBuilder):
    """Turns the layers of a job into instructions, for batches of up to `capacity` rows.

    The only region has the rows of the batch, a tile at a time. A tile has two matrices of `height`
    rows: each dense layer reads one and writes to the other.
    """

    def __init__(self, job: Job, rows: ArrayDataset, workspace: Workspace, capacity: int) -> None:
        super().__init__(workspace, capacity, needs_gradient=False)
        self.max_threads = _threads.allowed_cores()
        self.n_tiles = 0  # a prediction has no tiles of a gradient
        self.in_place: list[Record] = []
        self.penalized: list[Record] = []
        self.loading: Region = []
        self.flat = 0  # the number of parameters before the current layer
        self.width = rows.X.shape[1]
        self.length = TILE_BYTES // workspace.dtype.itemsize
        # X is transposed in squares as long as a vector, and units come in pairs.
        multiple = max(workspace.spec.count, PAIR)
        self.height = up(max(self.width, *job.network.sizes), multiple)
        #: The inputs of the next layer, and the matrices that it writes to.
        self.x = self.tiles()
        self.spare = self.tiles()
        #: The input of the last activation, if its output would hide an overflow.
        self.z: Matrix | None = None
        gather = self.layer(self.width, x=self.x, stride=self.height)
        self.add(gather, _rows_in_lanes.gather_in_lanes, variant=rows.X.dtype.name)
        for layer in job.network.layers:
            if isinstance(layer, Dense):  # dropout is the identity
                self.dense(layer)
                if layer.activation is not None:
                    is_last = layer is job.network.layers[-1]
                    self.activate(layer.activation, is_last=is_last)
        emit = self.layer(self.width, z=self.z, a=self.x, stride=self.height)
        self.add(emit, _rows_in_lanes.emit_from_lanes)
        #: The regions before the first batch, for each batch, and after the last one.
        self.load = [self.loading]
        instructions = self.forward[0].instructions
        self.batch = [[Group(instructions, block=self.length, grain=self.length)]]
        self.store: list[Region] = []

    def tiles(self) -> Matrix:
        """Allocate a matrix for each tile of a batch."""
        n_tiles = up(self.capacity, self.length) // self.length
        return self.workspace.matrix(n_tiles * self.height, self.length, self.length)

    def dense(self, layer: Dense) -> None:
        """Zᵀ = b + Wᵀ Xᵀ."""
        n_rows = layer.n_in + 1  # of W and the bias
        n_units = up(layer.n_out, PAIR)
        W = self.workspace.matrix(n_rows, n_units)
        parameters = self.layer(layer.n_out, weights=W, stride=stride_of(W), flat=self.flat)
        load = self.work(parameters, _copies.load)
        self.loading.append(Group(load, n_rows, LOADED_ROWS, LOADED_ROWS))
        self.flat += n_rows * layer.n_out
        product = self.workspace.record(
            PRODUCT,
            a=W,
            a_row=1,
            a_step=stride_of(W),
            b=self.x,
            b_step=self.height,
            s=W[layer.n_in :],
            c=self.spare,
            c_row=self.height,
            width=n_units,
            depth=layer.n_in,
        )
        self.add(product, _rows_in_lanes.multiply_in_lanes)
        self.swap()
        self.width = layer.n_out

    def activate(self, activation: Activation, *, is_last: bool) -> None:
        """A = f(Z), in place of Z unless the outputs need it, too."""
        name = activation.name
        if name == "identity":
            return
        record = self.layer(self.width, z=self.x, a=self.x, stride=self.height)
        if name == "softmax":
            self.add(record, _rows_in_lanes.softmax_in_place, variant=name)
            return
        if is_last and hides_overflow(activation, self.width):
            self.z = self.x
            self.swap()
            record["a"] = address(self.x)
        record["option"] = first_option(activation)
        self.add(record, _rows_in_lanes.activate_in_lanes, variant=name)

    def swap(self) -> None:
        """Let the next layer read the matrices that were written to."""
        written = self.spare
        self.spare = self.x
        self.x = written
