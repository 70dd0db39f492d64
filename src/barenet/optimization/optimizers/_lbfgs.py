"""L-BFGS: a full-batch method that estimates the curvature from its last steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import numpy as np

from barenet._constraints import Configurable, option
from barenet.model._arrays import FloatArray
from barenet.model._stateful import Stateful
from barenet.optimization.optimizers._line_search import Trial, search_along

#: A loss and its gradient.
Evaluation: TypeAlias = tuple[float, FloatArray]

#: The reason that a search ends which has not converged.
NO_STEP = "no step makes the loss smaller any more"

#: A step is not remembered if its curvature is less than this fraction of the slope before it.
MIN_CURVATURE = float(np.finfo(np.float64).eps)


@dataclass
class LBFGS(Configurable):
    """Limited-memory BFGS.

    It evaluates the loss of all rows at once, has no learning rate (a line search determines the
    length of each step), and is often the best choice for small data sets. An epoch is one of its
    iterations. From Liu and Nocedal, "On the limited memory BFGS method for large scale
    optimization" (1989); the steps are those of ``scipy.optimize.minimize``, up to rounding.

    Parameters
    ----------
    memory : int, default=10
        Number of steps that the curvature is estimated from.
    tolerance : float, default=1e-5
        It has converged when no entry of the gradient is larger.
    gain : float, default=0.0
        It has also converged when an iteration reduces the loss by no more than this fraction.
    evaluations : int, default=10**9
        Maximum number of evaluations of the loss; an iteration takes up to 20.

    Attributes
    ----------
    full_batch : bool
        True: each step needs all rows.

    Examples
    --------
    >>> theta = np.array([3.0, -1.0])
    >>> LBFGS().minimize(lambda: (float(theta @ theta), 2 * theta), theta, 50, lambda *_: False)
    'converged'
    >>> np.abs(theta).round(6)
    array([0., 0.])
    """

    name: ClassVar[str] = "lbfgs"
    role: ClassVar[str] = "optimizer"
    full_batch: ClassVar[bool] = True
    memory: int = option(10, ge=1, le=1000, integer=True)
    tolerance: float = option(1e-5, ge=0)
    gain: float = option(0.0, ge=0)
    evaluations: int = option(10**9, ge=1, integer=True)

    def reset(self) -> None:
        """Do nothing: L-BFGS has no state between two calls."""

    def minimize(
        self,
        value_and_gradient: Callable[[], Evaluation],
        parameters: FloatArray,
        iterations: int,
        after_iteration: Callable[[float, FloatArray], bool],
        state: LBFGSState | None = None,
    ) -> str:
        """Minimize a function of the parameters in place.

        Parameters
        ----------
        value_and_gradient : callable
            Computes the loss at `parameters`, and its gradient.
        parameters : ndarray of shape (n_parameters,)
            The starting point; changed in place before each evaluation, and to the result.
        iterations : int
            Maximum number of iterations of this call.
        after_iteration : callable
            Called after each iteration with the loss and gradient from its start, when `parameters`
            are already those at its end; returning True stops the search.
        state : LBFGSState, optional
            The state of an earlier call, which this one continues and updates. It starts anew at
            other parameters than those where that call has ended.

        Returns
        -------
        str
            ``"converged"``, ``"stopped"`` or ``"completed"`` (after all iterations); or a message
            that the maximum number of evaluations was reached, or that no step reduces the loss any
            more.
        """
        if state is None:
            state = LBFGSState()

        def evaluate(position: FloatArray) -> Evaluation:
            parameters[:] = position  # converted to their dtype
            loss, gradient = value_and_gradient()
            state.n_evaluations += 1
            return float(loss), gradient.astype(np.float64)

        if not state.is_at(parameters):
            state.start(parameters.astype(np.float64), evaluate)
        n_iterations = 0
        while True:
            ending = self._ending(state, is_last=n_iterations == iterations)
            if ending is not None:
                return ending
            loss = state.loss
            gradient = state.gradient
            has_moved = self._move(state, evaluate)
            parameters[:] = state.position
            if not has_moved:
                return NO_STEP
            n_iterations += 1
            if after_iteration(loss, gradient):
                return "stopped"

    def _ending(self, state: LBFGSState, *, is_last: bool) -> str | None:
        """Return the reason to end the search at the current point, if there is one."""
        if np.abs(state.gradient).max(initial=0) <= self.tolerance:
            return "converged"
        if is_last:
            return "completed"
        if state.n_evaluations > self.evaluations:
            return f"the maximum of {self.evaluations} evaluations was reached"
        decrease = state.last_loss - state.loss
        scale = max(abs(state.last_loss), abs(state.loss), 1.0)
        if np.isinf(decrease) or decrease > self.gain * scale:
            return None
        return "converged" if self.gain > 0 else NO_STEP

    def _move(self, state: LBFGSState, evaluate: Callable[[FloatArray], Evaluation]) -> bool:
        """Move to a point with a smaller loss, and return whether there is one on the way."""
        direction = state.direction()
        slope = dot(state.gradient, direction)
        # The length of the first direction, the negative gradient, tells nothing about the step.
        is_first = np.isinf(state.last_loss)
        first_step = float(1 / np.sqrt(-slope)) if is_first else 1.0
        point = (state.position, state.gradient)

        def try_step(step: float) -> Trial:
            nonlocal point
            position = state.position + step * direction
            loss, gradient = evaluate(position)
            point = (position, gradient)
            return Trial(step, loss, dot(gradient, direction))

        trial = None
        if slope < 0:
            trial = search_along(try_step, Trial(0.0, state.loss, slope), first_step)
        if trial is not None:
            state.move(*point, trial.loss, self.memory)
            return True
        if not state.pairs:
            return False
        state.pairs.clear()  # the curvature misleads: search along the gradient instead
        return self._move(state, evaluate)


class LBFGSState(Stateful):
    """The point of a search, and the last steps, from which the curvature is estimated."""

    def __init__(self) -> None:
        self.position: FloatArray = np.empty(0)
        self.gradient: FloatArray = np.empty(0)
        self.loss = np.inf
        #: The loss before the last step.
        self.last_loss = np.inf
        #: The last steps s, and the changes y of the gradient in them, the oldest first.
        self.pairs: list[tuple[FloatArray, FloatArray]] = []
        self.n_evaluations = 0

    def is_at(self, parameters: FloatArray) -> bool:
        """Return whether the parameters are still those at which the last step ended."""
        return np.array_equal(self.position.astype(parameters.dtype), parameters)

    def start(self, position: FloatArray, evaluate: Callable[[FloatArray], Evaluation]) -> None:
        """Start at a point without knowing the curvature."""
        self.position = position
        self.loss, self.gradient = evaluate(position)
        self.last_loss = np.inf
        self.pairs = []

    def direction(self) -> FloatArray:
        """Estimate −H⁻¹∇L, with the Hessian H, from the last steps.

        The two-loop recursion: algorithm 7.4 of Nocedal and Wright, "Numerical Optimization".
        """
        q = self.gradient.copy()
        alphas = []
        for s, y in reversed(self.pairs):
            alpha = dot(s, q) / dot(s, y)
            q -= alpha * y
            alphas.append(alpha)
        if self.pairs:
            s, y = self.pairs[-1]
            q *= dot(s, y) / dot(y, y)
        for (s, y), alpha in zip(self.pairs, reversed(alphas), strict=True):
            beta = dot(y, q) / dot(s, y)
            q += (alpha - beta) * s
        return -q

    def move(self, position: FloatArray, gradient: FloatArray, loss: float, memory: int) -> None:
        """Take a step, and remember the last ones, unless the loss curves downwards on this one."""
        s = position - self.position
        y = gradient - self.gradient
        if dot(s, y) > -MIN_CURVATURE * dot(s, self.gradient):
            self.pairs.append((s, y))
            del self.pairs[:-memory]
        self.last_loss = self.loss
        self.position = position
        self.gradient = gradient
        self.loss = loss

    def state_dict(self) -> dict[str, Any]:
        if not self.n_evaluations:
            return {}
        n_parameters = self.position.size
        return {
            "position": self.position,
            "gradient": self.gradient,
            "loss": self.loss,
            "last_loss": self.last_loss,
            "steps": np.array([s for s, _ in self.pairs]).reshape(-1, n_parameters),
            "gradient_changes": np.array([y for _, y in self.pairs]).reshape(-1, n_parameters),
            "n_evaluations": self.n_evaluations,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        if "position" not in state:  # before the first step, or written by barenet 0.3
            return
        self.position = state["position"]
        self.gradient = state["gradient"]
        self.loss = state["loss"]
        self.last_loss = state["last_loss"]
        self.pairs = list(zip(state["steps"], state["gradient_changes"], strict=True))
        self.n_evaluations = state["n_evaluations"]


def dot(a: FloatArray, b: FloatArray) -> np.float64:
    """Compute a · b with the same bits on any number of threads, unlike BLAS."""
    return np.float64(np.sum(a * b))
