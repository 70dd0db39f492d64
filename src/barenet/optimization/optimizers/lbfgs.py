"""L-BFGS: a full-batch method that learns the curvature from its last steps. SciPy's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from barenet.constraints import Configurable, option
from barenet.model.arrays import FloatArray
from barenet.optimization.optimizers.lbfgs_history import LBFGSHistory
from barenet.optimization.scipy_threads import scipy_on_one_thread


@dataclass
class LBFGS(Configurable):
    """Limited-memory BFGS through ``scipy.optimize.minimize``.

    It needs the loss of all rows at once, has no learning rate (a line search finds each step's
    length), and is often the best for small data. An epoch is one of its iterations. From Liu and
    Nocedal, "On the limited memory BFGS method for large scale optimization" (1989).

    Parameters
    ----------
    memory : int, default=10
        Steps that it remembers.
    tolerance : float, default=1e-5
        It ends when no entry of the gradient is larger than this.
    gain : float, default=0.0
        It also ends when an iteration makes the loss smaller by no more than this share of it.
    evaluations : int, default=10**9
        The most times that the loss is computed; an iteration takes 20 at the most.

    Attributes
    ----------
    role, name : str
        The argument that it is for, and what it is called in `OPTIMIZERS`.
    full_batch : bool
        True: each step needs all rows.

    Examples
    --------
    >>> import numpy as np
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

    def minimize(
        self,
        value_and_gradient: Callable[[], tuple[float, FloatArray]],
        parameters: FloatArray,
        iterations: int,
        after_iteration: Callable[[float, FloatArray], bool],
        past: LBFGSHistory | None = None,
    ) -> str:
        """Minimize a function of the parameters, and leave the best ones in place.

        Parameters
        ----------
        value_and_gradient : callable
            Computes the loss at `parameters`, and its gradient.
        parameters : ndarray of shape (n_parameters,)
            Where to start; changed in place before each evaluation, and to the result at the end.
        iterations : int
            The most iterations.
        after_iteration : callable
            Called with the loss and gradient that each iteration started from, once `parameters`
            hold what it ended with; True stops.
        past : LBFGSHistory, optional
            Answers what was computed in an earlier call, from its start on; that call's iterations
            are not reported again. What is computed now is added to it.

        Returns
        -------
        str
            ``"converged"``, ``"stopped"``, ``"completed"`` after all iterations, or that there was
            nothing more to gain within the precision.
        """
        from scipy.optimize import minimize

        search = _Search(value_and_gradient, parameters, after_iteration, past)
        start = parameters if past is None else past.begin(parameters)
        with scipy_on_one_thread():
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


class _Search:
    """What happens between SciPy's iterations."""

    def __init__(
        self,
        value_and_gradient: Callable[[], tuple[float, FloatArray]],
        parameters: FloatArray,
        after_iteration: Callable[[float, FloatArray], bool],
        past: LBFGSHistory | None,
    ) -> None:
        self.past = past
        self.value_and_gradient = value_and_gradient
        self.parameters = parameters
        self.after_iteration = after_iteration
        self.start: tuple[float, FloatArray] | None = None
        self.last: tuple[float, FloatArray] | None = None
        self.stopped = False

    def evaluate(self, x: FloatArray) -> tuple[float, FloatArray]:
        """Compute the loss at x, in the parameters' own dtype."""
        self.parameters[:] = x
        known = None if self.past is None else self.past.answer(x)
        value, gradient = known or self.value_and_gradient()
        if self.past is not None and known is None:
            self.past.add(x, value, gradient)
        self.last = (value, gradient.astype(np.float64))
        self.start = self.start or self.last
        return self.last

    def finish_iteration(self, x: FloatArray) -> None:
        """Report an iteration; SciPy takes StopIteration as the wish to stop."""
        self.parameters[:] = x
        assert self.start is not None
        start, self.start = self.start, self.last
        if self.past is not None and self.past.has_reported():
            return
        if self.after_iteration(*start):
            self.stopped = True
            raise StopIteration
