"""Losses for numbers: squared, absolute, Huber and quantile."""

from dataclasses import dataclass

import numpy as np

from barenet._constraints import option
from barenet.model._arrays import FloatArray
from barenet.model.losses._loss import Loss


@dataclass(frozen=True)
class SquaredError(Loss):
    """ℓ = factor · Σⱼ (ŷⱼ − yⱼ)², with the derivative 2 · factor · (ŷⱼ − yⱼ).

    The sum is over the outputs, the mean over the samples. Other definitions differ by a factor,
    which is equivalent to another learning rate: ½, the default, makes the derivative ŷ − y, as in
    the sine tutorial and in scikit-learn; 1 makes it 2(ŷ − y), the "mean squared error" of one
    output, as in the tutorial of the handwritten digits. For k outputs, PyTorch and Keras average
    over them, too: 1/k.

    Parameters
    ----------
    factor : float, default=0.5
        Factor of the squares.

    Examples
    --------
    >>> output, y = np.array([[1.0], [4.0]]), np.array([[0.0], [2.0]])
    >>> SquaredError().value(output, y)  # ½ · (1² + 2²) / 2
    1.25
    >>> SquaredError(factor=1).gradient(output, y)
    array([[1.], [2.]])
    """

    factor: float = option(0.5, gt=0)
    name = "squared_error"
    formula = "factor * (A - Y)**2"
    derivative_formula = "2 * factor * (A - Y)"

    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        return self.factor * ((output - y) ** 2).sum(axis=1)

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        return 2 * self.factor * (output - y)


class AbsoluteError(Loss):
    """ℓ = Σⱼ ``|ŷⱼ − yⱼ|``, with the derivative sign(ŷⱼ − yⱼ): the best constant is the median.

    Examples
    --------
    >>> AbsoluteError().value(np.array([[1.0], [4.0]]), np.array([[0.0], [2.0]]))
    1.5
    """

    name = "absolute_error"
    formula = "abs(A - Y)"
    derivative_formula = "sign(A - Y)"

    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        return np.abs(output - y).sum(axis=1)

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        return np.sign(output - y)


@dataclass(frozen=True)
class Huber(Loss):
    """ℓ = Σⱼ h(ŷⱼ − yⱼ), h(e) = ½e² for ``|e| ≤ δ`` and else ``δ(|e| − ½δ)``.

    Squared for small errors and absolute for large ones, so the influence of outliers is at most δ:
    h′(e) is e, cut off at ±δ. From Huber, "Robust estimation of a location parameter" (1964).

    Parameters
    ----------
    delta : float, default=1.0
        Where the parabola becomes a line.

    Examples
    --------
    >>> Huber(delta=1.0).value(np.array([[1.0], [4.0]]), np.array([[0.0], [2.0]]))
    1.0
    """

    delta: float = option(1.0, gt=0)
    name = "huber"
    formula = "0.5 * (A - Y)**2 if abs(A - Y) <= delta else delta * (abs(A - Y) - 0.5 * delta)"
    derivative_formula = "clip(A - Y, -delta, delta)"

    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        size = np.abs(output - y)
        near = np.minimum(size, self.delta)
        return (0.5 * near**2 + self.delta * (size - near)).sum(axis=1)

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        return np.clip(output - y, -self.delta, self.delta)


@dataclass(frozen=True)
class Quantile(Loss):
    """ℓ = Σⱼ max(q·e, (q − 1)·e) with e = yⱼ − ŷⱼ: the best constant is the q-quantile.

    A prediction that is too low costs q per unit, one too high 1 − q; also called pinball loss.
    From Koenker and Bassett, "Regression quantiles" (1978).

    Parameters
    ----------
    q : float, default=0.5
        Fraction of the targets below the prediction.

    Examples
    --------
    >>> Quantile(q=0.9).value(np.array([[0.0], [2.0]]), np.array([[1.0], [1.0]])).__round__(6)
    0.5
    """

    q: float = option(0.5, gt=0, lt=1)
    name = "quantile"
    formula = "q * (Y - A) if A < Y else (1 - q) * (A - Y)"
    derivative_formula = "-q if A < Y else 1 - q if A > Y else 0"

    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        error = y - output
        return np.maximum(self.q * error, (self.q - 1) * error).sum(axis=1)

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        below, above = y > output, y < output
        return ((1 - self.q) * above - self.q * below).astype(output.dtype)
