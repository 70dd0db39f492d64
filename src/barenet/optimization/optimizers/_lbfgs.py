"""L-BFGS: a full-batch method that estimates the curvature from its last steps, from SciPy.

The state of SciPy's search is private, but it depends only on the values and gradients passed to
it. Given the same ones, it repeats the same steps, to the last bit, at negligible cost.
"""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

import numpy as np

from barenet._constraints import Configurable, option
from barenet.errors import caller_stacklevel
from barenet.model._arrays import FloatArray
from barenet.model._stateful import Stateful

OTHER_STEPS = (
    "resume: L-BFGS takes other steps here than before, with another version of SciPy or on "
    "another processor; it continues from the parameters of the checkpoint, and estimates the "
    "curvature anew"
)

#: SciPy's status of a search that `ftol` or `gtol` has ended, and of one that took as many
#: iterations or evaluations as it may.
_CONVERGED = 0
_AT_LIMIT = 1

#: A loss and its gradient.
Evaluation: TypeAlias = tuple[float, FloatArray]


@dataclass
class LBFGS(Configurable):
    """Limited-memory BFGS through ``scipy.optimize.minimize``.

    It evaluates the loss of all rows at once, has no learning rate (a line search determines the
    length of each step), and is often the best choice for small data sets. An epoch is one of its
    iterations. From Liu and Nocedal, "On the limited memory BFGS method for large scale
    optimization" (1989).

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
            Called after each iteration with the loss and gradient from its start, when `parameters`
            are already those at its end; returning True stops the search.
        history : LBFGSHistory, optional
            Evaluations of an earlier call, which are replayed without reporting their iterations;
            new evaluations are added.

        Returns
        -------
        str
            ``"converged"``, ``"stopped"`` or ``"completed"`` (after all iterations); or a message
            that the maximum number of evaluations was reached, or that no step reduces the loss any
            more.
        """
        if history is None:
            history = LBFGSHistory(recording=False)
        resumed = parameters.copy()
        search = Search(value_and_gradient, parameters, after_iteration, history)
        try:
            result = self._run(search, iterations)
        except OtherStepsError:
            warnings.warn(OTHER_STEPS, UserWarning, stacklevel=caller_stacklevel())
            parameters[:] = resumed
            history.restart()
            search = Search(value_and_gradient, parameters, after_iteration, history)
            result = self._run(search, iterations)
        parameters[:] = result.x
        if search.is_stopped:
            return "stopped"
        return self._ending(result, iterations - history.earlier_iterations)

    def _run(self, search: Search, iterations: int) -> Any:
        """Run SciPy's search, and return its result."""
        from scipy.optimize import minimize

        history = search.history
        options: Any = {
            "maxiter": iterations - history.earlier_iterations,
            "maxfun": max(1, self.evaluations - history.earlier_evaluations),
            "maxcor": self.memory,
            "gtol": self.tolerance,
            "ftol": self.gain,
        }
        return minimize(  # type: ignore[call-overload]  # whose stubs lack these arrays
            search.evaluate,
            history.begin(search.parameters),
            method="L-BFGS-B",
            jac=True,
            callback=search.finish_iteration,
            options=options,
        )

    def _ending(self, result: Any, iterations: int) -> str:
        """Return the reason that SciPy's search has ended."""
        gains_little = self.gain > 0 and result.status == _CONVERGED
        largest_slope = np.abs(result.jac).max(initial=0)
        if gains_little or largest_slope <= self.tolerance:
            return "converged"
        if result.status == _AT_LIMIT and result.nit < iterations:
            return f"the maximum of {self.evaluations} evaluations was reached"
        if result.status == _AT_LIMIT:
            return "completed"
        return "no step makes the loss smaller any more"


