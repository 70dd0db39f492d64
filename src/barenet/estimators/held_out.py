"""Held-out rows: what an estimator is measured on and does not learn from."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from barenet.model.array_dataset import ArrayDataset
from barenet.training.plan import Judge

__all__ = ["Examination", "split_off"]


class Examination(NamedTuple):
    """Rows, and what they are scored by.

    Attributes
    ----------
    rows : Rows
        They are measured after each epoch.
    judge : Judge
        Of its scores, early stopping follows the first.
    """

    rows: ArrayDataset
    judge: Judge


def split_off(
    rows: ArrayDataset,
    fraction: float,
    strata: NDArray[Any] | None,
    rng: np.random.RandomState,
) -> tuple[ArrayDataset, ArrayDataset]:
    """Set some rows aside.

    Examples
    --------
    >>> rows = ArrayDataset(np.arange(10.0).reshape(10, 1), np.zeros((10, 1)), None)
    >>> learned, held_out = split_off(rows, 0.2, None, np.random.RandomState(0))
    >>> len(learned.X), held_out.X.ravel().tolist()
    (8, [2.0, 8.0])
    """
    try:
        learned, held_out = train_test_split(
            np.arange(len(rows.X)), test_size=fraction, stratify=strata, random_state=rng
        )
    except ValueError as error:
        raise ValueError(f"validation_fraction: {error}") from error
    if len(held_out) < 2:
        raise ValueError(
            f"validation_fraction: The validation set is too small, {len(held_out)} of "
            f"{len(rows.X)} rows; take a larger fraction, or more rows"
        )
    for index, what in ((learned, "left to learn from"), (held_out, "set aside to validate")):
        if rows.sample_weight is not None and not rows.sample_weight[index].any():
            raise ValueError(
                f"sample_weight: all {len(index)} rows that are {what} weigh 0; give "
                "validation_data, another random_state, or weights to more of the rows"
            )
    return rows.take(learned), rows.take(held_out)
