"""Live plot: the learning curves of a network during training, in a notebook.

A single plot is redrawn in place, and its last state stays in the saved notebook. Outside a
notebook, `Progress` replaces it.
"""

import time
from typing import Any

from barenet._constraints import DeclaredAttributes
from barenet._display import in_notebook
from barenet.training._callbacks import Callback, Run
from barenet.training._history import History
from barenet.training._progress import Progress

#: Minimum number of seconds between two updates of the plot.
PAUSE = 0.25
#: The same limit, in multiples of the time that an update takes.
PAUSE_IN_DRAWINGS = 20


class LivePlot(Callback, DeclaredAttributes):
    """Plot the learning curves during training: a live plot in a notebook, progress elsewhere.

    The plot is the same as that of a `History` in a notebook, with the reason that the run ended.
    It is redrawn up to four times a second, and takes at most a twentieth of the time. In a
    terminal or a script it is `Progress`.

    Examples
    --------
    >>> from barenet import Network, train
    >>> from barenet.callbacks import LivePlot
    >>> network = Network.dense([1, 1], init="zeros", dtype="float64")
    >>> history = train(network, [[1.0]], [1.0], epochs=3, batch_size=1, callbacks=LivePlot())
    """

    shows_progress = True
    #: The cell's output, once the curves are shown.
    _handle: Any
    #: Time of the next update, on the clock of `time.perf_counter`.
    _due: float

    def __new__(cls) -> Any:
        """Make a live plot in a notebook, and progress elsewhere."""
        return super().__new__(cls) if in_notebook() else Progress()

    def on_start(self, run: Run) -> None:
        self._handle = None
        self._due = 0.0

    def on_chunk(self, run: Run) -> None:
        started = time.perf_counter()
        if started >= self._due and len(run.history):
            self._show(run.history)
            ended = time.perf_counter()
            drawing_time = ended - started
            self._due = ended + max(PAUSE, PAUSE_IN_DRAWINGS * drawing_time)

    def on_end(self, run: Run) -> None:
        if len(run.history):  # a rejected run has no plot
            self._show(run.history)
        self._handle = None  # an estimator is copied with its callbacks

    def _show(self, history: History) -> None:
        from IPython.display import display

        if self._handle is None:
            self._handle = display(history, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(history)
