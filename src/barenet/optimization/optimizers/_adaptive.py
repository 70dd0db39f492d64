"""Optimizers with adaptive learning rates for each parameter, by the size of its gradients.

Lion instead takes steps of one length, whatever the size of the gradients.
"""

from dataclasses import dataclass

import numpy as np

from barenet._constraints import option
from barenet.model._arrays import FloatArray
from barenet.optimization.optimizers._optimizer import Optimizer, UpdateFormula

_ETA = "{eta} is the learning rate"
_EPS = "{eps} avoids a division by 0"
_ADAM_MEAN = "beta1 * m + (1 - beta1) * g"
_ADAM_SQUARES = "beta2 * v + (1 - beta2) * g**2"
#: The step of Adam, in which {} is the term that is added to the root.
_ADAM_STEP = "eta * (m / (1 - beta1**t)) / (sqrt(v / (1 - beta2**t)) + {})"
_ADAM_SETTINGS = {"eta": "learning_rate", "beta1": "beta1", "beta2": "beta2", "eps": "epsilon"}
_ADAM_TEXT = (
    f"{_ETA}, m a running mean of gradients and v one of their squares, of which {{beta1}} and "
    f"{{beta2}} are kept, t the number of the step; {_EPS}"
)


@dataclass
class AdaGrad(Optimizer):
    """AdaGrad, with smaller steps after large gradients: s ← s + g², θ ← θ − η g / (√s + ε).

    From Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic
    optimization" (2011).

    Parameters
    ----------
    learning_rate : float, default=0.01
        η, the scale of the steps.
    epsilon : float, default=1e-10
        ε, which prevents a division by 0.
    average : float, default=0.0
        Fraction of an average of the parameters that is kept at each step; 0 for no average. See
        `Optimizer`.
    """

    name = "adagrad"
    formula = UpdateFormula(
        {"s": "s + g**2", "theta": "theta - eta * g / (sqrt(s) + eps)"},
        settings={"eta": "learning_rate", "eps": "epsilon"},
        text=f"{_ETA}, s the sum of all squared gradients so far; {_EPS}.",
    )
    moment_names = ("squares",)
    learning_rate: float = option(0.01, gt=0)
    epsilon: float = option(1e-10, gt=0)

    def update(self, parameters: FloatArray, gradient: FloatArray, rate: float) -> None:
        s = self.moments["squares"]
        s += gradient**2
        parameters -= rate * gradient / (np.sqrt(s) + self.epsilon)


@dataclass
class RMSProp(Optimizer):
    """RMSProp, AdaGrad with a running average: s ← ρ s + (1 − ρ) g², θ ← θ − η g / (√s + ε).

    From Tieleman and Hinton, "Neural networks for machine learning", lecture 6 (2012).

    Parameters
    ----------
    learning_rate : float, default=0.001
        η, the scale of the steps.
    decay, epsilon : float, default=0.99 and 1e-8
        ρ, the fraction of the old average that is kept, and ε, which prevents a division by 0.
    average : float, default=0.0
        Fraction of an average of the parameters that is kept at each step; 0 for no average. See
        `Optimizer`.
    """

    name = "rmsprop"
    formula = UpdateFormula(
        {"s": "rho * s + (1 - rho) * g**2", "theta": "theta - eta * g / (sqrt(s) + eps)"},
        settings={"eta": "learning_rate", "rho": "decay", "eps": "epsilon"},
        text=f"{_ETA}, s a running mean of squared gradients, of which {{rho}} is kept; {_EPS}.",
    )
    moment_names = ("squares",)
    learning_rate: float = option(0.001, gt=0)
    decay: float = option(0.99, ge=0, lt=1)
    epsilon: float = option(1e-8, gt=0)

    def update(self, parameters: FloatArray, gradient: FloatArray, rate: float) -> None:
        s = self.moments["squares"]
        s *= self.decay
        s += (1 - self.decay) * gradient**2
        parameters -= rate * gradient / (np.sqrt(s) + self.epsilon)


