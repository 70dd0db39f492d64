"""Scores of models on tables: balanced means, ranks, and paired differences with an interval."""

import math
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import rankdata, t as student

from benchmarks.table_data import TEST
from benchmarks.table_measure import Row

__all__ = [
    "Difference",
    "balanced",
    "by_table",
    "complete",
    "difference",
    "noise",
    "ranks",
    "shortfalls",
    "tables",
]

#: A model is compared with all others if it has at least so many of the tables.
MOST = 0.85

#: Bootstrap samples, their seed, and the level of intervals.
SAMPLES, SEED, LEVEL = 10_000, 0, 0.95

#: Which sign of a difference is better.
SIGN = {"score": 1, "auc": 1, "log_loss": -1}


@dataclass(frozen=True)
class Difference:
    """The differences between two models on the same splits of the same tables.

    Attributes
    ----------
    mean : float
        The mean over the tables.
    interval : tuple of float
        Its 95 % interval, by a bootstrap over the tables.
    wins, ties, losses : int
        Tables where the first model is better, within the noise of the splits, or worse.
    """

    mean: float
    interval: tuple[float, float]
    wins: int
    ties: int
    losses: int

    @property
    def n_tables(self) -> int:
        """Number of tables."""
        return self.wins + self.ties + self.losses


def tables(rows: Sequence[Row]) -> list[str]:
    """The names of the tables, in the order of the rows."""
    return list(dict.fromkeys(row["table"] for row in rows))


def complete(rows: Sequence[Row], models: Sequence[str]) -> list[str]:
    """The models that have nearly all tables, and nearly as many splits of them as any other."""
    counts = Counter(row["model"] for row in rows)
    least = MOST * max((counts[model] for model in models), default=0)
    return [model for model in models if counts[model] >= least]


def balanced(rows: Sequence[Row], models: Sequence[str]) -> list[Row]:
    """The rows of the splits on which all of the models are measured."""
    found: dict[tuple[str, int], set[str]] = {}
    for row in rows:
        found.setdefault((row["table"], row["split"]), set()).add(row["model"])
    return [
        row
        for row in rows
        if row["model"] in models and found[row["table"], row["split"]] >= set(models)
    ]


def by_table(
    rows: Sequence[Row], figure: str, middle: Callable[[list[float]], float] = statistics.fmean
) -> dict[tuple[str, str], float]:
    """The mean of a figure over the splits, or its minimum, by table and model."""
    found: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        if row.get(figure) is not None:
            found.setdefault((row["table"], row["model"]), []).append(row[figure])
    return {key: middle(values) for key, values in found.items()}


def shortfalls(rows: Sequence[Row]) -> dict[str, float]:
    """Mean distance of each model from the best on the same table.

    Parameters
    ----------
    rows : sequence of dict
        From `balanced`.

    Returns
    -------
    dict of str to float
        By the models' names.
    """
    grid, models = _grid(rows)
    return dict(zip(models, (grid.max(axis=1, keepdims=True) - grid).mean(axis=0), strict=True))


def ranks(rows: Sequence[Row]) -> dict[str, float]:
    """Mean rank of each model by its score, from 1; equal scores share a rank."""
    grid, models = _grid(rows)
    return dict(zip(models, rankdata(-grid, axis=1).mean(axis=0), strict=True))


def _grid(rows: Sequence[Row]) -> tuple[Any, list[str]]:
    """Scores by table and model."""
    means, models = by_table(rows, "score"), list(dict.fromkeys(row["model"] for row in rows))
    return np.array([[means[name, model] for model in models] for name in tables(rows)]), models


def difference(
    rows: Sequence[Row], one: str, other: str, figure: str = "score"
) -> Difference | None:
    """Compare two models on the splits that both have.

    Parameters
    ----------
    rows : sequence of dict
        From `measure`.
    one, other : str
        The models; the differences are those of the first minus the second.
    figure : {"score", "log_loss", "auc"}
        What is compared.

    Returns
    -------
    Difference or None
        None without a common split. If no model has more than one split, each difference is a win
        or a loss, as its noise is unknown.
    """
    pairs = _pairs(rows, one, other, figure)
    if not pairs:
        return None
    means = np.array([np.mean(pair) for pair in pairs.values()])
    if has_one_split(rows):
        clear = means != 0
    else:
        clear = np.array([abs(np.mean(pair)) > noise(pair) for pair in pairs.values()])
    better, worse = (clear & (sign * means > 0) for sign in (SIGN[figure], -SIGN[figure]))
    wins, losses = int(better.sum()), int(worse.sum())
    return Difference(
        float(means.mean()), _interval(means), wins, len(means) - wins - losses, losses
    )


def has_one_split(rows: Sequence[Row]) -> bool:
    """Whether all models are measured on one split of each table alone."""
    return len({row["split"] for row in rows}) == 1


def _pairs(rows: Sequence[Row], one: str, other: str, figure: str) -> dict[str, list[float]]:
    """The differences of the splits, by table."""
    values = {
        (row["table"], row["split"], row["model"]): row[figure]
        for row in rows
        if row["model"] in (one, other) and row.get(figure) is not None
    }
    found: dict[str, list[float]] = {}
    for (table, split, model), value in values.items():
        if model == one and (table, split, other) in values:
            found.setdefault(table, []).append(value - values[table, split, other])
    return found


def noise(differences: Sequence[float]) -> float:
    """How far the mean over splits may be from 0 by chance; infinite for one split.

    Half the width of the 95 % interval of the corrected t-test for splits whose rows overlap
    (Nadeau and Bengio, 2003), whose variance is s² (1/n + test rows / training rows).
    """
    n = len(differences)
    if n < 2:
        return math.inf
    deviation = statistics.stdev(differences) * math.sqrt(1 / n + TEST / (1 - TEST))
    return float(student.ppf((1 + LEVEL) / 2, n - 1) * deviation)


def _interval(means: Any) -> tuple[float, float]:
    """The percentiles of the means of resampled tables."""
    chosen = np.random.default_rng(SEED).integers(len(means), size=(SAMPLES, len(means)))
    low, high = np.percentile(means[chosen].mean(axis=1), [50 * (1 - LEVEL), 50 * (1 + LEVEL)])
    return float(low), float(high)
