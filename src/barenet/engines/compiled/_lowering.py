"""Lowering: from layers, a loss and an optimizer to instructions for the kernels.

Nothing is compiled for an architecture: a layer becomes a record of sizes and addresses, and a few
instructions that name the kernels that run on it.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from barenet._constraints import option_values
from barenet._sparse_rows import SparseRows
from barenet.engines import _threads
from barenet.engines._engine import Job
from barenet.engines.compiled._program_builder import (
    NEVER,
    Group,
    Instruction,
    ProgramBuilder,
    Region,
)
from barenet.engines.compiled._workspace import (
    Matrix,
    MatrixProduct,
    Record,
    Workspace,
    stride_of,
    up,
)
from barenet.engines.kernels import (
    _activations,
    _copies,
    _dense,
    _dropout,
    _gradients,
    _losses,
    _norms,
    _optimizers,
    _sparse_layer,
)  # fmt: skip
from barenet.engines.kernels._kernel import Kernel
from barenet.engines.kernels._records import address
from barenet.model._activations import Activation, hides_overflow
from barenet.model._array_dataset import ArrayDataset
from barenet.model.layers import (
    ActivationLayer,
    BatchNorm,
    Dense,
    Dropout,
    Layer,
    LayerNorm,
    PReLU,
)
from barenet.model.losses import Loss, logits_form
from barenet.optimization.optimizers._optimizer import ClipNorm, ClipValue

#: The purposes: take steps, compute a gradient, compute the loss of outputs, or only outputs.
Purpose = Literal["learn", "gradient", "evaluate", "predict"]

#: Number of gradient entries that are computed and applied together, so that they stay in the
#: cache.
TILE = 512

#: Rows of a gradient that are computed together for a large batch.
GRADIENT_ROWS = 128
#: Entries of a gradient that are computed together for a small batch.
GRADIENT_ENTRIES = 4096

#: Minimum number of weights of a large layer, for each row of a batch.
WEIGHTS_PER_ROW = 2**13
#: The same limit in a prediction of few rows, whose products take less time than a copy of the
#: weights.
WEIGHTS_PER_PREDICTED_ROW = 2**9
#: Maximum number of these rows.
FEW_PREDICTED_ROWS = 128

#: Minimum number of inputs that the first layer splits into parts for the threads.
WIDE = 256
#: Maximum number of rows of a batch for which layers no wider than a vector are computed row by
#: row.
FEW = 4

#: The ways to compute X W in a dense layer: by the parts of a wide X or the columns of a large W,
#: which threads divide; by single rows of a small batch; or by blocks of rows.
Way = Literal["parts", "columns", "rows", "blocks"]


@dataclass(frozen=True)
class DenseInput:
    """The input X of a dense layer: one matrix, or the parts of a wide one stacked."""

    #: Of shape (n_parts * capacity, part_size).
    matrix: Matrix
    n_in: int
    #: Number of inputs in a part; the last part may have fewer.
    part_size: int
    #: Number of rows of each part.
    capacity: int

    @property
    def lefts(self) -> range:
        """The first input of each part."""
        return range(0, self.n_in, self.part_size)

    @property
    def parts(self) -> list[Matrix]:
        """For each part, the rows of the matrix from its start to the end."""
        return self.split_rows(self.matrix)

    def split_rows(self, matrix: Matrix) -> list[Matrix]:
        """Split a matrix with rows for each part, as `parts` does."""
        n_parts = len(self.lefts)
        return [matrix[part * self.capacity :] for part in range(n_parts)]

    def products(self, W: Matrix, start: Matrix, Z: Matrix) -> list[MatrixProduct]:
        """The products Z = S + X W, from the same start S, of each part."""
        products = []
        Z_parts = self.split_rows(Z)
        for left, X, Z_part in zip(self.lefts, self.parts, Z_parts, strict=True):
            depth = min(self.part_size, self.n_in - left)  # the last part may be smaller
            products.append((Z_part, X, W[left:], start, depth))
        return products


class Lowering(ProgramBuilder):
    """Turns the layers of a job into instructions, for batches of up to `capacity` similar rows.

    First, threads split the *rows*: forward through the layers, the loss, and backward. Then they
    split the *parameters*: each computes its tiles of the gradient over the whole batch, and
    immediately applies the optimizer to them, while they are in the cache.
    """

    def __init__(
        self, job: Job, rows: ArrayDataset, workspace: Workspace, capacity: int, purpose: Purpose
    ) -> None:
        super().__init__(workspace, capacity, purpose in ("learn", "gradient"))
        self.job = job
        self.purpose = purpose
        self.max_threads = _threads.allowed_cores()
        self.averages = False
        self.has_limits = False
        self.moments: Sequence[str] = ()
        if purpose == "learn":
            self.averages = getattr(job.optimizer, "average", 0) > 0
            self.has_limits = job.limits is not None
            self.moments = getattr(type(job.optimizer), "moment_names", ())
        self.loading: Region = []
        #: Work of the first layer before that of the rows: products of parts of X, sums of runs.
        self.before_rows: Region = []
        self.differentiation: Region = []
        self.application: Region = []
        self.storing: Region = []
        self.in_place: list[Record] = []  # layers whose weights and moments are not copied
        self.penalized: list[Record] = []  # layers with weights that penalties apply to
        # The numbers of tiles, parameters and statistics before the current layer.
        self.n_tiles = 0
        self.flat = 0
        self.statistics = 0
        self.width = rows.X.shape[1]
        self.source = rows.X.dtype.name
        self.is_sparse = isinstance(rows.X, SparseRows)
        self.runs = np.array(getattr(rows.X, "runs", ()), np.int64)
        widest = max(self.width, *job.network.sizes)
        self.zeros = workspace.matrix(1, widest)
        #: The input of the next layer.
        self.x: Matrix | None = None
        #: The input of the last activation.
        self.z: Matrix | None = None
        loss, logits = logits_form(job.loss, job.network.output_activation)
        self.lower_layers(logits)
        self.lower_loss(loss, logits)
        #: The regions before the first batch.
        self.load = [self.loading]
        #: The regions for each batch.
        self.batch = self.regions_of_batch(weighted=rows.sample_weight is not None)
        #: The regions after the last batch.
        self.store: list[Region] = []
        if self.needs_gradient:
            self.store.append(self.storing)

    def regions_of_batch(self, *, weighted: bool) -> list[Region]:
        """Order the groups for a batch."""
        weighing: Region = []
        if weighted:
            weighing.append(self.serial(_losses.weigh_rows))
        norm: Region = []
        if self.application:
            norm.append(self.serial(_gradients.whole_norm))
        last_forward = self.forward[-1]
        first_backward = self.backward[0]
        # A single group takes rows forward, to the loss and back while they are in the cache.
        around_loss = Group(last_forward.instructions + first_backward.instructions)
        groups = [*self.forward[:-1], around_loss, *self.backward[1:]]
        regions = [weighing, self.before_rows]
        regions.extend([group] for group in groups if group.instructions)
        regions += [self.differentiation, norm, self.application]
        return [region for region in regions if region]

    # Layers

    def lower_layers(self, logits: bool) -> None:
        """Lower the input, then each layer; logits have no output activation."""
        lower_layer: dict[type[Layer], Callable[[Any, Activation | None, int], None]] = {
            Dense: self.dense,
            ActivationLayer: self.activate,
            Dropout: self.dropout,
            LayerNorm: self.layer_norm,
            BatchNorm: self.batch_norm,
            PReLU: self.prelu,
        }
        layers = self.job.network.layers
        is_wide = isinstance(layers[0], Dense) and layers[0].n_in >= WIDE
        if not (self.is_sparse or is_wide):
            self.x = self.matrix(self.width)
            record = self.layer(self.width, x=self.x)
            self.add(record, _copies.gather, variant=self.source)
        for index, layer in enumerate(layers):
            activation = layer.activation
            if logits and layer is layers[-1]:
                activation = None
            if self.is_sparse and self.x is None:
                assert isinstance(layer, Dense)  # the first layer
                self.sparse_dense(layer, activation)
            else:
                lower_layer[type(layer)](layer, activation, index)

    def dense(self, layer: Dense, activation: Activation | None, index: int) -> None:
        """A = f(X W + b)."""
        way = self.way_of(layer)
        X = self.dense_input(layer, way)
        d_in = self.d
        width = layer.n_out
        Z = self.matrix(width)
        d = self.derivatives(width)
        partial = self.workspace.matrix(len(X.matrix), width) if way == "parts" else Z
        in_place = self.uses_weights_in_place(layer, way)
        arrays = self.parameters(layer.n_in + 1, width, in_place=in_place)
        record = self.layer(
            width,
            **arrays,
            n_in=layer.n_in,
            index=index,
            x=X.matrix,
            x_stride=stride_of(X.matrix),
            z=Z,
            d=d,
            d_in=d_in,
            part_size=X.part_size,
            n_parts=len(X.lefts),
            partial=partial,
        )
        self.width = width
        self.d = d
        W = arrays.get("weights", self.zeros)  # weights used in place get their address later
        start = W[layer.n_in :]  # the bias follows the weights
        if way == "parts":
            start = self.zeros
        forward = self.workspace.products(X.products(W, start, partial))
        if way in ("parts", "columns"):
            record["split_products"] = forward
        else:
            record["forward"] = forward
        if self.needs_gradient and way != "rows":
            assert d is not None
            self.lower_weight_gradients(record, X, arrays["gradient"], d)
            if d_in is not None:
                self.lower_input_gradient(record, way, d, d_in)
        if way == "parts":
            self.multiply_by_parts(record)
        elif way == "columns":
            self.multiply_by_columns(record, Z)
        if way == "rows":
            self.lower_parameters(record, layer.n_in + 1, _dense.slim_gradient)
            self.nonlinearity(record, Z, activation, _dense.slim, _dense.slim_back)
            return
        kernels = []
        if way == "columns" and d_in is not None:
            kernels.append(_dense.dense_back)
        kernels.append(_dense.dense_gradient)
        self.lower_parameters(record, layer.n_in + 1, *kernels)
        self.nonlinearity(record, Z, activation)

    def way_of(self, layer: Dense) -> Way:
        """Choose the way to compute X W, which depends only on the sizes."""
        if self.x is None:
            return "parts"
        is_one_vector = self.workspace.pad(layer.n_out) == self.workspace.spec.count
        if self.capacity <= FEW and is_one_vector:
            return "rows"
        weights_per_row = WEIGHTS_PER_ROW
        if self.purpose == "predict" and self.capacity <= FEW_PREDICTED_ROWS:
            weights_per_row = WEIGHTS_PER_PREDICTED_ROW
        if layer.n_in * layer.n_out >= self.capacity * weights_per_row:
            return "columns"
        return "blocks"

    def uses_weights_in_place(self, layer: Dense, way: Way) -> bool:
        """Return whether kernels use the user's weights, which have no padding, without a copy."""
        if way != "columns" or self.purpose == "gradient":
            return False
        n_lanes = self.workspace.spec.count
        has_whole_blocks = layer.n_in % n_lanes == 0
        has_whole_sums = layer.n_out % (4 * n_lanes) == 0  # whole groups of squares
        return has_whole_blocks and has_whole_sums

    def dense_input(self, layer: Dense, way: Way) -> DenseInput:
        """Return the input of a dense layer, allocating the parts of a wide one."""
        if way != "parts":
            assert self.x is not None
            return DenseInput(self.x, layer.n_in, layer.n_in, self.capacity)
        part_size = self.part_size(layer)
        n_parts = math.ceil(layer.n_in / part_size)
        matrix = self.workspace.matrix(n_parts * self.capacity, part_size)
        return DenseInput(matrix, layer.n_in, part_size, self.capacity)

    def multiply_by_parts(self, record: Record) -> None:
        """Z = b + the sum of the products of the parts of X, which threads share."""
        work = self.work(record, _dense.dense_parts, variant=self.source)
        n_blocks = math.ceil(self.capacity / _dense.WIDE_ROWS)
        n_units = int(record["n_parts"]) * n_blocks
        self.before_rows = [Group(work, n_units, block=NEVER, grain=1)]
        self.add(record, _dense.dense_join)

    def multiply_by_columns(self, record: Record, Z: Matrix) -> None:
        """Columns of Z = X W + b, which threads share, for all rows."""
        work = self.work(record, _dense.dense_columns)
        n_columns = Z.shape[1]
        grain = 2 * self.workspace.spec.count
        columns = Group(work, n_columns, block=_dense.COLUMNS, grain=grain)
        self.add_forward(columns)

    def part_size(self, layer: Dense) -> int:
        """Choose the number of inputs in each part of a wide layer; no tile is in two parts."""
        n_parts = 4 if layer.n_out <= 64 else 2
        inputs = math.ceil(layer.n_in / n_parts)
        return up(inputs, 1 << self.tile_bits(layer.n_out))

    def sparse_dense(self, layer: Dense, activation: Activation | None) -> None:
        """A = f(X W + b), from the entries of a sparse X or a table, which are looked up in W."""
        n_in = layer.n_in
        width = layer.n_out
        Z = self.matrix(width)
        d = self.derivatives(width)
        n_runs = len(self.runs)
        n_sums = 0
        runs = None
        if n_runs:
            n_sums = n_in
            runs = self.runs
        # The entries of a row add to the gradients of any inputs, so the gradient is whole.
        parameters = self.parameters(n_in + 1, width, n_sums=n_sums, is_whole=True)
        record = self.layer(width, **parameters, n_in=n_in, z=Z, d=d, runs=runs)
        self.width = width
        self.d = d
        if n_runs:
            sum_runs = self.work(record, _sparse_layer.sum_runs)
            self.before_rows = [Group(sum_runs, n_runs, block=1, grain=1)]
        self.add(record, _sparse_layer.sparse_forward, variant=self.source)
        self.nonlinearity(record, Z, activation)
        if self.needs_gradient and not self.is_frozen(record):
            n_vectors = Z.shape[1] // self.workspace.spec.count
            add_entries = self.work(record, _sparse_layer.add_entries, variant=self.source)
            add_runs = self.work(record, _sparse_layer.add_runs)
            # The first layer ends the backward pass, so no rows follow these groups.
            self.backward.append(Group(add_entries, n_vectors, block=4, grain=2))
            if n_runs:
                self.backward.append(Group(add_runs, n_runs, block=1, grain=1))
        self.lower_parameters(record, n_in + 1)

    def lower_weight_gradients(self, record: Record, X: DenseInput, dW: Matrix, dZ: Matrix) -> None:
        """The products dW = Xᵀ dZ of a dense layer in the backward pass."""
        n_in = int(record["n_in"])
        products = [(dW, X_part.T, dZ, self.zeros, 0) for X_part in X.parts]
        record["weight_gradients"] = self.workspace.products(products)
        height = _dense.MAX_ROWS if n_in > 8 else 4
        columns = X.lefts[-1] + X.matrix.shape[1]
        record["n_whole"] = min(up(n_in, height), columns)  # no more columns than X has

    def lower_input_gradient(self, record: Record, way: Way, dZ: Matrix, dX: Matrix) -> None:
        """The product dX = dZ Wᵀ of a dense layer in the backward pass."""
        W_T = self.zeros
        if way == "blocks":  # for columns, `dense_back` transposes W where it is used
            n_in = int(record["n_in"])
            W_T = self.workspace.matrix(dZ.shape[1], n_in)
            record["transposed"] = address(W_T)
            record["transposed_stride"] = stride_of(W_T)
        back = (dX, dZ, W_T, self.zeros, int(record["n_out"]))
        record["backward"] = self.workspace.products([back])

    def activate(self, layer: ActivationLayer, activation: Activation | None, index: int) -> None:
        """A = f(X); dL/dX replaces dL/dA."""
        assert self.x is not None
        record = self.layer(self.width, z=self.x, d=self.d)
        self.nonlinearity(record, self.x, activation)

    def nonlinearity(
        self,
        record: Record,
        Z: Matrix,
        activation: Activation | None,
        forward: Kernel = _dense.layer_forward,
        back: Kernel = _dense.layer_backward,
    ) -> None:
        """A = f(Z), and dL/dZ in place of dL/dA, with the product of a dense layer."""
        name = activation.name if activation is not None else "identity"
        by_row = _activations.BY_ROW.get(name)
        variant = "identity" if by_row is not None else name
        self.z = Z
        self.x = Z
        if name != "identity":
            self.x = self.matrix(self.width)
        record["a"] = address(self.x)
        record["option"] = first_option(activation)
        has_products = record["forward"] or record["backward"]
        if has_products or variant != "identity":
            self.add(record, forward, back, variant)
        if by_row is not None:
            forward_by_row, back_by_row = by_row
            self.add(record, forward_by_row, back_by_row, name)

    def dropout(self, layer: Dropout, activation: Activation | None, index: int) -> None:
        """A = X · M; the identity in predictions."""
        if not self.needs_gradient:
            return
        width = self.width
        output = self.matrix(width)
        mask = self.matrix(width)
        record = self.layer(
            width, x=self.x, z=mask, a=output, d=self.d, index=index, option=layer.rate
        )
        self.x = output
        self.add(record, _dropout.drop, _dropout.drop_back)

    def layer_norm(self, layer: LayerNorm, activation: Activation | None, index: int) -> None:
        """A = γ N + β, with each row of X normalized to N."""
        record = self.norm(2, epsilon=layer.epsilon)
        back = _norms.normalize_rows_back if record["d_in"] else None
        self.add(record, _norms.normalize_rows, back)
        self.add(record, _norms.scale_and_shift)
        self.lower_parameters(record, 2, _norms.norm_gradient)

    def batch_norm(self, layer: BatchNorm, activation: Activation | None, index: int) -> None:
        """A = γ N + β, with each column of X normalized to N."""
        record = self.norm(2, epsilon=layer.epsilon, momentum=layer.momentum)
        measure = _norms.measure_columns if self.needs_gradient else _norms.recall_columns
        measurement = self.serial(measure, record)
        self.add_forward(measurement)
        back = _norms.normalize_columns_back if record["d_in"] else None
        self.add(record, _norms.normalize_columns, back)
        self.add(record, _norms.scale_and_shift)
        if self.needs_gradient:
            gradient = self.serial(_norms.norm_gradient, record)
            self.add_backward(gradient)
        self.statistics += 2 * self.width
        self.lower_parameters(record, 2)

    def prelu(self, layer: PReLU, activation: Activation | None, index: int) -> None:
        """A = X for X > 0, otherwise γ N with N = min(X, 0): the slopes are the gain of N."""
        record = self.norm(1)
        back = _norms.prelu_back if record["d_in"] else None
        self.add(record, _norms.prelu, back)
        self.lower_parameters(record, 1, _norms.norm_gradient)

    def norm(self, height: int, *, epsilon: float = 0.0, momentum: float = 0.0) -> Record:
        """The record of a norm, with two rows of parameters, or of another layer with a gain."""
        width = self.width
        output = self.matrix(width)
        d = self.derivatives(width)
        scales = self.workspace.matrix(3, max(width, self.capacity))
        record = self.layer(
            width,
            **self.parameters(height, width),
            n_in=height,
            x=self.x,
            z=self.matrix(width),
            a=output,
            d=d,
            d_in=self.d,
            scales=scales,
            epsilon=epsilon,
            momentum=momentum,
            statistics=self.statistics,
        )
        self.x = output
        self.d = d
        return record

    def lower_loss(self, loss: Loss, logits: bool) -> None:
        """The loss of the outputs, and their copy for the user."""
        network = self.job.network
        output = self.x
        assert output is not None
        width = self.width
        d = self.d
        if d is None:
            d = self.matrix(width)
        option = first_option(loss)
        options = getattr(loss, "levels", ())  # an option for each output
        if not options:
            options = (option,)
        options = np.resize(options, width).astype(np.float64)
        record = self.layer(width, a=output, d=d, option=option, options=options)
        if self.purpose != "predict":
            kernel = _losses.LOSSES.get(loss.name, _losses.loss)
            self.add(record, kernel, variant=loss.name)
        if not self.needs_gradient:
            if logits:
                record = self.layer(width, z=output)
                self.nonlinearity(record, output, network.output_activation)
            z = self.z if hides_overflow(network.output_activation, width) else None
            record = self.layer(width, z=z, a=self.x)
            self.add(record, _copies.emit)

    # Parameters

    def parameters(
        self,
        height: int,
        width: int,
        *,
        n_sums: int = 0,
        is_whole: bool = False,
        in_place: bool = False,
    ) -> dict[str, Any]:
        """Allocate rows of parameters (unless used in place), their gradient and moments, in tiles.

        Weights and gradient may have rows for some sums below them. The gradient of all rows is
        kept if `is_whole`, which sums need, and else where that takes less memory.
        """
        row = self.workspace.stride(width)
        if in_place:
            row = width
        tile_bits = self.tile_bits(width)
        tile = 1 << tile_bits
        block = self.rows_of_block(width, tile)
        gradient_rows = 0  # the gradient of all rows is kept
        if self.applies_immediately() and not is_whole:
            gradient_rows = self.gradient_rows_of_thread(block, height)
        n_gradient_rows = gradient_rows * self.max_threads if gradient_rows else height + n_sums
        fields: dict[str, Any] = {
            "flat": self.flat,
            "first_tile": self.n_tiles,
            "tile_bits": tile_bits,
            "gradient_rows": gradient_rows,
            "block": block,
            "row": row,
        }
        if not in_place:
            fields["weights"] = self.parameter_rows(height + n_sums, width, row)
            for number, _ in enumerate(self.moments, 1):
                fields[f"moment_{number}"] = self.parameter_rows(height, width, row)
            if self.averages:
                fields["average"] = self.parameter_rows(height, width, row)
            if self.has_limits:
                fields["lower"] = self.parameter_rows(height, width, row)
                fields["upper"] = self.parameter_rows(height, width, row)
        if self.needs_gradient:
            fields["gradient"] = self.parameter_rows(n_gradient_rows, width, row)
        self.flat += height * width
        self.n_tiles += up(height, tile) // tile
        return fields

    def parameter_rows(self, n_rows: int, width: int, row: int) -> Matrix:
        """Allocate rows of this length, and those that a block at the end reads beyond them."""
        return self.workspace.matrix(n_rows + _dense.MAX_ROWS, width, row)

    def rows_of_block(self, width: int, tile: int) -> int:
        """Choose the number of gradient rows that are computed together, which are whole tiles."""
        # The number of gradient rows that are small enough for the cache.
        few = GRADIENT_ENTRIES // self.workspace.pad(width)
        together = max(few, _dense.WIDE_ROWS, min(GRADIENT_ROWS, self.capacity))
        return up(together, tile)

    def applies_immediately(self) -> bool:
        """Return whether a tile's step is taken right after its gradient."""
        return self.purpose == "learn" and not isinstance(self.job.clipping, ClipNorm)

    def gradient_rows_of_thread(self, block: int, height: int) -> int:
        """Return the rows of a gradient that each thread has memory for; 0 to keep all rows."""
        n_rows = block + _dense.MAX_ROWS
        return 0 if n_rows * self.max_threads >= height else n_rows

    def tile_bits(self, width: int) -> int:
        """Choose how many rows of parameters a tile has, as a power of two."""
        n_rows = max(_dense.MAX_ROWS, TILE // self.workspace.pad(width))
        return n_rows.bit_length() - 1

    def lower_parameters(self, record: Record, height: int, *kernels: Kernel) -> None:
        """Load, update and store the parameters of a layer, given the kernels of their gradient."""
        tile = 1 << int(record["tile_bits"])
        transpose = []
        if record["transposed"] and self.capacity > 1:  # a single row doesn't need Wᵀ
            transpose.append(_copies.transpose)
        if record["weights"]:
            load = self.work(record, _copies.load, *transpose)
            self.loading.append(Group(load, height, tile, tile))
        else:
            self.in_place.append(record)
        if not self.needs_gradient:  # a prediction compiles no kernels of the backward pass
            return
        if record["weights"]:
            store = self.work(record, _copies.store)
            self.storing.append(Group(store, height, tile, tile))
        self.lower_gradient(record, height, kernels, transpose)

    def lower_gradient(
        self, record: Record, height: int, kernels: Sequence[Kernel], transpose: Sequence[Kernel]
    ) -> None:
        """Compute the gradient of a layer's parameters, and take a step where the job does."""
        tile = 1 << int(record["tile_bits"])
        block = int(record["block"])
        if self.is_frozen(record):
            if _dense.dense_back in kernels:  # it computes the gradient of the layer's input
                back = self.work(record, _dense.dense_back)
                self.add_backward(Group(back, height, block, tile))
            return
        differentiate = list(kernels)
        if self.job.penalties and self.has_weights(record):
            self.penalized.append(record)
            differentiate.append(_gradients.penalize)
        take_step = _optimizers.take_step
        ends_with_dense = differentiate[-1:] == [_dense.dense_gradient]
        if differentiate == [_dense.slim_gradient]:  # this kernel also sums the squares
            block = tile
        elif ends_with_dense and self.takes_one_row(record):
            differentiate.pop()
            take_step = _optimizers.take_step_of_one_row
        else:
            differentiate.append(_gradients.sum_squares)
        work = self.work(record, *differentiate)
        if self.purpose == "learn":
            update = self.lower_update(record, take_step, transpose)
            if isinstance(self.job.clipping, ClipNorm):  # needs the gradients of all tiles
                self.application.append(Group(update, height, tile, tile))
            else:
                work += update
        group = Group(work, height, block, tile)
        if _dense.dense_back in kernels:
            self.add_backward(group)
        else:
            self.differentiation.append(group)

    def lower_update(
        self, record: Record, take_step: Kernel, transpose: Sequence[Kernel]
    ) -> list[Instruction]:
        """Clip the gradient of a layer's parameters, and take the optimizer's step."""
        job = self.job
        update: list[Instruction] = []
        if job.clipping is not None:
            clip = CLIPS[type(job.clipping)]
            update += self.work(record, clip)
        update += self.work(record, take_step, variant=job.optimizer.name)
        if self.has_limits:
            update += self.work(record, _optimizers.limit)
        if self.averages:
            update += self.work(record, _optimizers.average)
        update += self.work(record, *transpose)
        return update

    def is_frozen(self, record: Record) -> bool:
        """Return whether no step changes the parameters of a layer."""
        return any(part.start == record["flat"] for part in self.job.frozen)

    def has_weights(self, record: Record) -> bool:
        """Return whether the parameters of a layer begin with weights, which penalties apply to."""
        slots = self.job.network.layout.slots
        return any(slot.start == record["flat"] and slot.name == "weights" for slot in slots)

    def takes_one_row(self, record: Record) -> bool:
        """Return whether each step has one row, and is taken right after its gradient."""
        if self.purpose != "learn" or self.capacity > 1 or self.job.clipping is not None:
            return False
        four_vectors = 4 * self.workspace.spec.count
        return int(record["row"]) % four_vectors == 0


def first_option(part: Any) -> float:
    """Return the option that the formula of a kernel takes; 0 if there is none."""
    options = list(option_values(part).values())
    return options[0] if options else 0.0


CLIPS = {ClipValue: _gradients.clip_values, ClipNorm: _gradients.clip_norm}
