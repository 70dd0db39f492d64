"""Divergence: detected in losses and parameters, so that NaN never spreads unnoticed."""

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from barenet._constraints import is_ours
from barenet.errors import DivergenceError, caller_stacklevel
from barenet.model._arrays import FloatArray, is_safe
from barenet.model._network import Snapshot
from barenet.model._stateful import Stateful
from barenet.model.losses import Loss
from barenet.training._callbacks import Run

#: A loss that has grown by this factor counts as divergence, even if it is still finite.
EXPLOSION = 1e6

ADVICE = "try a smaller learning rate, scaled inputs, or a clipped gradient"
DOMAIN = '; if the loss is undefined for some outputs, declare activations = ("exponential",) in it'
DEAD = "dead ReLUs? Try another initializer, a smaller learning rate, or leaky_relu"


def is_domain_unknown(loss: Loss) -> bool:
    """Return whether a loss is user-defined and doesn't declare its output activations."""
    is_user_defined = not is_ours(type(loss))
    return is_user_defined and not loss.activations


@dataclass
class DivergenceMonitor(Stateful):
    """Checks losses and parameters, and keeps a snapshot from before the current epoch."""

    run: Run
    snapshot: Snapshot
    #: The loss function, whose domain determines the advice.
    loss: Loss | None = None
    first_loss: float = 0.0  # stays 0 while batches have no weight
    warned: set[str] = field(default_factory=set)

    @property
    def limit(self) -> float:
        """The largest loss that doesn't count as divergence; 0 before the first loss."""
        return EXPLOSION * abs(self.first_loss)

    def check_chunk(self, losses: FloatArray) -> None:
        """Check the losses of a chunk; the first one sets the limit."""
        self._note_first(losses)
        if self._are_surely_small(losses):
            return
        first = int(np.argmin(np.isfinite(losses)))
        if not math.isfinite(losses[first]):
            self._raise(self.run.batch + first, float(losses[first]))
        # The first loss above the limit doesn't depend on how the batches are divided into chunks.
        first_above = int(np.argmax(losses > self.limit))
        self._check_growth(float(losses[first_above]))

    def is_suspicious(self, losses: FloatArray, norms: FloatArray) -> bool:
        """Return whether the checks might find divergence in epochs with these losses."""
        self._note_first(losses)
        has_gradients = np.count_nonzero(norms) == norms.size  # norms.all() takes longer
        if not self._are_surely_small(losses) or not has_gradients:
            return True
        return not self._are_parameters_finite()

    def _are_surely_small(self, losses: FloatArray) -> bool:
        """Return whether all losses are finite and below the limit; False if that is unclear."""
        # No square exceeds the sum of all squares, and NaN makes the comparison false.
        return bool(losses.dot(losses) < self.limit * self.limit)

    def _are_parameters_finite(self) -> bool:
        """Return whether no parameter is infinite or NaN."""
        parameters = self.run.network.parameters
        return is_safe(parameters) or bool(np.isfinite(parameters).all())

    def check_epoch(self, loss: float, gradient_norm: float) -> None:
        """Check the parameters and the gradients at the end of an epoch, and renew the snapshot."""
        self.check_end(loss)
        if loss != 0 and gradient_norm == 0:
            self._warn("every gradient of an epoch was 0, so nothing is learned", DEAD)
        self.snapshot.update(self.run.network)

    def check_measured(self, values: Mapping[str, float]) -> None:
        """Check the measurements of an epoch; AUC and R² are undefined for some rows."""
        for name, value in values.items():
            may_be_undefined = name.endswith(("auc", "r2"))
            if not math.isfinite(value) and not may_be_undefined:
                self._warn(f"{name} became {value}", "scaled inputs and targets may help")

    def check_end(self, loss: float) -> None:
        """Check the loss and the parameters after an epoch or the last step."""
        if not math.isfinite(loss) or not self._are_parameters_finite():
            self._raise(self.run.n_batches - 1, loss)
        self._check_growth(loss)

    def state_dict(self) -> dict[str, Any]:
        state: dict[str, Any] = {
            "first_loss": self.first_loss,
            "warned": sorted(self.warned),
        }
        state.update(self.snapshot._asdict())
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.first_loss = state["first_loss"]
        self.warned = set(state["warned"])
        self.snapshot = Snapshot(state["parameters"].copy(), state["statistics"].copy())

    def _note_first(self, losses: FloatArray) -> None:
        """Keep the first loss that is not 0; NaN counts, too."""
        if self.first_loss != 0:
            return
        for loss in losses.tolist():
            if loss != 0:
                self.first_loss = loss
                return

    def _check_growth(self, loss: float) -> None:
        if self.limit and loss > self.limit:
            self._warn(f"the loss grew from {self.first_loss:.4g} to {loss:.4g}", ADVICE)

    def _raise(self, batch: int, loss: float) -> None:
        """Restore the snapshot, and raise the error."""
        self.snapshot.restore(self.run.network)
        self.run.stop("diverged")
        problem = "a parameter became infinite or NaN"
        if not math.isfinite(loss):
            problem = f"the loss became {loss:.4g}"
        remedy = ADVICE
        if self.loss is not None and is_domain_unknown(self.loss):
            remedy += DOMAIN
        raise DivergenceError(
            problem,
            epoch=self.run.epoch,
            batch=batch + 1,
            loss=loss,
            remedy=remedy,
            outcome="The network has the parameters from before that epoch",
        )

    def _warn(self, problem: str, advice: str) -> None:
        """Warn once of each problem."""
        if advice not in self.warned:
            self.warned.add(advice)
            text = f"in epoch {self.run.epoch}, {problem}; {advice}"
            warnings.warn(text, RuntimeWarning, stacklevel=caller_stacklevel())
