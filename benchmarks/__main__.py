"""Seconds per epoch, beside scikit-learn, each work in turn on the same machine in the same run.

    make bench

The two take turns, so that a machine whose speed drifts is unfair to neither. Of several epochs the
fastest counts: what slows a program down is noise, and nothing makes it faster than it is.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from rich.console import Console
from rich.table import Table
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor
from threadpoolctl import threadpool_limits

from barenet import Network, train

ROUNDS = 5


@dataclass
class Work:
    """A network on data of the shape of a real set; the speed does not depend on the numbers."""

    name: str
    sizes: tuple[int, ...]
    n_rows: int
    batch_size: int
    optimizer: str
    shuffle: bool = True

    def data(self) -> tuple[np.ndarray, np.ndarray]:
        rng = np.random.default_rng(0)
        X = rng.random((self.n_rows, self.sizes[0]), dtype=np.float32)
        classes = self.sizes[-1] > 1
        return X, rng.integers(self.sizes[-1], size=len(X)) if classes else X[:, 0]


WORKS = (
    Work("mnist-16", (784, 16, 10), 46_900, 64, "sgd"),
    Work("mnist-256", (784, 256, 128, 10), 46_900, 128, "adam"),
    Work("sine", (1, 10, 10, 1), 500, 1, "sgd", shuffle=False),
)


def barenet_epoch(work: Work) -> Callable[[], object]:
    X, y = work.data()
    network = Network.dense(work.sizes, output="softmax" if work.sizes[-1] > 1 else "identity")
    optimizer = f"{work.optimizer}:learning_rate=0.001"
    return lambda: train(
        network,
        X,
        y,
        optimizer=optimizer,
        batch_size=work.batch_size,
        epochs=1,
        shuffle=work.shuffle,
    )


def sklearn_epoch(work: Work) -> Callable[[], object]:
    X, y = work.data()
    kind = MLPClassifier if work.sizes[-1] > 1 else MLPRegressor
    model = kind(
        hidden_layer_sizes=work.sizes[1:-1],
        solver=work.optimizer,
        momentum=0,
        batch_size=work.batch_size,
        shuffle=work.shuffle,
        max_iter=1,
        random_state=0,
    )
    return lambda: model.fit(X, y)


def seconds(epoch: Callable[[], object]) -> float:
    start = time.perf_counter()
    epoch()
    return time.perf_counter() - start


def main() -> None:
    warnings.simplefilter("ignore", ConvergenceWarning)
    table = Table("work", "network", "barenet s/epoch", "scikit-learn s/epoch", "ratio", box=None)
    for work in WORKS:
        ours, theirs = barenet_epoch(work), sklearn_epoch(work)
        times = [(seconds(ours), seconds(theirs)) for _ in range(ROUNDS)]
        best_ours, best_theirs = np.min(times, axis=0)
        sizes = "-".join(map(str, work.sizes))
        figures = (f"{best_ours:.4f}", f"{best_theirs:.4f}", f"{best_theirs / best_ours:.2f}")
        table.add_row(work.name, sizes, *figures)
    Console().print(table)


if __name__ == "__main__":
    with threadpool_limits(1, user_api="blas"):  # two threads only hurt matrices this small
        main()
