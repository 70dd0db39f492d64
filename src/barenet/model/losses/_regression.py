"""Losses for numbers: squared, absolute, Huber, quantile, Gaussian; for counts: Poisson; and for
positive amounts: gamma and Tweedie.

The last three also have a form from the logits of an output activation. Near a rate of 0, the
derivative 1 − y/ŷ is very large and the derivative of the activation nearly 0; computing their
product from the logits keeps all its digits.
"""

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from barenet._constraints import check_number, option
from barenet.errors import ArgumentError
from barenet.model._activations import sigmoid
from barenet.model._arrays import FloatArray
from barenet.model.losses._loss import Loss

LN_2_PI = 1.8378770664093453
# each form declares this, as inherited formulas are ignored
_DEVIANCE = "A - Y + times_ln(Y, Y / A)"
_GAMMA_DEVIANCE = "Y / A - 1 - ln(Y / A)"
_TWEEDIE_DEVIANCE = (
    "(Y**(2 - power) - (2 - power) * Y * A**(1 - power) + (1 - power) * A**(2 - power))"
    " / ((1 - power) * (2 - power))"
)

# t, q and the rate for z above 0 of a Poisson loss on softplus, whose docstring explains them.
_T = "exp(-abs(Z))"
_Q = f"(log1p({_T}) / {_T} if {_T} > 0 else 1)"
_RATE = f"(max(0, Z) + log1p({_T}))"


