"""The command: `python -m benchmarks`.

The page goes to standard output, with a block to paste into a report of another processor; progress
goes to standard error. A full run replaces the results that the documentation shows; a partial or
quick run is written only to --output, where it joins the parts of an earlier run with the same
settings.
"""

import argparse
import contextlib
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markdown import Markdown

from benchmarks.machine import machine, versions
from benchmarks.parts import PARTS, measure
from benchmarks.report import block, report
from benchmarks.results import FOLDER, merged, write
from benchmarks.suite import Suite

BEGUN = time.monotonic()


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, show and write."""
    options = parser().parse_args(arguments)
    full = options.only == tuple(PARTS) and not options.quick and options.engine == "auto"
    folder = options.output or (FOLDER if full else None)
    suite = Suite(quick=options.quick, engine=options.engine, say=say)

    def summed_up(found: dict[str, Any]) -> dict[str, Any]:
        settings = {"quick": suite.quick, "engine": suite.engine}
        results = {"machine": machine(), "versions": versions(), "settings": settings}
        results |= {"parts": found, "left_out": list(suite.left_out)}
        return merged(results, folder) if folder else results

    def keep(found: dict[str, Any]) -> None:
        if folder:
            write(summed_up(found), folder)

    try:
        found = measure(suite, options.only, keep)
    finally:
        shutil.rmtree(suite.folder)
    results = summed_up(found)
    show(report(results))
    print(f"\nTo report these figures, paste this block:\n\n{block(results)}", flush=True)
    keep(found)
    if folder:
        say(f"wrote {folder}")


def parser() -> argparse.ArgumentParser:
    """The options."""
    found = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    found.add_argument(
        "--only", type=parts, default=tuple(PARTS), metavar="A,B", help=", ".join(PARTS)
    )
    found.add_argument("--quick", action="store_true", help="coarse grids and few turns")
    found.add_argument("--engine", default="auto", help="barenet's engine (default auto)")
    found.add_argument("--output", type=Path, metavar="FOLDER", help="where the files go")
    return found


def parts(text: str) -> tuple[str, ...]:
    """Read the names of parts."""
    names = tuple(name.strip() for name in text.split(","))
    for name in names:
        if name not in PARTS:
            raise argparse.ArgumentTypeError(f"no part {name!r} (choose from {', '.join(PARTS)})")
    return tuple(part for part in PARTS if part in names)


def say(text: str) -> None:
    """Print a line of progress on standard error, with the minutes since the start."""
    minutes, seconds = divmod(int(time.monotonic() - BEGUN), 60)
    print(f"{minutes:3d}:{seconds:02d}  {text}", file=sys.stderr, flush=True)


def show(page: str) -> None:
    """Print the page, rendered on a terminal."""
    console = Console()
    if console.is_terminal:
        console.print(Markdown(page))
    else:
        print(page, end="")


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        main()
