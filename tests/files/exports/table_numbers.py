"""Rows of a table as numbers, one for each column, which C exports take."""

from __future__ import annotations

from typing import Any

import numpy as np

from barenet.data._column_types import CategoryColumn
from barenet.files.exports._steps import TableEncodeStep


def numbers_of(step: TableEncodeStep, X: Any) -> np.ndarray:
    """A category is its index in the column's record, the next index any other, NaN is missing."""
    frame, columns = step.encoding.frame_of(X), []
    for column in step.columns:
        values = column.parse(frame, column.name, step.encoding.missing)
        if isinstance(column, CategoryColumn):
            indices = {category: float(at) for at, category in enumerate(column.categories)}
            indices[""] = np.nan
            values = [indices.get(label, len(column.categories)) for label in values.tolist()]
        columns.append(values)
    return np.column_stack(columns)
