"""The report: the results as a page of Markdown, a section a part."""

from typing import Any

from benchmarks.accuracy import TARGETS
from benchmarks.goals import LIMITS, RATIOS
from benchmarks.tables import significant, table, time
from benchmarks.turns import Measured, fastest
from benchmarks.works import Work

__all__ = ["report"]

Results = dict[str, Any]


def report(results: Results) -> str:
    """Write the page.

    Parameters
    ----------
    results : dict
        What `benchmarks.measure.measure` returned, or JSON made of it.

    Returns
    -------
    str
        Markdown, with a heading of the first level.
    """
    parts = (_summary, _works, _details, _start, _accuracy, _scaling, _roofline, _left_out)
    return "\n\n".join(["# Results", *filter(None, (part(results) for part in parts))]) + "\n"


def _summary(results: Results) -> str:
    machine, settings = results["machine"], results["settings"]
    versions = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    cores = f"{machine['cores']} core{'s' if machine['cores'] != 1 else ''}"
    quick = " This was a quick run: its figures are rough." if settings["quick"] else ""
    return (
        f"Measured on {results['date']}, on {machine['processor']}, {cores}, "
        f"{machine['memory']:.0f} GiB, {machine['system']}, {machine['python']}; {versions}. "
        f"barenet's engine: {settings['engine']}. "
        f"Of {settings['rounds']} turns the fastest counts.{quick}"
    )


def _works(results: Results) -> str:
    rows = [row for entry in results["works"] for row in _work_rows(entry, _peak(results))]
    if not rows:
        return ""
    header = ("work", "peer", "time", "beside barenet", "GFLOP/s", "of roofline", "goal", "holds")
    note = " ".join(dict.fromkeys(_description(entry) for entry in results["works"]))
    return f"## Works\n\n{table(header, rows)}\n\n{note}"


def _description(entry: Results) -> str:
    work = Work.from_dict(entry["work"])
    net = "-".join(map(str, work.sizes))
    if work.unit == "call":
        return f"`{work.name}`: a fitted {net} predicts one row."
    batch = "one row a step" if work.batch_size == 1 else f"batches of {work.batch_size}"
    return (
        f"`{work.name}`: an epoch of {net} on {work.n_rows:,} rows of {entry['origin']}, "
        f"{batch}, {'Adam' if work.optimizer == 'adam' else 'SGD'}."
    )


def _work_rows(entry: Results, peak: float) -> list[tuple[str, ...]]:
    """A row for each peer, barenet first, then from the fastest to the slowest."""
    work = Work.from_dict(entry["work"])
    best = fastest(Measured(**one) for one in entry["measured"])
    ours = best.pop("barenet", None)
    rows = [_work_row(work, one, ours, peak) for one in best.values()]
    return [*([_work_row(work, ours, ours, peak)] if ours else []), *rows]


def _work_row(work: Work, one: Measured, ours: Measured | None, peak: float) -> tuple[str, ...]:
    ratio = one.seconds / ours.seconds if ours else None
    goal = RATIOS.get(work.name, {}).get(one.peer)
    gflops = work.operations / one.seconds / 1e9
    return (
        work.name,
        f"**{one.peer}**" if one.peer == "barenet" else one.peer,
        time(one.seconds),
        f"{significant(ratio)} ×" if ratio else "–",
        significant(gflops),
        _share(gflops / peak) if peak else "–",
        f"≥ {goal:g} ×" if goal else "",
        _holds(ratio >= goal) if goal and ratio else "",
    )


def _share(share: float) -> str:
    return f"{share:.1%}" if share >= 0.001 else "< 0.1%"


def _holds(yes: bool) -> str:
    return "yes" if yes else "no"


def _peak(results: Results) -> float:
    return max((one["gflops"] for one in results["roofline"]), default=0.0)


def _details(results: Results) -> str:
    rows = [
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
        for entry in results["works"]
        for one in entry["measured"]
    ]
    header = ("work", "peer", "threads", "fastest", "median", "first", "peak memory", "remarks")
    return f"## Threads, first calls and memory\n\n{table(header, rows)}" if rows else ""


