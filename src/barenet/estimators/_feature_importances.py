"""Feature importances of an ensemble: how much its predictions depend on each column.

A column is replaced by the values that it has in other rows, together with all the inputs that it
is encoded into. Half of the mean squared change of the predictions estimates the part of their
variance that involves this column, alone or together with others: the total effect of Sobol's
analysis of variance (Jansen, "Analysis of variance designs for model output", 1999).

No targets are needed. Permutation importance replaces columns in the same way, and measures how
much the score drops. The mean squared error increases by the mean squared change if the errors of
the predictions don't depend on the column, so both usually have the same order.

The weights of the first layer are no substitute: in tables whose permutation importances are known,
their sums, scaled by the spread of the inputs, often have another order.
"""

import numpy as np
from numpy.typing import NDArray

from barenet.model._ensemble import Ensemble
from barenet.tables.encoding._encoding import TableEncoding
from barenet.tables.encoding._table_rows import results_by_blocks
from barenet.tables.frames._frame import Frame

#: Maximum number of training rows that an estimator keeps to replace their columns.
MOST_ROWS = 256
#: Number of other rows whose values replace those of a row.
REPEATS = 4
#: Seed of the order of the rows.
SEED = 0


def feature_importances(
    network: Ensemble, encoding: TableEncoding, rows: Frame
) -> NDArray[np.float64]:
    """Measure the dependence on each column of the table, shape (n_columns,), with the sum 1.

    All are 0 if the predictions don't depend on any column. The columns of `rows` are those that
    the encoding uses; the others have the importance 0.
    """
    n_rows = len(rows)
    originals = np.tile(np.arange(n_rows), REPEATS)
    others = other_rows(n_rows)
    repeated = rows.take(originals)

    def predict(frame: Frame) -> NDArray[np.float64]:
        outputs = results_by_blocks(network.predict, encoding, frame, network.dtype)
        return outputs.astype(np.float64)

    predictions = predict(rows)[originals]
    changes = np.zeros(len(encoding.columns))
    for index, column in enumerate(encoding.columns):
        if column.name not in encoding.used_by_name:
            continue
        values = rows.columns[column.name][others]
        replaced = Frame({**repeated.columns, column.name: values})
        changes[index] = np.square(predict(replaced) - predictions).sum()
    total = changes.sum()
    if total > 0:
        changes /= total
    return changes


def other_rows(n_rows: int) -> NDArray[np.intp]:
    """Choose several other rows for each row, shape (REPEATS * n_rows,).

    >>> rows = other_rows(3).reshape(REPEATS, 3)
    >>> bool((rows != np.arange(3)).all())
    True
    """
    rng = np.random.RandomState(SEED)
    others = np.empty((REPEATS, n_rows), np.intp)
    for row_of_repeat in others:
        # In a random order, each row gets the values of the one before it.
        order = rng.permutation(n_rows)
        row_of_repeat[order] = np.roll(order, 1)
    return others.ravel()
