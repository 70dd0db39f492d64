"""Estimators: the calls of scikit-learn's users, by barenet's classifier and by scikit-learn's."""

from typing import Any

from benchmarks.markdown import table, time, times
from benchmarks.suite import Part, Suite
from benchmarks.turns import Pace, compare, fastest
from benchmarks.works import Work

__all__ = ["CALLS", "PART", "figures", "report"]

_FIT = Work(
    name="", data="random", sizes=(20, 100, 3), n_rows=1, batch_size=200, task="fit", epochs=200
)
_SPARSE = _FIT.but(data="text", sizes=(50_000, 100, 3), n_rows=20_000, epochs=2)

CALLS = (
    *(_FIT.but(name=f"fit, {n:,} rows", n_rows=n) for n in (50, 200, 1_000, 5_000, 10_000)),
    _FIT.but(name="partial_fit, 100 rows", n_rows=100, task="partial_fit"),
    _FIT.but(name="warm_start by one epoch, 1,000 rows", n_rows=1_000, task="warm_start"),
    _FIT.but(
        name="BaggingClassifier of 50 networks, 500 rows",
        sizes=(20, 32, 3),
        n_rows=500,
        epochs=50,
        task="bagging",
        networks=50,
    ),
    _SPARSE.but(name="fit of sparse rows"),
    _SPARSE.but(name="predict of sparse rows", task="predict"),
)


def measure(suite: Suite) -> list[dict[str, Any]]:
    """Measure each call, in processes of its own, so that their memory can be compared.

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
    for work in CALLS:
        suite.say(f"estimators: {work.name}")
        quick = Pace(rounds=1, turn=0.05, near=1.5, slow=2.0)
        pace = quick if suite.quick else Pace(rounds=5, turn=0.2, near=1.5, slow=5.0)
        wanted = work.but(n_rows=work.n_rows // 10) if suite.quick and work.n_rows > 500 else work
        found.append(compare(suite, wanted, pace, saved=False))
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
    header = ("call", "barenet", "scikit-learn", "faster", "peak memory", "scikit-learn's")
    lines = []
    for entry in results:
        best = fastest(entry["measured"])
        ours, theirs = best.get("barenet"), best.get("scikit-learn")
        lines.append(
            (
                entry["work"]["name"],
                *(time(one.seconds if one else None) for one in (ours, theirs)),
                times(theirs.seconds / ours.seconds if ours and theirs else None),
                *(f"{one.peak:,.0f} MiB" if one else "–" for one in (ours, theirs)),
            )
        )
    return (
        f"## Calls of the estimators\n\n{table(header, lines)}\n\n"
        "`MLPClassifier` with its default settings on 20 random columns and 3 classes, at most 200 "
        "epochs. The ensemble's networks are 20-32-3, at most 50 epochs each. The sparse matrix "
        "has 20,000 × 50,000 entries, 80 of them non-zero in each row; its fit takes two epochs."
    )


def figures(results: list[dict[str, Any]]) -> dict[str, float]:
    """The ratio of times, and of the peak memory for sparse rows."""
    found = {}
    for entry in results:
        best, work = fastest(entry["measured"]), entry["work"]
        if {"barenet", "scikit-learn"} <= best.keys():
            ours, theirs = best["barenet"], best["scikit-learn"]
            found[work["name"]] = theirs.seconds / ours.seconds
            if work["data"] == "text":
                found[f"{work['name']}, memory"] = ours.peak / theirs.peak
    return found


PART = Part(measure, report, figures)