def _start(results: Results) -> str:
    start = results["start"]
    if not start:
        return ""
    imports = [
        ("nothing (Python itself)" if name == "python" else f"`import {name}`", time(seconds))
        for name, seconds in start["import"].items()
    ]
    fits = [(name, time(fit["fit"]), time(fit["process"])) for name, fit in start["fit"].items()]
    ever = start["fit"].get("barenet", {}).get("ever")
    if ever:
        fits.insert(0, ("barenet, first ever", time(ever["fit"]), time(ever["process"])))
    return "\n\n".join(
        [
            "## Start",
            table(("a process that imports", "takes"), imports),
            table(("first fit in a process", "the fit alone", "the whole process"), fits),
            _limits(start),
        ]
    )


def _limits(start: Results) -> str:
    """Whether the goals hold; a fit is judged without what its process needed before."""
    fit = start["fit"].get("barenet")
    found = {"import": start["import"].get("barenet")}
    if fit:
        found |= {"first fit ever": fit["ever"]["fit"], "first fit in a process": fit["fit"]}
    rows = [
        (name, time(found[name]), f"≤ {limit:g} s", _holds(found[name] <= limit))
        for name, limit in LIMITS.items()
        if found.get(name) is not None
    ]
    return table(("barenet", "takes", "goal", "holds"), rows) if rows else ""


def _accuracy(results: Results) -> str:
    if not results["accuracy"]:
        return ""
    header = ("peer", *(f"to {target:.0%}" for target in TARGETS), "s/epoch", "epochs", "reached")
    rows = [_accuracy_row(one["peer"], one["epochs"]) for one in results["accuracy"]]
    rows.sort(key=lambda row: row[0] != "barenet")
    return (
        "## Time to an accuracy on MNIST\n\n"
        "784-256-128-10, Adam, batches of 128; compiling and testing are off the clock.\n\n"
        + table(header, rows)
    )


def _accuracy_row(peer: str, epochs: list[dict[str, float]]) -> tuple[str, ...]:
    times = [_time_to(target, epochs) for target in TARGETS]
    mean = sum(epoch["seconds"] for epoch in epochs) / len(epochs)
    reached = max(epoch["accuracy"] for epoch in epochs)
    return (peer, *times, time(mean), str(len(epochs)), f"{reached:.2%}")


def _time_to(target: float, epochs: list[dict[str, float]]) -> str:
    spent = 0.0
    for epoch in epochs:
        spent += epoch["seconds"]
        if epoch["accuracy"] >= target:
            return time(spent)
    return "–"


def _scaling(results: Results) -> str:
    if not results["scaling"]:
        return ""
    blocks = [_sweep(sweep, points) for sweep, points in results["scaling"].items() if points]
    picture = "![Seconds of an epoch by width, depth and rows](scaling.svg)"
    return "\n\n".join(["## Scaling", picture, *blocks])


def _sweep(sweep: str, points: list[Results]) -> str:
    peers = list(dict.fromkeys(name for point in points for name in point["seconds"]))
    peers.sort(key=lambda name: name != "barenet")
    rows = [
        (
            f"{point['value']:,}",
            *(time(point["seconds"][name]) if name in point["seconds"] else "–" for name in peers),
        )
        for point in points
    ]
    return table((sweep, *peers), rows)


def _roofline(results: Results) -> str:
    rows = [
        (one["what"], one["threads"], f"{one['gflops']:.0f}", one["kernels"])
        for one in results["roofline"]
    ]
    if not rows:
        return ""
    header = ("product of large float32 matrices", "threads", "GFLOP/s", "kernels")
    return f"## Roofline\n\nThe highest of these is the roofline above.\n\n{table(header, rows)}"


def _left_out(results: Results) -> str:
    lines = [f"- {line}" for line in results["left_out"]]
    return "\n".join(["## Left out", "", *lines]) if lines else ""
