"""The checkpoint of an ensemble: the states of its networks and of their averages, in one file."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from barenet.files._checkpoint import Checkpoint, StateDict
from barenet.files._checkpoint_manager import refuse_invalid
from barenet.population._averaged_networks import AveragedNetworks
from barenet.population._network_run import NetworkRun
from barenet.population._population import Population


class EnsembleSaver:
    """Saves the networks of an ensemble and their averages, and loads them to resume.

    Parameters
    ----------
    file : Checkpoint or None
        The file; None saves nothing.
    saved : StateDict or None
        The state to resume from.
    averages : AveragedNetworks
        The averages of the networks.
    """

    def __init__(
        self, file: Checkpoint | None, saved: StateDict | None, averages: AveragedNetworks
    ) -> None:
        self.file = file
        self.averages = averages
        #: The states of the networks to resume from, by their indices; None saves none.
        self.states: dict[int, StateDict] | None = None
        #: The state of the averages to resume from; None once it is loaded.
        self._saved_averages: Mapping[str, Any] | None = None
        if file is not None:
            saved_state = saved or StateDict()
            self.states = states_of_networks(saved_state)
            self._saved_averages = saved_state.get("ensemble")

    def load_averages(self) -> None:
        """Load the averages once, after the networks have loaded their states."""
        if self._saved_averages is None:
            return
        with refuse_invalid():
            self.averages.load_state_dict(self._saved_averages)
        self._saved_averages = None

    def save(self, population: Population) -> None:
        """Save the state if an interval has passed."""
        if self.file is None:
            return
        alive = alive_networks(population)
        if alive and self.file.should_save(alive[0].as_run()):
            self._write(self.file, alive)

    def save_at_end(self, population: Population) -> None:
        """Save the final state, unless the run ended in its first interval, as for one network."""
        if self.file is None:
            return
        alive = alive_networks(population)
        if not alive:
            return
        runs = [network_run.as_run() for network_run in alive]
        is_needed = self.file.path.exists() or not all(run.finished for run in runs)
        if is_needed or self.file.should_save(runs[0]):
            self._write(self.file, alive)

    def _write(self, file: Checkpoint, alive: list[NetworkRun]) -> None:
        """Write the states of the networks that are trained, and of the averages."""
        state = StateDict(run={}, ensemble=self.averages.state_dict())
        for network_run in alive:
            network_state = network_run.state_dict() or {}
            for name, part in network_state.items():
                state[f"{name} {network_run.index}"] = part
        file.save(alive[0].as_run(), state)


def alive_networks(population: Population) -> list[NetworkRun]:
    """List the networks to save. A failed one is left out, so it starts and fails again."""
    alive = []
    for network_run in population.runs:
        is_finite = np.isfinite(network_run.network.parameters).all()
        if network_run.error is None and is_finite:
            alive.append(network_run)
    return alive


def states_of_networks(saved: StateDict) -> dict[int, StateDict]:
    """Split the state of an ensemble, with keys such as "run 0", into those of its networks."""
    states: dict[int, StateDict] = {}
    for key, part in saved.items():
        name, _, index = key.rpartition(" ")
        if index.isdecimal():
            states.setdefault(int(index), {})[name] = part
    return states
