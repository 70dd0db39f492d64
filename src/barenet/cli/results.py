"""Results: all that a run comes to, put out and written into its folder.

The run is finished once all of it is on the disk. Until then its state stays, and ``--resume``
writes the rest.
"""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable

from barenet.cli.console import forget, say
from barenet.cli.outcome import Outcome
from barenet.cli.run_folder import HISTORY, RunFolder
from barenet.cli.trained import MODEL
from barenet.errors import BarenetError, MissingExtraError, in_a_line, some

__all__ = ["Results", "resume_command"]

#: What drawing may raise besides what the disk does; resumed, it would raise it again.
NOT_DRAWN = (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError)


class Results:
    """The results of a run.

    Parameters
    ----------
    outcome : Outcome
        The run, which is over.
    folder : RunFolder
        Where they go.

    Attributes
    ----------
    missing : dict of str to Exception
        What could not be written, and why.
    """

    def __init__(self, outcome: Outcome, folder: RunFolder) -> None:
        self.outcome, self.folder = outcome, folder
        self.missing: dict[str, Exception] = {}

    def save(self) -> None:
        """Write the model, the history and the settings, before anything is measured.

        Raises
        ------
        BarenetError
            If there is no room for the model.
        """
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
        """Measure how good the network is, note that in the model file, and print it at once.

        Parameters
        ----------
        json : bool
            Whether for programs.
        in_a_hurry : bool
            Whether a signal has ended the run: then scores that take long are left out.
        """
        if in_a_hurry and self.outcome.takes_long and not json:
            say("\nhow good it is takes a while to find out; `barenet evaluate` does")
            return
        self._try(
            f"the scores in {MODEL}",
            lambda: self.folder.complete(self.outcome.predictor(scored=True)),
        )
        try:
            if json:
                self.outcome.show_json(str(self.folder.model))
            else:
                say()
                self.outcome.show()
                say()
            sys.stdout.flush()
        except BrokenPipeError:  # The reader has closed the pipe; the pictures are still missing.
            forget(sys.stdout)

    def draw(self) -> None:
        """Draw how the network learned, and what it has learned, if matplotlib is installed."""
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
            say(f"no pictures: {error}")

    def finish(self) -> None:
        """Remove the state of the run, unless something is missing that ``--resume`` can write."""
        if not self._can_be_completed():
            self.folder.unfinished.remove()

    def check_complete(self) -> None:
        """Name all that is missing.

        Raises
        ------
        BarenetError
            If anything is.
        """
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
        return any(isinstance(error, OSError) for error in self.missing.values())

    def _remedy(self) -> str:
        return f"once that is put right, `{resume_command(self.folder)}` completes the run"


def resume_command(folder: RunFolder) -> str:
    """Write the command that resumes a run.

    Parameters
    ----------
    folder : RunFolder
        The folder of the run.

    Returns
    -------
    str
        For a shell.
    """
    return shlex.join(["barenet", "train", "--resume", str(folder.path)])


def _reason(error: Exception) -> str:
    """The reason of an error in one line; an operating system's without its number and path."""
    return (error.strerror if isinstance(error, OSError) else None) or in_a_line(error)
