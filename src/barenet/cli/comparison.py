"""The baselines of a run: what a constant and a linear model reach on the rows that judge it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from barenet.cli import report
from barenet.cli.console import emit
from barenet.data.dataset import Dataset
from barenet.files.predictor import Predictor
from barenet.insight.baselines import BASELINES, Baseline, fit_baseline

__all__ = ["Compared", "compare", "show_verdict", "verdict"]

#: What a network that is no better than a baseline is told.
SENTENCES = {
    "constant": "always saying the {}, so it has learned nothing of use",
    "linear": "the {}, which is simpler",
}


@dataclass(frozen=True, eq=False)
class Compared:
    """A baseline with its scores.

    Attributes
    ----------
    baseline : Baseline
        The model.
    scores : dict of str to float
        As `report.score` gives them for a network.
    """

    baseline: Baseline
    scores: dict[str, float]

    def document(self, network: Mapping[str, float]) -> dict[str, Any]:
        """Tell it to programs."""
        return {
            "model": self.baseline.title,
            "rows": self.baseline.n_rows,
            **self.scores,
            "network_is_better": _is_better(network, self.scores),
        }


def compare(
    predictor: Predictor, learned: Dataset, judged: Dataset, loss: str | None
) -> list[Compared]:
    """Fit the baselines to what the network could learn from, and measure them where it is."""
    X, y = report.prepared(predictor, learned), predictor.targets(learned.y)
    X_judged = report.prepared(predictor, judged)
    n_classes = None if predictor.classes is None else len(predictor.classes)
    compared = []
    for name in sorted(BASELINES, reverse=True):
        with np.errstate(all="ignore"):
            baseline = fit_baseline(name, X, y, n_classes=n_classes)  # type: ignore[arg-type]
            outputs = baseline.outputs(X_judged)
        if predictor.network.n_outputs == 1 and n_classes:
            outputs = outputs[:, 1:]
        scores = report.score_outputs(predictor, judged, outputs, loss)
        compared.append(Compared(baseline, scores))
    return compared


def verdict(network: Mapping[str, float], compared: list[Compared]) -> str | None:
    """Say in a sentence if the network is no better than a baseline."""
    name = _metric(network)
    for each in reversed(compared):
        if not _is_better(network, each.scores):
            rivals = f"{network[name]:.4f} against {each.scores[name]:.4f}"
            said = SENTENCES[each.baseline.name].format(each.baseline.title)
            return f"The network is no better here than {said}: {report.HEADINGS[name]} {rivals}."
    return None


def show_verdict(network: Mapping[str, float], compared: list[Compared]) -> None:
    """Print the sentence, if there is one."""
    if sentence := verdict(network, compared):
        emit(f"\n{textwrap.fill(sentence, 79)}")


def _is_better(network: Mapping[str, float], other: Mapping[str, float]) -> bool:
    """Tell if the network has the better score; a loss is not compared, as people do not."""
    name = _metric(network)
    return network[name] > other[name]


def _metric(scores: Mapping[str, float]) -> str:
    return "accuracy" if "accuracy" in scores else "r2"
