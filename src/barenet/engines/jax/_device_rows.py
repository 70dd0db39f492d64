"""Rows on the device: the arrays of a data set, sent once, and the batches as indices of rows."""

from collections import deque
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.engines._engine import Orders
from barenet.engines.jax import _jax_library as library
from barenet.model._array_dataset import ArrayDataset

#: Number of data sets that stay on the device: training, validation and test set, and a sample.
MOST_DATASETS = 4


class Batches(NamedTuple):
    """Batches as indices of rows, all of them of one size."""

    #: Indices of rows in the arrays of a data set, shape (n_batches, batch_size). A smaller batch
    #: is filled up with its first row.
    rows: NDArray[np.int32]
    #: Number of rows of each batch, shape (n_batches,).
    counts: NDArray[np.int32]


def batches_of(orders: Orders, size: int, rows: ArrayDataset) -> Batches:
    """Divide the rows of some epochs into batches of one size, the last of each filled up."""
    order = np.asarray(orders)
    if rows.selection is not None:
        order = rows.selection[order]
    n_epochs, n_rows = order.shape
    starts = np.arange(0, n_rows, size)
    counts = np.minimum(size, n_rows - starts)
    indices = np.empty((n_epochs, len(starts) * size), np.int32)
    indices[:, :n_rows] = order
    indices[:, n_rows:] = order[:, starts[-1:]]
    return Batches(
        rows=indices.reshape(-1, size),
        counts=np.tile(counts, n_epochs).astype(np.int32),
    )


class DeviceRows:
    """The arrays of the last data sets that were used, on the device."""

    def __init__(self, dtype: np.dtype[Any]) -> None:
        self.dtype = dtype
        self.sent: deque[tuple[ArrayDataset, dict[str, Any]]] = deque(maxlen=MOST_DATASETS)

    def arrays_of(self, rows: ArrayDataset) -> dict[str, Any]:
        """Return X, y, weights and scale of a data set on the device, which are sent once."""
        for sent_rows, arrays in self.sent:
            if _share_arrays(sent_rows, rows):
                return arrays
        arrays = self._send(rows)
        self.sent.append((rows, arrays))
        return arrays

    def _send(self, rows: ArrayDataset) -> dict[str, Any]:
        X: Any = rows.X
        if X.dtype != np.uint8:  # bytes stay bytes, and are converted in each batch
            X = np.ascontiguousarray(X, self.dtype)
        arrays = {"X": X, "y": rows.y}
        if rows.sample_weight is not None:
            arrays["sample_weight"] = rows.sample_weight
        if rows.scale != 1:
            arrays["scale"] = np.asarray(rows.scale, self.dtype)
        sent: dict[str, Any] = library.jax.device_put(arrays)
        return sent


def _share_arrays(one: ArrayDataset, other: ArrayDataset) -> bool:
    """Return whether two data sets have the same arrays, of which they may select other rows."""
    if one.X is not other.X or one.y is not other.y:
        return False
    return one.sample_weight is other.sample_weight and one.scale == other.scale
