"""Scores of a network and of the baselines on the same rows, computed and printed."""

from __future__ import annotations

import functools
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.cli._console import emit, emit_table
from barenet.data._dataset import Dataset
from barenet.engines import Job, choose_engine
from barenet.files._predictor import Predictor
from barenet.insight._baselines import BASELINES, Baseline, fit_baseline
from barenet.model._array_dataset import check_targets, validate_arrays
from barenet.model._arrays import FloatArray, check_outputs
from barenet.model.losses import Loss, as_loss
from barenet.optimization.optimizers import SGD
from barenet.training import _metrics as metrics

__all__ = [
    "HEADINGS",
    "BaselineScores",
    "confusion_matrix",
    "emit_confusion_matrix",
    "emit_scores",
    "emit_verdict",
    "format_score",
    "score",
    "score_baselines",
    "transformed",
]

#: Maximum number of classes in a confusion matrix.
MAX_CLASSES = 20
#: Columns of a small terminal.
MAX_COLUMNS = 79

#: The scores of a table, and their headings; the loss stands last, by its own name.
HEADINGS = {"accuracy": "accuracy", "r2": "R²", "rmse": "RMSE", "mae": "MAE"}

#: Verdicts on a network that does not beat a baseline.
VERDICTS = {
    "constant": "always predicting the {}, so it has learned nothing of use",
    "linear": "the {}, which is simpler",
}


@dataclass(frozen=True, eq=False)
class BaselineScores:
    """A baseline with its scores."""

    baseline: Baseline
    scores: dict[str, float]

    def is_beaten_by(self, network: Mapping[str, float]) -> bool:
        """Whether the network has the better accuracy or R²; the loss is not compared."""
        metric = _main_metric(network)
        return network[metric] > self.scores[metric]

    def to_dict(self, network: Mapping[str, float]) -> dict[str, Any]:
        """The entry of the JSON document."""
        return {
            "model": self.baseline.title,
            "rows": self.baseline.n_rows,
            **self.scores,
            "network_is_better": self.is_beaten_by(network),
        }


@functools.lru_cache(maxsize=2)
def transformed(predictor: Predictor, rows: Dataset) -> FloatArray:
    """Apply the preprocessing of a predictor to rows; the last two results are cached."""
    return predictor.preprocessing.transform(rows.X, predictor.network.dtype)


def score(predictor: Predictor, rows: Dataset, loss: str | None) -> dict[str, float]:
    """Measure a network on some rows."""
    network, chosen = predictor.network, _loss(predictor, loss)
    inside = validate_arrays(
        network, chosen, transformed(predictor, rows), predictor.targets(rows.y)
    )
    job = Job(network=network, rows=inside, loss=chosen, optimizer=SGD())
    with np.errstate(over="ignore", invalid="ignore"):
        value, output = choose_engine("auto", job).evaluate(inside)
        outputs = predictor.in_units(check_outputs(output))
    return _metrics(predictor, rows, outputs, inside.y, value)


def score_baselines(
    predictor: Predictor, learned: Dataset, rows: Dataset, loss: str | None
) -> list[BaselineScores]:
    """Fit the baselines to rows that the network learned from, and measure them on others."""
    X, y = transformed(predictor, learned), predictor.targets(learned.y)
    n_classes = None if predictor.classes is None else len(predictor.classes)
    baselines = []
    for name in sorted(BASELINES, reverse=True):
        with np.errstate(all="ignore"):
            baseline = fit_baseline(name, X, y, n_classes=n_classes)  # type: ignore[arg-type]
            outputs = baseline.outputs(transformed(predictor, rows))
        if predictor.network.n_outputs == 1 and n_classes:
            outputs = outputs[:, 1:]
        baselines.append(BaselineScores(baseline, _score_outputs(predictor, rows, outputs, loss)))
    return baselines


