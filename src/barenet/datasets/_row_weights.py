"""The weights of the rows of a table, in the losses and the scores."""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from barenet.tables.frames._frame import Frame
from barenet.tables.reading._column_values import parse_column, refuse_where
from barenet.tables.reading._missing_texts import MISSING


def split_weights(
    rows: Frame, name: str | None, missing: Collection[str]
) -> tuple[Frame, NDArray[np.float64] | None]:
    """Read the weights of rows, finite numbers of 0 or more; rows of weight 0 are left out."""
    if name is None:
        return rows, None
    weights = parse_column(rows, name, "number", {*MISSING, *missing})
    is_wrong = np.logical_not(np.isfinite(weights) & (weights >= 0))
    refuse_where(rows, name, is_wrong, "a weight of 0 or more")
    if len(rows) and not weights.any():
        raise rows.fault(0, name, "a weight above 0 in one row or more")
    has_weight = weights > 0
    return rows.take(has_weight), weights[has_weight]
