"""Design: all that the page can say about one network and how it learns.

It is plain data that comes from the page or from an address somebody shared, so every field is
checked here, and nothing behind this file has to doubt it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from barenet.constraints import check_number
from barenet.model.activations import ACTIVATIONS
from barenet.model.losses import LOSSES
from barenet.optimization.optimizers import OPTIMIZERS, as_optimizer
from barenet.optimization.schedules import as_schedule
from barenet.playground.reading import (
    check_choice,
    check_list,
    check_text,
    known_fields,
)

__all__ = ["HIDDEN_ACTIVATIONS", "MOST_LAYERS", "MOST_NEURONS", "PENALTIES", "Design"]

#: Softmax is for outputs, and an exponential layer in the middle overflows at once.
HIDDEN_ACTIVATIONS = tuple(name for name in ACTIVATIONS if name not in ("softmax", "exponential"))

PENALTIES = ("none", "l1", "l2")
MOST_LAYERS, MOST_NEURONS = 8, 256
MOST_EPOCHS = 10**7

#: Fields that are a part of the network itself: one that changes makes a new network.
STRUCTURE = ("hidden", "activations", "dropout", "batch_norm", "seed")


@dataclass(frozen=True, kw_only=True)
class Design:
    """One network, and how it learns.

    Attributes
    ----------
    hidden : tuple of int
        Neurons in each hidden layer.
    activations : tuple of str
        One for each hidden layer.
    dropout : float
        Share of each hidden layer's outputs that is silenced while learning.
    batch_norm : bool
        Normalize each hidden layer over the batch.
    seed : int
        Fixes the initial weights, the order of the rows and the dropout.
    loss : str
        What is made small; empty for the one that goes with the data.
    optimizer : str
        How a gradient becomes a step.
    learning_rate : float
        The size of the steps.
    schedule : str
        How the learning rate changes.
    penalty : {"none", "l1", "l2"}
        The price on large weights.
    penalty_rate : float
        Its strength.
    batch_size : int
        Rows in a step; 0 for all.
    stop_epoch : int
        Epoch to stop at, 0 for none.
    stop_loss : float
        Training loss to stop at, 0 for none: test points decide nothing.

    Examples
    --------
    >>> Design.read({"hidden": [3], "activations": ["relu"]}).hidden
    (3,)
    """

    hidden: tuple[int, ...] = (4, 2)
    activations: tuple[str, ...] = ("tanh", "tanh")
    dropout: float = 0.0
    batch_norm: bool = False
    seed: int = 0
    loss: str = ""
    optimizer: str = "adam"
    learning_rate: float = 0.01
    schedule: str = "constant"
    penalty: str = "none"
    penalty_rate: float = 0.001
    batch_size: int = 16
    stop_epoch: int = 0
    stop_loss: float = 0.0

    @classmethod
    def read(cls, said: Mapping[str, Any]) -> Design:
        """Check what a page says; what it leaves out has its default."""
        fields = known_fields(said, asdict(cls()), "network")
        checked = {name: CHECKS[name](value, name) for name, value in fields.items()}
        design = cls(**checked)
        if len(design.activations) != len(design.hidden):
            raise ValueError(
                f"activations: {len(design.activations)} of them for {len(design.hidden)} "
                "hidden layers; give one for each"
            )
        return design

    def to_dict(self) -> dict[str, Any]:
        """Write it as plain data that `read` takes."""
        return {name: _plain(value) for name, value in asdict(self).items()}

    def with_same_network_as(self, other: Design) -> bool:
        """Tell if two designs are of one network, and differ in how it learns at most."""
        return all(getattr(self, name) == getattr(other, name) for name in STRUCTURE)

    @property
    def optimizer_spec(self) -> str:
        """The optimizer with its learning rate, as `as_optimizer` reads it."""
        if self.optimizer == "lbfgs":
            return self.optimizer
        joint = "," if ":" in self.optimizer else ":"
        return f"{self.optimizer}{joint}learning_rate={self.learning_rate!r}"

    def copy(self, **changes: Any) -> Design:
        """Make another one that differs in some fields."""
        return replace(self, **changes)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _check_hidden(value: Any, name: str) -> tuple[int, ...]:
    sizes = check_list(value, name, most=MOST_LAYERS)
    return tuple(
        int(check_number(size, name, ge=1, le=MOST_NEURONS, integer=True)) for size in sizes
    )


def _check_activations(value: Any, name: str) -> tuple[str, ...]:
    names = check_list(value, name, most=MOST_LAYERS)
    return tuple(check_choice(each, HIDDEN_ACTIVATIONS, name) for each in names)


def _check_optimizer(value: Any, name: str) -> str:
    spec = check_text(value, name)
    check_choice(spec.partition(":")[0], tuple(OPTIMIZERS), name)
    as_optimizer(spec)
    return spec


def _check_schedule(value: Any, name: str) -> str:
    spec = check_text(value, name)
    as_schedule(spec)
    return spec


def _check_loss(value: Any, name: str) -> str:
    spec = check_text(value, name)
    return spec if spec == "" else check_choice(spec, tuple(LOSSES), name)


def _check_bool(value: Any, name: str) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{name}: expected true or false, got {value!r}")
    return value


def _number(**limits: Any) -> Any:
    return lambda value, name: check_number(value, name, **limits)


#: What makes sure of each field.
CHECKS: dict[str, Any] = {
    "hidden": _check_hidden,
    "activations": _check_activations,
    "dropout": _number(ge=0, le=0.9),
    "batch_norm": _check_bool,
    "seed": _number(ge=0, le=2**31, integer=True),
    "loss": _check_loss,
    "optimizer": _check_optimizer,
    "learning_rate": _number(gt=0, le=1e6),
    "schedule": _check_schedule,
    "penalty": lambda value, name: check_choice(value, PENALTIES, name),
    "penalty_rate": _number(ge=0, le=1e3),
    "batch_size": _number(ge=0, le=10**6, integer=True),
    "stop_epoch": _number(ge=0, le=MOST_EPOCHS, integer=True),
    "stop_loss": _number(ge=0, le=1e9),
}
