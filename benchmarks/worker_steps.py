"""Steps on the workers of a cluster, which have the rows."""

import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from barenet import Network, train
from barenet.callbacks import Callback
from barenet.distributed import DaskRows

__all__ = ["seconds_of"]

#: Layers of the networks, rows of a batch and of the training set, and partitions.
NETWORKS = {
    "mnist-16": (784, 16, 10),
    "mnist-256": (784, 256, 10),
    "mnist-1024": (784, 1024, 1024, 10),
}
BATCH, ROWS, PARTITIONS = 8_192, 16_384, 8


class Clock(Callback):
    """Seconds of each step."""

    def on_start(self, run: Any) -> None:
        run.chunk_limit, self.seconds, self.before = 1, [], time.perf_counter()

    def on_chunk(self, run: Any) -> None:
        now = time.perf_counter()
        self.seconds.append(now - self.before)
        self.before = now


def seconds_of(client: Any, sizes: Sequence[int], batch_size: int, n_steps: int) -> float:
    """The time of the fastest step after the first two."""
    import dask.array as da

    rng = np.random.default_rng(0)
    n_rows = ROWS if batch_size == BATCH else PARTITIONS * n_steps
    X = rng.normal(size=(n_rows, sizes[0])).astype(np.float32)
    y = rng.integers(0, sizes[-1], n_rows)
    rows = DaskRows(da.from_array(X, chunks=(n_rows // PARTITIONS, -1)), client)
    network, clock = Network.dense(sizes, output="softmax", seed=0), Clock()
    epochs = -(-n_steps * batch_size // n_rows)
    train(network, rows, y, batch_size=batch_size, epochs=epochs, callbacks=clock)
    return min(clock.seconds[2:])
