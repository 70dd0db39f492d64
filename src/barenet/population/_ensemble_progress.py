"""Progress of an ensemble's training: its out-of-fold score, in a bar or in lines."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from barenet.insight._progress import new_bar
from barenet.population._ensemble_training import Candidate, EnsembleTraining


@contextmanager
def ensemble_progress(training: EnsembleTraining) -> Iterator[None]:
    """Show the epoch, and the score of the best candidate."""
    columns = "epoch {task.completed:.0f}/{task.total:.0f}", "{task.fields[numbers]}"
    bar: Any = new_bar(sys.stderr, *columns, width=12) if sys.stderr.isatty() else None
    task = bar and bar.add_task("", total=training.recipe.epochs, numbers="")
    names = ("accuracy", "log loss") if training.rows.of_classes else ("R²", "squared error")
    shown: list[Candidate | None] = [None]

    def show(epoch: int, best: Candidate | None) -> None:
        pairs = () if best is None else zip(names, (best.score, best.loss), strict=True)
        numbers = " ".join(["out-of-fold", *(f"{name} {value:.4f}" for name, value in pairs)])
        if bar is not None:
            bar.update(task, completed=epoch, numbers=numbers, refresh=True)
        elif best is not shown[0]:
            shown[0] = best
            sys.stderr.write(f"epoch {epoch}  {numbers}\n")

    training.show = show
    with bar or nullcontext():
        yield
