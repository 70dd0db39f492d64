"""L-BFGS: a full-batch method that estimates the curvature from its last steps, from SciPy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from barenet._constraints import Configurable, option
from barenet.model._arrays import FloatArray
from barenet.optimization.optimizers._lbfgs_history import LBFGSHistory


@dataclass
class LBFGS(Configurable):
    """Limited-memory BFGS through ``scipy.optimize.minimize``.

    It needs the loss of all rows at once, has no learning rate (a line search determines the length
    of each step), and is often the best choice for small data. An epoch is one of its iterations.
    From Liu and Nocedal, "On the limited memory BFGS method for large scale optimization" (1989).

    Parameters
    ----------
    memory : int, default=10
        Number of steps that the curvature is estimated from.
    tolerance : float, default=1e-5
        It converges when no entry of the gradient is larger.
    gain : float, default=0.0
        It also converges when an iteration reduces the loss by no more than this fraction.
    evaluations : int, default=10**9
        Maximum number of evaluations of the loss; an iteration takes up to 20.

    Attributes
    ----------
    role, name : str
        The argument that takes it, and its name in `OPTIMIZERS`.
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
        value_and_gradient: Callable[[], tuple[float, FloatArray]],
        parameters: FloatArray,
        iterations: int,
        after_iteration: Callable[[float, FloatArray], bool],
        history: LBFGSHistory | None = None,
    ) -> str:
        """Minimize a function of the parameters in place.

        Parameters
        ----------
        value_and_gradient : callable
            Computes the loss at `parameters`, and its gradient.
        parameters : ndarray of shape (n_parameters,)
            The starting point; changed in place before each evaluation, and to the result.
        iterations : int
            Maximum number of iterations.
        after_iteration : callable
            Called with the loss and gradient at the start of each iteration, when `parameters` are
            those at its end; True stops.
        history : LBFGSHistory, optional
            Evaluations of an earlier call, which are replayed without reporting its iterations;
            new evaluations are recorded.

        Returns
        -------
        str
            ``"converged"``, ``"stopped"``, ``"completed"`` after all iterations, or that no step
            within the precision reduces the loss.
        """
        from scipy.optimize import minimize

        search = _Search(value_and_gradient, parameters, after_iteration, history)
        start = parameters if history is None else history.begin(parameters)
        result = minimize(  # type: ignore[call-overload]
            search.evaluate,
            start.astype(np.float64),
            jac=True,
            method="L-BFGS-B",
            callback=search.finish_iteration,
            options={
                "maxiter": iterations,
                "maxfun": self.evaluations,
                "maxcor": int(self.memory),
                "gtol": self.tolerance,
                "ftol": self.gain,
            },
        )
        parameters[:] = result.x
        if search.stopped:
            return "stopped"
        gained_enough = self.gain == 0 or result.status != 0
        if np.abs(result.jac).max(initial=0) <= self.tolerance or not gained_enough:
            return "converged"
        return "completed" if result.status == 1 else "no step makes the loss smaller any more"


@dataclass
class _Search:
    """The callbacks of SciPy's search."""

    value_and_gradient: Callable[[], tuple[float, FloatArray]]
    parameters: FloatArray
    after_iteration: Callable[[float, FloatArray], bool]
    history: LBFGSHistory | None
    start: tuple[float, FloatArray] | None = None
    last: tuple[float, FloatArray] | None = None
    stopped: bool = False

    def evaluate(self, x: FloatArray) -> tuple[float, FloatArray]:
        """Compute the loss and its gradient at x, in the parameters' dtype."""
        self.parameters[:] = x
        known = None if self.history is None else self.history.replay(x)
        value, gradient = known or self.value_and_gradient()
        if self.history is not None and known is None:
            self.history.record(x, value, gradient)
        self.last = (value, gradient.astype(np.float64))
        self.start = self.start or self.last
        return self.last

    def finish_iteration(self, x: FloatArray) -> None:
        """Report an iteration; StopIteration makes SciPy stop."""
        self.parameters[:] = x
        assert self.start is not None
        start, self.start = self.start, self.last
        if self.history is not None and self.history.has_reported():
            return
        if self.after_iteration(*start):
            self.stopped = True
            raise StopIteration
