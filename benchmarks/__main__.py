"""The command: `python -m benchmarks`.

Results go to standard output, and what is going on to standard error. Only a full run replaces the
results that the documentation shows; a part of one, or a quick one, is written where it is told.
"""

import argparse
import contextlib
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown

from benchmarks.measure import measure
from benchmarks.report import report
from benchmarks.results import FOLDER, write
from benchmarks.suite import PARTS, Suite


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, show and keep."""
    options = parser().parse_args(arguments)
    with suite_of(options) as suite:
        results = measure(suite)
    show(report(results))
    full = suite.parts == PARTS and not suite.quick
    folder = options.output or (FOLDER if full else None)
    if folder:
        for path in write(results, folder):
            print(f"wrote {path}", file=sys.stderr)


def parser() -> argparse.ArgumentParser:
    """The options."""
    found = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    found.add_argument("--only", type=parts, default=PARTS, metavar="A,B", help=", ".join(PARTS))
    found.add_argument("--rounds", type=count, help="turns of each peer (default 9, quick 3)")
    found.add_argument("--quick", action="store_true", help="rough figures in about two minutes")
    found.add_argument("--engine", default="auto", help="barenet's engine (default auto)")
    found.add_argument(
        "--scaling",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="also measure an epoch by width, depth and rows",
    )
    found.add_argument("--output", type=Path, metavar="FOLDER", help="where the files go")
    return found


def parts(text: str) -> tuple[str, ...]:
    """Read the names of parts."""
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        if name not in PARTS:
            raise argparse.ArgumentTypeError(f"no part {name!r} (choose from {', '.join(PARTS)})")
    return tuple(part for part in PARTS if part in names)


def count(text: str) -> int:
    """Read a whole number of 1 or more."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number of 1 or more, got {text!r}")
    return int(text)


@contextlib.contextmanager
def suite_of(options: argparse.Namespace) -> Iterator[Suite]:
    """Make a suite of the options, with a line of progress; its folder goes with it."""
    wanted = tuple(part for part in options.only if options.scaling or part != "scaling")
    with talk() as say:
        suite = Suite(
            parts=wanted,
            rounds=options.rounds or (3 if options.quick else 9),
            turn=0.1 if options.quick else 0.25,
            quick=options.quick,
            engine=options.engine,
            say=say,
        )
        try:
            yield suite
        finally:
            shutil.rmtree(suite.folder)


@contextlib.contextmanager
def talk() -> Iterator[Callable[[str], None]]:
    """A line on standard error that changes; where that is no terminal, a line for each change."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda text: print(text, file=sys.stderr, flush=True)
        return
    with console.status("benchmarks") as status:
        yield status.update


def show(page: str) -> None:
    """Print the page, set as tables where someone looks at it."""
    console = Console()
    if console.is_terminal:
        console.print(Markdown(page))
    else:
        print(page, end="")


if __name__ == "__main__":
    main()
