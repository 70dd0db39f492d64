"""Scores: accuracy and time of the estimators of both libraries, on scikit-learn's data sets.

Both have the same settings and seeds. They take turns in one process, as users would call them.
"""

import importlib
import statistics
import time
import warnings
from typing import Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler

from benchmarks.markdown import table, time as shown, times
from benchmarks.suite import Part, Suite

__all__ = ["DATA", "PART", "SOLVERS", "compare", "report"]

#: The data sets, and the estimator for each. A fraction of 0.3 of the rows is held out.
DATA = {
    "iris": "MLPClassifier",
    "wine": "MLPClassifier",
    "breast_cancer": "MLPClassifier",
    "digits": "MLPClassifier",
    "diabetes": "MLPRegressor",
    "linnerud": "MLPRegressor",
}
HELD_OUT = 0.3

#: Settings: scikit-learn's defaults, and its other solvers, with a rate that suits small data.
SOLVERS: dict[str, dict[str, Any]] = {
    "adam": {},
    "sgd": {"solver": "sgd", "learning_rate_init": 0.05},
    "lbfgs": {"solver": "lbfgs"},
}

#: The libraries, and their modules.
LIBRARIES = {"barenet": "barenet", "scikit-learn": "sklearn.neural_network"}


def compare(data: str, solver: str, seeds: int) -> dict[str, Any]:
    """Fit both with each seed, in turns, and score them on the held-out rows.

    Parameters
    ----------
    data, solver : str
        Names from `DATA` and `SOLVERS`.
    seeds : int
        Number of seeds; each has its own split, initial weights and order of the rows.

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
            score, seconds = _measured(model, learned, held_out, fits=1 if seed else 2)
            found[name]["scores"].append(score)
            found[name]["seconds"].append(seconds)
    return {"data": data, "solver": solver, **found}


def rows_of(data: str, seed: int) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Split, and scale by the training rows; numeric targets are scaled as well."""
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


def _measured(
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


def measure(suite: Suite) -> list[dict[str, Any]]:
    """Compare all data sets and solvers.

    Parameters
    ----------
    suite : Suite
        How thoroughly: ten seeds, or two.

    Returns
    -------
    list of dict
        From `compare`.
    """
    found = []
    for data in DATA:
        for solver in SOLVERS:
            suite.say(f"scores: {data}, {solver}")
            found.append(compare(data, solver, 2 if suite.quick else 10))
    return found


def report(results: list[dict[str, Any]]) -> str:
    """Write the table.

    Parameters
    ----------
    results : list of dict
        From `compare`.

    Returns
    -------
    str
        Markdown.
    """
    header = ("data", "solver", "score", "scikit-learn's", "fit", "scikit-learn's", "faster")
    return (
        "## Scores of the estimators\n\n"
        f"{table(header, map(_row, results))}\n\n"
        f"Of {len(results[0]['barenet']['scores'])} seeds, the mean and the standard deviation of "
        "the accuracy, or R² (diabetes, linnerud), on held-out rows, the median of the seconds of "
        "a fit, and the median of their ratios. The scores agree because the initial weights and "
        "the mini-batches agree. L-BFGS spends much of a small fit in SciPy, which both use."
    )


def _row(one: dict[str, Any]) -> tuple[str, ...]:
    ours, theirs = (one[name] for name in LIBRARIES)
    pairs = zip(theirs["seconds"], ours["seconds"], strict=True)
    ratio = statistics.median(b / a for b, a in pairs)
    scores = [f"{np.mean(each['scores']):.4f} ± {np.std(each['scores']):.4f}"
              for each in (ours, theirs)]  # fmt: skip
    seconds = [shown(statistics.median(each["seconds"])) for each in (ours, theirs)]
    return (one["data"], one["solver"], *scores, *seconds, times(ratio))


PART = Part(measure, report)
