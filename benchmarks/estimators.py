"""Estimators: barenet's and scikit-learn's beside each other, on data that come with the latter.

    python -m benchmarks.estimators

The same settings and seeds for both: how good are they on rows that they have not seen, and how
long does a fit take? Results go to standard output, and a full run replaces those in `results/`.
"""

import argparse
import importlib
import json
import statistics
import sys
import time
import warnings
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from barenet.files._atomic import write_atomically
from benchmarks.machine import machine, versions
from benchmarks.results import FOLDER
from benchmarks.tables import significant, table, time as shown

__all__ = ["DATA", "SOLVERS", "compare", "main", "report"]

#: What is learned, by name, and the estimator for it. A share of 0.3 of the rows is not.
DATA = {
    "iris": "MLPClassifier",
    "wine": "MLPClassifier",
    "breast_cancer": "MLPClassifier",
    "digits": "MLPClassifier",
    "diabetes": "MLPRegressor",
    "linnerud": "MLPRegressor",
}
HELD_OUT = 0.3

#: How: scikit-learn's defaults, and its two other solvers, with a rate that suits small data.
SOLVERS: dict[str, dict[str, Any]] = {
    "adam": {},
    "sgd": {"solver": "sgd", "learning_rate_init": 0.05},
    "lbfgs": {"solver": "lbfgs"},
}

#: Whose, and where.
LIBRARIES = {"barenet": "barenet", "scikit-learn": "sklearn.neural_network"}


def compare(data: str, solver: str, seeds: int) -> dict[str, Any]:
    """Fit both with each seed, in turns, and score them on the rows that are held out.

    Parameters
    ----------
    data, solver : str
        Names from `DATA` and `SOLVERS`.
    seeds : int
        How many; each has its own split, first weights and order of the rows.

    Returns
    -------
    dict
        "data", "solver", and by library "scores" and "seconds", an entry for each seed.
    """
    found: dict[str, Any] = {name: {"scores": [], "seconds": []} for name in (*LIBRARIES,)}
    for seed in range(seeds):
        learned, held_out = rows_of(data, seed)
        order = list(LIBRARIES) if seed % 2 else list(LIBRARIES)[::-1]
        for name in order:
            kind = getattr(importlib.import_module(LIBRARIES[name]), DATA[data])
            model = kind(random_state=seed, **SOLVERS[solver])
            # The first call of all compiles.
            score, seconds = measure(model, learned, held_out, fits=1 if seed else 2)
            found[name]["scores"].append(score)
            found[name]["seconds"].append(seconds)
    return {"data": data, "solver": solver, **found}


def rows_of(data: str, seed: int) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Split, and scale by what is learned from; numbers to be predicted are scaled as well."""
    load = getattr(importlib.import_module("sklearn.datasets"), f"load_{data}")
    X, y = load(return_X_y=True)
    classes = DATA[data] == "MLPClassifier"
    X, held_X, y, held_y = train_test_split(
        X, y, test_size=HELD_OUT, random_state=seed, stratify=y if classes else None
    )
    scaler = StandardScaler().fit(X)
    if not classes:
        mean, deviation = y.mean(axis=0), y.std(axis=0)
        y, held_y = (y - mean) / deviation, (held_y - mean) / deviation
    return (scaler.transform(X), y), (scaler.transform(held_X), held_y)


def measure(
    model: Any, learned: tuple[Any, Any], held_out: tuple[Any, Any], fits: int
) -> tuple[float, float]:
    """Fit, and score; of several fits the shortest time counts."""
    seconds = []
    for _ in range(fits):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            started = time.perf_counter()
            model.fit(*learned)
            seconds.append(time.perf_counter() - started)
    return float(model.score(*held_out)), min(seconds)


def report(results: dict[str, Any]) -> str:
    """Write the page.

    Parameters
    ----------
    results : dict
        "date", "machine", "versions", "seeds", and "comparisons" from `compare`.

    Returns
    -------
    str
        Markdown, with a heading of the first level.
    """
    where, used = results["machine"], results["versions"]
    kept = ("barenet", "numpy", "numba", "scikit-learn")
    header = ("data", "solver", "barenet", "scikit-learn", "fit, barenet", "fit, scikit-learn",
              "faster")  # fmt: skip
    return (
        "# barenet's estimators beside scikit-learn's\n\n"
        f"Measured on {results['date']}, on {where['processor']}, {where['cores']} cores, "
        f"{where['system']}, {where['python']}; "
        f"{', '.join(f'{name} {used[name]}' for name in kept if name in used)}. "
        f"Of {results['seeds']} seeds, the mean and the standard deviation of the accuracy, or R², "
        "on held-out rows, the median of the seconds that a fit takes, and the median of their "
        "ratios.\n\n"
        f"{table(header, map(_row, results['comparisons']))}\n"
    )


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    ours, theirs = (one[name] for name in LIBRARIES)
    pairs = zip(theirs["seconds"], ours["seconds"], strict=True)
    ratio = statistics.median(b / a for b, a in pairs)
    scores = [f"{np.mean(each['scores']):.4f} ± {np.std(each['scores']):.4f}"
              for each in (ours, theirs)]  # fmt: skip
    seconds = [shown(statistics.median(each["seconds"])) for each in (ours, theirs)]
    return (one["data"], one["solver"], *scores, *seconds, f"{significant(ratio)} ×")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, show and keep."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.estimators", description=__doc__)
    parser.add_argument("--seeds", type=int, default=10, help="how many (default 10)")
    parser.add_argument("--data", choices=DATA, nargs="+", default=list(DATA), help="which")
    parser.add_argument("--output", type=Path, metavar="FOLDER", help="where the files go")
    options = parser.parse_args(arguments)
    comparisons = []
    for data in options.data:
        for solver in SOLVERS:
            print(f"{data}, {solver}", file=sys.stderr, flush=True)
            comparisons.append(compare(data, solver, options.seeds))
    results = {"date": date.today().isoformat(), "machine": machine(), "versions": versions(),
               "seeds": options.seeds, "comparisons": comparisons}  # fmt: skip
    print(report(results), end="")
    full = options.seeds == 10 and options.data == list(DATA)
    folder = options.output or (FOLDER if full else None)
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(results, indent=2, ensure_ascii=False) + "\n"
        write_atomically(folder / "estimators.json", text.encode())
        write_atomically(folder / "estimators.md", report(results).encode())


if __name__ == "__main__":
    main()
