"""Lowering: from layers, a loss and an optimizer to instructions for the kernels.

Nothing is compiled for an architecture: a layer becomes a record of sizes and places, and a few
instructions that name the kernels to be run on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from barenet.engines.compiled import (
    activations,
    dense,
    losses,
    norms,
    optimizers,
    parameters,
    samples,
    slim,
)
from barenet.engines.compiled.kernel import Kernel
from barenet.engines.compiled.memory import Matrix, Memory, Record, up
from barenet.engines.compiled.products import MOST_ROWS
from barenet.engines.compiled.records import LAYER, PRODUCT
from barenet.engines.engine import Job
from barenet.model.activations import Activation
from barenet.model.layers import Activate, BatchNorm, Dense, Dropout, LayerNorm
from barenet.model.losses import Loss, loss_on
from barenet.model.rows import Rows
from barenet.optimization.clipping import ClipNorm, ClipValue
from barenet.optimization.optimizers import LBFGS, Optimizer

__all__ = ["Instruction", "Lowering", "Parameters", "Task", "refusal"]

#: Take steps, find a gradient, measure outputs, or only compute them.
Task = Literal["learn", "differentiate", "evaluate", "predict"]

#: A kernel and what it works on, by their addresses.
Instruction = tuple[int, int]

#: Numbers of a gradient that are computed, and applied, at a time: they stay in the cache.
TILE = 512

#: Inputs from which on the first layer takes them in parts, so that threads can share them.
WIDE = 256

#: Rows of a batch up to which layers of one vector are done row by row.
FEW = 4

NEVER = 2**63 - 1


@dataclass
class Parameters:
    """What is done with a layer's parameters, tile by tile of their rows."""

    units: int
    tile: int
    load: list[Instruction]
    differentiate: list[Instruction] = field(default_factory=list)
    apply: list[Instruction] = field(default_factory=list)
    store: list[Instruction] = field(default_factory=list)


