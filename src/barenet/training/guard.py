"""Guard: notices when learning goes wrong, so that nobody is handed NaN in silence."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.errors import DivergenceError
from barenet.model.arrays import FloatArray
from barenet.model.snapshot import Snapshot
from barenet.training.run import Run

__all__ = ["Guard", "caller_stacklevel"]

#: A loss that has grown by this factor is an explosion, even if it is still a number.
EXPLOSION = 1e6


class Guard:
    """Watches losses and parameters; keeps the ones from before the current epoch."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.first_loss = self.limit = 0.0
        self.warned: set[str] = set()
        self.kept = Snapshot.of(run.network)

    def check_chunk(self, losses: NDArray[np.float64]) -> None:
        """Look at the losses of a slice."""
        # No square is larger than the sum of all, and what is no number spoils it.
        if not losses.dot(losses) < self.limit * self.limit:
            self._look_closer(losses)

    def check_epoch(self, loss: float, gradient_norm: float) -> None:
        """Look at an epoch's end: the parameters, and whether there was anything to learn from.

        If all is well, the parameters are kept.
        """
        if not is_finite(self.run.network.parameters):
            self._diverged(self.run.n_batches - 1, loss)
        if loss != 0 and gradient_norm == 0:
            self._warn("every gradient of an epoch was 0, so nothing is learned", DEAD)
        self.kept.renew(self.run.network)

    def check_measured(self, values: Mapping[str, float]) -> None:
        """Look at what was measured besides the training loss."""
        for name, value in values.items():
            if not math.isfinite(value):
                self._warn(f"{name} became {value}", "scaled inputs and targets may help")

    def check_end(self, loss: float) -> None:
        """Look at what the last step of all has left behind."""
        if not (math.isfinite(loss) and is_finite(self.run.network.parameters)):
            self._diverged(self.run.n_batches - 1, loss)
        self._check_growth(loss)

    def state_dict(self) -> dict[str, Any]:
        """Say what it remembers."""
        return {
            "first_loss": self.first_loss,
            "limit": self.limit,
            "warned": sorted(self.warned),
            **self.kept._asdict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Remember it."""
        self.first_loss, self.limit = state["first_loss"], state["limit"]
        self.warned = set(state["warned"])
        self.kept = Snapshot(state["parameters"].copy(), state["statistics"].copy())

    def _look_closer(self, losses: NDArray[np.float64]) -> None:
        """Look at each loss; the first of all says how large they may become."""
        if not self.limit and losses.any():  # a batch of no weight has none
            self.first_loss = float(losses[np.argmax(losses != 0)])
            self.limit = EXPLOSION * abs(self.first_loss)
        finite = np.isfinite(losses)
        if not finite.all():
            first = int(np.argmin(finite))
            self._diverged(self.run.batch + first, float(losses[first]))
        self._check_growth(float(losses.max()))

    def _check_growth(self, loss: float) -> None:
        if self.limit and loss > self.limit:
            self._warn(f"the loss grew from {self.first_loss:.4g} to {loss:.4g}", ADVICE)

    def _diverged(self, batch: int, loss: float) -> None:
        """Restore the parameters from before the epoch, and raise the error."""
        epoch, batch = self.run.epoch, batch + 1
        finite = "a parameter became infinite or no number"
        what = finite if math.isfinite(loss) else f"the loss became {loss:.4g}"
        self.kept.restore(self.run.network)
        self.run.stop("diverged")
        raise DivergenceError(
            f"{what} in epoch {epoch}, batch {batch}; {ADVICE}",
            epoch=epoch,
            batch=batch,
            loss=loss,
            outcome="The network has the parameters from before that epoch",
        )

    def _warn(self, what: str, advice: str) -> None:
        """Warn once of each thing."""
        if advice not in self.warned:
            self.warned.add(advice)
            text = f"in epoch {self.run.epoch}, {what}; {advice}"
            warnings.warn(text, RuntimeWarning, stacklevel=caller_stacklevel())


ADVICE = "try a smaller learning rate, scaled inputs, or a clipped gradient"
DEAD = "dead ReLUs? Try another initializer, a smaller learning rate, or leaky_relu"


def is_finite(vector: FloatArray) -> bool:
    """Return whether all numbers of a vector are finite."""
    return bool(np.isfinite(vector).all())


def caller_stacklevel() -> int:
    """Count the frames from who warns up to the first one that is not of this package.

    scikit-learn wraps a fit in a frame of its own, to look after its callbacks.
    """
    level, frame = 1, sys._getframe(1)
    ours = ("barenet.", "sklearn.callback.")
    while frame.f_back and frame.f_globals.get("__name__", "").startswith(ours):
        level, frame = level + 1, frame.f_back
    return level