def _score_outputs(
    predictor: Predictor, rows: Dataset, outputs: FloatArray, loss: str | None
) -> dict[str, float]:
    """Measure the outputs of another model in place of the network's."""
    n_samples, n_outputs = outputs.shape
    y = check_targets(predictor.targets(rows.y), n_samples, n_outputs, predictor.network.dtype)
    value = _loss(predictor, loss).value(outputs, y.astype(np.float64))
    return _metrics(predictor, rows, predictor.in_units(outputs), y, value)


def _loss(predictor: Predictor, loss: str | None) -> Loss:
    return as_loss(loss, predictor.network.output_activation)


def _metrics(
    predictor: Predictor, rows: Dataset, outputs: FloatArray, y: FloatArray, loss: float
) -> dict[str, float]:
    """The loss and the metrics; those of regression in the unit of the target."""
    if predictor.classes is not None:
        return {"loss": loss, "accuracy": metrics.accuracy(outputs, y)}
    y = rows.y.reshape(-1, 1)
    return {
        "loss": loss,
        "r2": metrics.r2(outputs, y),
        "rmse": metrics.root_mean_squared_error(outputs, y),
        "mae": metrics.mean_absolute_error(outputs, y),
    }


def _main_metric(scores: Mapping[str, float]) -> str:
    return "accuracy" if "accuracy" in scores else "r2"


def emit_scores(lines: Sequence[tuple[str, str, Mapping[str, float]]], loss: str) -> None:
    """Print a table of scores, a line for each model and set of rows."""
    names = {name: label for name, label in HEADINGS.items() if name in lines[0][2]}
    names["loss"] = loss.partition(":")[0]
    table = [
        [model, rows, *(format_score(name, scores[name]) for name in names)]
        for model, rows, scores in lines
    ]
    emit_table(["", "rows", *names.values()], table, numbers=2)


def format_score(name: str, value: float) -> str:
    """Write accuracy and R² with four digits after the point, others with five digits in all."""
    return f"{value:.4f}" if name in ("accuracy", "r2") else f"{value:.5g}"


def emit_verdict(network: Mapping[str, float], baselines: Sequence[BaselineScores]) -> None:
    """Print a sentence if the network does not beat a baseline."""
    metric = _main_metric(network)
    for each in reversed(baselines):
        if not each.is_beaten_by(network):
            baseline = VERDICTS[each.baseline.name].format(each.baseline.title)
            scores = f"{network[metric]:.4f} against {each.scores[metric]:.4f}"
            sentence = (
                f"The network is no better here than {baseline}: {HEADINGS[metric]} {scores}."
            )
            emit(f"\n{textwrap.fill(sentence, MAX_COLUMNS)}")
            return


def confusion_matrix(predictor: Predictor, rows: Dataset) -> NDArray[np.int64]:
    """Count the predicted classes of each class, shape (n_classes, n_classes)."""
    n_classes = len(predictor.classes or ())
    counts = np.zeros((n_classes, n_classes), np.int64)
    np.add.at(counts, (rows.y, predictor.probabilities(rows.X).argmax(axis=1)), 1)
    return counts


def emit_confusion_matrix(counts: NDArray[np.int64], classes: Sequence[str]) -> None:
    """Print a confusion matrix, unless there are more than twenty classes."""
    if len(classes) > MAX_CLASSES:
        emit(f"(no confusion matrix: it would have {len(classes)} columns)")
        return
    labels = columns = list(classes)
    width = max(map(len, labels)) + sum(max(len(name), 4) + 2 for name in labels)
    if width > MAX_COLUMNS:
        columns = [str(number) for number in range(len(classes))]
        labels = [f"{number} {name}" for number, name in enumerate(classes)]
    emit("confusion matrix: a row for each actual class, a column for each predicted one")
    rows = [
        [label, *(str(count) if count else "·" for count in row)]
        for label, row in zip(labels, counts, strict=True)
    ]
    emit_table(["", *columns], rows, numbers=1)
