"""Confirms chosen inputs by what networks without them leave unexplained of the targets.

A network is trained on one half of the rows, and a second one on the other half. Each leaves
something unexplained of the half that it left out. If a category matters beyond what networks learn
from other columns, then there, the mean of its other rows predicts a row. Rows of different halves
are not compared: each was part of the training that left the other one's residual.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.inputs._chosen_inputs import ChosenInputs
from barenet.inputs._chosen_pairs import PairSide, has_categories, input_of_rows
from barenet.inputs._input_regression import LeftOutErrors, OtherRows, RegressionSample
from barenet.tables.encoding._column_kinds import DAY_PART
from barenet.tables.encoding._encoding import TableEncoding, values_of

#: The penalty of ridge regression on categories, in rows. A network follows what is in few rows, so
#: a larger penalty would confirm categories that it overfits to.
PENALTY = 1.0

#: The fraction of the unexplained squares that categories must predict. Networks of a table with
#: 1,862 pairs of categories that predict 1.7 % of them predicted worse with an input for each pair.
LEAST_GAIN = 0.02


class UnexplainedTargets:
    """What networks without some chosen inputs leave unexplained of the targets.

    Parameters
    ----------
    encoding : TableEncoding
        The encoding with the chosen inputs.
    X : Frame, mapping or array of n_rows rows
        The columns.
    residuals : ndarray of shape (n_rows, n_targets)
        The targets minus the predictions of the network that left out the row.
    weight : ndarray of shape (n_rows,)
        The weights of the rows.
    is_in_first_half : ndarray of shape (n_rows,), bool
        Whether the first of two networks left out the row.
    groups : ndarray of shape (n_rows,), optional
        The group of each row; a row is predicted without the rows of its group.
    """

    def __init__(
        self,
        encoding: TableEncoding,
        X: Any,
        residuals: NDArray[np.float64],
        weight: NDArray[Any],
        *,
        is_in_first_half: NDArray[np.bool_],
        groups: NDArray[Any] | None = None,
    ) -> None:
        self.encoding = encoding
        self.entries = {
            column.name: column.entries(values) for column, values in values_of(encoding, X)
        }
        self.is_in_first_half = is_in_first_half
        self.sample = RegressionSample.of(residuals, weight, len(residuals), groups)

    def explain_by(self, *sides: PairSide) -> bool:
        """Subtract what categories or their pairs predict, if this clearly reduces the error."""
        if not has_categories(self.encoding, sides):
            return False
        _, targets, weight, groups = self.sample
        codes = self.is_in_first_half.astype(np.intp)
        for side in sides:
            inputs = input_of_rows(self.encoding, self.entries, side)
            _, codes = np.unique(codes * (self.encoding.n_inputs + 1) + inputs, return_inverse=True)
        nothing = LeftOutErrors(weight * np.square(targets).mean(axis=1), np.zeros_like(targets))
        result = OtherRows.of(codes, targets, weight, groups).errors(targets, weight, PENALTY)
        if not result.is_clearly_better(nothing, LEAST_GAIN):
            return False
        self.sample = self.sample._replace(targets=targets - result.predictions)
        return True


def confirmed_inputs(
    chosen: ChosenInputs, certain: ChosenInputs, unexplained: UnexplainedTargets
) -> ChosenInputs:
    """Return the certain choices, and all others that predict what is unexplained by them."""
    rare = {
        name: fraction
        for name, fraction in chosen.rare.items()
        if name in certain.rare or unexplained.explain_by(PairSide(name))
    }
    codes = {
        name: numbers
        for name, numbers in chosen.codes.items()
        if name in certain.codes or unexplained.explain_by(PairSide(name))
    }
    days = {
        name: numbers
        for name, numbers in chosen.days.items()
        if name in certain.days or unexplained.explain_by(PairSide(name, DAY_PART))
    }
    pairs = tuple(pair for pair in chosen.pairs if unexplained.explain_by(*pair))
    return certain._replace(rare=rare, codes=codes, days=days, pairs=pairs)
