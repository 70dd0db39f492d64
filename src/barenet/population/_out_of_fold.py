"""Out-of-fold predictions, and the expected loss of the ensemble of the networks."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._metrics import r2
from barenet.datasets._target_kind import TargetKind
from barenet.errors import ArgumentError
from barenet.model._arrays import FloatArray, one_hot
from barenet.model._conformal_residuals import ConformalResiduals
from barenet.population._ensemble_recipe import TEMPERATURES
from barenet.population._number_loss import SQUARED_ERROR, NumberLoss
from barenet.storage._file_io import VARIABLE, format_size, memory_limit
from barenet.tables.encoding._scaling import Scaling

#: The name of the ensemble's scores on a model card.
OUT_OF_FOLD = "out_of_fold"
#: The name of the mean scores of the ensemble's networks.
OF_ONE = "out_of_fold_of_one_network"
#: The name of the ensemble's scores before its logits are divided by the temperature.
UNDIVIDED = "out_of_fold_at_temperature_1"

#: Lower bound of the probabilities in a logarithm.
MIN_PROBABILITY = 1e-7

#: Maximum number of columns that are added one by one, by `_sum_of_classes`.
FEW_CLASSES = 7

#: Bytes of memory for each class of a row: the float32 predictions of four repeats, and their
#: powers. They were measured with thousands of rows.
CLASS_BYTES = 54
#: The same for each number of a row, with errors in float64 instead of the powers.
NUMBER_BYTES = 130


def check_memory(y: NDArray[Any], target_kind: TargetKind) -> None:
    """Refuse targets whose predictions would take more memory than a file may."""
    n_outputs = target_kind.n_columns
    needed = y.size * n_outputs * CLASS_BYTES if target_kind.of_classes else y.size * NUMBER_BYTES
    limit = memory_limit()
    if needed > limit:
        problem = f"predictions of {len(y):,} rows with {n_outputs:,} outputs would "
        problem += f"take about {format_size(needed)}, more than the {format_size(limit)} allowed"
        remedy = "merge classes, train a single network in place of an ensemble, or set "
        remedy += f"{VARIABLE} to a larger size"
        raise ArgumentError(problem, argument="y", remedy=remedy)


def split_folds(
    y: NDArray[np.intp] | None, groups: NDArray[Any], n_folds: int, rng: np.random.RandomState
) -> NDArray[np.intp]:
    """Assign a fold to each row, spreading each class over all folds and keeping groups whole.

    Examples
    --------
    >>> y = np.array([0, 0, 0, 0, 1, 1])
    >>> folds = split_folds(y, np.arange(6), 2, np.random.RandomState(0))
    >>> np.bincount(folds[y == 0]).tolist(), np.bincount(folds[y == 1]).tolist()
    ([2, 2], [1, 1])
    """
    _, first, codes = np.unique(groups, return_index=True, return_inverse=True)
    order = rng.permutation(len(first))
    if y is not None:
        classes = y[first]  # of each group
        # Classes one after the other, in random order within a class, as the sort is stable.
        by_class = np.argsort(classes[order], kind="stable")
        order = order[by_class]
    folds = np.empty(len(first), np.intp)
    folds[order] = np.arange(len(first)) % n_folds
    return folds[codes]


@dataclass(frozen=True, eq=False)
class OutOfFold:
    """The targets and weights of rows, and the loss of predictions for them.

    Attributes
    ----------
    y : ndarray of shape (n_rows,) or (n_rows, n_outputs)
        The class of each row by its index, or numbers.
    weight : ndarray of shape (n_rows,)
        The weights of the rows, of sum 1.
    number_loss : NumberLoss, default=SQUARED_ERROR
        The loss for numbers; that of classes is the log loss.
    """

    y: NDArray[Any]
    weight: FloatArray
    number_loss: NumberLoss = SQUARED_ERROR

    @property
    def of_classes(self) -> bool:
        """Whether the targets are classes."""
        return self.y.ndim == 1

    @property
    def has_log_link(self) -> bool:
        """Whether the targets are counts or amounts whose logarithms the networks predict."""
        return not self.of_classes and self.number_loss.has_log_link

    def loss(self, predictions: FloatArray) -> float:
        """The mean log loss, the mean squared error, or the mean of another loss for numbers."""
        if self.of_classes:
            return self._log_loss(self._of_actual_classes(predictions))
        return self.number_loss.mean(predictions, self.y, self.weight)

    def _of_actual_classes(self, probabilities: FloatArray) -> FloatArray:
        """Return the probability of each row's class, of shape (…, n_rows)."""
        return probabilities[..., np.arange(len(self.y)), self.y]

    def _log_loss(self, of_actual: FloatArray) -> float:
        """Compute the mean log loss from the probabilities of the rows' classes."""
        bounded = np.maximum(of_actual, MIN_PROBABILITY)
        return float(-self.weight @ np.log(bounded))

    def score(self, predictions: FloatArray) -> float:
        """The accuracy, or R²."""
        if self.of_classes:
            is_correct = predictions.argmax(axis=1) == self.y
            return float(self.weight @ is_correct)
        if self.number_loss.is_squared:
            return 1 - self.loss(predictions)  # the targets are standardized
        return r2(predictions, self.y, self.weight)

    def unexplained(self, predictions: FloatArray) -> NDArray[np.float64]:
        """The numbers, or the truth values "the row has the class", minus their predictions."""
        targets = one_hot(self.y, predictions.shape[1], np.float64) if self.of_classes else self.y
        return np.asarray(targets - predictions, np.float64)

    def loss_of_networks(self, loss: float) -> float:
        """Convert a mean loss to the loss that the networks are trained with."""
        return loss if self.of_classes else self.number_loss.of_networks(loss)

    def loss_in_units(self, predictions: FloatArray, scaling: Scaling) -> float:
        """The mean loss of numbers in the units of the targets, as in ``sklearn.metrics``."""
        predicted = scaling.inverse_transform(predictions)
        targets = scaling.inverse_transform(self.y)
        return self.number_loss.metric(predicted, targets, self.weight)

    def scores(self, predictions: FloatArray, temperature: float) -> dict[str, dict[str, float]]:
        """The scores for a model card, of predictions of shape (n_repeats, n_rows, n_outputs)."""
        measures = {"accuracy": self.score, "log_loss": self.loss}
        if not self.of_classes:
            measures = {"r2": self.score}

        def mean_scores(outputs: Iterable[FloatArray]) -> dict[str, float]:
            means = {}
            for name, measure in measures.items():
                means[name] = float(np.mean([measure(output) for output in outputs]))
            return means

        softened = soften(predictions, temperature).mean(axis=0)
        scores = {OUT_OF_FOLD: mean_scores([softened]), OF_ONE: mean_scores(predictions)}
        if self.of_classes:
            scores[OUT_OF_FOLD]["temperature"] = temperature
            scores[UNDIVIDED] = mean_scores([predictions.mean(axis=0)])
        return scores

    def ensemble_loss(self, predictions: FloatArray, n_networks: int) -> float:
        """The expected loss of an ensemble on new rows, shape (n_repeats, n_rows, n_outputs).

        Only a few networks leave out a given row, so the loss of their mean is higher than the loss
        of the mean of all networks. The loss of m networks is about L∞ + (L₁ − L∞) / m, exactly so
        for squared errors. As L₁ and the loss of the repeats are known, L∞ follows.

        Examples
        --------
        >>> errors = np.array([[[1.0]], [[-1.0]]])  # of two networks for a row, whose target is 0
        >>> row = OutOfFold(np.zeros((1, 1)), np.ones(1))
        >>> row.ensemble_loss(errors, 2), row.ensemble_loss(errors, 4)
        (0.0, -0.5)
        """
        n_repeats = len(predictions)
        loss: Callable[[FloatArray], float] = self.loss
        if self.of_classes:  # the mean of the repeats has the mean of these probabilities
            predictions = self._of_actual_classes(predictions)
            loss = self._log_loss
        of_one = float(np.mean([loss(repeat) for repeat in predictions]))
        if n_repeats == 1:
            return of_one
        of_mean = loss(predictions.mean(axis=0))
        limit = (n_repeats * of_mean - of_one) / (n_repeats - 1)
        return limit + (of_one - limit) / n_networks

    def best_temperature(self, predictions: FloatArray, n_networks: int) -> tuple[float, float]:
        """The temperature of the lowest loss of an ensemble, 1 for numbers, and that loss."""
        temperatures: tuple[float, ...] = (1.0,)
        if self.of_classes:
            temperatures = TEMPERATURES
        # The softened predictions have no name, so that they are freed before the next ones are
        # computed.
        losses = [
            self.ensemble_loss(soften(predictions, temperature), n_networks)
            for temperature in temperatures
        ]
        best = int(np.argmin(losses))
        return temperatures[best], losses[best]

    def residuals(self, predictions: FloatArray, n_networks: int) -> ConformalResiduals | None:
        """Estimate the residuals of an ensemble on new rows; None for classes.

        The measured residuals come from means over fewer networks. They are therefore scaled by the
        root of the expected over the measured mean square, whatever the loss, but by at least
        √(k / n), for k repeats and n networks. Quantiles have no residuals, as they are not in the
        middle of the targets.
        """
        if self.of_classes or not self.number_loss.has_intervals:
            return None
        squares = OutOfFold(self.y, self.weight)
        mean = predictions.mean(axis=0)
        n_repeats = len(predictions)
        spread = predictions.std(axis=0, ddof=1) if n_repeats > 1 else np.zeros_like(mean)
        measured_loss = squares.loss(mean)
        if measured_loss == 0:  # no residual to scale
            measured_loss = 1.0
        ratio = squares.ensemble_loss(predictions, n_networks) / measured_loss
        scale = np.sqrt(max(ratio, n_repeats / n_networks))
        return ConformalResiduals.fit((mean - self.y) * scale, spread, self.weight)


def soften(probabilities: FloatArray, temperature: float) -> FloatArray:
    """Probabilities whose logits are divided by a temperature.

    Examples
    --------
    >>> soften(np.array([[0.8, 0.2]]), 2.0).round(3)
    array([[0.667, 0.333]])
    """
    if temperature == 1:
        return probabilities
    powers = np.maximum(probabilities, MIN_PROBABILITY)
    powers **= 1 / temperature  # in place, as there may be thousands of classes
    powers /= _sum_of_classes(powers)
    return powers


def _sum_of_classes(powers: FloatArray) -> FloatArray:
    """Sum over the last axis, which is kept.

    NumPy's sum of 2 columns takes 40 times as long as one addition of both. The sums of up to
    `FEW_CLASSES` columns are the same to the bit, as NumPy adds these one after the other, too.
    """
    n_classes = powers.shape[-1]
    if n_classes > FEW_CLASSES:
        return powers.sum(axis=-1, keepdims=True)
    total = powers[..., :1].copy()
    for place in range(1, n_classes):
        total += powers[..., place : place + 1]
    return total
