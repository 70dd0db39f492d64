"""Checkpoint of an ensemble's training: its networks' states and its averages, in one file."""

import numpy as np

from barenet.files._checkpoint import Checkpoint, StateDict
from barenet.files._checkpointing import CheckpointManager, invalid_refused
from barenet.model._stateful import Stateful
from barenet.population._population import Population
from barenet.population._population_checkpoint import PopulationCheckpoint
from barenet.training._callbacks import Run
from barenet.training._loop import Loop


class EnsembleCheckpoint(PopulationCheckpoint):
    """Saves after epochs, and at the end, when networks may have stopped within the next epoch.

    A network that has failed is left out: resumed, it starts again, and fails again.
    """

    def __init__(self, file: Checkpoint, *, resume: bool) -> None:
        super().__init__(None, resume=False)
        self.file, self.state = file, (file.read() if resume else None) or StateDict()
        self.has_saved = bool(self.state)
        self.runs = dict[int, tuple[Run, CheckpointManager]]()

    def saver(self, index: int, loop: Loop) -> CheckpointManager:
        """Make the callback that resumes a network, and knows its state."""
        end = f" {index}"
        own = {k.removesuffix(end): part for k, part in self.state.items() if k.endswith(end)}
        manager = CheckpointManager(None, loop.engine, loop.config, own or None, self._checksum)
        self.runs[index] = loop.run, manager
        return manager

    def load(self, training: Stateful) -> None:
        """Load the averages, after the networks have checked that the state is of this run."""
        if self.state:
            with invalid_refused():
                training.load_state_dict(self.state["ensemble"])

    def save(self, population: Population, training: Stateful, *, at_end: bool = False) -> None:
        """Save the state if an interval has passed; at the end, as that of a single network."""
        alive = {
            index: each
            for index, each in sorted(self.runs.items())
            if index not in population.errors and np.isfinite(each[0].network.parameters).all()
        }
        runs = [run for run, _ in alive.values()]
        needed = at_end and (self.has_saved or not all(run.finished for run in runs))
        if runs and (needed or self.file.should_save(runs[0])):
            state: StateDict = {"run": {}, "ensemble": training.state_dict()}
            for index, (_, manager) in alive.items():
                state |= {f"{name} {index}": part for name, part in manager.whole_state().items()}
            self.file.save(runs[0], state)
            self.has_saved = True
