"""Progress of a population: a bar on a terminal, lines elsewhere."""

import sys
from contextlib import ExitStack
from typing import Any, Self

from barenet.population._population import Population

#: Lines from the first to the last network, where there is no terminal.
N_LINES = 10


class PopulationProgress:
    """Shows how many epochs of all networks are done, and how many networks have ended."""

    def __init__(self, population: Population) -> None:
        self.population, self.lines = population, 0
        self.bar: Any = None
        self.endings = ExitStack()

    def __enter__(self) -> Self:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        if sys.stderr.isatty():
            columns = (TextColumn("{task.description}"), BarColumn(24), TimeRemainingColumn())
            console = Console(file=sys.stderr)
            self.bar = self.endings.enter_context(
                Progress(*columns, console=console, auto_refresh=False)
            )
            self.task = self.bar.add_task("", total=None)
        return self

    def __exit__(self, *error: object) -> None:
        self()
        self.endings.close()

    def __call__(self) -> None:
        """Show the present state."""
        runs = self.population.runs
        ended = sum(each.is_ended for each in runs)
        text = f"{ended:,} of {len(runs):,} networks"
        if self.bar is not None:
            done = sum(len(each.history) for each in runs)
            left = sum(each.config.epochs - len(each.history) for each in runs if not each.is_ended)
            self.bar.update(
                self.task, description=text, completed=done, total=done + left, refresh=True
            )
        elif ended * N_LINES // len(runs) > self.lines:
            self.lines = ended * N_LINES // len(runs)
            sys.stderr.write(f"{text}\n")
