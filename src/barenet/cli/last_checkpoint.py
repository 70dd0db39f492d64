"""The checkpoint of a run of the command line: where its last one fails, the model is still saved.

A model is smaller than a checkpoint, and may fit where that does not.
"""

from __future__ import annotations

from barenet.files.checkpoint import Checkpoint
from barenet.training.keeper import State
from barenet.training.run import Run

__all__ = ["LastCheckpoint"]


class LastCheckpoint(Checkpoint):
    """A checkpoint that notes why it cannot be written once its run has ended.

    Attributes
    ----------
    failure : OSError, optional
        Why the last state is not kept; the file of the one before is as it was.
    """

    failure: OSError | None = None

    def keep(self, run: Run, state: State) -> None:
        try:
            super().keep(run, state)
        except OSError as error:
            if run.stop_reason is None and not run.finished:
                raise
            self.failure = error
