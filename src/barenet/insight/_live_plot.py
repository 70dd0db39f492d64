"""Live plot: the learning curves of a network during training, in a notebook.

One plot that is redrawn in place; the last one stays in the saved notebook. Outside a notebook,
`Progress` takes its place.
"""

import time
from base64 import b64encode
from contextlib import suppress
from html import escape
from typing import Any

from barenet._extras import require
from barenet.errors import ArgumentError
from barenet.insight.plots._learning_curves import plot_history
from barenet.training._callbacks import Callback, Run
from barenet.training._progress import Progress, in_notebook, latest_numbers

#: Minimum number of seconds between two drawings, and the same in multiples of one drawing's time.
PAUSE, PAUSE_IN_DRAWINGS = 0.25, 20


class LivePlot(Callback):
    """Plot the learning curves during training: a live plot in a notebook, progress elsewhere.

    The plot is that of `barenet.plots.plot_history`, with the latest numbers below it, and the
    reason why the run ended. It is redrawn every two seconds or so, and takes at most a twentieth
    of the time. In a terminal or a script it is `Progress`.

    Attributes
    ----------
    run : Run, optional
        The run, while it is plotted.

    Examples
    --------
    >>> from barenet import Network, train
    >>> from barenet.callbacks import LivePlot
    >>> network = Network.dense([1, 1], init="zeros", dtype="float64")
    >>> history = train(network, [[1.0]], [1.0], epochs=3, batch_size=1, callbacks=LivePlot())
    """

    run: Run | None = None
    shows_progress = True

    def __new__(cls) -> Any:
        """Make a live plot in a notebook, and progress elsewhere."""
        return super().__new__(cls) if in_notebook() else Progress()

    def on_start(self, run: Run) -> None:
        require("matplotlib.figure", extra="plot", purpose="a live plot")
        self.run = run
        #: The cell's output, once the curves are shown.
        self.handle: Any = None
        #: Time of the next drawing, on the clock of `time.perf_counter`.
        self.due = 0.0

    def on_chunk(self, run: Run) -> None:
        started = time.perf_counter()
        if started >= self.due and len(run.history):
            self._show()
            ended = time.perf_counter()
            self.due = ended + max(PAUSE, PAUSE_IN_DRAWINGS * (ended - started))

    def on_end(self, run: Run) -> None:
        if len(run.history):  # a run that was refused has no plot
            self._show()
        self.run = self.handle = None  # an estimator is copied with its callbacks

    def _show(self) -> None:
        from IPython.display import display

        if self.handle is None:
            self.handle = display(self, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self.handle.update(self)

    def __repr__(self) -> str:
        if self.run is None:
            return "LivePlot()"
        history = self.run.history
        text = f"epoch {len(history)} of {self.run.epochs}  {latest_numbers(self.run)}"
        reason = history.stop_reason.removeprefix("completed")
        return f"{text}, {reason}" if reason else text

    def _repr_html_(self) -> str | None:
        """The curves, once there is a loss that can be drawn, and the numbers."""
        if self.run is None:
            return None
        image = ""
        with suppress(ArgumentError):
            figure: Any = plot_history(self.run.history)
            data = b64encode(figure._repr_png_()[0]).decode()
            source = f'src="data:image/png;base64,{data}"'
            image = f'<img alt="Learning curves" style="width:45em" {source}>'
        return f"{image}<p>{escape(repr(self))}</p>"
