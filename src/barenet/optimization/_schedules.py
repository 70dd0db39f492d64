"""Schedules: factors on the learning rate as functions of the epoch, for any optimizer.

Time is counted in epochs, including fractions of an epoch.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from barenet._constraints import Configurable, option
from barenet._registry import build, by_name
from barenet.model._stateful import Stateful

__all__ = [
    "SCHEDULES", "Constant", "Cosine", "ExponentialDecay", "InverseScaling", "OneCycle",
    "ReduceOnPlateau", "Schedule", "StepDecay",
]  # fmt: skip


@dataclass(repr=False)
class Schedule(Configurable, Stateful, ABC):
    """A factor on the learning rate, over time.

    Examples
    --------
    >>> class Sawtooth(Schedule):
    ...     name = "sawtooth"
    ...     def factor(self, epoch, epochs):
    ...         return 1 - epoch % 1
    >>> Sawtooth().factor(2.25, 10)
    0.75
    """

    role: ClassVar[str] = "schedule"
    #: Whether the factor is constant within an epoch, so that it is computed only once.
    steady = False

    @property
    def follows_loss(self) -> bool:
        """Whether the factor depends on the losses; if so, a run needs validation rows."""
        return type(self).observe is not Schedule.observe

    @abstractmethod
    def factor(self, epoch: float, epochs: int) -> float:
        """Compute the factor on the optimizer's learning rate.

        Parameters
        ----------
        epoch : float
            Number of epochs completed; 2.5 is the middle of the third.
        epochs : int
            Number of epochs of the run.
        """

    def observe(self, loss: float) -> None:
        """Observe the loss of an epoch.

        Parameters
        ----------
        loss : float
            The validation loss if there is one, else the training loss.
        """

    def state_dict(self) -> dict[str, Any]:
        """Return the fields that are state, not options."""
        state = {}
        for field_ in fields(self):
            if not field_.init:
                state[field_.name] = getattr(self, field_.name)
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        for name in self.state_dict():
            setattr(self, name, state[name])


class Constant(Schedule):
    """Constant learning rate: the factor is 1."""

    name = "constant"
    steady = True

    def factor(self, epoch: float, epochs: int) -> float:
        return 1.0


@dataclass
class StepDecay(Schedule):
    """Decay in steps: multiply by `gamma` after each `every` epochs.

    Parameters
    ----------
    every, gamma : float, default=10 and 0.5
        Epochs between two steps, and the factor of each.

    Examples
    --------
    >>> [StepDecay(every=10, gamma=0.5).factor(epoch, 30) for epoch in (0, 9.9, 10, 20)]
    [1.0, 1.0, 0.5, 0.25]
    """

    name = "step"
    every: float = option(10.0, gt=0)
    gamma: float = option(0.5, ge=0)

    def factor(self, epoch: float, epochs: int) -> float:
        return self.gamma ** math.floor(epoch / self.every)


@dataclass
class ExponentialDecay(Schedule):
    """Exponential decay: the factor gammaᵉ at epoch e, which may be fractional.

    Parameters
    ----------
    gamma : float, default=0.95
        Factor per epoch.
    """

    name = "exponential"
    gamma: float = option(0.95, ge=0)

    def factor(self, epoch: float, epochs: int) -> float:
        return self.gamma**epoch


@dataclass
class InverseScaling(Schedule):
    """Inverse decay: the factor 1 / (1 + e)ᵖ at epoch e.

    Parameters
    ----------
    power : float, default=0.5
        p.
    """

    name = "inverse_scaling"
    power: float = option(0.5, ge=0)

    def factor(self, epoch: float, epochs: int) -> float:
        return 1 / (1 + epoch) ** self.power


@dataclass
class Cosine(Schedule):
    """Linear warmup for `warmup` epochs, then half a cosine down to `floor`.

    From Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts" (2017),
    without the restarts.

    Parameters
    ----------
    warmup, floor : float, default=0
        Epochs of the rise from 0 to 1, and the factor at the end.

    Examples
    --------
    >>> [round(Cosine(warmup=2).factor(epoch, 10), 3) for epoch in (0, 1, 2, 6, 10)]
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """

    name = "cosine"
    warmup: float = option(0.0, ge=0)
    floor: float = option(0.0, ge=0)

    def factor(self, epoch: float, epochs: int) -> float:
        if epoch < self.warmup:
            return epoch / self.warmup
        n_epochs = max(epochs - self.warmup, 1e-12)  # after the warm-up
        progress = (epoch - self.warmup) / n_epochs
        return _cosine(1, self.floor, progress)


@dataclass
class OneCycle(Schedule):
    """Half a cosine up from 1/`start` to 1, then half a cosine down to 1/`start`/`end`.

    From Smith and Topin, "Super-convergence: very fast training of neural networks using large
    learning rates" (2018).

    Parameters
    ----------
    rise : float, default=0.3
        Fraction of the run with a rising rate.
    start, end : float, default=25 and 1e4
        The run starts at 1/start and ends at 1/start/end.
    """

    name = "one_cycle"
    rise: float = option(0.3, ge=0, le=1)
    start: float = option(25.0, gt=0)
    end: float = option(1e4, gt=0)

    def factor(self, epoch: float, epochs: int) -> float:
        top = self.rise * epochs
        lowest = 1 / self.start
        if epoch < top:
            return _cosine(lowest, 1, epoch / top)
        # With a rise of 1, `epoch` and `top` are equal here, and 0 / 0 would be undefined.
        n_falling = max(epochs - top, 1e-12)
        progress = (epoch - top) / n_falling
        return _cosine(1, lowest / self.end, progress)


@dataclass
class ReduceOnPlateau(Schedule):
    """Multiply by `gamma` when the loss has not improved for `patience` epochs.

    Parameters
    ----------
    gamma, patience : float, default=0.5, and int, default=10
        Factor of each reduction, and number of epochs without improvement before it.
    minimum_delta : float, default=1e-4
        Minimum improvement, as a fraction of the best loss.

    Attributes
    ----------
    best, waited, reductions : float and int
        The lowest loss so far, epochs since then or the last reduction, number of reductions.

    Examples
    --------
    >>> schedule = ReduceOnPlateau(gamma=0.5, patience=2)
    >>> for loss in (1.0, 0.5, 0.5, 0.5):
    ...     schedule.observe(loss)
    >>> schedule.factor(4, 10)
    0.5
    """

    name = "reduce_on_plateau"
    steady = True
    gamma: float = option(0.5, ge=0)
    patience: int = option(10, ge=1, integer=True)
    minimum_delta: float = option(1e-4, ge=0)
    best: float = field(default=math.inf, init=False, repr=False, compare=False)
    waited: int = field(default=0, init=False, repr=False, compare=False)
    reductions: int = field(default=0, init=False, repr=False, compare=False)

    def factor(self, epoch: float, epochs: int) -> float:
        return self.gamma**self.reductions

    def observe(self, loss: float) -> None:
        least_fall = self.minimum_delta * abs(self.best) if math.isfinite(self.best) else 0.0
        if loss < self.best - least_fall:
            self.best = loss
            self.waited = 0
        else:
            self.waited += 1
        if self.waited >= self.patience:
            self.reductions += 1
            self.waited = 0


#: Every schedule by its name.
SCHEDULES: dict[str, type[Schedule]] = by_name(
    Constant, StepDecay, ExponentialDecay, InverseScaling, Cosine, OneCycle, ReduceOnPlateau
)


def as_schedule(spec: str | Schedule | None) -> Schedule:
    """Build a schedule from a name such as ``"step:every=10"``."""
    return Constant() if spec is None else build(Schedule, SCHEDULES, spec, "schedule")


def _cosine(start: float, end: float, progress: float) -> float:
    """Half a cosine from start to end."""
    weight = (1 + math.cos(math.pi * min(progress, 1.0))) / 2
    return end + (start - end) * weight
