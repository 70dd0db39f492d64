"""A progress bar for steps other than training, such as reading files."""

import sys
from collections.abc import Iterable, Sequence
from typing import TypeVar

T = TypeVar("T")


def progress_bar(items: Sequence[T], label: str) -> Iterable[T]:
    """Iterate over items, with a progress bar on a terminal, which disappears at the end."""
    from rich.console import Console
    from rich.progress import track

    console = Console(file=sys.stderr)
    return track(items, label, console=console, transient=True, disable=not sys.stderr.isatty())
