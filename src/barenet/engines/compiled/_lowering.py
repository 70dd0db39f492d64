"""Lowering: from layers, a loss and an optimizer to instructions for the kernels.

Nothing is compiled for an architecture: a layer becomes a record of sizes and addresses, and a few
instructions that name the kernels that run on it.
"""

from typing import Any, Literal

import numpy as np

from barenet._constraints import option_values
from barenet._sparse_rows import SparseRows
from barenet.engines import _threads
from barenet.engines._engine import Job
from barenet.engines.compiled._groups import NEVER, Group, Region
from barenet.engines.compiled._program_builder import ProgramBuilder
from barenet.engines.compiled._workspace import Matrix, Record, Workspace, address, stride_of, up
from barenet.engines.kernels import (
    _activations,
    _copies,
    _dense,
    _dropout,
    _gradients,
    _losses,
    _norms,
    _optimizers,
    _table,
)  # fmt: skip
from barenet.engines.kernels._kernel import Kernel
from barenet.model._activations import Activation, hides_overflow
from barenet.model._array_dataset import ArrayDataset
from barenet.model.layers import ActivationLayer, BatchNorm, Dense, Dropout, LayerNorm, PReLU
from barenet.model.losses import Loss, logits_form
from barenet.optimization.optimizers._optimizer import ClipNorm, ClipValue

#: Take steps, compute a gradient, compute the loss of outputs, or only the outputs.
Purpose = Literal["learn", "gradient", "evaluate", "predict"]

#: Entries of a gradient that are computed and applied together, so that they stay in the cache.
TILE = 512

#: Rows of a gradient that are computed together for a large batch; and entries for a small one.
ROWS, SMALL = 128, 4096

#: Weights of a large layer for each row of a batch; and where a copy would be for few rows alone.
LARGE, ONCE = 2**13, 2**9

#: Inputs from which on the first layer splits them into parts for the threads; and rows of a batch
#: up to which layers no wider than a vector are computed row by row.
WIDE, FEW = 256, 4


