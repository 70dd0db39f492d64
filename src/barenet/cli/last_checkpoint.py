"""The checkpoint of a run of the command line: where its last one fails, the model is still saved.

A model is smaller than a checkpoint, and may fit where that does not.
"""

from __future__ import annotations

from typing import Any

from barenet.files.checkpoint import Checkpoint
from barenet.training.checkpointing import StateDict
from barenet.training.run import Run

__all__ = ["LastCheckpoint"]


class LastCheckpoint(Checkpoint):
    """A checkpoint that notes why it cannot be written once its run has ended.

    Attributes
    ----------
    failure : OSError, optional
        Why the last state is not kept; the file of the one before is as it was.
    """

    def __init__(self, *arguments: Any, at_once: bool = False, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.at_once = at_once
        self.failure: OSError | None = None

    def should_save(self, run: Run) -> bool:
        return self.at_once or super().should_save(run)

    def save(self, run: Run, state: StateDict) -> None:
        try:
            super().save(run, state)
            self.at_once = False
        except OSError as error:
            if run.stop_reason is None and not run.finished:
                raise
            self.failure = error
