"""Progress of training: a bar on a terminal and in a notebook, lines elsewhere."""

import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from html import escape
from typing import ClassVar, TextIO, TypeAlias

from barenet._constraints import DeclaredAttributes, check_count, check_flag
from barenet._display import CellOutput, in_notebook
from barenet._metrics import METRICS, score_text
from barenet.training._callbacks import Callback, Callbacks, Run, as_callbacks
from barenet.training._history import EVALUATION_SETS

#: Label of a training loss with penalties, where other losses are shown without.
WITH_PENALTY = "with penalty"

#: Seconds before the default progress bar appears: a shorter run shows nothing.
DELAY = 1.0

#: Seconds between two updates of the bar. An update takes as long as a hundred epochs of a tiny
#: network.
PAUSE = 0.1

#: Shows a line of the progress, given the completed part, the total, a text, and the line's number.
ShowLine: TypeAlias = Callable[[int, int, str, int], None]


class Bar:
    """A bar between two texts, on a terminal or in a notebook.

    The default bar appears after a second, and disappears at the end.
    """

    #: The bar on the screen, which has room for one.
    shown: ClassVar["Bar | None"] = None

    def __init__(self, stream: TextIO, *, width: int = 12, is_default: bool = False) -> None:
        self.stream = stream
        self.width = width
        self.is_default = is_default
        self.due = time.perf_counter()
        if is_default:
            self.due += DELAY
        self.view: TerminalView | NotebookView | None = None

    @property
    def is_due(self) -> bool:
        """Whether it is time for the next update."""
        if Bar.shown is not None and Bar.shown is not self:  # one bar is shown at a time
            return False
        return time.perf_counter() >= self.due

    def draw(self, completed: float, total: float, before: str, after: str = "") -> None:
        """Redraw the bar in its place."""
        self.due = time.perf_counter() + PAUSE
        if self.view is None:
            if in_notebook():
                self.view = NotebookView(self.width, self.is_default)
            else:
                self.view = TerminalView(self.stream, self.width, self.is_default)
            Bar.shown = self
        self.view.draw(completed, total, before, after)

    def print(self, line: str) -> None:
        """Print a line above the bar on a terminal."""
        if isinstance(self.view, TerminalView):
            self.view.bar.console.print(line, highlight=False, markup=False)

    def close(self) -> None:
        """Remove the bar, or leave its last state on the screen."""
        if self.view is not None:
            self.view.close()
            self.view = None
            Bar.shown = None


class TerminalView:
    """The bar of rich."""

    def __init__(self, stream: TextIO, width: int, transient: bool) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            Progress as RichProgress,
            TextColumn,
            TimeRemainingColumn,
        )

        self.bar = RichProgress(
            TextColumn("{task.fields[before]}", markup=False),
            BarColumn(width),
            TextColumn("{task.fields[after]}", markup=False),
            TimeRemainingColumn(),
            console=Console(file=stream),
            auto_refresh=False,
            transient=transient,
            # output that goes elsewhere must not appear on the terminal
            redirect_stdout=sys.stdout.isatty(),
        )

    def draw(self, completed: float, total: float, before: str, after: str) -> None:
        if not self.bar.task_ids:
            self.bar.add_task("", before=before, after=after)
            self.bar.start()
        [task] = self.bar.task_ids
        self.bar.update(
            task, completed=completed, total=total, refresh=True, before=before, after=after
        )

    def close(self) -> None:
        self.bar.stop()


class NotebookView:
    """The output of a notebook cell, where rich's bar would need another package."""

    def __init__(self, width: int, transient: bool) -> None:
        self.width = width
        self.transient = transient
        #: The completed part and the time of the first drawing.
        self.first: tuple[float, float] | None = None
        self.output = CellOutput()

    def draw(self, completed: float, total: float, before: str, after: str) -> None:
        now = time.perf_counter()
        if self.first is None:
            self.first = (completed, now)
        start, started = self.first
        left = ""
        if start < completed < total:
            seconds_per_step = (now - started) / (completed - start)
            left = f"{seconds_per_step * (total - completed):.0f} s left"
        size = f'value="{completed}" max="{total}" style="width:{self.width}em"'
        bar = f"<progress {size}></progress>"
        html = f"{escape(before)} {bar} {escape(after)} {left}"
        self.output.show(f"{before}  {after}", html)

    def close(self) -> None:
        if self.transient:
            self.output.show("", "")


def is_watched() -> bool:
    """Return whether a user can see a bar: not in another thread or process, or in a file."""
    if threading.current_thread() is not threading.main_thread():
        return False
    import multiprocessing

    if multiprocessing.parent_process() is not None:
        return False
    return in_notebook() or sys.stderr.isatty()


@contextmanager
def live_line(progress: bool | None, width: int) -> Iterator[ShowLine | None]:
    """Yield a function that updates the bar; without a terminal, it prints a line for each number.

    A text with the number 0 is shown only in the bar. It yields None if nothing is to be shown.
    """
    is_shown = is_watched() if progress is None else check_flag(progress, "progress")
    if not is_shown:
        yield None
        return
    bar = Bar(sys.stderr, width=width, is_default=progress is None)
    has_bar = in_notebook() or sys.stderr.isatty()
    numbers = {0}

    def show(completed: int, total: int, text: str, number: int) -> None:
        if has_bar and (progress or bar.is_due):
            bar.draw(completed, total, text)
        elif not has_bar and number not in numbers:
            numbers.add(number)
            sys.stderr.write(f"{text}\n")

    try:
        yield show
    finally:
        bar.close()


