"""Lowering: from layers, a loss and an optimizer to instructions for the kernels.

Nothing is compiled for an architecture: a layer becomes a record of sizes and places, and a few
instructions that name the kernels to be run on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal, NamedTuple

import numpy as np

from barenet.engines.compiled import (
    activations,
    dense,
    dropout,
    gradients,
    losses,
    norms,
    optimizers,
    parameters,
    samples,
    slim,
)
from barenet.engines.compiled.kernel import Kernel
from barenet.engines.compiled.memory import Instruction, Matrix, Memory, Record, address, up
from barenet.engines.compiled.products import MOST_ROWS
from barenet.engines.compiled.records import LAYER, PRODUCT
from barenet.engines.engine import Job
from barenet.model.activations import Activation
from barenet.model.layers import Activate, BatchNorm, Dense, Dropout, LayerNorm
from barenet.model.losses import Loss, loss_on
from barenet.model.rows import Rows
from barenet.optimization.clipping import ClipNorm, ClipValue
from barenet.optimization.optimizers import LBFGS, Optimizer

__all__ = ["NEVER", "Lowering", "Parameters", "Stage", "Task", "refusal"]

#: Take steps, find a gradient, measure outputs, or only compute them.
Task = Literal["learn", "differentiate", "evaluate", "predict"]

#: Numbers of a gradient that are computed, and applied, at a time: they stay in the cache.
TILE = 512

#: Inputs from which on the first layer takes them in parts, so that threads can share them.
WIDE = 256

#: Rows of a batch up to which layers of one vector are done row by row.
FEW = 4

NEVER = 2**63 - 1


class Stage(NamedTuple):
    """What is done with the rows of a batch, before all threads meet; or by one of them alone."""

    instructions: list[Instruction]
    alone: bool = False


class Parameters(NamedTuple):
    """What is done with a layer's parameters, tile by tile of their rows."""

    units: int
    tile: int
    load: list[Instruction]
    differentiate: list[Instruction]
    apply: list[Instruction]
    store: list[Instruction]


