"""Progress of a run: a bar on a terminal, lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, TextIO, TypeVar

from barenet._constraints import check_count
from barenet._metrics import METRICS, score_text
from barenet.training._callbacks import Callback, Run
from barenet.training._history import EVALUATION_SETS

if TYPE_CHECKING:
    from rich.progress import Progress as RichProgress

T = TypeVar("T")

#: Label of a training loss that includes penalties, beside losses that don't.
WITH_PENALTY = "with penalty"


class Progress(Callback):
    """Show the progress of a run: epoch, losses, learning rate and the time left.

    Parameters
    ----------
    every : int, optional
        Epochs between two printed lines, which include the first and the last epoch of the run. By
        default a terminal has the bar and no lines, and anything else about twenty lines.
    file : text file, optional
        The stream; by default standard error.

    Attributes
    ----------
    bar : rich.progress.Progress, optional
        The bar, while it is shown.

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

    def __init__(self, every: int | None = None, *, file: TextIO | None = None) -> None:
        self.every = None if every is None else check_count(every, "every")
        self.file = file
        self.bar: RichProgress | None = None

    def on_start(self, run: Run) -> None:
        self.stream = self.file or sys.stderr
        self.step = self.every or max(1, run.epochs // 20)
        self.refreshed = 0.0
        self._is_pending = False  # the line of the last epoch, which ends the run or is left out
        if self.stream.isatty():
            epochs = "epoch {task.fields[epoch]}/{task.total:.0f}"
            self.bar = new_bar(self.stream, epochs, "{task.fields[numbers]}", width=12)
            self.bar.add_task("", total=run.epochs, epoch=run.epoch, numbers="")
            self.bar.start()

    def on_chunk(self, run: Run) -> None:
        # A redraw takes as long as a hundred epochs of a tiny network: ten a second are enough.
        if self.bar is not None and time.perf_counter() - self.refreshed > 0.1:
            self.refreshed = time.perf_counter()
            self._move_bar(run, run.epoch - 1 + run.batch / run.n_batches)

    def on_epoch(self, run: Run) -> None:
        self._is_pending = (run.epoch - 1) % self.step > 0
        if not self._is_pending:
            self._print(run)

    def on_end(self, run: Run) -> None:
        if self._is_pending:
            self._print(run)
        if self.bar is not None:
            self._move_bar(run, len(run.history))
            self.bar.stop()
            self.bar = None
        del self.stream  # an estimator is copied with its callbacks

    def _print(self, run: Run) -> None:
        line = f"epoch {len(run.history)}  {latest_numbers(run)}"
        if self.bar is None:
            print(line, file=self.stream, flush=True)
        elif self.every is not None:
            self.bar.console.print(line, highlight=False, markup=False)

    def _move_bar(self, run: Run, done: float) -> None:
        assert self.bar is not None
        numbers, (task,) = _in_short(run) if len(run.history) else "", self.bar.task_ids
        self.bar.update(task, completed=done, epoch=run.epoch, numbers=numbers, refresh=True)


def new_bar(stream: TextIO, before: str, *after: str, width: int) -> RichProgress:
    """A bar between texts, with the time that is left."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress as RichProgress, TextColumn, TimeRemainingColumn

    columns = (TextColumn(before), BarColumn(width), *map(TextColumn, after), TimeRemainingColumn())
    return RichProgress(*columns, console=Console(file=stream), auto_refresh=False)


@contextmanager
def live_line(width: int) -> Iterator[Callable[[int, int, str, int], None]]:
    """Make a function that shows a line with a bar on a terminal, else each line of a new number.

    A line of the number 0 is for the bar alone.
    """
    bar: Any = None
    if sys.stderr.isatty():
        bar = new_bar(sys.stderr, "{task.description}", width=width)
        task = bar.add_task("", total=None)
    numbers = {0}

    def show(completed: int, total: int, text: str, number: int) -> None:
        if bar is not None:
            bar.update(task, completed=completed, total=total, description=text, refresh=True)
        elif number not in numbers:
            numbers.add(number)
            sys.stderr.write(f"{text}\n")

    with bar or nullcontext():
        yield show


def _in_short(run: Run) -> str:
    """The numbers that fit beside the bar, on a terminal of 80 columns."""
    last = run.history.last()
    measured = [part for part in EVALUATION_SETS if f"{part}_loss" in last]
    held_out = {f"{part}_loss": part for part in measured[:1]}  # there is no room for both
    names = {"loss": "loss", **held_out, "learning_rate": "rate"}
    return " ".join(f"{names[key]} {last[key]:.3g}" for key in names if key in last)


def latest_numbers(run: Run) -> str:
    """The numbers of the last epoch, losses with the digits of the precision."""
    last, digits = run.history.last(), 9 if run.network.dtype.itemsize == 8 else 6
    titles = {"": f"loss {WITH_PENALTY}" if run.history.penalized else "loss"}
    titles |= {f"{part}_": part for part in EVALUATION_SETS if f"{part}_loss" in last}
    parts = []
    for prefix, title in titles.items():
        numbers = [f"{title} {last[f'{prefix}loss']:.{digits}f}"]
        if prefix or len(titles) == 1:  # scores of the training rows, where there are no others
            scores = [name for name in METRICS if prefix + name in last]
            texts = {name: score_text(name, last[prefix + name]) for name in scores}
            numbers += [f"{name.replace('_', ' ')} {text}" for name, text in texts.items()]
        parts.append((", " if prefix else "  ").join(numbers))
    parts += [f"rate {last['learning_rate']:.4g}"] if "learning_rate" in last else []
    return "  ".join(parts)


def progress_bar(items: Sequence[T], label: str) -> Iterable[T]:
    """Iterate with a bar on a terminal, which disappears at the end."""
    from rich.console import Console
    from rich.progress import track

    console = Console(file=sys.stderr)
    return track(items, label, console=console, transient=True, disable=not sys.stderr.isatty())