def with_progress(callbacks: Callbacks, progress: bool | None) -> list[Callback]:
    """Add a callback that shows the progress, unless another one does or no user can see it."""
    chosen = as_callbacks(callbacks)
    if any(type(callback).shows_progress for callback in chosen):
        return chosen
    if progress is None:
        if is_watched():
            chosen.append(ProgressBar())
    elif check_flag(progress, "progress"):
        chosen.append(Progress())
    return chosen


def draw_run(bar: Bar, run: Run, completed: float) -> None:
    """Draw the bar of a run."""
    numbers = _in_short(run) if len(run.history) else ""
    bar.draw(completed, run.epochs, f"epoch {run.epoch}/{run.epochs}", numbers)


class Progress(Callback, DeclaredAttributes):
    """Show the progress of a run: epoch, losses, learning rate and the time left.

    Parameters
    ----------
    every : int, optional
        Epochs between two printed lines, which include the first and the last epoch of the run. By
        default, a terminal shows the bar and no lines; any other output gets about twenty lines.
    file : text file, optional
        The stream; by default standard error.

    Examples
    --------
    >>> import sys
    >>> from barenet import Network, train
    >>> network = Network.dense([1, 1], init="zeros", dtype="float64")
    >>> _ = train(network, [[1.0]], [1.0], optimizer="sgd", batch_size=1, epochs=3,
    ...           callbacks=Progress(every=2, file=sys.stdout))
    epoch 1  loss 0.500000000  rate 0.1
    epoch 3  loss 0.204800000  rate 0.1
    """

    history_only = True
    shows_progress = True
    every: int | None
    file: TextIO | None
    _stream: TextIO
    _step: int
    _is_default: ClassVar[bool] = False

    def __init__(self, every: int | None = None, *, file: TextIO | None = None) -> None:
        if every is not None:
            every = check_count(every, "every")
        self.every = every
        self.file = file
        self._bar: Bar | None = None

    def on_start(self, run: Run) -> None:
        self._stream = self.file or sys.stderr
        self._step = self.every or max(1, run.epochs // 20)
        self._is_pending = False  # the line of the last epoch, which ends the run or is left out
        if self._is_default or self._stream.isatty():
            self._bar = Bar(self._stream, is_default=self._is_default)
            if self._bar.is_due:
                draw_run(self._bar, run, run.epoch - 1)

    def on_chunk(self, run: Run) -> None:
        if self._bar is not None and self._bar.is_due:
            draw_run(self._bar, run, run.epoch - 1 + run.batch / run.n_batches)

    def on_epoch(self, run: Run) -> None:
        self._is_pending = (run.epoch - 1) % self._step > 0
        if not self._is_pending:
            self._print(run)

    def on_end(self, run: Run) -> None:
        if self._is_pending:
            self._print(run)
        if self._bar is not None:
            if self._bar.view is not None:
                draw_run(self._bar, run, len(run.history))
            self._bar.close()
            self._bar = None
        del self._stream  # an estimator is copied with its callbacks

    def _print(self, run: Run) -> None:
        line = f"epoch {len(run.history)}  {latest_numbers(run)}"
        if self._bar is None:
            print(line, file=self._stream, flush=True)
        elif self.every is not None:
            self._bar.print(line)


class ProgressBar(Progress):
    """A bar without printed lines, which appears only if the run takes a while."""

    _is_default = True


def _in_short(run: Run) -> str:
    """Choose the numbers that fit beside the bar on a terminal of 80 columns."""
    last = run.history.last()
    titles = {"loss": "loss"}
    for part in EVALUATION_SETS:
        if f"{part}_loss" in last:
            titles[f"{part}_loss"] = part
            break  # there is room for only one of the two
    titles["learning_rate"] = "rate"
    numbers = [f"{title} {last[name]:.3g}" for name, title in titles.items() if name in last]
    return " ".join(numbers)


def latest_numbers(run: Run) -> str:
    """Format the numbers of the last epoch, losses with the digits of their precision."""
    last = run.history.last()
    digits = 9 if run.network.dtype.itemsize == 8 else 6
    title = f"loss {WITH_PENALTY}" if run.history.penalized else "loss"
    held_out = [part for part in EVALUATION_SETS if f"{part}_loss" in last]
    texts = [f"{title} {last['loss']:.{digits}f}"]
    if not held_out:  # scores of the training rows, where there are no others
        texts += _score_texts(last, "")
    for part in held_out:
        loss = last[f"{part}_loss"]
        texts_of_part = [f"{part} {loss:.{digits}f}", *_score_texts(last, f"{part}_")]
        texts.append(", ".join(texts_of_part))
    if "learning_rate" in last:
        texts.append(f"rate {last['learning_rate']:.4g}")
    return "  ".join(texts)


def _score_texts(last: Mapping[str, float], prefix: str) -> list[str]:
    """Format the scores whose curves have a prefix, each with its name."""
    texts = []
    for name in METRICS:
        if prefix + name in last:
            score = score_text(name, last[prefix + name])
            texts.append(f"{name.replace('_', ' ')} {score}")
    return texts
