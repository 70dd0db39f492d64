"""Optimizer: a rule that turns a gradient into a step of the parameters, on flat vectors.

`Clipping` limits the size of the gradient before the step, which reduces the effect of outliers.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, ClassVar, NamedTuple, TypeAlias

import numpy as np

from barenet._constraints import Configurable, option
from barenet._messages import brief
from barenet._registry import build, by_name
from barenet.errors import ArgumentError
from barenet.model._arrays import FloatArray
from barenet.model._layout import Layout
from barenet.model._stateful import Stateful

#: Vectors that an optimizer keeps between steps, by name.
Moments: TypeAlias = dict[str, FloatArray]


class UpdateFormula(NamedTuple):
    """Equations of a step for a parameter θ with the gradient g, and the letters in them."""

    #: The new value of each moment, in the order of `moment_names`, and then of theta.
    updates: Mapping[str, str]
    #: The option that each letter stands for.
    settings: Mapping[str, str] = {}
    #: Explanation of the letters, with the letters of options in braces.
    text: str = ""


@dataclass(repr=False)
class Optimizer(Configurable, Stateful, ABC):
    """A rule for the next step.

    Its methods change `parameters` in place. The `gradient` of the loss has the same shape,
    (n_parameters,), and `rate` is the learning rate of the step.

    Attributes
    ----------
    full_batch : bool
        Whether each step needs all rows, as in L-BFGS.
    learning_rate, n_steps : float and int
        η, the scale of the steps; and the number of steps taken.
    average : float
        Fraction of an average of the parameters that is kept at each step, such as 0.99; 0 for no
        average. `train` takes the steps from parameters that are not averaged. Its network holds
        the average, which is also what is measured. Up to step 1 / (1 − average), the average is
        the plain mean.
    formula : UpdateFormula, optional
        The step as equations, for `explain`.
    moment_names, moments : tuple of str, and dict of str to ndarray
        The vectors that it keeps between steps, as long as the parameters; empty before the first
        step.
    elementwise : bool
        Whether each parameter's step depends only on its own gradients.
    layout : Layout, optional
        The shapes of the layers' arrays in the parameters, set by `train`.

    Raises
    ------
    ValueError
        If an option is not a number of its range, or if the parameters of a network are given.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class SignDescent(Optimizer):
    ...     name = "sign_descent"
    ...     learning_rate: float = 0.1
    ...     def update(self, parameters, gradient, rate):
    ...         parameters -= rate * np.sign(gradient)
    >>> theta = np.array([1.0])
    >>> SignDescent().step(theta, np.array([42.0]))
    >>> theta
    array([0.9])
    """

    role: ClassVar[str] = "optimizer"
    full_batch: ClassVar[bool] = False
    formula: ClassVar[UpdateFormula | None] = None
    moment_names: ClassVar[tuple[str, ...]] = ()
    elementwise: ClassVar[bool] = True

    learning_rate: float = option(gt=0)
    _: KW_ONLY
    average: float = option(0.0, ge=0, lt=1)
    moments: Moments = field(default_factory=dict, init=False, repr=False, compare=False)
    n_steps: int = field(default=0, init=False, repr=False, compare=False)
    layout: Layout | None = field(default=None, init=False, repr=False, compare=False)

    def step(
        self, parameters: FloatArray, gradient: FloatArray, learning_rate: float | None = None
    ) -> None:
        """Change the parameters by one step, in place.

        Parameters
        ----------
        learning_rate : float, optional
            Learning rate of this step, such as from a schedule; by default the optimizer's own.
        """
        if self.moment_names:
            self.prepare(parameters)
        self.n_steps += 1
        if learning_rate is None:
            learning_rate = self.learning_rate
        check_in_place(self.update(parameters, gradient, learning_rate), self, "update")

    def prepare(self, parameters: FloatArray) -> None:
        """Allocate the moments before the first step.

        Raises
        ------
        ValueError
            If the optimizer has taken steps with a vector of another length.
        """
        names = list(self.moment_names)
        if self.average:
            names += ["raw", "average"]  # the parameters, and the average of them
        for name in names:
            moment = self.moments.get(name)
            if moment is None:
                moment = np.zeros(parameters.shape, parameters.dtype)
                self.moments[name] = moment
            # joblib sends large arrays to its workers as read-only memory maps.
            if not moment.flags.writeable:
                self.moments[name] = moment.copy()
            if moment.shape != parameters.shape:
                sizes = f"{moment.size} parameters, and this network has {parameters.size}"
                remedy = "use a new one, or reset() it"
                raise ArgumentError(f"it has moments of {sizes}", argument=self.role, remedy=remedy)

    @abstractmethod
    def update(self, parameters: FloatArray, gradient: FloatArray, rate: float) -> None:
        """Apply the rule; `n_steps` includes this step."""

    def reset(self) -> None:
        """Discard the moments and the step count."""
        self.moments = {}
        self.n_steps = 0

    def state_dict(self) -> dict[str, Any]:
        """Return the step count, the learning rate and the moments; a subclass may add more."""
        state: dict[str, Any] = {"n_steps": self.n_steps, "learning_rate": self.learning_rate}
        for name, moment in self.moments.items():
            state[f"moment_{name}"] = moment
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.n_steps = state["n_steps"]
        self.learning_rate = state["learning_rate"]
        self.__post_init__()
        self.moments = {}
        if not self.n_steps:
            return
        for name, moment in state.items():
            if name.startswith("moment_"):
                self.moments[name.removeprefix("moment_")] = moment.copy()


def check_in_place(result: object, part: Any, method: str) -> None:
    """Reject a result of a method that changes its argument, as the result would be ignored."""
    if result is not None:
        problem = f"{type(part).__name__}.{method} returned {brief(result)}, which has no effect"
        remedy = "change the array in place, as in parameters[:] = ..., and return nothing"
        raise ArgumentError(problem, argument=part.role, value=result, remedy=remedy)


def euclidean_norm(vector: FloatArray) -> float:
    """Compute √(Σ vᵢ²), in float64 if the squares overflow."""
    with np.errstate(over="ignore"):
        square = vector @ vector
    if np.isfinite(square):
        return float(np.sqrt(square))
    return float(np.linalg.norm(vector.astype(float)))


@dataclass(frozen=True, repr=False)
class Clipping(Configurable, ABC):
    """A limit on the size of the `gradient`, a flat vector, which is clipped in place.

    Attributes
    ----------
    formula : str
        A Python expression for the clipped gradient, given g, its norm and the limit c, for
        `explain`.
    limit : float
        The largest size that is not clipped.

    Examples
    --------
    >>> gradient = np.array([3.0, -0.5])
    >>> ClipValue(limit=1.0).clip(gradient)
    >>> gradient
    array([ 1. , -0.5])
    >>> ClipNorm(limit=0.5).clip(gradient := np.array([3.0, -4.0]))
    >>> gradient
    array([ 0.3, -0.4])
    """

    role: ClassVar[str] = "clip"
    formula: ClassVar[str] = ""
    limit: float = option(gt=0)

    @abstractmethod
    def clip(self, gradient: FloatArray) -> None:
        """Clip the gradient in place."""


class ClipValue(Clipping):
    """Clip each entry to ±limit.

    Parameters
    ----------
    limit : float
        The largest size that is not clipped.
    """

    name = "value"
    formula = "clip(g, -c, c)"

    def clip(self, gradient: FloatArray) -> None:
        np.clip(gradient, -self.limit, self.limit, out=gradient)


class ClipNorm(Clipping):
    """Scale a gradient that is longer than `limit` to that length, in the same direction.

    From Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural networks"
    (2013).

    Parameters
    ----------
    limit : float
        The largest size that is not clipped.
    """

    name = "norm"
    formula = "g * c / norm if norm > c else g"

    def clip(self, gradient: FloatArray) -> None:
        norm = euclidean_norm(gradient)
        if norm > self.limit:
            gradient *= self.limit / norm


#: Every clipping by its name.
CLIPPINGS: dict[str, type[Clipping]] = by_name(ClipValue, ClipNorm)


def as_clipping(spec: str | Clipping | None) -> Clipping | None:
    """Build a clipping from a name such as ``"norm:limit=1"``."""
    return None if spec is None else build(Clipping, CLIPPINGS, spec, "clip")
