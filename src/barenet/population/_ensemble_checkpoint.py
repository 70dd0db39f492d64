"""Checkpoint of an ensemble's training: its networks' states and its averages, in one file."""

import numpy as np

from barenet.files._checkpoint import Checkpoint, StateDict
from barenet.files._checkpointing import CheckpointManager, refuse_invalid
from barenet.model._stateful import Stateful
from barenet.population._population import Population
from barenet.population._population_checkpoint import PopulationCheckpoint
from barenet.training._loop import Loop


class EnsembleCheckpoint(PopulationCheckpoint):
    """Saves after epochs, and at the end, when networks may have stopped within the next epoch.

    A network that has failed is left out: resumed, it starts again, and fails again.
    """

    def __init__(self, file: Checkpoint, training: Stateful, *, resume: bool) -> None:
        super().__init__()
        self.file, self.training = file, training
        saved = (file.read() if resume else None) or StateDict()
        #: The averages to resume from.
        self.averages = saved.get("ensemble")
        for name, part in saved.items():
            kind, _, index = name.rpartition(" ")
            if index.isdecimal():
                self.states.setdefault(int(index), {})[kind] = part
        #: Of networks that are trained here.
        self.managers = dict[int, CheckpointManager]()

    def saver(self, index: int, loop: Loop) -> CheckpointManager:
        state = self.states.get(index)
        manager = CheckpointManager(None, loop.engine, loop.config, state, self._checksum)
        self.managers[index] = manager
        return manager

    def load(self) -> None:
        """Load the averages, once the networks have loaded their states."""
        if self.averages is not None:
            with refuse_invalid():
                self.training.load_state_dict(self.averages)
            self.averages = None

    def save(self, population: Population, *, at_end: bool = False) -> None:
        """Save the state if an interval has passed; at the end, as that of a single network."""
        alive = {
            index: each.as_run()
            for index, each in enumerate(population.runs)
            if each.error is None and np.isfinite(each.network.parameters).all()
        }
        runs = [*alive.values()]
        needed = at_end and (self.file.path.exists() or not all(run.finished for run in runs))
        if runs and (needed or self.file.should_save(runs[0])):
            state = StateDict(run={}, ensemble=self.training.state_dict())
            for index in alive:
                manager = self.managers.get(index)
                own = manager.whole_state() if manager else self.states[index]
                state |= {f"{name} {index}": part for name, part in own.items()}
            self.file.save(runs[0], state)
