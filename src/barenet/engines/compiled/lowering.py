"""Lowering: from layers, a loss and an optimizer to instructions for the kernels.

Nothing is compiled for an architecture: a layer becomes a record of sizes and places, and a few
instructions that name the kernels to be run on it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from barenet.engines.compiled import activations, dense, losses, norms, optimizers, parameters
from barenet.engines.compiled import samples as rows_of_users
from barenet.engines.compiled.kernel import Kernel
from barenet.engines.compiled.memory import Memory, Record, up
from barenet.engines.compiled.products import MOST_ROWS
from barenet.engines.compiled.records import LAYER, PRODUCT
from barenet.engines.engine import Job
from barenet.model.activations import Activation
from barenet.model.layers import Activate, BatchNorm, Dense, Dropout, LayerNorm
from barenet.model.losses import Loss, loss_on
from barenet.model.rows import Rows
from barenet.optimization.clipping import ClipNorm, ClipValue
from barenet.optimization.optimizers import LBFGS, Optimizer

__all__ = ["Instruction", "Lowering", "Parameters", "refusal"]

#: A kernel and what it works on, by their addresses.
Instruction = tuple[int, int]

#: Numbers of a gradient that are computed, and applied, at a time: they stay in the cache.
TILE = 512

#: Inputs from which on the first layer takes them in parts, so that threads can share them.
WIDE = 256

NEVER = np.iinfo(np.int64).max


@dataclass
class Parameters:
    """What is done with a layer's parameters, tile by tile of their rows."""

    units: int
    tile: int
    load: list[Instruction]
    differentiate: list[Instruction] = field(default_factory=list)
    apply: list[Instruction] = field(default_factory=list)
    store: list[Instruction] = field(default_factory=list)
    store_gradient: list[Instruction] = field(default_factory=list)


