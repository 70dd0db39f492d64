"""The loss of an ensemble for numbers: its output activation, and how it scales the targets."""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from barenet._registry import build, canonical, lookup
from barenet.errors import ArgumentError
from barenet.model._arrays import FloatArray
from barenet.model.losses import (
    AbsoluteError,
    Gamma,
    Loss,
    Poisson,
    Quantile,
    SquaredError,
    Tweedie,
)
from barenet.tables.encoding._scaling import EPSILON, MIN_SCALE, Scaling

#: The losses of ensembles by their names, which are those of scikit-learn's regressors.
LOSSES_OF_ENSEMBLES: dict[str, type[Loss]] = {
    "squared_error": SquaredError,
    "absolute_error": AbsoluteError,
    "quantile": Quantile,
    "poisson": Poisson,
    "gamma": Gamma,
    "tweedie": Tweedie,
}

#: The interquartile range of a normal distribution of standard deviation 1.
NORMAL_RANGE = 1.349

#: The encoding of the columns is chosen by squared errors. Scaled targets beyond this limit are
#: moved to it there, as a few of them would decide otherwise.
FARTHEST = 8.0


@dataclass(frozen=True)
class NumberLoss:
    """A loss for numbers, with what it means for the networks of an ensemble and their targets.

    The losses of counts and of positive amounts have a log link: each network has an exponential
    output. The targets are divided by their mean, so that a network whose last layer returns 0
    predicts the mean. The outputs of the last layer are thus near the logarithm of y / mean, which
    is at most the logarithm of the number of rows, and numbers in new rows are limited to the range
    of the training rows; so the exponential function stays far below its overflow at 88, the
    logarithm of the largest float32, and needs no limit of its own.

    Attributes
    ----------
    loss : Loss
        The loss of a network.

    Examples
    --------
    >>> counts = NumberLoss.of("poisson")
    >>> counts.activation
    'exponential'
    >>> scaling = counts.fit_scaling(np.array([[0.0], [4.0]]), np.ones(2))
    >>> scaling.transform([[0.0], [4.0]])
    array([[0.],
           [2.]])
    """

    loss: Loss

    @classmethod
    def of(cls, name: str, quantile: float | None = None, power: float = 1.5) -> Self:
        """Make a loss from its name, with the option of quantile or of tweedie."""
        name = canonical(LOSSES_OF_ENSEMBLES, name)
        kind = lookup(LOSSES_OF_ENSEMBLES, name, "loss")
        if kind is Quantile:
            if quantile is None:
                problem = "the loss quantile needs the fraction of the targets below the prediction"
                raise ArgumentError(problem, argument="quantile", remedy="pass quantile=0.9")
            return cls(Quantile(q=quantile))
        if quantile is not None:
            problem = f"is an option of the loss quantile, and the loss is {name}"
            remedy = "pass loss='quantile', or leave it out"
            raise ArgumentError(problem, argument="quantile", remedy=remedy)
        if kind is Tweedie:
            return cls(Tweedie(power=power))
        return cls(kind())

    @classmethod
    def of_spec(cls, spec: str) -> Self:
        """Make a loss from its name with options, such as ``quantile:q=0.9``."""
        return cls(build(Loss, LOSSES_OF_ENSEMBLES, spec, "loss"))

    @property
    def has_log_link(self) -> bool:
        """Whether the logarithm of the prediction is the output of the last layer."""
        return "exponential" in self.loss.on_logits

    @property
    def activation(self) -> str:
        """The output activation of the networks."""
        return "exponential" if self.has_log_link else "identity"

    @property
    def is_squared(self) -> bool:
        """Whether the loss is the squared error, the default."""
        return isinstance(self.loss, SquaredError)

    @property
    def has_intervals(self) -> bool:
        """Whether the prediction is in the middle of the targets, as intervals around it need."""
        return not isinstance(self.loss, Quantile)

    def are_outside(self, y: FloatArray) -> NDArray[np.bool_]:
        """Return whether the loss is not defined for each target."""
        if not self.has_log_link:
            return np.zeros(y.shape, bool)
        if isinstance(self.loss, Gamma):
            return np.asarray(y <= 0)
        return np.asarray(y < 0)

    @property
    def needed_targets(self) -> str:
        """The targets that a loss with a log link is defined for, as a sentence."""
        if isinstance(self.loss, Gamma):
            return f"the {self.loss.name} loss needs targets above 0"
        return f"the {self.loss.name} loss needs targets of 0 or more"

    def check_targets(self, y: FloatArray, weight: FloatArray) -> None:
        """Refuse targets of rows with weight that the loss is not defined for."""
        if not self.has_log_link:
            return
        counted = weight[:, np.newaxis] > 0
        is_wrong = counted & self.are_outside(y)
        if is_wrong.any():
            row, column = np.argwhere(is_wrong)[0]
            place = f"row {row}"
            if y.shape[1] > 1:
                place += f", column {column}"
            problem = f"{place}: {self.needed_targets}, got {y[row, column]:g}"
            remedy = "correct it, leave the row out, or choose another loss"
            raise ArgumentError(problem, argument="y", remedy=remedy)
        has_positive = (counted & (y > 0)).any(axis=0)
        if not has_positive.all():
            problem = "all targets are 0"
            if y.shape[1] > 1:
                problem = f"all targets of column {np.flatnonzero(~has_positive)[0]} are 0"
            problem += f", and the {self.loss.name} loss predicts numbers above 0"
            raise ArgumentError(problem, argument="y", remedy="choose another loss")

    def fit_scaling(self, y: FloatArray, weight: FloatArray) -> Scaling:
        """Fit the scaling of targets of shape (n_rows, n_outputs)."""
        if self.is_squared:
            return Scaling.fit("standardize", y, weight)
        if self.has_log_link:
            return divided_by_mean(y, weight)
        q = self.loss.q if isinstance(self.loss, Quantile) else 0.5
        return around_quantile(y, weight, q)

    def scaled(self, y: FloatArray, weight: FloatArray, scaling: Scaling) -> FloatArray:
        """Scale targets; rows of weight 0 get the target that an untrained network predicts."""
        scaled_y = scaling.transform(y)
        neutral = 1.0 if self.has_log_link else 0.0
        if isinstance(self.loss, Gamma):
            # The gamma loss of a target that float32 rounds to 0 would be infinite.
            scaled_y = np.maximum(scaled_y, np.finfo(np.float32).tiny)
        # A huge target of weight 0 would have an infinite loss, and 0 times infinity is NaN.
        has_weight = weight[:, np.newaxis] > 0
        return np.where(has_weight, scaled_y, neutral)

    def for_encoding(self, scaled_y: FloatArray, weight: FloatArray) -> FloatArray:
        """Return targets whose squared errors the encoding of the columns is chosen by."""
        if self.is_squared:
            return scaled_y
        if self.has_log_link:
            # Effects are factors, and the logarithm makes them sums. Adding 1 keeps zeros finite.
            logarithms = np.log1p(scaled_y)
            return Scaling.fit("standardize", logarithms, weight).transform(logarithms)
        return np.clip(scaled_y, -FARTHEST, FARTHEST)

    def mean(self, predictions: FloatArray, y: FloatArray, weight: FloatArray) -> float:
        """The weighted mean over rows and outputs; of squared errors, not of their halves."""
        if self.is_squared:
            losses = np.square(predictions - y).mean(axis=1)
        else:
            n_outputs = y.shape[1]
            losses = self.loss.per_sample(predictions.astype(np.float64), y) / n_outputs
        return float(weight @ losses)

    def of_networks(self, mean: float) -> float:
        """Convert a mean loss to the loss that networks are trained with: half of the square."""
        return mean / 2 if self.is_squared else mean

    def metric(self, predictions: FloatArray, y: FloatArray, weight: FloatArray) -> float:
        """The mean loss as in ``sklearn.metrics``, where a deviance is twice the loss."""
        mean = self.mean(predictions, y, weight)
        return 2 * mean if self.has_log_link else mean