class Lowering(ProgramBuilder):
    """Turns a job's layers into instructions, for batches of up to `capacity` rows like these.

    First, threads split the *rows*: forward through the layers, the loss, and backward. Then they
    split the *parameters*: each computes its tiles of the gradient over the whole batch, and
    immediately applies the optimizer to them, while they are in the cache.
    """

    def __init__(
        self, job: Job, rows: ArrayDataset, workspace: Workspace, capacity: int, purpose: Purpose
    ) -> None:
        super().__init__(workspace, capacity, purpose in ("learn", "gradient"))
        self.job, self.purpose = job, purpose
        self.max_threads = _threads.allowed_cores()
        self.averages = purpose == "learn" and getattr(job.optimizer, "average", 0) > 0
        self.moments = (
            getattr(type(job.optimizer), "moment_names", ()) if purpose == "learn" else ()
        )
        empty: list[Region] = [[] for _ in range(5)]
        self.loading, self.parts, self.differentiation, self.application, self.storing = empty
        self.in_place: list[Record] = []  # layers whose weights and moments are not copied
        self.n_tiles = self.flat = self.statistics = 0
        self.width, self.source = rows.X.shape[1], rows.X.dtype.name
        self.is_sparse = isinstance(rows.X, SparseRows)
        self.runs = np.array(getattr(rows.X, "runs", ()), np.int64)
        self.zeros = workspace.matrix(1, max(self.width, *job.network.sizes))
        # The input of the next layer; `d` is the place of dL/d(input), if it is needed.
        self.x: Matrix | None = None
        self.z: Matrix | None = None  # the input of the last activation
        loss, logits = logits_form(job.loss, job.network.output_activation)
        self.lower_layers(logits)
        self.lower_loss(loss, logits)
        weigh = [] if rows.sample_weight is None else [self.serial(_losses.weigh_rows)]
        norm = [self.serial(_gradients.whole_norm)] if self.application else []
        (*before, last), (first, *after) = self.forward, self.backward
        # One group: rows pass forward, to the loss and back while they are in the cache.
        both = Group(last.instructions + first.instructions)
        by_rows = ([group] for group in (*before, both, *after) if group.instructions)
        regions = (weigh, self.parts, *by_rows, self.differentiation, norm, self.application)
        # The regions before the first batch, for each batch, and after the last one.
        self.load, self.store = [self.loading], [self.storing] * self.needs_gradient
        self.batch = [region for region in regions if region]

    # Layers

    def lower_layers(self, logits: bool) -> None:
        """Lower the input, then each layer; logits have no output activation."""
        layers = self.job.network.layers
        is_wide = isinstance(layers[0], Dense) and layers[0].n_in >= WIDE
        if not (self.is_sparse or is_wide):
            self.x = self.matrix()
            self.add(self.layer(x=self.x), _copies.gather, variant=self.source)
        for index, layer in enumerate(layers):
            bare = logits and layer is layers[-1]
            self.activation = None if bare else getattr(layer, "activation", None)
            name = "table_dense" if self.x is None and self.is_sparse else layer.name
            # Each layer is lowered by the method of its name.
            getattr(self, name)(layer, index)

    def dense(self, layer: Dense, index: int) -> None:
        """A = f(X W + b), where X may be split into parts, which do not depend on the threads.

        For few rows, threads split the columns of a large W, and its rows in the backward pass.
        """
        n_in, x, d_in, capacity = layer.n_in, self.x, self.d, self.capacity
        part = n_in if x is not None else self.part_size(layer)
        lefts = range(0, n_in, part)
        X = self.workspace.matrix(len(lefts) * capacity, part) if x is None else x
        self.width = layer.n_out
        Z, self.d, L = self.matrix(), self.derivatives(), self.workspace.spec.count
        P = self.workspace.matrix(len(lefts) * capacity, self.width) if x is None else Z
        few = capacity <= FEW and Z.shape[1] == L and x is not None
        large = capacity * (ONCE if self.purpose == "predict" and capacity <= ROWS else LARGE)
        is_large = n_in * self.width >= large and not few
        whole = n_in % L == self.width % (4 * L) == 0  # as in blocks and sums of squares
        in_place = whole and is_large and x is not None and self.purpose != "gradient"
        arrays = self.parameters(n_in + 1, in_place=in_place)
        record = self.layer(
            **arrays, n_in=n_in, index=index, x=X, x_stride=stride_of(X), z=Z, d=self.d, d_in=d_in,
            part_size=part, n_parts=len(lefts), partial=P,
        )  # fmt: skip
        W = arrays.get("weights", self.zeros)  # used in place, its address comes later
        start = self.zeros if x is None else W[n_in:]
        record["parts" if x is None or is_large else "forward"] = self.workspace.products(
            (P[k * capacity :], X[k * capacity :], W[left:], start, min(part, n_in - left))
            for k, left in enumerate(lefts)
        )
        if self.needs_gradient and not few:
            self.lower_products(record, arrays, X, lefts, d_in)
        if x is None:
            work = self.work(record, _dense.dense_parts, variant=self.source)
            units = len(lefts) * -(-capacity // _dense.BLOCK)
            self.parts = [Group(work, units, block=NEVER, grain=1)]
            self.add(record, _dense.dense_join)
        elif is_large:
            work, grain = self.work(record, _dense.dense_columns), 2 * L
            self.forward += [Group(work, Z.shape[1], _dense.COLUMNS, grain), Group([])]
        back = (_dense.dense_back,) * (is_large and d_in is not None)
        gradient = _dense.slim_gradient if few else _dense.dense_gradient
        self.lower_parameters(record, n_in + 1, *back, gradient)
        self.nonlinearity(record, Z, self.activation, *((_dense.slim, _dense.slim_back) * few))

    def part_size(self, layer: Dense) -> int:
        """Choose the number of inputs in each part of a wide layer; no tile is in two parts."""
        n_parts, tile = 4 if layer.n_out <= 64 else 2, 1 << self.tile_bits(layer.n_out)
        return up(-(-layer.n_in // n_parts), tile)

    def table_dense(self, layer: Dense, index: int) -> None:
        """A = f(X W + b), from the entries of a sparse X or a table, which are looked up in W."""
        n_in, self.width, n_runs = layer.n_in, layer.n_out, len(self.runs)
        Z, self.d, runs = self.matrix(), self.derivatives(), self.runs if n_runs else None
        parameters = self.parameters(n_in + 1, n_in * bool(n_runs))
        record = self.layer(**parameters, n_in=n_in, z=Z, d=self.d, runs=runs)
        if n_runs:
            self.parts = [Group(self.work(record, _table.sum_runs), n_runs, block=1, grain=1)]
        self.add(record, _table.table_forward, variant=self.source)
        self.nonlinearity(record, Z, self.activation)
        if self.needs_gradient:
            n_vectors = Z.shape[1] // self.workspace.spec.count
            add_entries = self.work(record, _table.add_entries, variant=self.source)
            add_runs = self.work(record, _table.add_runs)
            self.backward.append(Group(add_entries, n_vectors, 4, 2))
            self.backward += [Group(add_runs, n_runs, 1, 1)] * bool(n_runs)
            self.backward.append(Group([]))
        self.lower_parameters(record, n_in + 1)

    def lower_products(
        self, record: Record, arrays: dict[str, Any], X: Matrix, lefts: range, d_in: Matrix | None
    ) -> None:
        """The products of a dense layer in the backward pass: dW = Xᵀ dZ and dX = dZ Wᵀ."""
        dW, dZ, n_in = arrays["gradient"], self.d, int(record["n_in"])
        assert dZ is not None
        record["weight_gradients"] = self.workspace.products(
            (dW, X[k * self.capacity :].T, dZ, self.zeros, 0) for k, _ in enumerate(lefts)
        )
        in_blocks = up(n_in, _dense.MAX_ROWS if n_in > 8 else 4)
        record["n_whole"] = min(in_blocks, lefts[-1] + X.shape[1])  # as far as X has columns
        if d_in is None:
            return
        W_T = self.zeros
        if not record["parts"]:
            W_T = self.workspace.matrix(dW.shape[1], n_in)
            record["transposed"], record["transposed_stride"] = address(W_T), stride_of(W_T)
        back = (d_in, dZ, W_T, self.zeros, self.width)
        record["backward"] = self.workspace.products([back])

    def activate(self, layer: ActivationLayer, index: int) -> None:
        """A = f(X); dL/dX replaces dL/dA."""
        assert self.x is not None
        self.nonlinearity(self.layer(z=self.x, d=self.d), self.x, self.activation)

    def nonlinearity(
        self, record: Record, Z: Matrix, activation: Activation | None, *fused: Kernel
    ) -> None:
        """A = f(Z), and dL/dZ in place of dL/dA, with the product of a dense layer."""
        name = "identity" if activation is None else activation.name
        by_row = _activations.BY_ROW.get(name)
        variant = "identity" if by_row else name
        self.z = Z
        self.x = Z if name == "identity" else self.matrix()
        record["a"] = address(self.x)
        record["option"] = first_option(activation)
        forward, back = fused or (_dense.layer_forward, _dense.layer_backward)
        if record["forward"] or record["backward"] or variant != "identity":
            self.add(record, forward, back, variant)
        if by_row:
            self.add(record, *by_row, name)

    def dropout(self, layer: Dropout, index: int) -> None:
        """A = X · M; the identity in predictions."""
        if self.needs_gradient:
            x, self.x = self.x, self.matrix()
            record = self.layer(x=x, z=self.matrix(), a=self.x, d=self.d, index=index,
                                option=layer.rate)  # fmt: skip
            self.add(record, _dropout.drop, _dropout.drop_back)

    def layer_norm(self, layer: LayerNorm, index: int) -> None:
        """A = γ N + β, with each row of X normalized to N."""
        record = self.norm(layer)
        back = _norms.normalize_rows_back if record["d_in"] else None
        self.add(record, _norms.normalize_rows, back)
        self.add(record, _norms.scale_and_shift)
        self.lower_parameters(record, 2, _norms.norm_gradient)

    def batch_norm(self, layer: BatchNorm, index: int) -> None:
        """A = γ N + β, with each column of X normalized to N."""
        record = self.norm(layer)
        measure = _norms.measure_columns if self.needs_gradient else _norms.recall_columns
        self.forward += [self.serial(measure, record), Group([])]
        back = _norms.normalize_columns_back if record["d_in"] else None
        self.add(record, _norms.normalize_columns, back)
        self.add(record, _norms.scale_and_shift)
        if self.needs_gradient:
            self.backward[:0] = [Group([]), self.serial(_norms.norm_gradient, record)]
        self.statistics += 2 * self.width
        self.lower_parameters(record, 2)

    def prelu(self, layer: PReLU, index: int) -> None:
        """A = X for X > 0 and else γ N with N = min(X, 0): the slopes are the gain of N."""
        record = self.norm(layer, 1)
        self.add(record, _norms.prelu, _norms.prelu_back if record["d_in"] else None)
        self.lower_parameters(record, 1, _norms.norm_gradient)

    def norm(self, layer: LayerNorm | BatchNorm | PReLU, height: int = 2) -> Record:
        """The record of a norm, with gain and bias, or of another layer with a gain alone."""
        x, self.x, d_in, self.d = self.x, self.matrix(), self.d, self.derivatives()
        scales = self.workspace.matrix(3, max(self.width, self.capacity))
        return self.layer(
            **self.parameters(height), n_in=height, x=x, z=self.matrix(), a=self.x, d=self.d,
            d_in=d_in, scales=scales, epsilon=getattr(layer, "epsilon", 0.0),
            momentum=getattr(layer, "momentum", 0.0), statistics=self.statistics,
        )  # fmt: skip

    def lower_loss(self, loss: Loss, logits: bool) -> None:
        """The loss of the outputs, and their copy for the user."""
        network, output = self.job.network, self.x
        assert output is not None
        d = self.matrix() if self.d is None else self.d
        option = first_option(loss)
        options = np.resize(getattr(loss, "levels", ()) or option, self.width)
        record = self.layer(a=output, d=d, option=option, scales=options.astype(np.float64))
        if self.purpose != "predict":
            kernel = _losses.LOSSES.get(loss.name, _losses.loss)
            self.add(record, kernel, variant=loss.name)
        if not self.needs_gradient:
            if logits:
                self.nonlinearity(self.layer(z=output), output, network.output_activation)
            hides = hides_overflow(network.output_activation, self.width)
            self.add(self.layer(z=self.z if hides else None, a=self.x), _copies.emit)

    # Parameters

    def parameters(
        self, height: int, sums: int | None = None, in_place: bool = False
    ) -> dict[str, Any]:
        """Rows of parameters, unless used in place, of their gradient and moments, in tiles.

        Weights and gradient may have rows for some sums below them; then the gradient is whole.
        """
        names = ["weights", *(f"moment_{number}" for number, _ in enumerate(self.moments, 1))]
        names += ["average"] * self.averages
        names = [*names * (not in_place), *["gradient"] * self.needs_gradient]
        row = self.width if in_place else self.workspace.stride(self.width)
        tile_bits, flat, first_tile = self.tile_bits(self.width), self.flat, self.n_tiles
        few, heights = SMALL // self.workspace.pad(self.width), dict.fromkeys(names, height)
        block = up(max(few, _dense.BLOCK, min(ROWS, self.capacity)), 1 << tile_bits)
        rows, clips_norm = block + _dense.MAX_ROWS, isinstance(self.job.clipping, ClipNorm)
        whole = sums is not None or clips_norm or self.purpose != "learn"
        if whole or rows * self.max_threads >= height:
            rows = 0
        else:
            heights["gradient"] = rows * self.max_threads
        for name in {"weights", "gradient"} & heights.keys():
            heights[name] += sums or 0
        matrix, more = self.workspace.matrix, _dense.MAX_ROWS
        arrays = {name: matrix(number + more, self.width, row) for name, number in heights.items()}
        self.flat += height * self.width
        self.n_tiles += up(height, 1 << tile_bits) >> tile_bits
        places = {"flat": flat, "first_tile": first_tile, "tile_bits": tile_bits}
        return {**places, "gradient_rows": rows, "block": block, "row": row, **arrays}

    def tile_bits(self, width: int) -> int:
        """Choose how many rows of parameters a tile has, as a power of two."""
        return max(_dense.MAX_ROWS, TILE // self.workspace.pad(width)).bit_length() - 1

    def lower_parameters(self, record: Record, height: int, *kernels: Kernel) -> None:
        """Load, update and store the parameters of a layer, given the kernels of their gradient."""
        job, tile = self.job, 1 << int(record["tile_bits"])
        for penalty in job.penalties if self.needs_gradient else ():  # penalties of one type add up
            strengths = penalty.expand(job.network.layout, np.dtype(np.float64))
            name = f"shared_{penalty.name}" if penalty.normalize_by_batch else penalty.name
            record[name] += strengths[int(record["flat"])]
        if any(record[name] for name in ("l1", "l2", "shared_l1", "shared_l2")):
            kernels += (_gradients.penalize,)
        take_step, block = _optimizers.take_step, int(record["block"])
        if kernels == (_dense.slim_gradient,):  # this kernel also sums the squares
            block = tile
        elif self.takes_one_row(record) and kernels[-1:] == (_dense.dense_gradient,):
            kernels, take_step = kernels[:-1], _optimizers.take_step_of_one_row
        else:
            kernels += (_gradients.sum_squares,)
        # A single row does without Wᵀ.
        transpose = [_copies.transpose] if record["transposed"] and self.capacity > 1 else []
        load, work = self.work(record, _copies.load, *transpose), self.work(record, *kernels)
        if record["weights"]:
            self.loading.append(Group(load, height, tile, tile))
            self.storing.append(Group(self.work(record, _copies.store), height, tile, tile))
        else:
            self.in_place.append(record)
        if self.needs_gradient:
            group = Group(work, height, block, tile)
            if _dense.dense_back in kernels:
                self.backward[:0] = [Group([]), group]
            else:
                self.differentiation.append(group)
        if self.purpose == "learn":
            clip = [] if job.clipping is None else [CLIPS[type(job.clipping)]]
            apply = self.work(record, *clip)
            apply += self.work(record, take_step, variant=job.optimizer.name)
            apply += self.work(record, *[_optimizers.average] * self.averages, *transpose)
            if isinstance(job.clipping, ClipNorm):  # needs the gradients of all tiles
                self.application.append(Group(apply, height, tile, tile))
            else:
                work += apply

    def takes_one_row(self, record: Record) -> bool:
        """Whether each step is for one row, and nothing comes between its gradient and update."""
        learns = self.purpose == "learn" and self.capacity == 1 and self.job.clipping is None
        return bool(learns and record["row"] % (4 * self.workspace.spec.count) == 0)


def first_option(thing: Any) -> float:
    """The option that the formula of a kernel takes; 0 if there is none."""
    return next(iter(option_values(thing).values()), 0.0)


CLIPS = {ClipValue: _gradients.clip_values, ClipNorm: _gradients.clip_norm}
