"""The two tutorials whose works are measured: their own algorithms, NumPy in float64.

What the digits tutorial does differently stays: squared error on sigmoids, batches that are cut
once and never shuffled, and one number for all biases of a layer.
"""

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.job import Trainer
from benchmarks.rows import Rows
from benchmarks.works import Work

Array = NDArray[np.float64]


class Tutorial(Trainer):
    """What both share: weights drawn from 0.1 times a normal distribution, ReLU, a sigmoid last."""

    def reset(self) -> None:
        self.X, self.y = self.rows.X.astype(np.float64), self.rows.y
        self.draw(np.random.RandomState(1))

    def draw(self, rng: np.random.RandomState) -> None:
        """Draw weights and biases."""
        self.weights: list[Array] = []
        self.biases: list[Array] = []
        for n_in, n_out in itertools.pairwise(self.work.sizes):
            self.weights.append(0.1 * rng.randn(n_in, n_out))
            self.biases.append(0.1 * rng.randn(n_out))

    def activate(self, z: Array, layer: int) -> Array:
        """The layer's activation."""
        return sigmoid(z) if layer == len(self.weights) - 1 else np.maximum(0, z)

    def slope(self, d_a: Array, z: Array, layer: int) -> Array:
        """Carry an error back through the layer's activation."""
        if layer == len(self.weights) - 1:
            return d_a * sigmoid(z) * (1 - sigmoid(z))
        return np.where(z > 0, d_a, 0.0)

    def predict(self, X: NDArray[np.float32]) -> NDArray[Any]:
        a = X.astype(np.float64)
        for layer, (W, b) in enumerate(zip(self.weights, self.biases, strict=True)):
            a = self.activate(a @ W + b, layer)
        return a.argmax(axis=1) if self.work.classifies else a[:, 0]


class DigitsTutorial(Tutorial):
    """Rows in batches; the images as rows of a matrix."""

    def reset(self) -> None:
        super().reset()
        n_batches = max(1, len(self.X) // self.work.batch_size)
        Y = np.eye(self.work.sizes[-1])[self.y]
        self.batches = list(
            zip(np.array_split(self.X, n_batches), np.array_split(Y, n_batches), strict=True)
        )

    def run(self, epochs: int) -> None:
        for _ in range(epochs):
            for X, Y in self.batches:
                self.step(X, Y)

    def step(self, X: Array, Y: Array) -> None:
        """Forward, backward, and only then the update of every layer."""
        inputs, sums, a = [], [], X
        for layer, (W, b) in enumerate(zip(self.weights, self.biases, strict=True)):
            inputs.append(a)
            sums.append(a @ W + b)
            a = self.activate(sums[-1], layer)
        d_a, gradients = 2 * (a - Y), []
        for layer in reversed(range(len(self.weights))):
            d_z = self.slope(d_a, sums[layer], layer)
            d_bias = d_z.sum(axis=1, keepdims=True) / len(X)
            gradients.append((layer, inputs[layer].T @ d_z / len(X), d_bias.mean()))
            d_a = d_z @ self.weights[layer].T
        for layer, d_W, d_bias in gradients:
            self.weights[layer] -= self.work.learning_rate * d_W
            self.biases[layer] -= self.work.learning_rate * d_bias


class SineTutorial(Tutorial):
    """One sample a step; a sample is a column, and weights are (n_out, n_in)."""

    def draw(self, rng: np.random.RandomState) -> None:
        self.weights, self.biases = [], []
        for n_in, n_out in itertools.pairwise(self.work.sizes):
            self.weights.append(0.1 * rng.randn(n_out, n_in))
            self.biases.append(0.1 * rng.randn(n_out, 1))

    def run(self, epochs: int) -> None:
        for _ in range(epochs):
            for x, y in zip(self.X, self.y, strict=True):
                self.step(x.reshape(-1, 1), y)

    def step(self, x: Array, y: float) -> None:
        """Forward, backward, and only then the update of every layer."""
        inputs, sums, a = [], [], x
        for layer, (W, b) in enumerate(zip(self.weights, self.biases, strict=True)):
            inputs.append(a)
            sums.append(np.dot(W, a) + b)
            a = self.activate(sums[-1], layer)
        d_a, gradients = a - y, []
        for layer in reversed(range(len(self.weights))):
            d_z = self.slope(d_a, sums[layer], layer)
            gradients.append((layer, np.dot(d_z, inputs[layer].T), d_z))
            d_a = np.dot(self.weights[layer].T, d_z)
        for layer, d_W, d_bias in gradients:
            self.weights[layer] = self.weights[layer] - self.work.learning_rate * d_W
            self.biases[layer] = self.biases[layer] - self.work.learning_rate * d_bias

    def predict(self, X: NDArray[np.float32]) -> NDArray[Any]:
        a = X.astype(np.float64).T
        for layer, (W, b) in enumerate(zip(self.weights, self.biases, strict=True)):
            a = self.activate(np.dot(W, a) + b, layer)
        return a[0]


def sigmoid(z: Array) -> Array:
    """1 / (1 + e⁻ᶻ)."""
    return 1 / (1 + np.exp(-z))


def tutorial(work: Work, rows: Rows, engine: str = "auto") -> Tutorial:
    """Choose the tutorial of a work."""
    return (DigitsTutorial if work.classifies else SineTutorial)(work, rows, engine)


#: The job of each task.
JOBS = {"epoch": tutorial}
