"""Progress of a population: a bar on a terminal, lines elsewhere."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from barenet.insight._progress import new_bar
from barenet.population._population import Population

#: Lines from the first to the last network, where there is no terminal.
N_LINES = 10


@contextmanager
def population_progress(population: Population) -> Iterator[Callable[[], None]]:
    """Make a function that shows how many epochs are done, and how many networks have ended."""
    runs, lines = population.runs, {0}
    bar: Any = new_bar(sys.stderr, "{task.description}", width=24) if sys.stderr.isatty() else None
    task = bar and bar.add_task("", total=None)

    def show() -> None:
        ended = sum(each.is_ended for each in runs)
        text, line = f"{ended:,} of {len(runs):,} networks", ended * N_LINES // len(runs)
        if bar is not None:
            done = sum(len(each.history) for each in runs)
            left = sum(each.config.epochs - len(each.history) for each in runs if not each.is_ended)
            counts = {"completed": done, "total": done + left}
            bar.update(task, description=text, **counts, refresh=True)
        elif line not in lines:
            lines.add(line)
            sys.stderr.write(f"{text}\n")

    with bar or nullcontext():
        try:
            yield show
        finally:
            show()
