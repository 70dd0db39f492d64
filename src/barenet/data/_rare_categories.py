"""Choice of the fraction of rows below which categories are merged, by leave-one-out errors."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.data._column_fitting import MOST_OUTPUTS
from barenet.data._column_kinds import CategoryColumn
from barenet.data._encoding import TableEncoding, values_of

#: The fractions, of which the first is taken unless another has an error lower by `GAIN`.
THRESHOLDS, GAIN = (0.01, 0.0, 0.005, 0.02, 0.05), 0.01

#: Most rows by which they are compared.
MOST_ROWS = 4_000


def choose_rare(X: Any, y: NDArray[Any], weight: NDArray[Any], **options: Any) -> float | None:
    """Choose by the leave-one-out error of ridge regression; y has classes, or rows of numbers.

    None if they all have the same effect, or columns have more than `MOST_OUTPUTS` outputs.

    >>> towns = np.array([f"town {row % 150}" for row in range(600)])
    >>> choose_rare({"town": towns}, np.arange(600.0)[:, np.newaxis] % 150, np.ones(600))
    0.0
    """
    encoding = TableEncoding.fit(X, rare=0, **options)
    frame = encoding.frame_of(X)
    some_rows = slice(None, None, -(-len(frame) // MOST_ROWS))
    frame, y, weight = frame.take(some_rows), y[some_rows], weight[some_rows]
    others, categories = [], []
    y = y if y.ndim == 2 else y[:, np.newaxis] == np.unique(y)
    for column, values in values_of(encoding, frame):
        if isinstance(column, CategoryColumn):
            categories.append(np.unique(values, return_inverse=True, return_counts=True))
        else:
            others.append((column, values))
    frequent = {
        rare: [np.flatnonzero(counts >= rare * len(frame)) for _, _, counts in categories]
        for rare in THRESHOLDS
    }
    room = MOST_OUTPUTS - sum(len(column.outputs) for column, _ in others)
    sizes = {sum(map(len, each)): rare for rare, each in reversed(frequent.items())}
    losses = {rare: np.inf for size, rare in sizes.items() if size <= room}
    if len(losses) < 2:
        return None
    rest = [column.encode(values) for column, values in others]
    for rare in losses:
        pairs = zip(categories, frequent[rare], strict=True)
        parts = [codes[:, np.newaxis] == each for (_, codes, _), each in pairs]
        losses[rare] = _left_out_error(np.column_stack([*rest, *parts]), y, weight)
    best, default = min(losses, key=losses.__getitem__), THRESHOLDS[0]
    return default if losses[best] > (1 - GAIN) * losses.get(default, np.inf) else best


def _left_out_error(X: NDArray[np.float64], y: NDArray[Any], weight: NDArray[Any]) -> float:
    """Mean squared error of ridge regression at rows left out: residual / (1 − leverage)."""
    weight = weight / (weight.mean() or 1.0)
    root = np.sqrt(weight)[:, np.newaxis]
    X, y = (root * (each - weight @ each / len(X)) for each in (X, y))
    solved = np.linalg.solve(X.T @ X + np.eye(X.shape[1]), X.T).T
    leverage = root**2 / len(X) + (solved * X).sum(axis=1, keepdims=True)
    return float(np.square((y - solved @ (X.T @ y)) / (1 - leverage)).mean())
