"""Populations: many small networks in one call, and a search of hyperparameters."""

from typing import Any

from benchmarks.markdown import table, time, times
from benchmarks.suite import Part, Suite
from benchmarks.turns import Pace, compare, fastest
from benchmarks.works import Work

__all__ = ["PART", "POPULATIONS", "figures", "report"]

#: The populations, and the fewer networks of a quick run.
POPULATIONS = (
    (
        Work(
            name="digits: 200 networks 64-16-10",
            data="digits",
            sizes=(64, 16, 10),
            n_rows=1_797,
            batch_size=32,
            task="population",
            epochs=20,
            networks=200,
        ),
        20,
    ),
    (
        Work(
            name="iris: 10,000 networks 4-8-3",
            data="iris",
            sizes=(4, 8, 3),
            n_rows=150,
            batch_size=32,
            task="population",
            epochs=50,
            networks=10_000,
        ),
        100,
    ),
    (
        Work(
            name="search: 100 candidates × 5 folds",
            data="random",
            sizes=(20, 32, 3),
            n_rows=1_000,
            batch_size=50,
            task="search",
            epochs=20,
            networks=100,
        ),
        10,
    ),
)

#: A unit takes seconds; a library that needs more than five for it has a single turn.
PACE, QUICK = Pace(rounds=3, turn=0.0, slow=5.0), Pace(rounds=1, turn=0.0, slow=1.0)


def measure(suite: Suite) -> list[dict[str, Any]]:
    """Measure each population.

    Parameters
    ----------
    suite : Suite
        How thoroughly.

    Returns
    -------
    list of dict
        From `compare`.
    """
    found = []
    for work, few in POPULATIONS:
        suite.say(f"population: {work.name}")
        wanted = work.but(networks=few) if suite.quick else work
        found.append(compare(suite, wanted, QUICK if suite.quick else PACE))
    return found


def report(results: list[dict[str, Any]]) -> str:
    """Write the table.

    Parameters
    ----------
    results : list of dict
        From `measure`.

    Returns
    -------
    str
        Markdown.
    """
    header = ("work", "library", "time", "beside barenet", "peak memory", "remarks")
    lines = []
    for entry in results:
        best = fastest(entry["measured"])
        ours = best.get("barenet")
        for name in sorted(best, key=lambda name: name != "barenet"):
            one = best[name]
            lines.append(
                (
                    entry["work"]["name"],
                    f"**{name}**" if name == "barenet" else name,
                    time(one.seconds),
                    times(one.seconds / ours.seconds if ours else None),
                    f"{one.peak:,.0f} MiB",
                    one.about,
                )
            )
    note = " ".join(_described(entry["work"]) for entry in results)
    return f"## Many networks at once\n\n{table(header, lines)}\n\n{note}"


def _described(work: dict[str, Any]) -> str:
    what = f"{work['networks']:,} networks"
    if work["task"] == "search":
        what = f"{work['networks']} candidates, 5 folds each of {work['n_rows']:,} rows"
    name = work["name"].partition(":")[0]
    return f"`{name}`: {what}, {work['epochs']} epochs, batches of {work['batch_size']}, Adam."


def figures(results: list[dict[str, Any]]) -> dict[str, float]:
    """Seconds of barenet, and the ratio of each library."""
    found = {}
    for entry in results:
        best, name = fastest(entry["measured"]), entry["work"]["name"].partition(":")[0]
        if ours := best.pop("barenet", None):
            found[f"population, {name}, seconds"] = ours.seconds
            found |= {
                f"population, {name}, {peer}": one.seconds / ours.seconds
                for peer, one in best.items()
            }
    return found


PART = Part(measure, report, figures)