@dataclass
class AdamBase(Optimizer):
    """The moments of Adam, and their bias correction.

    Attributes
    ----------
    beta1, beta2, epsilon : float
        Fractions of the old averages that are kept, and ε, which prevents a division by 0.
    """

    moment_names = ("mean", "squares")
    learning_rate: float = option(0.001, gt=0)
    beta1: float = option(0.9, ge=0, lt=1)
    beta2: float = option(0.999, ge=0, lt=1)
    epsilon: float = option(1e-8, gt=0)

    def _corrected_moments(self, gradient: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Update m and v, and return m̂ and v̂."""
        m = self.moments["mean"]
        v = self.moments["squares"]
        t = self.n_steps
        m *= self.beta1
        m += (1 - self.beta1) * gradient
        v *= self.beta2
        v += (1 - self.beta2) * gradient**2
        return m / (1 - self.beta1**t), v / (1 - self.beta2**t)


@dataclass
class Adam(AdamBase):
    """Adam: a running mean m of the gradient, divided by the root of one of its square, v.

    At step t::

        m ← β₁ m + (1 − β₁) g            m̂ = m / (1 − β₁ᵗ)
        v ← β₂ v + (1 − β₂) g²           v̂ = v / (1 − β₂ᵗ)
        θ ← θ − η m̂ / (√v̂ + ε)

    Both averages start from 0; m̂ and v̂ correct that bias. From Kingma and Ba, "Adam: a method for
    stochastic optimization" (2015).

    Parameters
    ----------
    learning_rate : float, default=0.001
        η, the scale of the steps.
    beta1, beta2, epsilon : float, default=0.9, 0.999 and 1e-08
        β₁ and β₂, the fractions of the old averages that are kept, and ε, which prevents a
        division by 0.
    epsilon_hat : float, default=0.0
        ε̂, added to √v before its bias is corrected, so that ε + ε̂ / √(1 − β₂ᵗ) is added to √v̂: the
        ε of the shorter form at the end of the paper's section 2, and scikit-learn's.
    average : float, default=0.0
        Fraction of an average of the parameters that is kept at each step; 0 for no average. See
        `Optimizer`.

    Examples
    --------
    >>> theta = np.array([1.0, 1.0])
    >>> Adam(learning_rate=0.1).step(theta, np.array([100.0, -0.01]))
    >>> theta.round(6)
    array([0.9, 1.1])
    """

    name = "adam"
    formula = UpdateFormula(
        {
            "m": _ADAM_MEAN,
            "v": _ADAM_SQUARES,
            "theta": "theta - " + _ADAM_STEP.format("eps + epsilon_hat / sqrt(1 - beta2**t)"),
        },
        settings=_ADAM_SETTINGS,
        text=f"{_ADAM_TEXT}.",
    )
    epsilon_hat: float = option(0.0, ge=0)

    def update(self, parameters: FloatArray, gradient: FloatArray, rate: float) -> None:
        m_hat, v_hat = self._corrected_moments(gradient)
        epsilon = self.epsilon + self.epsilon_hat / (1 - self.beta2**self.n_steps) ** 0.5
        parameters -= rate * m_hat / (np.sqrt(v_hat) + epsilon)


@dataclass
class AdamW(AdamBase):
    """Adam with decoupled weight decay, θ ← θ − η λ θ before each step.

    The gradient of an L2 penalty would be divided by √v̂, with less decay where gradients are large.
    From Loshchilov and Hutter, "Decoupled weight decay regularization" (2019).

    Parameters
    ----------
    learning_rate : float, default=0.001
        η, the scale of the steps.
    beta1, beta2, epsilon : float, default=0.9, 0.999 and 1e-08
        β₁ and β₂, the fractions of the old averages that are kept, and ε, which prevents a
        division by 0.
    weight_decay : float, default=0.01
        λ.
    average : float, default=0.0
        Fraction of an average of the parameters that is kept at each step; 0 for no average. See
        `Optimizer`.
    """

    name = "adamw"
    formula = UpdateFormula(
        {
            "m": _ADAM_MEAN,
            "v": _ADAM_SQUARES,
            "theta": "theta * (1 - eta * lam) - " + _ADAM_STEP.format("eps"),
        },
        settings={**_ADAM_SETTINGS, "lam": "weight_decay"},
        text=f"{_ADAM_TEXT}; {{lam}} makes every parameter a little smaller.",
    )
    weight_decay: float = option(0.01, ge=0)

    def update(self, parameters: FloatArray, gradient: FloatArray, rate: float) -> None:
        parameters *= 1 - rate * self.weight_decay
        m_hat, v_hat = self._corrected_moments(gradient)
        parameters -= rate * m_hat / (np.sqrt(v_hat) + self.epsilon)


@dataclass
class Lion(Optimizer):
    """Lion: θ ← (1 − η λ) θ − η sign(β₁ m + (1 − β₁) g), then m ← β₂ m + (1 − β₂) g.

    Every parameter takes steps of the same length η, so the learning rate is best a third to a
    tenth of Adam's, with a schedule. From Chen and others, "Symbolic discovery of optimization
    algorithms" (2023).

    Parameters
    ----------
    learning_rate : float, default=0.001
        η, the scale of the steps.
    beta1, beta2, weight_decay : float, default=0.9, 0.99 and 0.0
        Fractions of m that are kept in the sign and in m, and λ.
    average : float, default=0.0
        Fraction of an average of the parameters that is kept at each step; 0 for no average. See
        `Optimizer`.
    """

    name = "lion"
    formula = UpdateFormula(
        {
            "theta": "theta * (1 - eta * lam) - eta * sign(beta1 * m + (1 - beta1) * g)",
            "m": "beta2 * m + (1 - beta2) * g",
        },
        settings={
            "eta": "learning_rate",
            "beta1": "beta1",
            "beta2": "beta2",
            "lam": "weight_decay",
        },
        text=f"{_ETA}, m a running mean of gradients, of which {{beta1}} is kept for the sign and "
        "{beta2} for the next step; {lam} makes every parameter a little smaller.",
    )
    moment_names = ("mean",)
    learning_rate: float = option(0.001, gt=0)
    beta1: float = option(0.9, ge=0, lt=1)
    beta2: float = option(0.99, ge=0, lt=1)
    weight_decay: float = option(0.0, ge=0)

    def update(self, parameters: FloatArray, gradient: FloatArray, rate: float) -> None:
        m = self.moments["mean"]
        parameters *= 1 - rate * self.weight_decay
        parameters -= rate * np.sign(self.beta1 * m + (1 - self.beta1) * gradient)
        m *= self.beta2
        m += (1 - self.beta2) * gradient