class Lowering:
    """Turns a job's layers into instructions, for batches of up to `capacity` rows like these.

    Attributes
    ----------
    parts : list of instructions
        What is done for parts of the inputs, and then for rows of the batch: `n_parts`, or none.
    forward, backward : list of list of instructions
        For rows, in stages: between two of them stands a batch norm, which measures all rows.
    between : list of pairs of instructions
        How each batch norm measures the outputs, and then the derivatives, of all rows.
    parameters : list of Parameters
        For each layer that has some; `n_tiles` in all.
    """

    def __init__(
        self, job: Job, rows: Rows, memory: Memory, capacity: int, learning: bool
    ) -> None:
        self.job, self.memory, self.capacity, self.learning = job, memory, capacity, learning
        self.forward: list[list[Instruction]] = [[]]
        self.backward: list[list[Instruction]] = [[]]
        self.between: list[tuple[Instruction, Instruction]] = []
        self.parameters: list[Parameters] = []
        self.parts: list[Instruction] = []
        self.n_parts = self.n_tiles = self.flat = self.statistics = 0
        self.width, self.source = rows.X.shape[1], rows.X.dtype.name
        self.zeros = memory.take(1, max(self.width, *job.network.sizes))
        self.one = memory.take(1, 1, fill=1)
        # What the next layer finds: its input, and where dL/d(input) is to go; 0 is nowhere.
        self.a = self.d = 0
        loss, logits = loss_on(job.loss, job.network.output_activation)
        self.lower_layers(own_activation=logits)
        self.measure(loss, logits)

    def lower_layers(self, own_activation: bool) -> None:
        layers = self.job.network.layers
        kinds: dict[type, Any] = {Dense: self.dense, Activate: self.activate,
                                  Dropout: self.dropout, LayerNorm: self.layer_norm,
                                  BatchNorm: self.batch_norm}  # fmt: skip
        if not (isinstance(layers[0], Dense) and layers[0].n_in >= WIDE):
            self.a = self.take()
            self.add(rows_of_users.gather, self.layer(self.width, x=self.a), self.source)
        for index, layer in enumerate(layers):
            kept = not (own_activation and layer is layers[-1])
            self.activation = getattr(layer, "activation", None) if kept else None
            kinds[type(layer)](layer, index)

    # Layers

    def dense(self, layer: Dense, index: int) -> None:
        """A = f(X W + b), where X may come in parts, which do not depend on the threads."""
        d_in, n_in, stride = self.d, layer.n_in, self.memory.pad(layer.n_out)
        x, size, parted = self.a, self.memory.dtype.itemsize, self.a == 0
        part = up(-(-n_in // (4 if stride <= 64 else 2)), MOST_ROWS) if parted else n_in + 1
        lefts, width = range(0, n_in, part), part if parted else self.memory.pad(n_in)
        if parted:
            x = self.memory.take(len(lefts) * self.capacity, width)
        self.width = layer.n_out
        z, self.d = self.take(), self.take() if self.learning else 0
        op = self.with_parameters(n_in + 1, n_in=n_in, x=x, z=z, d=self.d, index=index,
                                  part_size=part, n_parts=len(lefts))  # fmt: skip
        weights = int(op["weights"])
        op["partial"] = self.memory.take(len(lefts) * self.capacity, stride) if parted else z
        op["forward"] = self.products(
            dict(
                a=x + k * self.capacity * width * size, a_row=width, a_step=1,
                b=weights + left * stride * size, b_step=stride, depth=min(part, n_in - left),
                s=self.zeros if parted else weights + n_in * stride * size,
                c=int(op["partial"]) + k * self.capacity * stride * size, c_row=stride, width=stride,
            )
            for k, left in enumerate(lefts)
        )  # fmt: skip
        op["learning"] = self.products(
            dict(
                a=x + (k * self.capacity * width - left) * size, a_row=1, a_step=width,
                b=self.d, b_step=stride, s=self.zeros, c=int(op["gradient"]), c_row=stride,
                width=stride, one=self.one, one_row=n_in if left + part >= n_in else NEVER,
                height=up(n_in, MOST_ROWS if n_in > 8 else 4),
            )
            for k, left in enumerate(lefts)
        )  # fmt: skip
        if d_in:
            op["transposed"], op["transposed_stride"] = self.memory.take(stride, n_in), width
            op["backward"] = self.products([
                dict(
                    a=self.d, a_row=stride, a_step=1, b=int(op["transposed"]), b_step=width,
                    s=self.zeros, c=d_in, c_row=width, width=width, depth=layer.n_out,
                )
            ])  # fmt: skip
        if parted:
            self.n_parts = len(lefts)
            self.parts = [self.memory.instruction(dense.dense_parts, op, self.source)]
        forward = dense.dense_join if parted else dense.dense
        self.bend(op, self.activation, (forward, dense.dense_back))
        self.learn(op, dense.dense_gradient)

    def activate(self, layer: Activate, index: int) -> None:
        """A = f(X); dL/dX takes the place of dL/dA."""
        op = self.layer(self.width, z=self.a, d=self.d)
        self.bend(op, self.activation, (activations.activate, activations.activate_back))

    def bend(self, op: Record, activation: Activation | None, kernels: tuple[Kernel, Kernel]) -> None:
        """A = f(Z), by kernels for the way forward and back that know every formula but softmax's."""
        name = "identity" if activation is None else activation.name
        formula = name if name in activations.FORMULAS else ""
        op["a"] = op["z"] if name == "identity" else self.take()
        op["option"] = getattr(activation, "slope", getattr(activation, "alpha", 0.0))
        self.a = int(op["a"])
        if formula or op["weights"]:
            self.add(kernels[0], op, formula)
        if op["d"] and (formula or op["transposed"]):
            self.add_back(kernels[1], op, formula)
        if name == "softmax":
            self.add(activations.softmax, op)
            if op["d"]:
                self.add_back(activations.softmax_back, op)

    def dropout(self, layer: Dropout, index: int) -> None:
        """A = X · M; predicting, everything is kept."""
        if not self.learning:
            return
        op = self.layer(self.width, x=self.a, z=self.take(), a=self.take(), d=self.d,
                        index=index, option=layer.rate)  # fmt: skip
        self.a = int(op["a"])
        self.add(rows_of_users.drop, op)
        if self.d:
            self.add_back(rows_of_users.drop_back, op)

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
        op = self.norm(layer)
        measure = norms.measure_columns if self.learning else norms.recall_columns
        first, second = (
            self.memory.instruction(kernel, op) for kernel in (measure, norms.norm_gradient)
        )
        self.between.append((first, second))
        self.forward.append([])
        self.backward.append([])
        self.add(norms.normalize_columns, op)
        self.add(norms.scale_and_shift, op)
        if op["d_in"]:
            self.backward[-2].insert(0, self.memory.instruction(norms.normalize_columns_back, op))
        self.statistics += 2 * self.width
        self.learn(op)

    def norm(self, layer: LayerNorm | BatchNorm) -> Record:
        """Gain and bias, and what both norms have in common."""
        x, d_in = self.a, self.d
        self.d = self.take() if self.learning else 0
        op = self.with_parameters(
            2, n_in=2, x=x, z=self.take(), a=self.take(), d=self.d, d_in=d_in,
            epsilon=layer.epsilon, momentum=getattr(layer, "momentum", 0),
            statistics=self.statistics,
            scales=self.memory.take(2, max(self.width, self.capacity)),
        )  # fmt: skip
        self.a = int(op["a"])
        return op

    def measure(self, loss: Loss, logits: bool) -> None:
        """The loss of the outputs; and, when predicting, what the user gets to see of them."""
        network = self.job.network
        limits = np.finfo(network.dtype)
        least = limits.eps if loss.name == "poisson" else limits.tiny
        options = [getattr(loss, name) for name in ("factor", "delta", "q") if hasattr(loss, name)]
        op = self.layer(self.width, a=self.a, d=self.d or self.take(),
                        option=[*options, least][0], epsilon=limits.eps)  # fmt: skip
        self.add(LOSSES.get(loss.name, losses.loss), op, loss.name)
        if not self.learning:
            bend = (activations.activate, activations.activate_back)
            shown = network.output_activation if logits else None
            self.bend(self.layer(self.width, z=self.a), shown, bend)
            self.add(rows_of_users.emit, self.layer(self.width, a=self.a))

    # Parameters

    def with_parameters(self, height: int, **fields: float) -> Record:
        """A layer with rows of parameters, their gradient, and the optimizer's moments."""
        names = ("weights", "gradient", "moment_1", "moment_2")[: 4 if self.learning else 1]
        places = {name: self.memory.take(height + MOST_ROWS, self.width) for name in names}
        tile_bits = max(4, (TILE // self.memory.pad(self.width)).bit_length() - 1)
        op = self.layer(self.width, height=height, flat=self.flat, tile_bits=tile_bits,
                        first_tile=self.n_tiles, **places, **fields)  # fmt: skip
        self.flat += height * self.width
        self.n_tiles += up(height, 1 << tile_bits) >> tile_bits
        return op

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
            op[penalty.name] += strengths[int(op["flat"])]
        penalties = [parameters.penalize] if op["l1"] or op["l2"] else []
        done.differentiate += [to(kernel, op) for kernel in (*gradient, *penalties)]
        if job.clipping is not None:
            done.apply.append(to(CLIPS[type(job.clipping)], op))
        if isinstance(job.optimizer, Optimizer):
            done.apply.append(to(optimizers.RULES[job.optimizer.name], op))
        done.apply += transpose
        done.store.append(to(parameters.store, op))
        done.store_gradient.append(to(parameters.store_gradient, op))

    # Instructions and records

    def take(self) -> int:
        """Reserve a row of the current width for each row of a batch."""
        return self.memory.take(self.capacity, self.width)

    def layer(self, width: int, **fields: float) -> Record:
        fields = {"n_in": width, "n_out": width, "stride": self.memory.pad(width), **fields}
        return self.memory.record(LAYER, **fields)

    def products(self, products: Any) -> int:
        """Write products; return the address of the first."""
        rows = [{"one_row": NEVER, **product} for product in products]
        names = PRODUCT.names or ()
        return self.memory.table(PRODUCT, [tuple(row.get(name, 0) for name in names) for row in rows])

    def add(self, kernel: Kernel, operands: Record, formula: str = "") -> None:
        """Do this next on the way forward."""
        self.forward[-1].append(self.memory.instruction(kernel, operands, formula))

    def add_back(self, kernel: Kernel, operands: Record, formula: str = "") -> None:
        """Do this on the way back, before all that was added until now."""
        self.backward[-1].insert(0, self.memory.instruction(kernel, operands, formula))


def refusal(job: Job) -> str | None:
    """Say what of a job has no kernel: somebody's own layer, activation, loss or rule."""
    for layer in job.network.layers:
        if type(layer) not in (Dense, Activate, Dropout, LayerNorm, BatchNorm):
            return f"{layer!r} is not one of barenet's own layers"
    things = [getattr(layer, "activation", None) for layer in job.network.layers]
    for thing in [*filter(None, things), job.loss, job.optimizer]:
        if not (thing.name in KNOWN[thing.role] and type(thing).__module__.startswith("barenet.")):
            return f"{thing!r} is not one of barenet's own"
    return None


CLIPS = {ClipValue: parameters.clip_values, ClipNorm: parameters.clip_norm}
LOSSES = {"softmax_cross_entropy": losses.softmax_cross_entropy}
KNOWN = {
    "activation": {"identity", "softmax", *activations.FORMULAS},
    "loss": {*losses.FORMULAS, *LOSSES},
    "optimizer": {*optimizers.RULES, LBFGS.name},
}
