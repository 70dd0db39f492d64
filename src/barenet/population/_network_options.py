"""The arguments of `train` that the functions for many networks take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias, TypedDict, TypeVar

from numpy.typing import ArrayLike

from barenet.model.losses import Loss
from barenet.optimization._penalties import Penalty
from barenet.optimization._schedules import Schedule
from barenet.optimization.optimizers import LBFGS, Optimizer
from barenet.optimization.optimizers._optimizer import Clipping
from barenet.training._callbacks import Callbacks

T = TypeVar("T")

#: One value for all networks, or a list with one for each, also of a narrower type.
Each: TypeAlias = T | Sequence[T]


class TrainArguments(TypedDict, total=False):
    """Arguments of `train` with its types, and rows of X that are the validation set."""

    loss: Each[str | Loss | None]
    optimizer: Each[str | Optimizer | LBFGS]
    epochs: Each[int]
    batch_size: Each[int | Literal["auto"] | None]
    shuffle: Each[bool]
    sample_weight: ArrayLike | None
    validation_data: Any
    test_data: Any
    schedule: Each[str | Schedule | None]
    penalty: str | Penalty | Sequence[str | Penalty] | None
    clip: Each[str | Clipping | None]
    callbacks: Callbacks
    engine: Each[str]
    seed: Each[int]
    validation_rows: Any


class PerNetworkOptions(TrainArguments, total=False):
    """The arguments that may differ between networks."""

    metrics: str | Sequence[str]
    rows: Any
