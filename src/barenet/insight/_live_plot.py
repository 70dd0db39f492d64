"""Live plot: the loss curve of a network during training, in a notebook.

One plot that is redrawn in place, a few times a second; the last one stays in the saved notebook.
Outside a notebook, `Progress` takes its place.
"""

import sys
import time
from html import escape
from typing import Any

from barenet._constraints import check_count
from barenet.insight._loss_curve import draw_loss_curve
from barenet.insight._progress import Progress
from barenet.training._history import HELD_OUT, RUN_CURVES
from barenet.training._run import Callback, Run

#: Minimum number of seconds between two drawings, and the same in multiples of one drawing's time.
PAUSE, PAUSE_IN_DRAWINGS = 0.25, 20


class LivePlot(Callback):
    """Plot the loss during training: a live plot in a notebook, progress elsewhere.

    The plot has the loss of the training set, and of the validation and test sets where there are
    any, and a ring at the epoch whose parameters `EarlyStopping` keeps. Below it are the latest
    numbers, and the reason why the run ended. It is redrawn at most four times a second, and takes
    at most a twentieth of the time. In a terminal or a script it is `Progress`.

    Parameters
    ----------
    every : int, optional
        Epochs between two printed lines of `Progress`. The plot shows every epoch.

    Attributes
    ----------
    view : Callback
        The plot or the progress, during a run.

    Examples
    --------
    >>> from barenet import Network, train
    >>> from barenet.callbacks import LivePlot
    >>> network = Network.dense([1, 1], init="zeros", dtype="float64")
    >>> history = train(network, [[1.0]], [1.0], epochs=3, batch_size=1, callbacks=LivePlot())
    """

    def __init__(self, every: int | None = None) -> None:
        self.every = None if every is None else check_count(every, "every")
        self.view = Callback()

    def on_start(self, run: Run) -> None:
        self.view = _NotebookPlot() if in_notebook() else Progress(self.every)
        self.view.on_start(run)

    def on_chunk(self, run: Run) -> None:
        self.view.on_chunk(run)

    def on_epoch(self, run: Run) -> None:
        self.view.on_epoch(run)

    def on_end(self, run: Run) -> None:
        view, self.view = self.view, Callback()  # an estimator is copied with its callbacks
        view.on_end(run)

    def __repr__(self) -> str:
        return "LivePlot()" if self.every is None else f"LivePlot(every={self.every})"


def in_notebook() -> bool:
    """Whether the code runs in a notebook, which can show plots."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    if shell is None:
        return False
    from IPython.core.displaypub import DisplayPublisher

    return type(shell.display_pub) is not DisplayPublisher


class _Snapshot:
    """The state of a run, as a notebook or a console displays it.

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
        history, reason = self.run.history, self.run.history.stop_reason
        latest, parts = history.last(), [f"{len(history)} of {self.run.epochs} epochs"]
        for name, value in latest.items():
            # Training metrics are left out where the same are measured on held-out rows.
            held_out = any(f"{part}_{name}" in latest for part in HELD_OUT)
            if name == "loss" or not (held_out or name in RUN_CURVES):
                parts.append(f"{name.replace('_', ' ')} {value:.4g}")
        if reason not in ("", "completed"):
            parts.append("interrupted" if reason == "failed with KeyboardInterrupt" else reason)
        return " · ".join(parts)

    def _repr_html_(self) -> str:
        history, text = self.run.history, repr(self)
        options: Any = {"best": history.best_epoch, "penalized": history.penalized}
        svg = draw_loss_curve(history.curves, description=text, **options)
        return (
            f'<div>{svg}<div style="font-size:13px;font-variant-numeric:tabular-nums">'
            f"{escape(text)}</div></div>"
        )


class _NotebookPlot(Callback):
    """The loss curve in the output of a notebook's cell."""

    def __init__(self) -> None:
        #: The cell's output, once the curve is shown.
        self.handle: Any = None
        #: Time of the next drawing, on the clock of `time.perf_counter`.
        self.due = 0.0

    def on_chunk(self, run: Run) -> None:
        started = time.perf_counter()
        if started >= self.due:
            self._show(_Snapshot(run))
            ended = time.perf_counter()
            self.due = ended + max(PAUSE, PAUSE_IN_DRAWINGS * (ended - started))

    def on_end(self, run: Run) -> None:
        if self.handle is not None or len(run.history):  # a run that was refused has no plot
            self._show(_Snapshot(run))

    def _show(self, snapshot: _Snapshot) -> None:
        from IPython.display import display

        if self.handle is None:
            self.handle = display(snapshot, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self.handle.update(snapshot)
