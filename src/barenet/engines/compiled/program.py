"""The program: a network, a loss and an optimizer as plain arrays that the kernels understand.

Every layer becomes an operation: whole numbers that say what it does and where its arrays are, and
a few real ones. So the kernels are compiled once, for any architecture.

All that is computed lies in one array, the memory. There, rows are padded with zeros to whole
vectors: of weights, of the layers' outputs and of their derivatives. Padding stays zero through
all of learning, and the user's arrays have none.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.engines.compiled import functions, losses, updates
from barenet.engines.engine import Job
from barenet.model.layers import Activate, BatchNorm, Dense, Dropout, Layer, LayerNorm
from barenet.model.losses import Loss
from barenet.optimization.clipping import ClipNorm, ClipValue
from barenet.optimization.optimizers import LBFGS, Optimizer

# What an operation does.
DENSE, DROPOUT, BATCH_NORM, LAYER_NORM, ACTIVATE = range(5)
KINDS = {Dense: DENSE, Dropout: DROPOUT, BatchNorm: BATCH_NORM, LayerNorm: LAYER_NORM,
         Activate: ACTIVATE}  # fmt: skip

# The columns of an operation's whole numbers; places are in the memory unless it is said.
KIND, ACTIVATION, LAYER = range(3)
N_IN, N_OUT, IN_STRIDE, STRIDE = range(3, 7)
X, Z, A = range(7, 10)  # the input, and the values before and after the activation
D_IN, D = range(10, 12)  # dL/d(input) and dL/d(output); D_IN is −1 in the first operation
WEIGHTS, BIAS, GRADIENT, FIRST, SECOND = range(12, 17)  # WEIGHTS is the gain of a norm
TRANSPOSED = 17  # a copy of Wᵀ; −1 where no derivative by the input is needed
SCALES = 18  # what a norm has divided by
FLAT, STATISTICS = range(19, 21)  # in the network's own vectors
FIRST_TILE = 21  # in the sums of the tiles
COLUMNS = 22

# The columns of an operation's real numbers: the activation's option, or the rate of a dropout;
# the ε and momentum of a norm; the strengths of the penalties.
OPTION, EPSILON, MOMENTUM, L1, L2 = range(5)
REAL_COLUMNS = 5

# The head of the whole numbers, before the operations, and that of the real ones.
N_OPERATIONS, LOSS, OPTIMIZER, OUTPUT, ZEROS, SHARES, SQUARES, PRICES, N_TILES = range(9)
HEAD = 9
LOSS_OPTION, LOSS_MARGIN, CLIP_NORM, CLIP_VALUE, RULE = range(5)
REAL_HEAD = RULE + 4

# What the forward pass is for.
PREDICTING, TRAINING = 0, 1

#: Rows of W in a tile: what of a gradient is computed, and applied, at a time.
TILE_ROWS = 16


class Work(NamedTuple):
    """What to do, and where.

    Attributes
    ----------
    program : ndarray of int64
        A head, and the whole numbers of each operation.
    numbers : ndarray of float64
        A head, and the real numbers of each operation.
    memory : ndarray of the network's dtype
        Values, derivatives, parameters, moments.
    sums : ndarray of float64
        The loss of each row; the sum of squares and the penalty of each tile.
    phases : ndarray of int64
        Where the operations are cut: at batch norms, which need all rows of a batch at once.
    """

    program: NDArray[np.int64]
    numbers: NDArray[np.float64]
    memory: NDArray[Any]
    sums: NDArray[np.float64]
    phases: NDArray[np.int64]


class Lowering:
    """Turns layers into operations, and finds a place for all that they need.

    Parameters
    ----------
    job : Job
        What is to be done.
    loss : Loss
        How the loss is computed.
    logits : bool
        True if the loss has the output activation inside.
    capacity : int
        The most rows of a batch.
    lanes : int
        Numbers in a vector.
    """

    def __init__(self, job: Job, loss: Loss, logits: bool, capacity: int, lanes: int) -> None:
        self.lanes, self.capacity = lanes, capacity
        self.size = self.flat = self.statistics = self.tiles = 0
        self.width = job.rows.X.shape[1]
        self.x, self.d_in = self.take(self.pad(self.width) * capacity), -1
        self.program, self.numbers = [0] * HEAD, [0.0] * REAL_HEAD
        layers = job.network.layers
        self.norms = [i for i, layer in enumerate(layers) if isinstance(layer, BatchNorm)]
        for index, layer in enumerate(layers):
            row, options = self.lower(layer, index, logits and layer is layers[-1])
            self.program += row
            self.numbers += options
        self.write_heads(job, loss, logits)
        self.add_penalties(job)

    def work(self, dtype: np.dtype[Any]) -> Work:
        """Reserve the memory."""
        return Work(
            np.array(self.program, np.int64),
            np.array(self.numbers),
            np.zeros(self.size, dtype),
            np.zeros(self.capacity + 2 * self.tiles),
            np.array([0, *self.norms, len(self.program[HEAD:]) // COLUMNS], np.int64),
        )

    def pad(self, n: int) -> int:
        return -(-n // self.lanes) * self.lanes

    def take(self, n: int) -> int:
        """Find a place for n numbers."""
        start, self.size = self.size, self.size + n
        return start

    def lower(self, layer: Layer, index: int, logits: bool) -> tuple[list[int], list[float]]:
        """Write one operation."""
        n_out, row, options = layer.n_out or self.width, [0] * COLUMNS, [0.0] * REAL_COLUMNS
        row[KIND], row[LAYER] = KINDS[type(layer)], index
        row[N_IN], row[N_OUT] = self.width, n_out
        row[IN_STRIDE], row[STRIDE] = self.pad(self.width), self.pad(n_out)
        row[X], row[D_IN] = self.x, self.d_in
        self.place_values(layer, row, options, logits)
        self.place_parameters(layer, row)
        options[EPSILON] = getattr(layer, "epsilon", 0.0)
        options[MOMENTUM] = getattr(layer, "momentum", 0.0)
        self.x, self.d_in, self.width = row[A], row[D], n_out
        return row, options

    def place_values(
        self, layer: Layer, row: list[int], options: list[float], logits: bool
    ) -> None:
        """Z and A have one place where the derivative does not need Z."""
        size = row[STRIDE] * self.capacity
        activation = None if logits else getattr(layer, "activation", None)
        if activation is not None:
            row[ACTIVATION] = functions.CODES[activation.name]
            options[OPTION] = getattr(activation, "slope", getattr(activation, "alpha", 0.0))
        if isinstance(layer, Dropout):
            options[OPTION] = layer.rate
        needs_z = activation is not None and activation.name in functions.NEED_Z
        row[Z] = row[X] if isinstance(layer, Activate) else self.take(size)
        alone = isinstance(layer, Dense) and not needs_z
        row[A] = row[Z] if alone else self.take(size)
        row[D] = self.take(size)

    def place_parameters(self, layer: Layer, row: list[int]) -> None:
        """Rows of W and then the bias; or gain and bias. Each with its gradient and moments."""
        row[FLAT], row[STATISTICS], row[TRANSPOSED] = self.flat, self.statistics, -1
        row[FIRST_TILE] = self.tiles
        if not layer.parameter_shapes:
            return
        n_rows = row[N_IN] + 1 if isinstance(layer, Dense) else 2
        size = n_rows * row[STRIDE]
        row[WEIGHTS], row[GRADIENT], row[FIRST], row[SECOND] = (self.take(size) for _ in range(4))
        row[BIAS] = row[WEIGHTS] + size - row[STRIDE]
        self.flat += n_rows * row[N_OUT]
        if isinstance(layer, Dense):
            self.tiles += -(-row[N_IN] // TILE_ROWS) + 1
            if row[D_IN] >= 0:
                row[TRANSPOSED] = self.take(row[N_OUT] * row[IN_STRIDE])
        else:
            self.tiles += 1
            self.statistics += 2 * row[N_OUT] * isinstance(layer, BatchNorm)
            row[SCALES] = self.take(max(2 * row[STRIDE], self.capacity))

    def write_heads(self, job: Job, loss: Loss, logits: bool) -> None:
        """What concerns the whole program."""
        head, numbers, clip = self.program, self.numbers, job.clipping
        widths = [self.pad(width) for width in (job.rows.X.shape[1], *job.network.sizes)]
        head[N_OPERATIONS], head[LOSS] = len(job.network.layers), losses.CODES[loss.name]
        output = job.network.output_activation.name if logits else "identity"
        head[OUTPUT] = functions.CODES[output]
        head[ZEROS], head[SHARES] = self.take(max(widths)), self.take(self.capacity)
        head[SQUARES], head[PRICES] = self.capacity, self.capacity + self.tiles
        head[N_TILES] = self.tiles
        numbers[LOSS_OPTION] = loss_option(loss, job.network.dtype)
        numbers[LOSS_MARGIN] = np.finfo(job.network.dtype).eps
        numbers[CLIP_NORM] = clip.limit if isinstance(clip, ClipNorm) else 0.0
        numbers[CLIP_VALUE] = clip.limit if isinstance(clip, ClipValue) else 0.0
        if isinstance(job.optimizer, Optimizer):
            head[OPTIMIZER] = updates.CODES[job.optimizer.name]
            rule = updates.rule(job.optimizer)
            numbers[RULE : RULE + len(rule)] = rule

    def add_penalties(self, job: Job) -> None:
        """Penalties of one kind add up."""
        for penalty in job.penalties:
            column = {"l1": L1, "l2": L2}[penalty.name]
            strengths = penalty.spread(job.network.layout, np.dtype(np.float64))
            for index, layer in enumerate(job.network.layers):
                if isinstance(layer, Dense):
                    flat = self.program[HEAD + index * COLUMNS + FLAT]
                    self.numbers[REAL_HEAD + index * REAL_COLUMNS + column] += strengths[flat]


def knows(job: Job) -> str | None:
    """Say what of a job has no code here: somebody's own activation, loss or rule."""
    things = [getattr(layer, "activation", None) for layer in job.network.layers]
    codes = {"activation": functions.CODES, "loss": losses.CODES, "optimizer": updates.CODES}
    for thing in [*filter(None, things), job.loss, job.optimizer]:
        registered = thing.name in codes[thing.role] or isinstance(thing, LBFGS)
        if not (registered and type(thing).__module__.startswith("barenet.")):
            return f"{thing!r} is not one of barenet's own"
    return None


def loss_option(loss: Loss, dtype: np.dtype[Any]) -> float:
    """The loss's own number, or how close to 0 a probability may come."""
    for name in ("factor", "delta", "q"):
        if hasattr(loss, name):
            return float(getattr(loss, name))
    limits = np.finfo(dtype)
    return float(limits.eps if loss.name == "poisson" else limits.tiny)
