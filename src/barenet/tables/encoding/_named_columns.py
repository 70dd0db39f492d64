"""The columns of a table as a matrix, for a model that scales numbers by position.

Such a model was trained on an array whose columns have descriptive names. The columns of a later
table may be in any order, so they are found by these names, and the error for a wrong value has its
row and column.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.tables.encoding._encoding import refuse_infinite
from barenet.tables.encoding._scaling import Scaling
from barenet.tables.frames._frame import Frame
from barenet.tables.frames._to_frame import as_frame, column_names
from barenet.tables.reading._column_values import complete_numbers

#: Description of the values in a column of such a model.
EXPECTED = "a number, as in all rows of the training"


def columns_by_name(X: Any, names: Sequence[str], scaling: Scaling) -> Any:
    """Select columns of numbers by their names; a table without names is returned as it is."""
    if isinstance(X, Frame):
        return named_matrix(X, names, scaling)
    titles = column_names(X) or ()
    labels = titles if hasattr(X, "column_names") else getattr(X, "columns", titles)
    has_names = any(isinstance(label, str) for label in labels)
    if not has_names and {*titles}.isdisjoint(names):
        return X
    return named_matrix(as_frame(X, only=names), names, scaling)


def named_matrix(frame: Frame, names: Sequence[str], scaling: Scaling) -> NDArray[np.float64]:
    """Combine named columns, and reject values that are missing, or too large when scaled."""
    rows = frame.select(names)
    X = np.empty(rows.shape)
    for place, name in enumerate(names):
        X[:, place] = complete_numbers(rows, name, EXPECTED)
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = scaling.transform(X)
    for place, name in enumerate(names):
        refuse_infinite(rows, name, scaled[:, [place]])
    return X