class Search:
    """The functions that SciPy's search calls, and the evaluations between two iterations."""

    def __init__(
        self,
        value_and_gradient: Callable[[], Evaluation],
        parameters: FloatArray,
        after_iteration: Callable[[float, FloatArray], bool],
        history: LBFGSHistory,
    ) -> None:
        self.value_and_gradient = value_and_gradient
        self.parameters = parameters
        self.after_iteration = after_iteration
        self.history = history
        #: Whether `after_iteration` has stopped the search.
        self.is_stopped = False
        # Loss and gradient at the start of the current iteration, and at the last point.
        self._at_start: Evaluation | None = None
        self._at_last_point: Evaluation | None = None

    def evaluate(self, x: FloatArray) -> Evaluation:
        """Compute the loss and the gradient at a point."""
        self.parameters[:] = x  # converted to their dtype
        value, gradient = self.history.evaluate(x, self.value_and_gradient)
        evaluation = (value, gradient.astype(np.float64))
        self._at_last_point = evaluation
        if self._at_start is None:  # the first point of the search
            self._at_start = evaluation
        return evaluation

    def finish_iteration(self, x: FloatArray) -> None:
        """Report an iteration that ends at a point, unless it is replayed."""
        self.parameters[:] = x
        assert self._at_start is not None
        loss, gradient = self._at_start
        self._at_start = self._at_last_point  # the next iteration starts where this one ends
        is_replayed = self.history.count_iteration()
        if is_replayed:
            return
        self.is_stopped = self.after_iteration(loss, gradient)
        if self.is_stopped:
            raise StopIteration  # this makes SciPy stop


class OtherStepsError(Exception):
    """Raised when a replayed search evaluates the loss at another point than the recorded one."""


class LBFGSHistory(Stateful):
    """Values and gradients of a search, in the order of the evaluations."""

    def __init__(self, *, recording: bool = True) -> None:
        self.recording = recording
        self.start: FloatArray | None = None
        #: Checksum of each point, to detect a search that takes other steps; value and gradient
        #: at that point.
        self.evaluations: list[tuple[int, float, FloatArray]] = []
        self.n_reported = 0  # the number of reported iterations
        #: Iterations and evaluations before `start`, from a search that could not be replayed.
        self.earlier_iterations = 0
        self.earlier_evaluations = 0
        #: Evaluations and iterations of the current search.
        self._position = 0
        self._iterations = 0

    def begin(self, parameters: FloatArray) -> FloatArray:
        """Return the point where the search started, as float64, shape (n_parameters,)."""
        self._position = 0
        self._iterations = 0
        if self.start is None:
            self.start = parameters.copy()
        return self.start.astype(np.float64)

    def restart(self) -> None:
        """Forget the evaluations, so that the next search starts again, but keep their number."""
        self.earlier_iterations += self.n_reported
        self.earlier_evaluations += len(self.evaluations)
        self.start = None
        self.evaluations = []
        self.n_reported = 0

    def evaluate(self, x: FloatArray, compute: Callable[[], Evaluation]) -> Evaluation:
        """Return the next recorded evaluation; after the last, compute and record one."""
        if not self.recording:
            return compute()
        position = self._position
        self._position += 1
        checksum = zlib.crc32(np.ascontiguousarray(x).data)
        if position == len(self.evaluations):
            value, gradient = compute()
            self.evaluations.append((checksum, value, gradient.copy()))
        recorded_checksum, value, gradient = self.evaluations[position]
        if checksum != recorded_checksum:
            raise OtherStepsError
        return value, gradient

    def count_iteration(self) -> bool:
        """Count an iteration, and return whether it was reported before."""
        self._iterations += 1
        if self._iterations <= self.n_reported:
            return True
        self.n_reported = self._iterations
        return False

    def state_dict(self) -> dict[str, Any]:
        if self.start is None:
            return {"reported": 0}
        checksums = []
        values = []
        gradients = []
        for checksum, value, gradient in self.evaluations:
            checksums.append(checksum)
            values.append(value)
            gradients.append(gradient)
        n_parameters = self.start.size
        return {
            "reported": self.n_reported,
            "earlier_iterations": self.earlier_iterations,
            "earlier_evaluations": self.earlier_evaluations,
            "start": self.start,
            "values": np.array(values),
            "gradients": np.array(gradients, self.start.dtype).reshape(-1, n_parameters),
            "places": np.array(checksums, np.int64),  # the name in checkpoints since barenet 0.2
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Load evaluations, to be replayed from the first one."""
        self.n_reported = state["reported"]
        self.start = state.get("start")
        # barenet 0.2 did not write these.
        self.earlier_iterations = state.get("earlier_iterations", 0)
        self.earlier_evaluations = state.get("earlier_evaluations", 0)
        if self.start is not None:
            checksums = state["places"].tolist()
            values = state["values"].tolist()
            self.evaluations = list(zip(checksums, values, state["gradients"], strict=True))
