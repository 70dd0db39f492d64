"""The result of a cross-validation of a task: scores by fold, and predictions for all rows."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._display import align, write_display, write_table
from barenet._messages import count_of
from barenet._metrics import score_text
from barenet.model._arrays import FloatArray
from barenet.population._cross_validation import Fold


@dataclass(frozen=True, eq=False, repr=False)
class CrossValidationResult:
    """The result of `Task.cross_validate`.

    Attributes
    ----------
    scores : dict of str to ndarray of shape (n_folds,)
        The scores of each fold's test rows: the loss, and then the metrics by name, the main one
        first. A score that is undefined, such as the AUC of a single class, is NaN.
    metric : str
        Name of the main metric.
    predictions : ndarray of shape (n_samples,)
        The class or the number that is predicted for each row by models that were not trained on
        it. Rows that are in no test set have None or NaN.
    probabilities : ndarray of shape (n_samples, n_classes), or None
        The probabilities of the classes for each row, NaN for rows that are in no test set; None
        for numbers.
    classes : ndarray of shape (n_classes,), or None
        The classes in the order of the probabilities; None for numbers.
    folds : list of tuple of two ndarrays
        Indices of the training rows and of the test rows of each fold, which also suit the argument
        `cv` of scikit-learn's functions.
    rows : ndarray of shape (n_samples,), int64
        Numbers of these rows in the data, from 0. Rows without a target are left out.
    target_name : str
        The target.

    Examples
    --------
    >>> from barenet import Task
    >>> size = np.arange(30.0, 90.0)
    >>> homes = {"size": size, "price": 3 * size}
    >>> result = Task.cross_validate(homes, "price", cv=3, model="network", epochs=40)
    >>> print(result.table())
    fold  rows  r2      rmse    mae     loss
    1     20    0...    ...     ...     ...
    2     20    0...    ...     ...     ...
    3     20    0...    ...     ...     ...
    mean        0...    ...     ...     ...
    std         ...     ...     ...     ...
    >>> errors = result.predictions - 3 * size
    >>> bool(np.abs(errors).max() < 30)
    True
    """

    scores: dict[str, NDArray[np.float64]]
    metric: str
    predictions: NDArray[Any]
    probabilities: FloatArray | None = field(kw_only=True)
    classes: NDArray[Any] | None = field(kw_only=True)
    folds: list[Fold] = field(kw_only=True)
    rows: NDArray[np.int64] = field(kw_only=True)
    target_name: str = field(kw_only=True)

    @property
    def mean(self) -> dict[str, float]:
        """The mean of each score over the folds."""
        return {name: float(values.mean()) for name, values in self.scores.items()}

    @property
    def std(self) -> dict[str, float]:
        """The standard deviation of each score over the folds, as in scikit-learn's searches."""
        return {name: float(values.std()) for name, values in self.scores.items()}

    def table(self) -> str:
        """Write the scores as a table.

        Returns
        -------
        str
            A line for each fold, and for the mean and the standard deviation over the folds.
        """
        return align(self._lines())

    def _lines(self) -> list[list[str]]:
        """Return the headings and the cells of the table, with the loss in the last column."""
        names = [name for name in self.scores if name != "loss"]
        names.append("loss")
        lines = [["fold", "rows", *names]]
        for index, (_, test) in enumerate(self.folds):
            scores = [score_text(name, self.scores[name][index]) for name in names]
            lines.append([str(index + 1), f"{len(test):,}", *scores])
        for title, summary in {"mean": self.mean, "std": self.std}.items():
            scores = [score_text(name, summary[name]) for name in names]
            lines.append([title, "", *scores])
        return lines

    def _repr_html_(self) -> str:
        """Write the scores as a table, for a notebook."""
        head, *rows = self._lines()
        return write_display(repr(self)[1:-1], write_table(head, rows))

    def __repr__(self) -> str:
        """Summarize the scores in a line."""
        size = f"{count_of(len(self.folds), 'fold')} of {count_of(len(self.rows), 'row')}"
        mean = score_text(self.metric, self.mean[self.metric])
        deviation = score_text(self.metric, self.std[self.metric])
        score = f"{self.metric} {mean} ± {deviation}"
        return f"<CrossValidationResult: {self.target_name}, {size}, {score}>"
