"""Progress of a population: a bar on a terminal, lines elsewhere."""

import sys
from typing import Any, Self

from barenet.insight._progress import new_bar
from barenet.population._population import Population

#: Lines from the first to the last network, where there is no terminal.
N_LINES = 10


class PopulationProgress:
    """Shows how many epochs of all networks are done, and how many networks have ended."""

    def __init__(self, population: Population) -> None:
        self.population, self.lines = population, 0
        self.bar: Any = None

    def __enter__(self) -> Self:
        if sys.stderr.isatty():
            self.bar = new_bar(sys.stderr, "{task.description}", width=24)
            self.task = self.bar.add_task("", total=None)
            self.bar.start()
        return self

    def __exit__(self, *error: object) -> None:
        self()
        if self.bar is not None:
            self.bar.stop()

    def __call__(self) -> None:
        """Show the present state."""
        runs = self.population.runs
        ended = sum(each.is_ended for each in runs)
        text = f"{ended:,} of {len(runs):,} networks"
        if self.bar is not None:
            done = sum(len(each.history) for each in runs)
            left = sum(each.config.epochs - len(each.history) for each in runs if not each.is_ended)
            counts = {"completed": done, "total": done + left}
            self.bar.update(self.task, description=text, **counts, refresh=True)
        elif ended * N_LINES // len(runs) > self.lines:
            self.lines = ended * N_LINES // len(runs)
            sys.stderr.write(f"{text}\n")