class Lowering:
    """Turns a job's layers into instructions, for batches of up to `capacity` rows like these.

    Attributes
    ----------
    parts : list of instructions
        What is done for each of the `n_parts` of a wide input, before `forward`.
    stages : list of Stage
        For rows: forward, the loss, and backward. A batch norm measures all rows in between.
    parameters : list of Parameters
        For each layer that has some; `n_tiles` in all.
    """

    def __init__(self, job: Job, rows: Rows, memory: Memory, capacity: int, task: Task) -> None:
        self.job, self.memory, self.capacity, self.task = job, memory, capacity, task
        self.learning = task in ("learn", "differentiate")
        self.forward, self.backward = [Stage([])], [Stage([])]
        self.parameters: list[Parameters] = []
        self.parts: list[Instruction] = []
        self.n_parts = self.n_tiles = self.flat = self.statistics = 0
        self.width, self.source = rows.X.shape[1], rows.X.dtype.name
        self.zeros = memory.matrix(1, max(self.width, *job.network.sizes))
        self.one = memory.matrix(1, 1, fill=1)
        # What the next layer finds: its input, and where dL/d(input) is to go, if anywhere.
        self.x: Matrix | None = None
        self.d: Matrix | None = None
        loss, logits = loss_on(job.loss, job.network.output_activation)
        self.lower_layers(logits)
        self.lower_loss(loss, logits)
        (*before, last), (first, *after) = self.forward, self.backward
        self.stages = [*before, Stage(last.instructions + first.instructions), *after]

    # Layers

    def lower_layers(self, logits: bool) -> None:
        """What comes in, and then layer by layer; logits have no output activation."""
        layers = self.job.network.layers
        if not (isinstance(layers[0], Dense) and layers[0].n_in >= WIDE):
            self.x = self.matrix()
            self.add(samples.gather, self.layer(x=self.x), self.source)
        for index, layer in enumerate(layers):
            bare = logits and layer is layers[-1]
            self.activation = None if bare else getattr(layer, "activation", None)
            LAYERS[type(layer)](self, layer, index)

    def dense(self, layer: Dense, index: int) -> None:
        """A = f(X W + b), where X may come in parts, which do not depend on the threads."""
        n_in, parted, d_in = layer.n_in, self.x is None, self.d
        n_parts, tile = 4 if layer.n_out <= 64 else 2, 1 << self.tile_bits(layer.n_out)
        part = up(-(-n_in // n_parts), tile) if parted else n_in + 1  # no tile is in two parts
        lefts = range(0, n_in, part)
        X = self.x or self.memory.matrix(len(lefts) * self.capacity, part)
        self.width = layer.n_out
        Z, self.d = self.matrix(), self.derivatives()
        P = self.memory.matrix(len(lefts) * self.capacity, self.width) if parted else Z
        few = self.capacity <= FEW and Z.row == self.memory.kind.count and not parted
        record = self.with_parameters(n_in + 1, n_in=n_in, index=index, x=X, x_stride=X.row, z=Z,
                                      d=self.d, part_size=part, n_parts=len(lefts),
                                      partial=P)  # fmt: skip
        self.multiply(record, lefts, X, P, d_in)
        if parted:
            self.n_parts = len(lefts)
            self.parts = [self.memory.instruction(dense.dense_parts, record, self.source)]
            self.add(dense.dense_join, record)
        self.nonlinearity(record, Z, self.activation, *((slim.slim, slim.slim_back) if few else ()))
        self.learn(record, slim.slim_gradient if few else dense.dense_gradient)

    def multiply(
        self, record: Record, lefts: range, X: Matrix, P: Matrix, d_in: Matrix | None
    ) -> None:
        """The products of a dense layer: P = X W (+ b), dW = Xᵀ dZ and dX = dZ Wᵀ."""
        n_in, rows, dZ = int(record["n_in"]), self.capacity, self.d
        parted = bool(record["partial"] != record["z"])  # though it may be one part alone
        W, dW = (P._replace(address=int(record[name])) for name in ("weights", "gradient"))
        start = self.zeros if parted else W.at(n_in)
        parts = [(k * rows, left, min(lefts.step, n_in - left)) for k, left in enumerate(lefts)]
        record["parts" if parted else "forward"] = self.products(
            product(P.at(k), X.at(k), W.at(left), start, depth=n) for k, left, n in parts
        )
        if dZ is None:
            return
        whole = up(n_in, MOST_ROWS if n_in > 8 else 4)  # in blocks, as far as X has columns
        record["learning"] = self.products(
            product(dW, X.at(k, -left).T, dZ, self.zeros, one=self.one.address,
                    one_row=n_in if left + n == n_in else NEVER, height=min(whole, left + X.row))
            for k, left, n in parts
        )  # fmt: skip
        if d_in is not None:
            W_T = self.memory.matrix(W.row, n_in)
            record["d_in"], record["transposed"] = d_in.address, W_T.address
            record["transposed_stride"] = W_T.row
            back = product(d_in, dZ, W_T, self.zeros, depth=self.width)
            record["backward"] = self.products([back])

    def activate(self, layer: Activate, index: int) -> None:
        """A = f(X); dL/dX takes the place of dL/dA."""
        assert self.x is not None
        self.nonlinearity(self.layer(z=self.x, d=self.d), self.x, self.activation)

    def nonlinearity(
        self, record: Record, Z: Matrix, activation: Activation | None, *fused: Kernel
    ) -> None:
        """A = f(Z), and dL/dZ in place of dL/dA; a product comes with it, if the layer has one."""
        name = "identity" if activation is None else activation.name
        formula = "identity" if name == "softmax" else name
        self.x = Z if name == "identity" else self.matrix()
        record["a"] = self.x.address
        record["option"] = getattr(activation, "slope", getattr(activation, "alpha", 0.0))
        forward, back = fused or (activations.activate, activations.activate_back)
        if record["forward"] or formula != "identity":
            self.add(forward, record, formula)
        if record["d"] and (record["backward"] or formula != "identity"):
            self.add_back(back, record, formula)
        if name == "softmax":
            self.add(activations.softmax, record, name)
            if record["d"]:
                self.add_back(activations.softmax_back, record, name)

    def dropout(self, layer: Dropout, index: int) -> None:
        """A = X · M; predicting, everything is kept."""
        if self.learning:
            x, self.x = self.x, self.matrix()
            record = self.layer(x=x, z=self.matrix(), a=self.x, d=self.d, index=index,
                                option=layer.rate)  # fmt: skip
            self.add(dropout.drop, record)
            if self.d:
                self.add_back(dropout.drop_back, record)

    def layer_norm(self, layer: LayerNorm, index: int) -> None:
        """A = γ N + β, with each row of X normalized to N."""
        record = self.norm(layer)
        self.add(norms.normalize_rows, record)
        self.add(norms.scale_and_shift, record)
        if record["d_in"]:
            self.add_back(norms.normalize_rows_back, record)
        self.learn(record, norms.norm_gradient)

    def batch_norm(self, layer: BatchNorm, index: int) -> None:
        """A = γ N + β, with each column of X normalized to N."""
        record, to = self.norm(layer), self.memory.instruction
        measure = norms.measure_columns if self.learning else norms.recall_columns
        self.forward += [Stage([to(measure, record)], alone=True), Stage([])]
        self.add(norms.normalize_columns, record)
        self.add(norms.scale_and_shift, record)
        if record["d_in"]:
            self.add_back(norms.normalize_columns_back, record)
        if self.learning:
            self.backward[:0] = [Stage([]), Stage([to(norms.norm_gradient, record)], alone=True)]
        self.statistics += 2 * self.width
        self.learn(record)

    def norm(self, layer: LayerNorm | BatchNorm) -> Record:
        """Gain and bias, and what both norms have in common."""
        x, self.x, d_in, self.d = self.x, self.matrix(), self.d, self.derivatives()
        scales = self.memory.matrix(2, max(self.width, self.capacity))
        return self.with_parameters(
            2, n_in=2, x=x, z=self.matrix(), a=self.x, d=self.d, d_in=d_in, scales=scales,
            epsilon=layer.epsilon, momentum=getattr(layer, "momentum", 0.0),
            statistics=self.statistics,
        )  # fmt: skip

    def lower_loss(self, loss: Loss, logits: bool) -> None:
        """The loss of the outputs; and what the user gets to see of them, if anything."""
        network, output = self.job.network, self.x
        assert output is not None
        options = [
            getattr(loss, name) for name in ("factor", "delta", "q", "gamma") if hasattr(loss, name)
        ]
        record = self.layer(a=output, d=self.d or self.matrix(), option=[*options, 0.0][0],
                            epsilon=np.finfo(network.dtype).eps)  # fmt: skip
        if self.task != "predict":
            kernel = losses.softmax_loss if loss.name in losses.ON_SOFTMAX else losses.loss
            self.add(kernel, record, loss.name)
        if not self.learning:
            shown = network.output_activation if logits else None
            self.nonlinearity(self.layer(z=output), output, shown)
            self.add(samples.emit, self.layer(a=self.x))

    # Parameters

    def with_parameters(self, height: int, **fields: float | Matrix | None) -> Record:
        """A layer with rows of parameters, their gradient, and the optimizer's moments."""
        names = ["weights", "gradient"] if self.learning else ["weights"]
        moments = getattr(self.job.optimizer, "moment_names", ()) if self.task == "learn" else ()
        names += [f"moment_{number}" for number, _ in enumerate(moments, 1)]
        places = {name: self.memory.matrix(height + MOST_ROWS, self.width) for name in names}
        tile_bits = self.tile_bits(self.width)
        record = self.layer(height=height, flat=self.flat, tile_bits=tile_bits,
                            first_tile=self.n_tiles, **places, **fields)  # fmt: skip
        self.flat += height * self.width
        self.n_tiles += up(height, 1 << tile_bits) >> tile_bits
        return record

    def tile_bits(self, width: int) -> int:
        """Choose how many rows of parameters a tile has, as a power of two."""
        return max(MOST_ROWS, TILE // self.memory.pad(width)).bit_length() - 1

    def learn(self, record: Record, *differentiate: Kernel) -> None:
        """What is done with a layer's parameters; those kernels compute their gradient."""
        job, tile = self.job, 1 << int(record["tile_bits"])
        transpose = [parameters.transpose] if record["transposed"] else []
        apply: list[Kernel] = []
        for penalty in job.penalties:  # of one kind they add up, and they are for weights alone
            strengths = penalty.spread(job.network.layout, np.dtype(np.float64))
            name = f"shared_{penalty.name}" if penalty.shared else penalty.name
            record[name] += strengths[int(record["flat"])]
        if any(record[name] for name in ("l1", "l2", "shared_l1", "shared_l2")):
            differentiate += (gradients.penalize,)
        if job.clipping is not None:
            apply.append(CLIPS[type(job.clipping)])
        if isinstance(job.optimizer, Optimizer):
            apply.append(optimizers.RULES[job.optimizer.name])
        learning = (differentiate, [*apply, *transpose], [parameters.store])
        kernels = ([parameters.load, *transpose], *(learning if self.learning else ((), (), ())))
        done = ([self.memory.instruction(each, record) for each in some] for some in kernels)
        self.parameters.append(Parameters(int(record["height"]), tile, *done))

    # Instructions, records and memory

    def matrix(self) -> Matrix:
        """Reserve a row of the current width for each row of a batch."""
        return self.memory.matrix(self.capacity, self.width)

    def derivatives(self) -> Matrix | None:
        """The same for dL/d(output), which predictions do without."""
        return self.matrix() if self.learning else None

    def layer(self, **fields: float | Matrix | None) -> Record:
        """Write a record for kernels on rows of the current width."""
        widths = {"n_in": self.width, "n_out": self.width, "stride": self.memory.pad(self.width)}
        return self.memory.record(LAYER, **{**widths, **fields})

    def products(self, products: Iterable[tuple[int, ...]]) -> int:
        """Write products one after the other; return where the first one is."""
        return address(self.memory.table(PRODUCT, list(products)))

    def add(self, kernel: Kernel, operands: Record, formula: str = "") -> None:
        """Do this next on the way forward."""
        self.forward[-1].instructions.append(self.memory.instruction(kernel, operands, formula))

    def add_back(self, kernel: Kernel, operands: Record, formula: str = "") -> None:
        """Do this on the way back, before all that was added until now."""
        self.backward[0].instructions.insert(0, self.memory.instruction(kernel, operands, formula))


def product(
    C: Matrix, A: Matrix, B: Matrix, start: Matrix, depth: int = 0, one: int = 0,
    one_row: int = NEVER, height: int = 0,
) -> tuple[int, ...]:  # fmt: skip
    """C = start + A B, as `records.PRODUCT` has it."""
    rows_of_a = (A.address, A.row, A.column, one, one_row, height)
    return (*rows_of_a, B.address, B.row, start.address, C.address, C.row, C.row, depth)


def refusal(job: Job) -> str | None:
    """Say what of a job has no kernel: somebody's own layer, activation, loss or rule."""
    for layer in job.network.layers:
        if type(layer) not in LAYERS:
            return f"{layer!r} is not one of barenet's own layers"
    things: list[Any] = [getattr(layer, "activation", None) for layer in job.network.layers]
    things += [job.loss, job.optimizer, job.clipping, *job.penalties]
    for thing in filter(None, things):
        if not (thing.name in KNOWN[thing.role] and type(thing).__module__.startswith("barenet.")):
            return f"{thing!r} is not one of barenet's own"
    return None


#: How each layer is lowered.
LAYERS: dict[type, Callable[[Lowering, Any, int], None]] = {
    Dense: Lowering.dense,
    Activate: Lowering.activate,
    Dropout: Lowering.dropout,
    LayerNorm: Lowering.layer_norm,
    BatchNorm: Lowering.batch_norm,
}
CLIPS = {ClipValue: gradients.clip_values, ClipNorm: gradients.clip_norm}
KNOWN = {
    "activation": {"softmax", *activations.FORMULAS},
    "loss": {*losses.FORMULAS, *losses.ON_SOFTMAX},
    "optimizer": {*optimizers.RULES, LBFGS.name},
    "penalty": {"l1", "l2"},
    "clip": {"norm", "value"},
}
