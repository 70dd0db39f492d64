"""Finds jumps of the target along numbers and dates, and adds narrow bins, so networks can follow.

A network is smooth within a bin, so it learns a jump of the target at a threshold only if edges are
near. A decision tree proposes thresholds. A threshold is kept if the targets of its node are
discontinuous there: near the threshold, a jump explains much that a cubic polynomial does not
(Imbens and Lemieux, 2008, "Regression discontinuity designs: a guide to practice").
"""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.polynomial.legendre import legvander
from numpy.typing import NDArray

from barenet.tables.encoding._column import Column
from barenet.tables.encoding._column_fitting import join_edges
from barenet.tables.encoding._column_kinds import DateColumn, PiecewiseColumn
from barenet.tables.encoding._encoding import TableEncoding, values_of

#: Maximum number of rows that the tree is fitted to.
MOST_ROWS_OF_JUMPS = 2**14

#: Maximum number of leaves of the tree, and minimum number of rows of each.
LEAVES = 64
ROWS_OF_LEAF = 10

#: Maximum number of rows on each side of a threshold that count as near.
NEAR = 300

#: The sum of squares that a jump must explain, in units of the residual variance: the best split of
#: pure noise explains about 2 log(rows · columns).
CLEAR = 25.0

#: The minimum fraction of their sum of squares, as a smooth function is not exactly a cubic
#: polynomial.
LEAST_SHARE = 0.01


def add_edges_at_jumps(
    encoding: TableEncoding, X: Any, y: NDArray[Any], weight: NDArray[Any]
) -> TableEncoding:
    """Add an edge on each side of the jumps of the target; y has classes, or rows of numbers.

    >>> x = np.random.default_rng(0).random(500)
    >>> encoding = TableEncoding.fit({"x": x}, numbers="piecewise", bins=4)
    >>> found = add_edges_at_jumps(encoding, {"x": x}, (x > 0.6).astype(int), np.ones(500))
    >>> np.setdiff1d(found.columns[0].edges, encoding.columns[0].edges).round(3)
    array([0.594, 0.602])
    """
    with_weight = np.flatnonzero(weight)
    stride = max(1, math.ceil(len(with_weight) / MOST_ROWS_OF_JUMPS))
    indices = with_weight[::stride]
    frame = encoding.frame_of(X).take(indices)
    with_bins: list[PiecewiseColumn | DateColumn] = []
    numbers_of_columns = []
    scaled = []
    for column, values in values_of(encoding, frame):
        if isinstance(column, PiecewiseColumn | DateColumn) and column.n_bins:
            with_bins.append(column)
            # A placeholder such as 9999-12-31 is beyond the edges, which must be kept.
            first, *_, last = column.edges
            numbers = np.clip(column.numbers(values), first, last)
            numbers_of_columns.append(numbers)
            scaled.append(column.encode(values)[:, 0])
    if not with_bins or len(indices) < 2 * ROWS_OF_LEAF:
        return encoding
    X = np.column_stack(scaled).astype(np.float32)
    if y.ndim == 2:
        y = y[indices]
    else:
        is_of_class = y[indices, np.newaxis] == np.unique(y)
        y = is_of_class.astype(float)
    jumps = _jumps(X, y, weight[indices])
    divided: dict[str, Column] = {}
    for column, numbers, are_above in zip(with_bins, numbers_of_columns, jumps, strict=True):
        divided[column.name] = _with_edges_at(column, numbers, are_above)
    columns = tuple(divided.get(column.name, column) for column in encoding.columns)
    return replace(encoding, columns=columns)


def _with_edges_at(
    column: PiecewiseColumn | DateColumn,
    numbers: NDArray[np.float64],
    are_above: Sequence[NDArray[np.bool_]],
) -> Column:
    """Add the numbers next to each threshold as edges, given the rows above each threshold."""
    below = []
    above = []
    for is_above in are_above:
        below.append(np.nanmax(numbers[~is_above]))
        above.append(np.nanmin(numbers[is_above]))
    edges = join_edges(column.edges, below, above)
    return replace(column, edges=tuple(edges.tolist()))


def _jumps(
    X: NDArray[np.float32], y: NDArray[Any], weight: NDArray[Any]
) -> list[list[NDArray[np.bool_]]]:
    """Find, for each column, the rows above each threshold at which the target jumps."""
    from sklearn.tree import DecisionTreeRegressor

    model = DecisionTreeRegressor(
        max_leaf_nodes=LEAVES, min_samples_leaf=ROWS_OF_LEAF, random_state=0
    )
    model.fit(X, y, weight)
    tree = model.tree_
    nodes = model.decision_path(X).tocsc()
    jumps: list[list[NDArray[np.bool_]]] = [[] for _ in range(X.shape[1])]
    has_threshold = tree.children_left >= 0  # a leaf has no children
    for node in np.flatnonzero(has_threshold):
        start = nodes.indptr[node]
        end = nodes.indptr[node + 1]
        in_node = nodes.indices[start:end]
        feature = tree.feature[node]
        x = X[:, feature].astype(np.float64)
        is_above = x > tree.threshold[node]
        if _is_jump(x[in_node], is_above[in_node], y[in_node], weight[in_node]):
            jumps[feature].append(is_above)
    return jumps


def _is_jump(
    x: NDArray[np.float64], is_above: NDArray[np.bool_], y: NDArray[Any], weight: NDArray[Any]
) -> bool:
    """Return whether a jump explains targets on both sides that a cubic polynomial doesn't."""
    n_below = np.count_nonzero(~is_above)
    first_near = max(0, n_below - NEAR)
    order = np.argsort(x, kind="stable")
    near = order[first_near : n_below + NEAR]
    # Least squares with weights are those of rows that are multiplied by the roots of the weights.
    root = np.sqrt(weight[near])[:, np.newaxis]
    jump = root * is_above[near][:, np.newaxis]
    targets = root * y[near]
    curve = root * legvander(_scaled_to_one(x[near]), 3)
    basis, _ = np.linalg.qr(curve)
    constant = basis[:, :1]
    total = np.square(_residual(constant, targets)).sum()
    # What the polynomial leaves of the jump explains some of what it leaves of the targets.
    jump_residual = _residual(basis, jump)
    target_residual = _residual(basis, targets)
    squares = np.square(jump_residual).sum()
    explained = 0.0
    if squares > 1e-9:
        explained = np.square(jump_residual.T @ target_residual).sum() / squares
    n_degrees_of_freedom = max(1, len(near) - 5)
    noise = (np.square(target_residual).sum() - explained) / n_degrees_of_freedom
    return bool(explained > max(CLEAR * noise, LEAST_SHARE * total))


def _scaled_to_one(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale numbers to the range from -1 to 1."""
    extent = float(np.ptp(x))
    if extent == 0:
        extent = 1.0
    return 2 * (x - x.min()) / extent - 1


def _residual(basis: NDArray[Any], values: NDArray[Any]) -> NDArray[Any]:
    """Return what a least-squares fit on an orthonormal basis leaves of values."""
    return values - basis @ (basis.T @ values)