@dataclass(frozen=True)
class SquaredError(Loss):
    """Squared error: ℓ = factor · Σⱼ (ŷⱼ − yⱼ)², with the derivative 2 · factor · (ŷⱼ − yⱼ).

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
    of_differences = True
    formula = "factor * (A - Y)**2"
    derivative_formula = "2 * factor * (A - Y)"

    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        return self.factor * ((output - y) ** 2).sum(axis=1)

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        return 2 * self.factor * (output - y)


class AbsoluteError(Loss):
    """Absolute error, for medians: ℓ = Σⱼ ``|ŷⱼ − yⱼ|``, with the derivative sign(ŷⱼ − yⱼ)."""

    name = "absolute_error"
    of_differences = True
    formula = "abs(A - Y)"
    derivative_formula = "sign(A - Y)"

    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        return np.abs(output - y).sum(axis=1)

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        return np.sign(output - y)


@dataclass(frozen=True)
class Huber(Loss):
    """Huber loss: ℓ = Σⱼ h(ŷⱼ − yⱼ), h(e) = ½e² for ``|e| ≤ δ``, otherwise ``δ(|e| − ½δ)``.

    Squared for small errors and absolute for large ones, so the influence of outliers is at most δ:
    h′(e) is e, cut off at ±δ. From Huber, "Robust estimation of a location parameter" (1964).

    Parameters
    ----------
    delta : float, default=1.0
        Where the parabola becomes a line.
    """

    delta: float = option(1.0, gt=0)
    name = "huber"
    of_differences = True
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
    """Quantile loss, for q-quantiles: ℓ = Σⱼ max(q·e, (q − 1)·e) with e = yⱼ − ŷⱼ.

    A prediction that is too low costs q per unit, and one that is too high costs 1 − q. Also known
    as pinball loss. From Koenker and Bassett, "Regression quantiles" (1978).

    Parameters
    ----------
    q : float, default=0.5
        Fraction of the targets below the prediction.
    levels : tuple of float, optional
        Several values of q in ascending order, such as (0.1, 0.5, 0.9), instead of one. The network
        has an output for each, with the activation "ascending", so that quantiles never cross.

    Raises
    ------
    ValueError
        If the levels are not in ascending order.

    Examples
    --------
    >>> from barenet import Network, train
    >>> network = Network.dense([1, 2], output="ascending")
    >>> options = {"optimizer": "adam:learning_rate=0.1", "schedule": "cosine", "epochs": 900}
    >>> options |= {"loss": "quantile:levels=[0.3,0.7]"}
    >>> history = train(network, np.zeros((9, 1)), np.arange(1.0, 10), **options)
    >>> network.predict([[0.0]]).round()
    array([[3., 7.]], dtype=float32)
    """

    q: float = option(0.5, gt=0, lt=1)
    levels: tuple[float, ...] = ()
    name = "quantile"
    of_differences = True
    formula = "q * (Y - A) if A < Y else (1 - q) * (A - Y)"
    derivative_formula = "-q if A < Y else 1 - q if A > Y else 0"

    def __post_init__(self) -> None:
        super().__post_init__()
        specs: Any = self.levels
        if not isinstance(specs, tuple | list):
            specs = [specs]
        levels = [check_number(q, "loss", part="quantile's levels", gt=0, lt=1) for q in specs]
        if sorted(set(levels)) != levels:
            raise ArgumentError.of("loss", levels, "quantile's levels in ascending order")
        attributes = vars(self)  # the dataclass is frozen
        attributes["levels"] = tuple(levels)
        if levels:
            attributes["activations"] = ("ascending",)
            attributes["outputs_per_target"] = len(levels)

    def check_targets(self, y: FloatArray) -> None:
        if self.levels and y.shape[1] != len(self.levels):
            problem = f"{len(self.levels)} quantiles are of one target, with an output for each"
            raise ArgumentError(problem, argument="y")

    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        error = y - output
        low, high = self._costs(output)
        return np.maximum(low * error, -high * error).sum(axis=1)

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        low, high = self._costs(output)
        is_too_high = y < output
        is_too_low = y > output
        return (high * is_too_high - low * is_too_low).astype(output.dtype)

    def _costs(self, output: FloatArray) -> FloatArray:
        """Return the cost per unit of outputs that are too low, and of those that are too high."""
        q = np.resize(self.levels or self.q, output.shape[1])
        return np.array([q, 1 - q], output.dtype)


class GaussianNLL(Loss):
    """Gaussian negative log-likelihood: ℓ = Σⱼ ½ (sⱼ + (yⱼ − μⱼ)² exp(−sⱼ) + ln 2π).

    The negative log-likelihood of a normal distribution, whose variance eˢ depends on the input.
    The first half of the outputs are the means, the second half the log variances, without an
    activation. The derivatives are (μ − y) exp(−s) and ½ − ½ (y − μ)² exp(−s). From Nix and
    Weigend, "Estimating the mean and variance of the target probability distribution" (1994).

    Examples
    --------
    >>> output, y = np.array([[1.0, 0.0]]), np.array([[1.0, 1.0]])  # the target of both outputs
    >>> round(GaussianNLL().value(output, y), 6)  # ½ ln 2π
    0.918939
    """

    name = "gaussian_nll"
    formula = f"0.5 * (S + (Y - M)**2 * exp(-S) + {LN_2_PI}) if index_outputs(A) < k else 0"
    derivative_formula = (
        "(M - Y) * exp(-S) if index_outputs(A) < k else 0.5 - 0.5 * (Y - M)**2 * exp(-S)"
    )
    activations = ("identity",)
    outputs_per_target = 2

    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        error, s = self._parts(output, y)
        terms = s + error**2 * np.exp(-s) + LN_2_PI
        return (0.5 * terms).sum(axis=1)

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        error, s = self._parts(output, y)
        precision = np.exp(-s)
        return np.hstack([error * precision, 0.5 - 0.5 * error**2 * precision])

    def _parts(self, output: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
        """μ − y and s, each of shape (n_samples, n_targets)."""
        mean, s = np.hsplit(output, 2)
        targets, _ = np.hsplit(y, 2)  # y holds the targets twice
        return mean - targets, s


class Deviance(Loss):
    """Half the deviance of counts, from ŷ and ln ŷ: ℓ = Σⱼ ŷⱼ − yⱼ − yⱼ ln ŷⱼ + yⱼ ln yⱼ."""

    @abstractmethod
    def _rate(self, output: FloatArray) -> tuple[FloatArray, FloatArray]:
        """ŷ and ln ŷ, each of shape (n_samples, n_outputs)."""

    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        rate, log_rate = self._rate(output)
        y_log_y = y * np.log(np.where(y > 0, y, 1))
        return (rate - y - y * log_rate + y_log_y).sum(axis=1)


class ExponentialPoisson(Deviance):
    """`Poisson` of ŷ = eᶻ, from z: ln ŷ = z, with the derivative ŷ − y."""

    name = "exponential_poisson"
    formula = _DEVIANCE
    derivative_formula = "A - Y"
    logits_formula = "exp(Z) - Y - Y * Z + times_ln(Y, Y)"
    logits_derivative_formula = "exp(Z) - Y"

    def _rate(self, output: FloatArray) -> tuple[FloatArray, FloatArray]:
        return np.exp(output), output

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        return np.exp(output) - y


class SoftplusPoisson(Deviance):
    """`Poisson` of ŷ = ln(1 + eᶻ), from z, with the derivative σ(z) − y σ(z)/ŷ.

    For z below 0, with t = eᶻ and q = ln(1 + t)/t, which is 1 in the limit: ŷ = tq, so::

        ln ŷ = z + ln q,    σ(z)/ŷ = 1 / ((1 + t) q).
    """

    name = "softplus_poisson"
    formula = _DEVIANCE
    derivative_formula = "(1 - exp(-A)) * (1 - Y / A)"
    logits_formula = (
        f"softplus(Z) - Y + times_ln(Y, Y) - Y * (ln({_RATE}) if Z > 0 else Z + ln({_Q}))"
    )
    logits_derivative_formula = f"sigmoid(Z) - Y / ((1 + {_T}) * ({_RATE} if Z > 0 else {_Q}))"

    def _rate(self, output: FloatArray) -> tuple[FloatArray, FloatArray]:
        rate, log_rate, _ = self._parts(output)
        return rate, log_rate

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        _, _, quotient = self._parts(output)
        return sigmoid(output) - y * quotient

    def _parts(self, z: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """ŷ, ln ŷ and σ(z)/ŷ."""
        t = np.exp(-np.abs(z))
        is_positive = z > 0
        q = np.divide(np.log1p(t), t, out=np.ones_like(t), where=t > 0)
        rate = np.where(is_positive, z + np.log1p(t), t * q)
        safe_rate = np.where(is_positive, rate, 1)  # its logarithm is used only for z > 0
        log_rate = np.where(is_positive, np.log(safe_rate), z + np.log(q))
        divisor = np.where(is_positive, safe_rate, q)
        return rate, log_rate, 1 / ((1 + t) * divisor)


class Poisson(Deviance):
    """Poisson loss, for counts: ℓ = Σⱼ ŷⱼ − yⱼ + yⱼ ln(yⱼ/ŷⱼ), with the derivative 1 − yⱼ/ŷⱼ.

    Half the deviance of a Poisson distribution of rate ŷ, so the loss of a perfect prediction is
    0. The output must be positive: exponential (the usual one) or softplus.

    Examples
    --------
    >>> round(Poisson().value(np.array([[2.0]]), np.array([[1.0]])), 6)  # 1 − ln 2
    0.306853
    """

    name = "poisson"
    formula = _DEVIANCE
    derivative_formula = "1 - Y / A"
    on_logits: ClassVar = {"exponential": ExponentialPoisson, "softplus": SoftplusPoisson}

    def _rate(self, output: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Move a rate that was rounded to 0 away from 0, so that its logarithm is finite."""
        rate = np.maximum(output, np.finfo(output.dtype).eps)
        return rate, np.log(rate)

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        rate, _ = self._rate(output)
        return 1 - y / rate

    def check_targets(self, y: FloatArray) -> None:
        if (y < 0).any():
            problem = f"the poisson loss needs counts of 0 or more, got {y.min()}"
            raise ArgumentError(problem, argument="y")


