"""Successive halving: candidates are trained in rungs, and the best of each go on to the next."""

from dataclasses import dataclass, field
from math import ceil

import numpy as np

from barenet._metrics import Metric
from barenet.population._folds import Fold, measure_fold
from barenet.population._population import Population


def rungs_of(n_candidates: int, epochs: int, factor: int) -> list[int]:
    """Epochs at the end of each rung, as in scikit-learn; fewer than `factor` candidates win.

    Examples
    --------
    >>> rungs_of(27, epochs=81, factor=3), rungs_of(27, epochs=10, factor=3)
    ([3, 9, 27, 81], [1, 3, 9])
    """
    count = 1
    while factor**count <= n_candidates:
        count += 1
    first = max(1, epochs // factor ** (count - 1))
    return [first * factor**rung for rung in range(count) if first * factor**rung <= epochs]


@dataclass
class Halving:
    """Scores the candidates, with a network for each fold, and drops the worse ones."""

    folds: list[Fold]
    metric: Metric
    #: Epochs at the end of each rung; none if all candidates run to their ends.
    epochs: list[int]
    factor: int
    #: Candidates in the current rung, the best last after the first rung.
    candidates: list[int]
    #: Times and score on each fold, by candidate, for each rung.
    rungs: list[dict[int, list[dict[str, float]]]] = field(default_factory=list)

    def __call__(self, population: Population) -> None:
        """Finish a rung if the slice of epochs was its last one."""
        if population.epoch in self.epochs[len(self.rungs) :]:
            self.finish_rung(population)

    def finish_rung(self, population: Population) -> None:
        """Score the candidates of the rung, and drop all but the best."""
        n_folds, metrics = len(self.folds), {"score": self.metric}
        rung = {
            candidate: [
                measure_fold(population, candidate * n_folds + k, test, metrics)
                for k, (_, test) in enumerate(self.folds)
            ]
            for candidate in self.candidates
        }
        self.rungs.append(rung)
        if len(self.rungs) >= len(self.epochs):
            return
        means = {c: np.mean([fold["score"] for fold in folds]) for c, folds in rung.items()}
        ranked = sorted(rung, key=lambda candidate: np.nan_to_num(means[candidate], nan=-np.inf))
        n_worse = len(ranked) - ceil(len(ranked) / self.factor)
        for candidate in ranked[:n_worse]:
            for k in range(n_folds):
                population.drop(candidate * n_folds + k)
        self.candidates = ranked[n_worse:]