#: The default loss.
SQUARED_ERROR = NumberLoss(SquaredError())


def divided_by_mean(y: FloatArray, weight: FloatArray) -> Scaling:
    """Divide targets by their mean, without a shift, which would make some of them negative.

    >>> divided_by_mean(np.array([[1.0], [3.0]]), np.ones(2)).factor
    array([0.5])
    """
    counted = weight > 0
    targets = y[counted]
    largest = targets.max(axis=0)
    # The sum of the targets themselves may overflow.
    shares = np.average(targets / largest, axis=0, weights=weight[counted])
    means = largest * shares
    with np.errstate(divide="ignore", over="ignore"):
        factors = 1 / means
    is_wrong = ~np.isfinite(factors) | (factors < MIN_SCALE)
    if is_wrong.any():
        problem = f"the mean of the targets, {means[is_wrong][0]:g}, is beyond float64"
        raise ArgumentError(problem, argument="y", remedy="measure them in another unit")
    return Scaling("affine", np.zeros(len(means)), factors)


def around_quantile(y: FloatArray, weight: FloatArray, q: float) -> Scaling:
    """Subtract the q-quantile, and divide by the interquartile range, which outliers don't change.

    Where half of the targets are equal, the divisor is the standard deviation.

    >>> scaling = around_quantile(np.array([[1.0], [2.0], [3.0], [1e9]]), np.ones(4), 0.5)
    >>> scaling.offset, 1.349 / scaling.factor
    (array([2.]), array([2.]))
    """
    standard = Scaling.fit("standardize", y, weight)
    counted = weight > 0
    offset, lower, upper = weighted_quantiles(y[counted], weight[counted], (q, 0.25, 0.75))
    spread = upper - lower
    size = np.maximum(np.abs(lower), np.abs(upper))
    is_rounding = spread <= 10 * EPSILON * size
    safe_spread = np.where(is_rounding, 1.0, spread)
    factor = np.where(is_rounding, standard.factor, NORMAL_RANGE / safe_spread)
    return Scaling("affine", offset, factor)


def weighted_quantiles(
    values: FloatArray, weight: FloatArray, levels: tuple[float, ...]
) -> NDArray[np.float64]:
    """Compute weighted quantiles of each column, shape (n_levels, n_columns)."""
    quantiles: NDArray[np.float64] = np.quantile(
        values, levels, axis=0, weights=weight, method="inverted_cdf"
    )
    return quantiles
