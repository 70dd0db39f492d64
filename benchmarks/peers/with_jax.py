"""JAX: an epoch is one compiled call, a `lax.scan` over batches of a permuted index."""

import functools
import itertools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.job import Job, Trainer

Tree = Any  # of arrays

# Exact float32 products on GPUs as well, as barenet's engine and PyTorch compute them by default.
jax.config.update("jax_default_matmul_precision", "highest")


class Jax(Trainer):
    """Compiled once for an architecture; the rows stay on the device."""

    #: Steps that the compiler writes out in a row, of a scan.
    unroll = 1

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        work = self.work
        loss = loss_of(work.classifies)
        step = functools.partial(STEPS[work.optimizer], work.learning_rate, loss)
        train = functools.partial(epochs_of, step, work.batch_size, self.unroll)
        self.train = jax.jit(train, donate_argnums=0)
        self.outputs = jax.jit(functools.partial(predictions, work.classifies))
        self.X, self.y = jnp.asarray(self.rows.X), jnp.asarray(self.rows.y)

    def reset(self) -> None:
        rng = np.random.default_rng(0)
        weights = [
            (
                jnp.asarray(rng.normal(0, np.sqrt(2 / n_in), (n_in, n_out)), jnp.float32),
                jnp.zeros(n_out, jnp.float32),
            )
            for n_in, n_out in itertools.pairwise(self.work.sizes)
        ]
        zeros = [jax.tree.map(jnp.zeros_like, weights) for _ in range(2)]
        moments = (*zeros, jnp.zeros((), jnp.int32)) if self.work.optimizer == "adam" else ()
        self.state, self.rng = (weights, moments), rng

    def run(self, epochs: int) -> None:
        """Unshuffled epochs are one call; each shuffled one is handed its order by NumPy."""
        n = len(self.rows.X)
        for _ in range(epochs if self.work.shuffle else 1):
            order = self.rng.permutation(n) if self.work.shuffle else np.arange(n)
            times = 1 if self.work.shuffle else epochs
            self.state = self.train(self.state, self.X, self.y, order.astype(np.int32), times)
        jax.block_until_ready(self.state)

    def predict(self, X: NDArray[np.float32]) -> NDArray[Any]:
        return np.asarray(self.outputs(self.state[0], X))


def forward(weights: Tree, X: jax.Array) -> jax.Array:
    """Up to the last layer's activation."""
    for W, b in weights[:-1]:
        X = jax.nn.relu(X @ W + b)
    W, b = weights[-1]
    return X @ W + b


def loss_of(classifies: bool) -> Callable[..., jax.Array]:
    """Softmax cross-entropy, or a sigmoid with half the squared error."""

    def cross_entropy(weights: Tree, X: jax.Array, y: jax.Array) -> jax.Array:
        scores = jax.nn.log_softmax(forward(weights, X))
        return -jnp.take_along_axis(scores, y[:, None], axis=1).mean()

    def half_squared_error(weights: Tree, X: jax.Array, y: jax.Array) -> jax.Array:
        return 0.5 * jnp.square(jax.nn.sigmoid(forward(weights, X)[:, 0]) - y).mean()

    return cross_entropy if classifies else half_squared_error


def predictions(classifies: bool, weights: Tree, X: jax.Array) -> jax.Array:
    """Classes, or numbers."""
    output = forward(weights, X)
    return output.argmax(axis=1) if classifies else jax.nn.sigmoid(output[:, 0])


def sgd(rate: float, loss: Callable[..., jax.Array], state: Tree, X: Tree, y: Tree) -> Tree:
    """One step of gradient descent."""
    weights, moments = state
    gradient = jax.grad(loss)(weights, X, y)
    return jax.tree.map(lambda w, g: w - rate * g, weights, gradient), moments


def adam(rate: float, loss: Callable[..., jax.Array], state: Tree, X: Tree, y: Tree) -> Tree:
    """One step of Adam (Kingma and Ba, 2015), with the usual β₁ = 0.9, β₂ = 0.999, ε = 1e-8."""
    weights, (first, second, count) = state
    gradient = jax.grad(loss)(weights, X, y)
    count = count + 1
    first = jax.tree.map(lambda m, g: 0.9 * m + 0.1 * g, first, gradient)
    second = jax.tree.map(lambda v, g: 0.999 * v + 0.001 * g * g, second, gradient)
    scale, root = rate / (1 - 0.9**count), jnp.sqrt(1 - 0.999**count)
    weights = jax.tree.map(
        lambda w, m, v: w - scale * m / (jnp.sqrt(v) / root + 1e-8), weights, first, second
    )
    return weights, (first, second, count)


STEPS = {"sgd": sgd, "adam": adam}


def epochs_of(
    step: Callable[..., Tree],
    batch_size: int,
    unroll: int,
    state: Tree,
    X: jax.Array,
    y: jax.Array,
    order: jax.Array,
    epochs: jax.Array,
) -> Tree:
    """Some epochs in one order: a scan over the full batches, and a step on what is left."""
    n_full = len(order) // batch_size * batch_size
    batches, rest = order[:n_full].reshape(-1, batch_size), order[n_full:]

    def take(state: Tree, batch: jax.Array) -> tuple[Tree, None]:
        return step(state, X[batch], y[batch]), None

    def epoch(_: int, state: Tree) -> Tree:
        state, _ = jax.lax.scan(take, state, batches, unroll=unroll)
        return step(state, X[rest], y[rest]) if len(rest) else state

    return jax.lax.fori_loop(0, epochs, epoch, state)


class Population(Job):
    """All networks under `vmap`: an epoch of the whole population is one compiled call."""

    def reset(self) -> None:
        """Compile everything, for the time of compilation is not that of training."""
        work = self.work
        step = functools.partial(adam, work.learning_rate, loss_of(True))
        train = functools.partial(epochs_of, step, work.batch_size, 1)
        axes = (0, None, None, 0, None)
        self.train = jax.jit(jax.vmap(train, in_axes=axes), donate_argnums=0)
        self.make = jax.jit(jax.vmap(functools.partial(new_state, work.sizes)))
        self.X, self.y = jnp.asarray(self.rows.X), jnp.asarray(self.rows.y)
        self._train(1)

    def run(self, times: int) -> None:
        for _ in range(times):
            self._train(self.work.epochs)

    def _train(self, epochs: int) -> None:
        rng, networks = np.random.default_rng(0), self.work.networks
        state = self.make(jax.random.split(jax.random.key(0), networks))
        orders = np.tile(np.arange(len(self.X), dtype=np.int32), (networks, 1))
        for _ in range(epochs):
            rng.permuted(orders, axis=1, out=orders)
            state = self.train(state, self.X, self.y, orders, 1)
        jax.block_until_ready(state)

    def about(self) -> str:
        return "vmap"


def new_state(sizes: tuple[int, ...], key: jax.Array) -> Tree:
    """Draw the weights of one network; Adam's moments are 0."""
    weights = [
        (np.sqrt(2 / n_in) * jax.random.normal(layer, (n_in, n_out)), jnp.zeros(n_out))
        for layer, (n_in, n_out) in zip(
            jax.random.split(key, len(sizes) - 1), itertools.pairwise(sizes), strict=True
        )
    ]
    zeros = [jax.tree.map(jnp.zeros_like, weights) for _ in range(2)]
    return weights, (*zeros, jnp.zeros((), jnp.int32))


#: The job of each task.
JOBS: dict[str, type[Job]] = {"epoch": Jax, "steps": Jax, "population": Population}
