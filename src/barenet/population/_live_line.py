"""The line that shows the progress of many networks."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from barenet._constraints import check_flag
from barenet.training._progress import Bar, in_notebook, is_watched


@contextmanager
def live_line(
    progress: bool | None, width: int
) -> Iterator[Callable[[int, int, str, int], None] | None]:
    """Yield a function that updates the bar; without a terminal, it prints a line for each number.

    A text with the number 0 is shown in the bar alone. It yields None if nothing is to be shown.
    """
    if not (is_watched() if progress is None else check_flag(progress, "progress")):
        yield None
        return
    bar = Bar(sys.stderr, width=width, is_default=progress is None)
    has_bar, numbers = in_notebook() or sys.stderr.isatty(), {0}

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
