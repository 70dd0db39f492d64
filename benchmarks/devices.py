"""Devices: barenet's JAX engine on the GPU that JAX finds, or else on the processor.

    python -m benchmarks.devices
    python -m benchmarks.devices --quick --output FOLDER

It is compared with loops written by hand in JAX and PyTorch on the same device, and with barenet's
default engine on the processor. The page and its figures go to files named after the device in
`benchmarks/results/devices/`, or in --output; a quick run is written only to --output.
"""

import argparse
import contextlib
import json
import shutil
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

from barenet.storage._atomic_write import write_atomically
from benchmarks.__main__ import say, show
from benchmarks.machine import machine, versions
from benchmarks.markdown import table, time, times
from benchmarks.peers import DEVICE_PEERS, PEERS
from benchmarks.populations import POPULATIONS
from benchmarks.results import FOLDER
from benchmarks.suite import Suite
from benchmarks.turns import Pace, compare, fastest
from benchmarks.works import WORKS, Work

__all__ = ["DEVICE_WORKS", "QUICK_WORKS", "main", "report"]

RESULTS = FOLDER / "devices"

#: barenet's default engine, and the libraries that use the device.
LIBRARIES = (PEERS["barenet"], *DEVICE_PEERS.values())

#: barenet's engine for GPUs, and the loops that it is compared with on the same device.
OURS, BY_HAND, LOOP = DEVICE_PEERS

_EPOCHS = {work.name: work for work in WORKS}
_WIDE = Work(
    name="wide-1024", data="random", sizes=(1_024, 1_024, 1_024, 10), n_rows=8_192, batch_size=256
)
_DIGITS, _ = POPULATIONS[0]
_ENSEMBLE = Work(
    name="ensemble", data="friedman", sizes=(20, 1), n_rows=20_000, batch_size=1, task="ensemble"
)

#: What is measured: epochs, populations, and fits of ensembles.
DEVICE_WORKS = (
    _EPOCHS["mnist-16"],
    _EPOCHS["mnist-256"],
    _WIDE,
    _DIGITS.but(name="networks-200"),
    _DIGITS.but(name="networks-2000", networks=2_000),
    _ENSEMBLE.but(name="ensemble-20000"),
    _ENSEMBLE.but(name="ensemble-100000", n_rows=100_000),
)

#: The same works with fewer rows, networks and epochs.
QUICK_WORKS = (
    *(work.but(n_rows=2_000) for work in DEVICE_WORKS[:3]),
    _DIGITS.but(name="networks-20", networks=20, epochs=2),
    _ENSEMBLE.but(name="ensemble-1000", n_rows=1_000),
)

#: An epoch on a GPU takes milliseconds, and the rows are moved there in each call, so a turn has
#: many epochs.
EPOCHS_PACE = Pace(rounds=3, turn=2.0, slow=10.0, patience=900.0)
#: The other works take seconds.
PACE = Pace(rounds=2, turn=0.0, slow=10.0, patience=900.0)
QUICK_PACE = Pace(rounds=1, turn=0.0)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and write."""
    options = _parser().parse_args(arguments)
    if not PEERS["JAX"].installed:
        print("JAX is not installed: pip install '.[jax]'", file=sys.stderr)
        return 1
    suite = Suite(quick=options.quick, libraries=LIBRARIES, say=say)
    suite.note_missing()
    works = DEVICE_WORKS
    if options.quick:
        works = QUICK_WORKS
    if options.only is not None:
        works = tuple(_named(works, name) for name in options.only.split(","))
    try:
        results = measure(suite, works)
    finally:
        shutil.rmtree(suite.folder)
    show(report(results))
    folder = options.output
    if folder is None and not options.quick:
        folder = RESULTS
    if folder is not None:
        for path in write(results, folder):
            say(f"wrote {path}")
    return 0


def measure(suite: Suite, works: Sequence[Work]) -> dict[str, Any]:
    """Measure the works, one after the other."""
    results: dict[str, Any] = {
        "date": date.today().isoformat(),
        "device": "",
        "machine": machine(),
        "versions": versions(),
        "works": [],
    }
    for work in works:
        suite.say(work.name)
        if suite.quick:
            pace = QUICK_PACE
        elif work.task == "epoch":
            pace = EPOCHS_PACE
        else:
            pace = PACE
        measured = compare(suite, work, pace)
        results["works"].append(measured)
        for one in measured["measured"]:
            if one["peer"] == OURS:
                results["device"] = one["about"].split(",")[0]
    results["left_out"] = list(suite.left_out)
    return results


def write(results: dict[str, Any], folder: Path) -> list[Path]:
    """Write the figures and their page, in files named after the device."""
    folder.mkdir(parents=True, exist_ok=True)
    name = results["device"].lower().replace(" ", "-") or "none"
    figures = folder / f"{name}.json"
    page = folder / f"{name}.md"
    write_atomically(figures, f"{json.dumps(results, indent=1, ensure_ascii=False)}\n".encode())
    write_atomically(page, report(results).encode())
    return [figures, page]


def report(results: dict[str, Any]) -> str:
    """Write the page."""
    about = results["machine"]
    libraries = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    measured_on = (
        f"Measured on {results['date']}. JAX's device: {results['device']}. Processor: "
        f"{about['processor']}, {about['cores']} cores, {about['memory']:.0f} GiB, "
        f"{about['system']}, {about['python']}; {libraries}."
    )
    header = ["work", "default engine", "JAX engine", "JAX by hand", "PyTorch's loop"]
    header += ["÷ by hand", "PyTorch ÷", "first call"]
    rows = [_row(each) for each in results["works"]]
    lines = ["# The JAX engine on a device", measured_on, table(header, rows)]
    scores = [_scores(each) for each in results["works"] if each["work"]["task"] == "ensemble"]
    lines += [score for score in scores if score]
    lines += [f"{line.rstrip('.')}." for line in results["left_out"]]
    return "\n\n".join(lines) + "\n"


def _row(each: dict[str, Any]) -> list[str]:
    """One work: the seconds of all, the ratios to the JAX engine, and the first call of it."""
    best = fastest(each["measured"])
    seconds = {name: one.seconds for name, one in best.items()}
    cells = [each["work"]["name"]]
    cells += [time(seconds.get(name)) for name in ("barenet", OURS, BY_HAND, LOOP)]
    for slower, faster in ((OURS, BY_HAND), (LOOP, OURS)):
        ratio = None
        if slower in seconds and faster in seconds:
            ratio = seconds[slower] / seconds[faster]
        cells.append(times(ratio))
    first = None
    if OURS in best:
        first = best[OURS].first
    return [*cells, time(first)]


def _scores(each: dict[str, Any]) -> str:
    """A sentence with the scores of an ensemble in both engines."""
    abouts = {one["peer"]: one["about"].split(", ")[-1] for one in each["measured"]}
    if OURS not in abouts or "barenet" not in abouts:
        return ""
    name = each["work"]["name"]
    return f"{name}: {abouts['barenet']} by the default engine, {abouts[OURS]} by the JAX engine."


def _named(works: Sequence[Work], name: str) -> Work:
    for work in works:
        if work.name == name.strip():
            return work
    raise SystemExit(f"no work {name!r} (choose from {', '.join(work.name for work in works)})")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.devices",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = ", ".join(work.name for work in DEVICE_WORKS)
    parser.add_argument("--only", metavar="A,B", help=f"some of {names}")
    parser.add_argument("--quick", action="store_true", help="fewer rows, networks and epochs")
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="where the files go")
    return parser


if __name__ == "__main__":
    with contextlib.suppress(BrokenPipeError):
        sys.exit(main())
