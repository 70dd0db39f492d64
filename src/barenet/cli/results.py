"""Results: printing the results of a run and writing them into its folder.

The run is finished once all of them are on the disk. Until then its state stays there, and
``--resume`` writes the missing ones.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable

from barenet.cli.console import discard, log
from barenet.cli.outcome import Outcome
from barenet.cli.run_folder import HISTORY, RunFolder
from barenet.cli.trained import MODEL
from barenet.errors import BarenetError, MissingExtraError, in_a_line, some

__all__ = ["Results", "resume_command"]

#: Errors that drawing may raise besides those of the disk; a resumed run would raise them again.
NOT_DRAWN = (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError)


class Results:
    """The results of a run.

    Attributes
    ----------
    missing : dict of str to Exception
        The files that could not be written, each with the reason.
    """

    def __init__(self, outcome: Outcome, folder: RunFolder) -> None:
        self.outcome, self.folder = outcome, folder
        self.missing: dict[str, Exception] = {}

    def save(self) -> None:
        """Write the model, the history and the settings, before anything is measured."""
        outcome, settings = self.outcome, self.outcome.experiment.settings
        try:
            predictor = outcome.predictor(scored=False)
            failure = self.folder.save(predictor, outcome.history, settings)
        except OSError as error:
            raise BarenetError(
                f"the training is over, and none of its results could be saved: {_reason(error)}; "
                f"{self._remedy()}"
            ) from error
        if failure is not None:
            self.missing[HISTORY] = failure

    def show(self, *, json: bool, in_a_hurry: bool) -> None:
        """Compute the scores, add them to the model file, and print them."""
        if in_a_hurry and self.outcome.takes_long and not json:
            log("\nthe scores would take a while; `barenet evaluate` computes them")
            return
        self._try(
            f"the scores in {MODEL}",
            lambda: self.folder.complete(self.outcome.predictor(scored=True)),
        )
        try:
            if json:
                self.outcome.emit_json(str(self.folder.model))
            else:
                log()
                self.outcome.emit()
                log()
            sys.stdout.flush()
        except BrokenPipeError:  # The reader has closed the pipe; the pictures are still missing.
            discard(sys.stdout)

    def draw(self) -> None:
        """Plot the history and the predictions of the network, if matplotlib is installed."""
        from barenet.cli.pictures import draw, literal, usual_kind
        from barenet.insight.plots import plot_history, save_figure

        predictor, rows = self.outcome.experiment.predictor, self.outcome.rows
        kind, title, folder = usual_kind(predictor), literal(rows.name), self.folder.path

        def draw_history() -> None:
            figure = plot_history(self.outcome.history, title=title)
            save_figure(figure, folder / "history.png")

        def draw_network() -> None:
            save_figure(draw(kind, predictor, rows), folder / f"{kind}.png")

        try:
            self._try("history.png", draw_history)
            self._try(f"{kind}.png", draw_network)
        except MissingExtraError as error:
            log(f"no pictures: {error}")

    def finish(self) -> None:
        """Remove the state of the run, unless something is missing that ``--resume`` can write."""
        if not self._can_be_completed():
            self.folder.unfinished.remove()

    def check_complete(self) -> None:
        """Name all that is missing."""
        if not self.missing:
            return
        names: dict[str, list[str]] = {}
        for name, error in self.missing.items():
            names.setdefault(_reason(error), []).append(name)
        parts = [f"{some(each)}: {reason}" for reason, each in names.items()]
        remedy = [self._remedy()] if self._can_be_completed() else []
        lost = "; ".join([*parts, *remedy])
        raise BarenetError(f"the model is saved in {self.folder.path}, but not {lost}")

    def _try(self, name: str, write: Callable[[], None]) -> None:
        """Write something, or note that it is missing."""
        try:
            write()
        except MissingExtraError:
            raise
        except (OSError, *NOT_DRAWN) as error:
            self.missing[name] = error

    def _can_be_completed(self) -> bool:
        """Whether ``--resume`` can write something that is missing: a plot that failed stays so."""
        return any(isinstance(error, OSError) for error in self.missing.values())

    def _remedy(self) -> str:
        """Name the command that writes the missing results."""
        return f"once that is put right, `{resume_command(self.folder)}` completes the run"


def resume_command(folder: RunFolder) -> str:
    """Write the command that resumes a run."""
    return shlex.join(["barenet", "train", "--resume", str(folder.path)])


def _reason(error: Exception) -> str:
    """The reason of an error in one line; an operating system's without its number and path."""
    return (error.strerror if isinstance(error, OSError) else None) or in_a_line(error)
