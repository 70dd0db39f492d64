"""Lowering: from layers, a loss and an optimizer to instructions for the kernels.

Nothing is compiled for an architecture: a layer becomes a record of sizes and places, and a few
instructions that name the kernels to be run on it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from barenet.engines.compiled import activations, dense, losses, norms, optimizers, parameters, samples
from barenet.engines.compiled.kernel import Kernel
from barenet.engines.compiled.memory import Memory, Record, address, up
from barenet.engines.compiled.products import MOST_ROWS
from barenet.engines.compiled.records import LAYER, PRODUCT
from barenet.engines.engine import Job
from barenet.model.activations import Activation
from barenet.model.layers import Activate, BatchNorm, Dense, Dropout, Layer, LayerNorm
from barenet.model.losses import Loss
from barenet.model.rows import Rows
from barenet.optimization.clipping import ClipNorm, ClipValue
from barenet.optimization.optimizers import LBFGS, Optimizer

__all__ = ["Lowering", "Parameters", "refusal"]

Instruction = tuple[int, int]

#: Numbers of a gradient that are computed, and applied, at a time: they stay in the cache.
TILE = 512

#: Inputs from which on the first layer takes them in parts.
WIDE = 256


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
    """Turns a job's layers into instructions.

    Parameters
    ----------
    job : Job
        What is to be done.
    rows : Rows
        Like those that it is for.
    loss : Loss
        How the loss is computed.
    logits : bool
        True if the loss has the output activation inside.
    memory : Memory
        Where all is put.
    capacity : int
        The most rows of a batch.
    learning : bool
        False for predictions alone.

    Attributes
    ----------
    forward, backward : list of list of instructions
        For rows, in stages: between two of them stands a batch norm, which measures all rows.
    between : list of pairs of instructions
        How each batch norm measures the outputs, and then the derivatives, of all rows.
    parameters : list of Parameters
        For each layer that has some.
    n_tiles : int
        Of all parameters.
    """

    def __init__(
        self, job: Job, rows: Rows, loss: Loss, logits: bool, memory: Memory, capacity: int, learning: bool
    ) -> None:
        self.job, self.memory, self.capacity, self.learning = job, memory, capacity, learning
        self.forward: list[list[Instruction]] = [[]]
        self.backward: list[list[Instruction]] = [[]]
        self.between: list[tuple[Instruction, Instruction]] = []
        self.parameters: list[Parameters] = []
        self.n_tiles = self.flat = self.statistics = 0
        self.width = rows.X.shape[1]
        self.zeros = memory.take(1, max(self.width, *job.network.sizes))
        self.one = memory.take(1, 1, fill=1)
        # What the next layer finds: its input, and where dL/d(input) is to go; 0 is nowhere.
        self.a, self.d = self.take(), 0
        self.source = rows.X.dtype.name
        first = job.network.layers[0]
        self.parts: tuple[Instruction, int] | None = None
        if not (isinstance(first, Dense) and first.n_in >= WIDE):
            self.add(samples.gather, self.layer(self.width, x=self.a), self.source)
        kinds = {Dense: self.dense, Activate: self.activate, Dropout: self.dropout,
                 LayerNorm: self.layer_norm, BatchNorm: self.batch_norm}  # fmt: skip
        for index, layer in enumerate(job.network.layers):
            own_activation = logits and layer is job.network.layers[-1]
            self.activation = None if own_activation else getattr(layer, "activation", None)
            kinds[type(layer)](layer, index)
        self.loss(loss, logits)

    # Layers

    def dense(self, layer: Dense, index: int) -> None:
        """A = f(X W + b)."""
        x, d_in, n_in, n_out = self.a, self.d, layer.n_in, layer.n_out
        stride_in, stride = self.memory.pad(n_in), self.memory.pad(n_out)
        self.width = n_out
        z, self.d = self.take(), self.take_derivative()
        op = self.with_parameters(n_in + 1, n_in, x=x, z=z, d=self.d, index=index, in_stride=stride_in)
        bias = int(op["weights"]) + n_in * stride * self.memory.dtype.itemsize
        op["forward"] = self.product(
            a=x, a_row=stride_in, a_step=1, b=op["weights"], b_step=stride, s=bias,
            c=z, c_row=stride, width=stride,
        )  # fmt: skip
        op["learning"] = self.product(
            a=x, a_row=1, a_step=stride_in, one=self.one, one_row=n_in, height=up(n_in, MOST_ROWS if n_in > 8 else 4),
            b=self.d, b_step=stride, s=self.zeros, c=op["gradient"], c_row=stride, width=stride,
        )  # fmt: skip
        if d_in:
            op["transposed"], op["transposed_stride"] = self.memory.take(stride, n_in), stride_in
            op["backward"] = self.product(
                a=self.d, a_row=stride, a_step=1, b=op["transposed"], b_step=stride_in,
                s=self.zeros, c=d_in, c_row=stride_in, width=stride_in,
            )  # fmt: skip
        if index == 0 and n_in >= WIDE:
            self.divide(op)
        forward = dense.dense_join if op["parts"] else dense.dense
        self.bend(op, self.activation, (forward, dense.dense_back))
        self.learn(op, dense.dense_gradient)

    def divide(self, op: Record) -> None:
        """Multiply a wide input in parts, which do not depend on the number of threads."""
        n_in, stride, size = int(op["n_in"]), int(op["stride"]), self.memory.dtype.itemsize
        n_parts = 4 if stride <= 64 else 2
        part, rows = up(-(-n_in // n_parts), MOST_ROWS), self.capacity * stride
        n_parts = -(-n_in // part)
        op["n_parts"], op["part_size"] = n_parts, part
        op["partial"] = self.memory.take(n_parts * self.capacity, stride)
        whole = op["forward"]
        products = np.repeat(whole, n_parts)
        for k, product in enumerate(products):
            product["a"] += k * part * size
            product["b"] += k * part * stride * size
            product["s"], product["c"] = self.zeros, int(op["partial"]) + k * rows * size
        self.memory.held.append(products)
        op["parts"] = address(products)
        self.parts = self.memory.instruction(dense.dense_parts, op, self.source), n_parts

    def activate(self, layer: Activate, index: int) -> None:
        """A = f(X); dL/dX takes the place of dL/dA."""
        op = self.layer(self.width, z=self.a, d=self.d)
        self.bend(op, self.activation, (activations.activate, activations.activate_back))

    def dropout(self, layer: Dropout, index: int) -> None:
        """A = X · M; predicting, everything is kept."""
        if self.learning:
            op = self.layer(self.width, x=self.a, z=self.take(), a=self.take(), d=self.d,
                            index=index, option=layer.rate)  # fmt: skip
            self.add(samples.drop, op)
            if self.d:
                self.add_back(samples.drop_back, op)
            self.a = int(op["a"])

    def layer_norm(self, layer: LayerNorm, index: int) -> None:
        """A = γ N + β, with each row of X normalized to N."""
        op = self.norm(layer, index)
        self.add(norms.normalize_rows, op)
        self.add(norms.scale_and_shift, op)
        if op["d_in"]:
            self.add_back(norms.normalize_rows_back, op)
        self.learn(op, norms.norm_gradient)

    def batch_norm(self, layer: BatchNorm, index: int) -> None:
        """A = γ N + β, with each column of X normalized to N."""
        op = self.norm(layer, index)
        measure = norms.measure_columns if self.learning else norms.recall_columns
        kernels = (measure, norms.norm_gradient)
        first, second = (self.memory.instruction(kernel, op) for kernel in kernels)
        self.between.append((first, second))
        self.forward.append([])
        self.backward.append([])
        self.add(norms.normalize_columns, op)
        self.add(norms.scale_and_shift, op)
        if op["d_in"]:
            self.backward[-2].insert(0, self.memory.instruction(norms.normalize_columns_back, op))
        self.learn(op)

    def norm(self, layer: LayerNorm | BatchNorm, index: int) -> Record:
        """Gain and bias, and what both norms have in common."""
        x, d_in = self.a, self.d
        self.d = self.take_derivative()
        op = self.with_parameters(2, 2, x=x, z=self.take(), a=self.take(), d=self.d, d_in=d_in,
                                  index=index, epsilon=layer.epsilon,
                                  momentum=getattr(layer, "momentum", 0),
                                  statistics=self.statistics,
                                  scales=self.memory.take(2, max(self.width, self.capacity)))  # fmt: skip
        self.a = int(op["a"])
        self.statistics += 2 * self.width * isinstance(layer, BatchNorm)
        return op

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

    def loss(self, loss: Loss, logits: bool) -> None:
        """What of the outputs is measured; and what of them the user gets to see."""
        network = self.job.network
        limits = np.finfo(network.dtype)
        least = limits.eps if loss.name == "poisson" else limits.tiny
        options = [getattr(loss, name) for name in ("factor", "delta", "q") if hasattr(loss, name)]
        op = self.layer(self.width, z=self.a, a=self.a, d=self.d or self.take(),
                        option=[*options, least][0], epsilon=limits.eps)  # fmt: skip
        self.add(LOSSES.get(loss.name, losses.loss), op, loss.name)
        if not self.learning:
            op = self.layer(self.width, z=self.a)
            self.bend(op, network.output_activation if logits else None, (activations.activate, activations.activate_back))
            self.add(samples.emit, self.layer(self.width, a=self.a))

    # Parameters

    def with_parameters(self, height: int, n_in: int, **fields: float) -> Record:
        """A layer with rows of parameters, their gradient, and the optimizer's moments."""
        names = ("weights", "gradient", "moment_1", "moment_2")[: 4 if self.learning else 1]
        places = {name: self.memory.take(height + MOST_ROWS, self.width) for name in names}
        stride = self.memory.pad(self.width)
        tile_bits = max(4, (TILE // stride).bit_length() - 1)
        op = self.layer(self.width, n_in=n_in, height=height, flat=self.flat, tile_bits=tile_bits,
                        first_tile=self.n_tiles, **places, **fields)  # fmt: skip
        self.flat += height * self.width
        self.n_tiles += up(height, 1 << tile_bits) >> tile_bits
        return op

    def learn(self, op: Record, *gradient: Kernel) -> None:
        """What is done with a layer's parameters, tile by tile."""
        job, to = self.job, self.memory.instruction
        transpose = [to(parameters.transpose, op)] if op["transposed"] else []
        done = Parameters(int(op["height"]), 1 << int(op["tile_bits"]), [to(parameters.load, op), *transpose])
        self.parameters.append(done)
        if not self.learning:
            return
        self.price(op)
        penalties = [parameters.penalize] if op["l1"] or op["l2"] else []
        done.differentiate.extend(to(kernel, op) for kernel in (*gradient, *penalties))
        clips = {ClipValue: parameters.clip_values, ClipNorm: parameters.clip_norm}
        if job.clipping is not None:
            done.apply.append(to(clips[type(job.clipping)], op))
        if isinstance(job.optimizer, Optimizer):
            done.apply.append(to(optimizers.RULES[job.optimizer.name], op))
        done.apply.extend(transpose)
        done.store.append(to(parameters.store, op))
        done.store_gradient.append(to(parameters.store_gradient, op))

    def price(self, op: Record) -> None:
        """Penalties of one kind add up; they are for weights alone."""
        for penalty in self.job.penalties:
            strengths = penalty.spread(self.job.network.layout, np.dtype(np.float64))
            op[penalty.name] += strengths[int(op["flat"])]

    # Instructions and records

    def take(self) -> int:
        """Reserve a row of the current width for each row of a batch."""
        return self.memory.take(self.capacity, self.width)

    def take_derivative(self) -> int:
        """Reserve the same for dL/d(output), where there is one."""
        return self.take() if self.learning else 0

    def layer(self, width: int, **fields: float) -> Record:
        fields = {"n_in": width, "n_out": width, "stride": self.memory.pad(width), "in_stride": self.memory.pad(width), **fields}
        return self.memory.record(LAYER, **fields)

    def product(self, **fields: float) -> Record:
        return self.memory.record(PRODUCT, **{"one_row": np.iinfo(np.int64).max, **fields})

    def add(self, kernel: Any, operands: Record, formula: str = "") -> None:
        """Do this next on the way forward."""
        self.forward[-1].append(self.memory.instruction(kernel, operands, formula))

    def add_back(self, kernel: Any, operands: Record, formula: str = "") -> None:
        """Do this on the way back, before all that was added until now."""
        self.backward[-1].insert(0, self.memory.instruction(kernel, operands, formula))




def refusal(job: Job) -> str | None:
    """Say what of a job has no kernel: somebody's own layer, activation, loss or rule."""
    for layer in job.network.layers:
        if type(layer) not in LAYERS:
            return f"{layer!r} is not one of barenet's own layers"
    things = [getattr(layer, "activation", None) for layer in job.network.layers]
    for thing in [*filter(None, things), job.loss, job.optimizer]:
        if not (thing.name in KNOWN[thing.role] and type(thing).__module__.startswith("barenet.")):
            return f"{thing!r} is not one of barenet's own"
    return None


#: What does not go entry by entry.
LOSSES = {"softmax_cross_entropy": losses.softmax_cross_entropy}
LAYERS = (Dense, Activate, Dropout, LayerNorm, BatchNorm)
KNOWN = {
    "activation": {"identity", "softmax", *activations.FORMULAS},
    "loss": {*losses.FORMULAS, *LOSSES},
    "optimizer": {*optimizers.RULES, LBFGS.name},
}