class Lowering:
    """Turns a job's layers into instructions, for batches of up to `capacity` rows like these.

    Attributes
    ----------
    parts : list of instructions
        What is done for each of the `n_parts` of a wide input, before `forward`.
    forward, backward : list of list of instructions
        For rows, in stages: between two of them stands a batch norm, which measures all rows.
    between : list of pairs of instructions
        How each batch norm measures the outputs, and then the derivatives, of all rows.
    parameters : list of Parameters
        For each layer that has some; `n_tiles` in all.
    """

    def __init__(self, job: Job, rows: Rows, memory: Memory, capacity: int, task: Task) -> None:
        self.job, self.memory, self.capacity, self.task = job, memory, capacity, task
        self.learning = task in ("learn", "differentiate")
        self.forward: list[list[Instruction]] = [[]]
        self.backward: list[list[Instruction]] = [[]]
        self.between: list[tuple[Instruction, Instruction]] = []
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

    # Layers

    def lower_layers(self, logits: bool) -> None:
        """What comes in, and then layer by layer; logits have no output activation."""
        layers = self.job.network.layers
        if not (isinstance(layers[0], Dense) and layers[0].n_in >= WIDE):
            self.x = self.matrix()
            self.add(samples.gather, self.layer(x=self.x), self.source)
        for index, layer in enumerate(layers):
            self.activation = getattr(layer, "activation", None)
            if logits and layer is layers[-1]:
                self.activation = None
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
        op = self.with_parameters(n_in + 1, n_in=n_in, index=index, x=X, z=Z, d=self.d,
                                  part_size=part, n_parts=len(lefts), partial=P)  # fmt: skip
        self.multiply(op, lefts, X, P, d_in)
        if parted:
            self.n_parts = len(lefts)
            self.parts = [self.memory.instruction(dense.dense_parts, op, self.source)]
        op["x_stride"], few = X.row, self.capacity <= FEW and Z.row == self.memory.kind.count
        forward = dense.dense_join if parted else slim.slim if few else dense.dense
        self.bend(op, Z, self.activation, forward, slim.slim_back if few else dense.dense_back)
        self.learn(op, slim.slim_gradient if few and not parted else dense.dense_gradient)

    def multiply(self, op: Record, lefts: range, X: Matrix, P: Matrix, d_in: Matrix | None) -> None:
        """The products of a dense layer: P = X W (+ b), dW = Xᵀ dZ and dX = dZ Wᵀ."""
        n_in, rows, dZ = int(op["n_in"]), self.capacity, self.d
        W, dW = P._replace(place=int(op["weights"])), P._replace(place=int(op["gradient"]))
        start = W.at(n_in) if op["partial"] == op["z"] else self.zeros
        parts = [(k * rows, left, min(lefts.step, n_in - left)) for k, left in enumerate(lefts)]
        op["forward"] = self.products(
            product(P.at(k), X.at(k), W.at(left), start, depth=n) for k, left, n in parts
        )
        if dZ is None:
            return
        whole = up(n_in, MOST_ROWS if n_in > 8 else 4)  # in blocks, as far as X has columns
        op["learning"] = self.products(
            product(dW, X.at(k, -left).T, dZ, self.zeros, one=self.one.place,
                    one_row=n_in if left + n == n_in else NEVER, height=min(whole, left + X.row))
            for k, left, n in parts
        )  # fmt: skip
        if d_in is not None:
            op["d_in"] = d_in.place
            W_T = self.memory.matrix(W.row, n_in)
            op["transposed"], op["transposed_stride"] = W_T.place, W_T.row
            op["backward"] = self.products([product(d_in, dZ, W_T, self.zeros, depth=self.width)])

    def activate(self, layer: Activate, index: int) -> None:
        """A = f(X); dL/dX takes the place of dL/dA."""
        assert self.x is not None
        op = self.layer(z=self.x, d=self.d)
        self.bend(op, self.x, self.activation, activations.activate, activations.activate_back)

    def bend(
        self, op: Record, Z: Matrix, activation: Activation | None, forward: Kernel, back: Kernel
    ) -> None:
        """A = f(Z), by kernels that know every formula but softmax's."""
        name = "identity" if activation is None else activation.name
        formula = name if name in activations.FORMULAS else ""
        self.x = Z if name == "identity" else self.matrix()
        op["a"] = self.x.place
        op["option"] = getattr(activation, "slope", getattr(activation, "alpha", 0.0))
        if formula or op["weights"]:
            self.add(forward, op, formula)
        if op["d"] and (formula or op["transposed"]):
            self.add_back(back, op, formula)
        if name == "softmax":
            self.add(activations.softmax, op)
            if op["d"]:
                self.add_back(activations.softmax_back, op)

    def dropout(self, layer: Dropout, index: int) -> None:
        """A = X · M; predicting, everything is kept."""
        if self.learning:
            x, self.x = self.x, self.matrix()
            op = self.layer(x=x, z=self.matrix(), a=self.x, d=self.d, index=index,
                            option=layer.rate)  # fmt: skip
            self.add(samples.drop, op)
            if self.d:
                self.add_back(samples.drop_back, op)

    def layer_norm(self, layer: LayerNorm, index: int) -> None:
        """A = γ N + β, with each row of X normalized to N."""
        op = self.norm(layer)
        self.add(norms.normalize_rows, op)
        self.add(norms.scale_and_shift, op)
        if op["d_in"]:
            self.add_back(norms.normalize_rows_back, op)
        self.learn(op, norms.norm_gradient)

    def batch_norm(self, layer: BatchNorm, index: int) -> None:
        """A = γ N + β, with each column of X normalized to N."""
        op, to = self.norm(layer), self.memory.instruction
        measure = norms.measure_columns if self.learning else norms.recall_columns
        self.between.append((to(measure, op), to(norms.norm_gradient, op)))
        if op["d_in"]:
            self.backward[-1].insert(0, to(norms.normalize_columns_back, op))
        self.forward.append([])
        self.backward.append([])
        self.add(norms.normalize_columns, op)
        self.add(norms.scale_and_shift, op)
        self.statistics += 2 * self.width
        self.learn(op)

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
        limits = np.finfo(network.dtype)
        least = limits.eps if loss.name == "poisson" else limits.tiny
        options = [
            getattr(loss, name) for name in ("factor", "delta", "q", "gamma") if hasattr(loss, name)
        ]
        op = self.layer(a=output, d=self.d or self.matrix(), option=[*options, least][0],
                        epsilon=limits.eps)  # fmt: skip
        if self.task != "predict":
            self.add(LOSSES.get(loss.name, losses.loss), op, loss.name)
        if not self.learning:
            shown = network.output_activation if logits else None
            kernels = (activations.activate, activations.activate_back)
            self.bend(self.layer(z=output), output, shown, *kernels)
            self.add(samples.emit, self.layer(a=self.x))

    # Parameters

    def with_parameters(self, height: int, **fields: float | Matrix | None) -> Record:
        """A layer with rows of parameters, their gradient, and the optimizer's moments."""
        names = ("weights", "gradient", "moment_1", "moment_2")[: 4 if self.learning else 1]
        places = {name: self.memory.matrix(height + MOST_ROWS, self.width) for name in names}
        tile_bits = self.tile_bits(self.width)
        op = self.layer(height=height, flat=self.flat, tile_bits=tile_bits,
                        first_tile=self.n_tiles, **places, **fields)  # fmt: skip
        self.flat += height * self.width
        self.n_tiles += up(height, 1 << tile_bits) >> tile_bits
        return op

    def tile_bits(self, width: int) -> int:
        """Choose how many rows of parameters a tile has, as a power of two."""
        return max(MOST_ROWS, TILE // self.memory.pad(width)).bit_length() - 1

    def learn(self, op: Record, *gradient: Kernel) -> None:
        """What is done with a layer's parameters."""
        job, to = self.job, self.memory.instruction
        transpose = [to(parameters.transpose, op)] if op["transposed"] else []
        tile = 1 << int(op["tile_bits"])
        done = Parameters(int(op["height"]), tile, [to(parameters.load, op), *transpose])
        self.parameters.append(done)
        if not self.learning:
            return
        for penalty in job.penalties:  # of one kind they add up, and they are for weights alone
            strengths = penalty.spread(job.network.layout, np.dtype(np.float64))
            name = f"shared_{penalty.name}" if penalty.shared else penalty.name
            op[name] += strengths[int(op["flat"])]
        prices = ("l1", "l2", "shared_l1", "shared_l2")
        penalties = [parameters.penalize] if any(op[name] for name in prices) else []
        done.differentiate += [to(kernel, op) for kernel in (*gradient, *penalties)]
        if job.clipping is not None:
            done.apply.append(to(CLIPS[type(job.clipping)], op))
        if isinstance(job.optimizer, Optimizer):
            done.apply.append(to(optimizers.RULES[job.optimizer.name], op))
        done.apply += transpose
        store = parameters.store if self.task == "learn" else parameters.store_gradient
        done.store.append(to(store, op))

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

    def products(self, products: Iterable[dict[str, int]]) -> int:
        """Write products; return the address of the first."""
        names = PRODUCT.names or ()
        rows = [tuple(each.get(name, 0) for name in names) for each in products]
        return self.memory.table(PRODUCT, rows)

    def add(self, kernel: Kernel, operands: Record, formula: str = "") -> None:
        """Do this next on the way forward."""
        self.forward[-1].append(self.memory.instruction(kernel, operands, formula))

    def add_back(self, kernel: Kernel, operands: Record, formula: str = "") -> None:
        """Do this on the way back, before all that was added until now."""
        self.backward[-1].insert(0, self.memory.instruction(kernel, operands, formula))


def product(C: Matrix, A: Matrix, B: Matrix, start: Matrix, **more: int) -> dict[str, int]:
    """C = start + A B, as a record for `products.multiply`."""
    return {
        "a": A.place, "a_row": A.row, "a_step": A.column, "b": B.place, "b_step": B.row,
        "s": start.place, "c": C.place, "c_row": C.row, "width": C.row, "one_row": NEVER, **more,
    }  # fmt: skip


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
CLIPS = {ClipValue: parameters.clip_values, ClipNorm: parameters.clip_norm}
LOSSES = {
    "softmax_cross_entropy": losses.softmax_cross_entropy,
    "softmax_focal": losses.softmax_focal,
}
KNOWN = {
    "activation": {"identity", "softmax", *activations.FORMULAS},
    "loss": {*losses.FORMULAS, *LOSSES},
    "optimizer": {*optimizers.RULES, LBFGS.name},
    "penalty": {"l1", "l2"},
    "clip": {"norm", "value"},
}