class ExponentialGamma(Loss):
    """`Gamma` of ŷ = eᶻ, from z: y/ŷ = y e⁻ᶻ, with the derivative 1 − y e⁻ᶻ."""

    name = "exponential_gamma"
    formula = _GAMMA_DEVIANCE
    derivative_formula = "1 - Y / A"
    logits_formula = "Y * exp(-Z) - 1 - (ln(Y) - Z)"
    logits_derivative_formula = "1 - Y * exp(-Z)"

    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        ratio = y * np.exp(-output)
        log_ratio = np.log(y) - output
        return (ratio - 1 - log_ratio).sum(axis=1)

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        return 1 - y * np.exp(-output)


class Gamma(Loss):
    """Gamma loss, for positive amounts: ℓ = Σⱼ yⱼ/ŷⱼ − 1 − ln(yⱼ/ŷⱼ).

    With the derivative (ŷⱼ − yⱼ)/ŷⱼ². Half the deviance of a gamma distribution of mean ŷ, so the
    loss of a perfect prediction is 0. It depends on the ratio y/ŷ alone: an error of 10 % costs the
    same for a small amount and for a large one. The output must be exponential.

    Examples
    --------
    >>> round(Gamma().value(np.array([[1.0]]), np.array([[2.0]])), 6)  # 2 − 1 − ln 2
    0.306853
    """

    name = "gamma"
    formula = _GAMMA_DEVIANCE
    derivative_formula = "(A - Y) / A**2"
    on_logits: ClassVar = {"exponential": ExponentialGamma}

    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        with np.errstate(over="ignore"):  # of a mean of 0, the loss is infinite
            ratio = y / above_zero(output)
        return (ratio - 1 - np.log(ratio)).sum(axis=1)

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        mean = above_zero(output)
        return (1 - y / mean) / mean

    def check_targets(self, y: FloatArray) -> None:
        if (y <= 0).any():
            problem = f"the gamma loss needs targets above 0, got {y.min()}"
            raise ArgumentError(problem, argument="y")


