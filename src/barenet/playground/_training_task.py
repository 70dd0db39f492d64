"""The messages from the server to the trainer: a network to train, and commands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.model._network import Network
from barenet.playground._page_state import NetworkSettings

__all__ = ["Command", "TrainingTask"]


@dataclass(frozen=True, eq=False, kw_only=True)
class TrainingTask:
    """A network with its initial weights, its data and the settings to start with."""

    network: Network
    #: X and y, scaled.
    training: tuple[NDArray[np.float32], NDArray[Any]]
    test: tuple[NDArray[np.float32], NDArray[Any]]
    metric: str
    settings: NetworkSettings
    #: Whether there can be no rows to learn from.
    model_only: bool = False


@dataclass(frozen=True, eq=False)
class Command:
    """An action for a training, such as ``play`` or ``scrub``, with its value.

    The actions are the methods of `TrainingState` whose names begin with ``do_``.
    """

    action: str
    value: Any = None
