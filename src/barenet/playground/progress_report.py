"""Progress: what a training reports of itself, from its process to the server's."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from barenet.playground.edits import WeightEdit
from barenet.playground.learning_curve import EpochMetrics
from barenet.playground.update_record import UpdateRecord

__all__ = ["Progress"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Progress:
    """How a training stands.

    Attributes
    ----------
    epoch : int
        Epochs done.
    parameters, statistics : ndarray
        Copies of the network's vectors.
    rows : list of Measure
        What was measured since the last report.
    here : Measure, optional
        What is measured of it as it is now, where it rests and no row tells.
    playing : bool
        Whether it goes on.
    words : str
        Why it stopped, or what is wrong; empty if all is well.
    failed : bool
        Whether it cannot go on as it is.
    epochs_per_second : float
        Over the last second or so.
    kept : list of int, optional
        Epochs to go back to; told where the training rests.
    edits : tuple of Edit
        Weights that were changed by hand, and those that are to be.
    batch : tuple of int
        Batches done of the epoch that is under way, and how many an epoch has.
    update : Update, optional
        The last one, to be told of; told where the training rests.
    path : int
        Number of the network's path; training on from an earlier moment begins a new one.
    fork : int
        Epoch at which this path and the other one part.
    last : int
        Last epoch kept on this path; later than `epoch` where the network has gone back in time.
    other_path : int, optional
        Number of the other path, to which the user can return.
    """

    epoch: int
    parameters: NDArray[np.floating]
    statistics: NDArray[np.floating]
    rows: list[EpochMetrics] = field(default_factory=list)
    here: EpochMetrics | None = None
    playing: bool = False
    words: str = ""
    failed: bool = False
    epochs_per_second: float = 0.0
    kept: list[int] | None = None
    edits: tuple[WeightEdit, ...] = ()
    batch: tuple[int, int] = (0, 1)
    update: UpdateRecord | None = None
    path: int = 0
    fork: int = 0
    last: int = 0
    other_path: int | None = None
