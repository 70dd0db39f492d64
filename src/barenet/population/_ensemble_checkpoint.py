"""Checkpoint of an ensemble's training: its networks' states and its averages, in one file."""

import numpy as np

from barenet.files._checkpoint import Checkpoint, StateDict
from barenet.files._checkpointing import CheckpointManager
from barenet.model._stateful import Stateful
from barenet.population._population import Population
from barenet.population._population_checkpoint import PopulationCheckpoint
from barenet.training._callbacks import Run
from barenet.training._loop import Loop


class EnsembleCheckpoint(PopulationCheckpoint):
    """Saves after epochs, and at the end, when networks may have stopped within the next epoch.

    A network that has failed is left out: resumed, it starts again, and fails again.
    """

    def __init__(self, file: Checkpoint, training: Stateful, *, resume: bool) -> None:
        super().__init__(None, resume=False)
        self.file, self.training = file, training
        self.state = (file.read() if resume else None) or StateDict()
        self.runs = dict[int, tuple[Run, CheckpointManager]]()

    def saver(self, index: int, loop: Loop) -> CheckpointManager:
        """Make the callback that resumes a network; that of the first one, the averages, too."""
        end = f" {index}"
        own = {k.removesuffix(end): part for k, part in self.state.items() if k.endswith(end)}
        manager = CheckpointManager(None, loop.engine, loop.config, own or None, self._checksum)
        if "ensemble" in own:
            manager.stateful["ensemble"] = self.training
        self.runs[index] = loop.run, manager
        return manager

    def save(self, population: Population, *, at_end: bool = False) -> None:
        """Save the state if an interval has passed; at the end, as that of a single network."""
        alive = {
            index: each
            for index, each in sorted(self.runs.items())
            if index not in population.errors and np.isfinite(each[0].network.parameters).all()
        }
        runs = [run for run, _ in alive.values()]
        needed = at_end and (self.file.path.exists() or not all(run.finished for run in runs))
        if runs and (needed or self.file.should_save(runs[0])):
            alive[min(alive)][1].stateful["ensemble"] = self.training
            state = StateDict(run={})
            for index, (_, manager) in alive.items():
                state |= {f"{name} {index}": part for name, part in manager.whole_state().items()}
            self.file.save(runs[0], state)