@dataclass(frozen=True)
class TweediePower(Loss):
    """A loss with the option p, the power of the mean in the variance."""

    power: float = option(1.5, gt=1, lt=2)

    def _deviance(
        self, of_target: FloatArray, product: FloatArray, of_mean: FloatArray
    ) -> FloatArray:
        """Half the deviance of each sample, from y²⁻ᵖ, y ŷ¹⁻ᵖ and ŷ²⁻ᵖ; exactly 0 for y = ŷ = 1."""
        p = self.power
        sum_of_three = of_target - (2 - p) * product + (1 - p) * of_mean
        return (sum_of_three / ((1 - p) * (2 - p))).sum(axis=1)


class ExponentialTweedie(TweediePower):
    """`Tweedie` of ŷ = eᶻ, from z: ŷ¹⁻ᵖ = exp((1 − p) z), with the derivative ŷ²⁻ᵖ − y ŷ¹⁻ᵖ."""

    name = "exponential_tweedie"
    formula = _TWEEDIE_DEVIANCE
    derivative_formula = "A**(2 - power) - Y * A**(1 - power)"
    logits_formula = (
        "(Y**(2 - power) - (2 - power) * Y * exp((1 - power) * Z)"
        " + (1 - power) * exp((2 - power) * Z)) / ((1 - power) * (2 - power))"
    )
    logits_derivative_formula = "exp((2 - power) * Z) - Y * exp((1 - power) * Z)"

    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        p = self.power
        of_target = y ** (2 - p)
        product = y * np.exp((1 - p) * output)
        of_mean = np.exp((2 - p) * output)
        return self._deviance(of_target, product, of_mean)

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        p = self.power
        return np.exp((2 - p) * output) - y * np.exp((1 - p) * output)


class Tweedie(TweediePower):
    """Tweedie loss, for amounts that are often exactly 0, such as the claims of a policy.

    With the power p, 1 < p < 2::

        ℓ = Σⱼ (yⱼ²⁻ᵖ − (2 − p) yⱼ ŷⱼ¹⁻ᵖ + (1 − p) ŷⱼ²⁻ᵖ) / ((1 − p)(2 − p)),

    with the derivative (ŷⱼ − yⱼ)/ŷⱼᵖ. Half the deviance of a Tweedie distribution of mean ŷ, whose
    variance is proportional to ŷᵖ: a sum of gamma-distributed amounts, whose number has a Poisson
    distribution. The output must be exponential. From Jørgensen, "Exponential dispersion models"
    (1987).

    Parameters
    ----------
    power : float, default=1.5
        p, above 1 and below 2; near 1 is `Poisson`, near 2 `Gamma`.

    Examples
    --------
    >>> round(Tweedie().value(np.array([[4.0]]), np.array([[0.0]])), 6)  # 2 √4
    4.0
    """

    name = "tweedie"
    formula = _TWEEDIE_DEVIANCE
    derivative_formula = "(A - Y) / A**power"
    on_logits: ClassVar = {"exponential": ExponentialTweedie}

    def per_sample(self, output: FloatArray, y: FloatArray) -> FloatArray:
        p = self.power
        mean = above_zero(output)
        of_target = y ** (2 - p)
        product = y * mean ** (1 - p)
        of_mean = mean ** (2 - p)
        return self._deviance(of_target, product, of_mean)

    def derivative(self, output: FloatArray, y: FloatArray) -> FloatArray:
        mean = above_zero(output)
        return (mean - y) * mean**-self.power

    def check_targets(self, y: FloatArray) -> None:
        if (y < 0).any():
            problem = f"the tweedie loss needs targets of 0 or more, got {y.min()}"
            raise ArgumentError(problem, argument="y")


def above_zero(mean: FloatArray) -> FloatArray:
    """Move a mean that was rounded to 0 to the smallest normal number."""
    return np.maximum(mean, np.finfo(mean.dtype).tiny)
