"""Watch: the loss curve of a network while it learns, in a notebook.

One picture that is drawn anew in its place, some times a second; what stands there at the end is
what the notebook keeps. Where there is no notebook, there is `Progress`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from html import escape
from typing import Any

from barenet.insight.loss_curve import draw_loss_curve
from barenet.model.validation import check_count
from barenet.training.callbacks import Callback
from barenet.training.history import HELD_OUT, RUN_CURVES
from barenet.training.progress import Progress
from barenet.training.run import Run

__all__ = ["Watch"]

#: Seconds between two drawings, and how many times longer to wait than a drawing took.
PAUSE, SHARE = 0.25, 20


class Watch(Callback):
    """Show the loss curve while the network learns: in a notebook a picture, elsewhere progress.

    The picture has the loss of the training rows, and of validation and test rows where there are
    any, and a ring at the epoch whose parameters `EarlyStopping` keeps. Below it are the last
    numbers, and the reason why the run ended. It is drawn at most four times a second, and takes at
    most a twentieth of the time. In a terminal or a script it is `Progress`.

    Parameters
    ----------
    every : int, optional
        Of `Progress`: epochs between two printed lines. The picture shows every epoch.

    Attributes
    ----------
    view : Callback, optional
        What shows the run, while there is one.

    Examples
    --------
    >>> from barenet import Network, Watch, train
    >>> network = Network.dense([1, 1], init="zeros", dtype="float64")
    >>> history = train(network, [[1.0]], [1.0], epochs=3, batch_size=1, callbacks=Watch())
    """

    def __init__(self, every: int | None = None) -> None:
        self.every = None if every is None else check_count(every, "every")
        self.view: Callback | None = None

    def on_start(self, run: Run) -> None:
        self.view = _NotebookView() if shows_pictures() else Progress(self.every)
        self.view.on_start(run)

    def on_chunk(self, run: Run) -> None:
        if self.view is not None:
            self.view.on_chunk(run)

    def on_epoch(self, run: Run) -> None:
        if self.view is not None:
            self.view.on_epoch(run)

    def on_end(self, run: Run) -> None:
        view, self.view = self.view, None  # an estimator is copied with its callbacks
        if view is not None:
            view.on_end(run)

    def __repr__(self) -> str:
        return "Watch()" if self.every is None else f"Watch(every={self.every})"


def shows_pictures() -> bool:
    """Find out whether this is a notebook."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    if shell is None:
        return False
    from IPython.core.displaypub import DisplayPublisher

    return type(shell.display_pub) is not DisplayPublisher


class _NotebookView(Callback):
    """The loss curve in a notebook's cell.

    Attributes
    ----------
    handle : IPython.display.DisplayHandle, optional
        Of the picture, once it is shown.
    due : float
        When it is drawn again, on the clock of ``time.perf_counter``.
    """

    def __init__(self) -> None:
        self.handle: Any = None
        self.due = 0.0

    def on_chunk(self, run: Run) -> None:
        started = time.perf_counter()
        if started >= self.due:
            self._show(_Snapshot(run))
            ended = time.perf_counter()
            self.due = ended + max(PAUSE, SHARE * (ended - started))

    def on_end(self, run: Run) -> None:
        if self.handle is not None or len(run.history):  # a refused run shows nothing
            self._show(_Snapshot(run))

    def _show(self, scene: _Snapshot) -> None:
        from IPython.display import display

        if self.handle is None:
            self.handle = display(scene, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self.handle.update(scene)


class _Snapshot:
    """What a cell shows of a run, where it stands now.

    Examples
    --------
    >>> from barenet import History, Network
    >>> history = History({"loss": [0.5, 0.25], "validation_loss": [0.6, 0.5]})
    >>> _Snapshot(Run(Network.dense([1, 1]), history, epochs=10, n_batches=1))
    2 of 10 epochs · loss 0.25 · validation loss 0.5
    """

    def __init__(self, run: Run) -> None:
        self.run = run

    def __repr__(self) -> str:
        run = self.run
        told = [f"{len(run.history)} of {run.epochs} epochs"]
        last = run.history.last()
        told += [
            f"{name.replace('_', ' ')} {value:.4g}"
            for name, value in last.items()
            if name not in RUN_CURVES and (name == "loss" or not _is_held_out(name, last))
        ]
        return " · ".join([*told, *_ending(run.history.stop_reason)])

    def _repr_html_(self) -> str:
        history, text = self.run.history, repr(self)
        svg = draw_loss_curve(
            history.curves,
            best=history.best_epoch,
            penalized=history.penalized,
            description=text,
        )
        return (
            f'<div>{svg}<div style="font-size:13px;font-variant-numeric:tabular-nums">'
            f"{escape(text)}</div></div>"
        )


def _is_held_out(measure: str, last: Mapping[str, float]) -> bool:
    """Whether a measure of the training rows is there for validation or test rows, too."""
    return any(f"{part}_{measure}" in last for part in HELD_OUT)


def _ending(reason: str) -> list[str]:
    """Say why the run ended, if there is something to say."""
    if reason in ("", "completed"):
        return []
    return ["interrupted" if reason == "failed with KeyboardInterrupt" else reason]
