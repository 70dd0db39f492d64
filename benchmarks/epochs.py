"""Epochs: networks of everyday sizes, with the time of an epoch, the memory and the roofline."""

from typing import Any

from benchmarks.markdown import significant, table, time, times
from benchmarks.roofline import roofline
from benchmarks.suite import Part, Suite
from benchmarks.turns import Measured, Pace, compare, fastest
from benchmarks.works import WORKS, Work

__all__ = ["PART", "figures", "report"]

Results = dict[str, Any]


def measure(suite: Suite) -> Results:
    """Measure the speed of matrix products, then each work.

    Parameters
    ----------
    suite : Suite
        How thoroughly, and with which engine.

    Returns
    -------
    dict
        "roofline" and "works", in which each work has its `Measured`.
    """
    suite.say("epochs: the roofline")
    pace = Pace(rounds=2, turn=0.1) if suite.quick else Pace(rounds=5)
    found: Results = {"roofline": roofline(), "works": []}
    for work in WORKS:
        suite.say(f"epochs: {work.name}")
        found["works"].append(compare(suite, work, pace))
    return found


def report(results: Results) -> str:
    """Write the tables.

    Parameters
    ----------
    results : dict
        From `measure`.

    Returns
    -------
    str
        Markdown.
    """
    peak = max((one["gflops"] for one in results["roofline"]), default=0.0)
    entries = results["works"]
    header = ("network", "library", "time", "beside barenet", "GFLOP/s", "of roofline")
    lines = [row for entry in entries for row in _rows(entry, peak)]
    return "\n\n".join(
        [
            "## Epochs of everyday networks",
            table(header, lines),
            " ".join(map(_description, entries)),
            "### Threads, first calls and memory",
            _details(entries),
            "### Roofline",
            _roofline(results["roofline"]),
        ]
    )


def _description(entry: Results) -> str:
    work = Work.from_dict(entry["work"])
    layers = "-".join(map(str, work.sizes))
    if work.task == "row":
        return f"`{work.name}`: a fitted {layers} predicts one row."
    batch = "one row a step" if work.batch_size == 1 else f"batches of {work.batch_size}"
    return (
        f"`{work.name}`: an epoch of {layers} on {work.n_rows:,} rows of {entry['origin']}, "
        f"{batch}, {'Adam' if work.optimizer == 'adam' else 'SGD'}."
    )


def _rows(entry: Results, peak: float) -> list[tuple[str, ...]]:
    """A row for each library, barenet first, then from the fastest to the slowest."""
    work, best = Work.from_dict(entry["work"]), fastest(entry["measured"])
    ours = best.pop("barenet", None)
    return [_row(work, one, ours, peak) for one in [*([ours] if ours else []), *best.values()]]


def _row(work: Work, one: Measured, ours: Measured | None, peak: float) -> tuple[str, ...]:
    gflops = work.operations / one.seconds / 1e9
    share = gflops / peak if peak else None
    return (
        work.name,
        f"**{one.peer}**" if one.peer == "barenet" else one.peer,
        time(one.seconds),
        times(one.seconds / ours.seconds if ours else None),
        significant(gflops),
        "–" if share is None else f"{share:.1%}" if share >= 0.001 else "< 0.1%",
    )


def _details(entries: list[Results]) -> str:
    header = (
        "network",
        "library",
        "threads",
        "fastest",
        "median",
        "first",
        "peak memory",
        "remarks",
    )
    return table(
        header,
        [
            (
                entry["work"]["name"],
                one["peer"],
                one["threads"],
                time(one["seconds"]),
                time(one["median"]),
                time(one["first"]),
                f"{one['peak']:.0f} MiB",
                one["about"],
            )
            for entry in entries
            for one in entry["measured"]
        ],
    )


def _roofline(found: list[Results]) -> str:
    header = ("product of large float32 matrices", "threads", "GFLOP/s", "kernels")
    lines = [(one["what"], one["threads"], f"{one['gflops']:.0f}", one["kernels"]) for one in found]
    return f"The highest of these is the roofline above.\n\n{table(header, lines)}"


def figures(results: Results) -> dict[str, float]:
    """The ratio of each library for each work."""
    found = {}
    for entry in results["works"]:
        best = fastest(entry["measured"])
        if ours := best.pop("barenet", None):
            name = entry["work"]["name"]
            found |= {
                f"epochs, {name}, {peer}": one.seconds / ours.seconds for peer, one in best.items()
            }
    return found


PART = Part(measure, report, figures)
