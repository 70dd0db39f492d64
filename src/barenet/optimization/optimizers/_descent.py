"""Gradient descent: plain, with momentum, and with Nesterov momentum."""

from dataclasses import dataclass

from barenet._constraints import option
from barenet.model._arrays import FloatArray
from barenet.optimization.optimizers._optimizer import Optimizer, UpdateFormula

# Momentum and Nesterov's momentum have the same letters, with one explanation.
_MOMENTUM_SETTINGS = {"eta": "learning_rate", "beta": "beta"}
_MOMENTUM_TEXT = "{eta} is the learning rate, v the velocity, of which {beta} is kept at each step."


@dataclass
class SGD(Optimizer):
    """Gradient descent, a step against the gradient: θ ← θ − η g.

    It is stochastic because g is the gradient of a mini-batch.

    Parameters
    ----------
    learning_rate : float, default=0.1
        η, the scale of the steps.
    average : float, default=0.0
        Fraction of an average of the parameters that is kept at each step; 0 for no average. See
        `Optimizer`.

    Examples
    --------
    >>> theta = np.array([1.0, 2.0])
    >>> SGD(learning_rate=0.1).step(theta, np.array([10.0, 0.0]))
    >>> theta
    array([0., 2.])
    """

    name = "sgd"
    formula = UpdateFormula(
        {"theta": "theta - eta * g"},
        settings={"eta": "learning_rate"},
        text="{eta} is the learning rate.",
    )
    learning_rate: float = option(0.1, gt=0)

    def update(self, parameters: FloatArray, gradient: FloatArray, rate: float) -> None:
        parameters -= rate * gradient


@dataclass
class Momentum(Optimizer):
    """Gradient descent with momentum: v ← β v − η g, θ ← θ + v.

    From Polyak, "Some methods of speeding up the convergence of iteration methods" (1964).

    Parameters
    ----------
    learning_rate : float, default=0.01
        η, the scale of the steps.
    beta : float, default=0.9
        Fraction of the velocity that is kept.
    average : float, default=0.0
        Fraction of an average of the parameters that is kept at each step; 0 for no average. See
        `Optimizer`.
    """

    name = "momentum"
    formula = UpdateFormula(
        {"v": "beta * v - eta * g", "theta": "theta + v"},
        settings=_MOMENTUM_SETTINGS,
        text=_MOMENTUM_TEXT,
    )
    moment_names = ("velocity",)
    learning_rate: float = option(0.01, gt=0)
    beta: float = option(0.9, ge=0, le=1)

    def update(self, parameters: FloatArray, gradient: FloatArray, rate: float) -> None:
        v = self.moments["velocity"]
        v *= self.beta
        v -= rate * gradient
        parameters += v


class Nesterov(Momentum):
    """Nesterov's momentum, with the gradient at the next point: v ← β v − η g, θ ← θ + β v − η g.

    The parameters are those at the lookahead point, as in Sutskever, Martens, Dahl
    and Hinton, "On the importance of initialization and momentum in deep learning" (2013). From
    Nesterov, "A method of solving a convex programming problem with convergence rate O(1/k²)"
    (1983).

    Parameters
    ----------
    learning_rate : float, default=0.01
        η, the scale of the steps.
    beta : float, default=0.9
        Fraction of the velocity that is kept.
    average : float, default=0.0
        Fraction of an average of the parameters that is kept at each step; 0 for no average. See
        `Optimizer`.
    """

    name = "nesterov"
    formula = UpdateFormula(
        {"v": "beta * v - eta * g", "theta": "theta + beta * v - eta * g"},
        settings=_MOMENTUM_SETTINGS,
        text=_MOMENTUM_TEXT,
    )

    def update(self, parameters: FloatArray, gradient: FloatArray, rate: float) -> None:
        v = self.moments["velocity"]
        v *= self.beta
        v -= rate * gradient
        parameters += self.beta * v - rate * gradient
