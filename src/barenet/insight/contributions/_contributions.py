"""Contributions: one number for each column of a row, which add up to the row's prediction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from barenet.model._arrays import FloatArray

Scale = Literal["probability", "log-odds"]


@dataclass(frozen=True, eq=False)
class Contributions:
    """Contributions of columns to predictions: Shapley values, with their standard errors.

    For each row and output, the contributions of all columns add up to the prediction minus the
    mean prediction of the background rows.

    Attributes
    ----------
    values : ndarray of shape (n_rows, n_columns, n_outputs), float64
        The contributions, in the units of the predictions.
    standard_errors : ndarray of shape (n_rows, n_columns, n_outputs), float64
        The standard errors of the contributions, due to the random choice of background rows and
        of orders; 0 where all coalitions were computed.
    expected : ndarray of shape (n_outputs,), float64
        The mean prediction of the background rows.
    predictions : ndarray of shape (n_rows, n_outputs), float64
        The predictions of the rows.
    names : tuple of str
        Names of the columns, or of their groups.
    output_names : tuple of str
        Names of the outputs: the classes, or the target.
    scale : {"probability", "log-odds"} or None
        The scale of the predictions of classes; None for numbers, in their own units.
    rows : dict of str to ndarray of shape (n_rows,)
        The values of the columns, by name.
    n_orders : ndarray of shape (n_rows,), int
        The number of orders of the columns that each row's contributions were averaged over; 0
        where all coalitions were computed.

    Examples
    --------
    >>> import barenet
    >>> network = barenet.Network.dense([2, 1], init="zeros", dtype="float64")
    >>> network.parameters[:] = [3.0, 1.0, 0.0]  # 3 a + b
    >>> background = [[0.0, 0.0], [2.0, 2.0]]
    >>> result = barenet.contributions(network, [[5.0, 1.0]], background)
    >>> result.expected, result.predictions, result.values[..., 0]
    (array([4.]), array([[16.]]), array([[12.,  0.]]))
    """

    values: FloatArray
    standard_errors: FloatArray
    expected: FloatArray
    predictions: FloatArray
    names: tuple[str, ...]
    output_names: tuple[str, ...]
    scale: Scale | None
    rows: Mapping[str, NDArray[Any]]
    n_orders: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        n_rows, n_columns, n_outputs = self.values.shape
        shape = f"{n_rows:,} rows, {n_columns} columns, {n_outputs} outputs"
        return f"<Contributions: {shape}, standard error up to {self.standard_errors.max():.2g}>"
