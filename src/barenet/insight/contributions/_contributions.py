"""Contributions: one number for each column of a row, which add up to the row's prediction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import check_count, check_number
from barenet._display import Cell, write_display, write_table
from barenet._extras import require_package
from barenet._messages import count_of, printable, some
from barenet._registry import lookup
from barenet.errors import ArgumentError
from barenet.insight.contributions._output_names import describe_output
from barenet.insight.contributions._written_numbers import (
    cell_text,
    contribution_text,
    prediction_text,
    with_truth_values,
)
from barenet.model._arrays import FloatArray

#: The scale of the predictions of classes.
Scale = Literal["probability", "log-odds"]

#: Maximum number of bars in a notebook.
MAX_BARS = 30


class Reason(NamedTuple):
    """A column with a large contribution to a prediction.

    Attributes
    ----------
    column : str
        The name of the column.
    value : str
        Its value as text; empty for a group of columns.
    contribution : float
        Its contribution.
    standard_error : float
        The standard error of the contribution.

    Examples
    --------
    >>> from barenet.typing import Reason
    >>> reason = Reason("tenure", "2", 0.18)
    >>> f"{reason.column} {reason.value}: {reason.contribution:+.2f}"
    'tenure 2: +0.18'
    """

    column: str
    value: str
    contribution: float
    standard_error: float = 0.0


class ExplainedPrediction(NamedTuple):
    """The reasons of the prediction of a row."""

    #: The class whose probability is explained: the second of two classes, for all rows alike, or
    #: the predicted one of several; None for a number.
    explained_class: str | None
    #: The mean prediction of the background rows.
    expected: float
    reasons: list[Reason]


class ComparedRows(NamedTuple):
    """The background rows of reasons, as answers and documents describe them."""

    #: The number of rows, after a sample was drawn.
    rows: int
    #: Where they come from: the model file, or the name of a data set or a file.
    source: str


#: The source of rows that a model keeps.
MODEL_FILE = "the model file"


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
        of orders; 0 where all coalitions of all background rows were computed.
    expected : ndarray of shape (n_outputs,), float64
        The mean prediction of the background rows.
    predictions : ndarray of shape (n_rows, n_outputs), float64
        The predictions of the rows.
    names : tuple of str
        Names of the columns, or of their groups.
    output_names : tuple of str
        Names of the outputs: the classes, or the target, numbered if there are several numbers.
    target_name : str
        Name of the target; empty if it is unknown.
    scale : {"probability", "log-odds"} or None
        The scale of the predictions of classes; None for numbers, in their own units.
    rows : dict of str to ndarray of shape (n_rows,)
        The values of the columns, by name.
    n_orders : ndarray of shape (n_rows,), int
        The number of orders of the columns that each row's contributions were averaged over; 0
        where all coalitions were computed.
    index : pandas.Index, optional
        The index of the explained rows, if they are those of a data frame.

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
    target_name: str
    scale: Scale | None
    rows: Mapping[str, NDArray[Any]]
    n_orders: NDArray[np.intp]
    index: Any = None

    def __len__(self) -> int:
        return len(self.values)

    def __repr__(self) -> str:
        n_rows, n_columns, n_outputs = self.values.shape
        counts = [count_of(n_rows, "row"), count_of(n_columns, "column")]
        counts.append(count_of(n_outputs, "output"))
        error = self.standard_errors.max()
        return f"<Contributions: {', '.join(counts)}, standard error up to {error:.2g}>"

    def _repr_html_(self) -> str:
        """Draw the contributions of one row, or the mean sizes of those of several, as bars."""
        output = len(self.output_names) - 1
        name = self.describe_output(output)
        if len(self) == 1:
            prediction = prediction_text(float(self.predictions[0, output]))
            expected = prediction_text(float(self.expected[output]))
            title = f"Contributions to {name}: {prediction}, expected {expected}"
            sizes = self.values[0, :, output]
            errors = self.standard_errors[0, :, output]
            headings = ["column", "value", "contribution", ""]
        else:
            title = f"Contributions to {name}: mean size in {count_of(len(self), 'row')}"
            sizes = self.mean_sizes[:, output]
            headings = ["column", "mean size", ""]
        shown = np.argsort(-np.abs(sizes), kind="stable")[:MAX_BARS]
        largest = max(float(np.abs(sizes).max(initial=0)), 1e-300)
        rows: list[list[Cell]] = []
        for column in shown.tolist():
            size = float(sizes[column])
            cells: list[Cell] = [self.names[column]]
            if len(self) == 1:
                contribution = contribution_text(size, float(errors[column]))
                cells += [self.value_text(0, self.names[column]), contribution]
            else:
                cells.append(f"{size:.4g}")
            cells.append(("", abs(size) / largest))
            rows.append(cells)
        return write_display(printable(title), write_table(headings, rows))

    def describe_output(self, output: int) -> str:
        """Describe an output, such as "the probability of species = Gentoo".

        Parameters
        ----------
        output : int
            The number of the output.

        Returns
        -------
        str
            The scale and the name of the output.
        """
        return describe_output(self.output_names[output], self.target_name, self.scale)

    @property
    def mean_sizes(self) -> FloatArray:
        """The mean absolute contribution of each column, shape (n_columns, n_outputs)."""
        return np.abs(self.values).mean(axis=0)

    @property
    def _has_usual_output(self) -> bool:
        """Whether one output is the default: the only one, or the second of two classes."""
        n_outputs = len(self.output_names)
        return n_outputs == 1 or (n_outputs == 2 and self.scale is not None)

    def output_index(self, output: str | int | None = None) -> int:
        """Find an output by its name.

        Parameters
        ----------
        output : str or int, optional
            The name of an output, such as a class, or its number, counted from 0; by default the
            only one, or the second of two classes.

        Returns
        -------
        int
            The number of the output.

        Raises
        ------
        ValueError
            If there is no such output, or there are several and none is chosen.
        """
        n_outputs = len(self.output_names)
        if output is None:
            if not self._has_usual_output:
                problem = f"there are several: {some(self.output_names)}"
                raise ArgumentError(problem, argument="output", remedy="choose one")
            return n_outputs - 1
        if isinstance(output, str):
            lookup(dict.fromkeys(self.output_names), output, "output")
            return self.output_names.index(output)
        is_number = isinstance(output, int | np.integer) and not isinstance(output, bool)
        if not is_number or not 0 <= output < n_outputs:
            expected = f"the name of an output, or a number from 0 to {n_outputs - 1}"
            raise ArgumentError.of("output", output, expected)
        return int(output)

    def value_text(self, row: int, name: str) -> str:
        """Write the value of a column in a row; empty for a group of columns.

        Parameters
        ----------
        row : int
            The number of the row, counted from 0.
        name : str
            The name of a column or group.

        Returns
        -------
        str
            The value as its file has it, of a number with more than ten digits the first six, of a
            boolean "yes" or "no"; or "missing".
        """
        return "" if name not in self.rows else cell_text(self.rows[name][row]) or "missing"

    def check_row(self, row: int) -> int:
        """Check the number of a row.

        Parameters
        ----------
        row : int
            The number, counted from 0.

        Returns
        -------
        int
            The same number.

        Raises
        ------
        ValueError
            If there is no such row.
        """
        row = int(check_number(row, "row", ge=0, integer=True))
        if row >= len(self):
            raise ArgumentError.of("row", row, f"0 to {len(self) - 1:,}")
        return row

    def reasons(self, row: int, count: int = 3, output: str | int | None = None) -> list[Reason]:
        """List the columns with the largest contributions to a prediction.

        Parameters
        ----------
        row : int
            The number of the row, counted from 0.
        count : int, default=3
            Number of columns; all of them if there are fewer.
        output : str or int, optional
            The output, as in `output_index`.

        Returns
        -------
        list of Reason
            The name, the value and the contribution of each column, the largest in size first.

        Raises
        ------
        ValueError
            If there is no such row or output, or there are several outputs and none is chosen.

        Examples
        --------
        >>> import barenet
        >>> network = barenet.Network.dense([2, 1], init="zeros", dtype="float64")
        >>> network.parameters[:] = [3.0, 1.0, 0.0]
        >>> barenet.contributions(network, [[5, 2]], [[0, 0], [2, 2]]).reasons(0, 1)
        [Reason(column='x0', value='5', contribution=12.0, standard_error=0.0)]
        """
        check_count(count, "count")
        row = self.check_row(row)
        index = self.output_index(output)
        values = self.values[row, :, index]
        errors = self.standard_errors[row, :, index]
        sizes = np.nan_to_num(np.abs(values), nan=np.inf)  # one that overflowed comes first
        largest = np.argsort(-sizes, kind="stable")[:count]
        reasons = []
        for column in largest.tolist():
            name = self.names[column]
            value = self.value_text(row, name)
            reasons.append(Reason(name, value, float(values[column]), float(errors[column])))
        return reasons

    def to_pandas(self, output: str | int | None = None) -> Any:
        """Convert the contributions to a data frame.

        Parameters
        ----------
        output : str or int, optional
            The output, as in `output_index`.

        Returns
        -------
        pandas.DataFrame
            One row for each explained row, with its index, and one column for each column or group.

        Raises
        ------
        ValueError
            If there is no such output, or there are several and none is chosen.
        ImportError
            If pandas is not installed.

        Examples
        --------
        >>> import barenet
        >>> network = barenet.Network.dense([2, 1], init="zeros", dtype="float64")
        >>> network.parameters[:] = [3.0, 1.0, 0.0]
        >>> barenet.contributions(network, [[5, 1], [1, 3]], [[0, 0], [2, 2]]).to_pandas()
             x0   x1
        0  12.0  0.0
        1   0.0  2.0
        """
        pandas = require_package("pandas", "a data frame")
        values = self.values[..., self.output_index(output)]
        return pandas.DataFrame(values, index=self.index, columns=list(self.names))

    def to_shap(self, output: str | int | None = None) -> Any:
        """Convert the contributions to an explanation of the package shap, for its plots.

        Parameters
        ----------
        output : str or int, optional
            The output, as in `output_index`; by default all of them if there are several and none
            is the usual one.

        Returns
        -------
        shap.Explanation
            The contributions, the expected prediction and the values of the columns: of shape
            (n_rows, n_columns) for one output, or (n_rows, n_columns, n_outputs) for all, of which
            ``explanation[:, :, "name"]`` is one. The values of the columns are float64 if all of
            them are numbers or booleans, or else objects.

        Raises
        ------
        ValueError
            If there is no such output.
        ImportError
            If shap is not installed.
        """
        shap = require_package("shap", "an Explanation")
        feature_names = list(self.names)
        data = self._values_for_shap()
        if output is None and not self._has_usual_output:
            return shap.Explanation(
                values=self.values,
                base_values=np.tile(self.expected, (len(self), 1)),
                data=data,
                feature_names=feature_names,
                output_names=list(self.output_names),
            )
        index = self.output_index(output)
        return shap.Explanation(
            values=self.values[..., index],
            base_values=np.full(len(self), self.expected[index]),
            data=data,
            feature_names=feature_names,
            output_names=self.output_names[index],
        )

    def _values_for_shap(self) -> NDArray[Any]:
        """Return the values of the columns, as numbers if all are, which plots of shap need."""
        columns = []
        for name in self.names:
            column = self.rows.get(name)
            columns.append(None if column is None else with_truth_values(column))
        if all(column is not None and column.dtype.kind in "biuf" for column in columns):
            return np.column_stack([np.asarray(column, np.float64) for column in columns])
        data = np.empty((len(self), len(columns)), object)
        for place, column in enumerate(columns):
            data[:, place] = ""  # of a group
            if column is not None:
                data[:, place] = column.tolist()
        return data
