"""How good a network is, in numbers and as a table of what it takes for what."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from barenet.cli.console import emit, emit_table
from barenet.data.dataset import Dataset
from barenet.engines import Job, choose_engine
from barenet.files.predictor import Predictor
from barenet.model.array_dataset import validate_arrays
from barenet.model.arrays import FloatArray
from barenet.model.losses import Loss, as_loss
from barenet.model.targets import check_targets
from barenet.model.validation import check_outputs
from barenet.optimization.optimizers import SGD
from barenet.training import metrics

__all__ = [
    "HEADINGS",
    "confusion_matrix",
    "prepared",
    "score",
    "score_outputs",
    "show_confusion",
    "show_scores",
    "write_score",
]

#: More classes make a table that nobody reads.
MOST_CLASSES = 20
#: Columns of a small terminal.
MOST_COLUMNS = 79


def score(predictor: Predictor, rows: Dataset, loss: str | None) -> dict[str, float]:
    """Measure a network on some rows."""
    network, chosen = predictor.network, _loss(predictor, loss)
    inside = validate_arrays(network, chosen, prepared(predictor, rows), predictor.targets(rows.y))
    job = Job(network=network, rows=inside, loss=chosen, optimizer=SGD())
    with np.errstate(over="ignore", invalid="ignore"):
        value, output = choose_engine("auto", job).evaluate(inside)
        answers = predictor.in_units(check_outputs(output))
    return _measure(predictor, rows, answers, inside.y, value)


def score_outputs(
    predictor: Predictor, rows: Dataset, outputs: FloatArray, loss: str | None
) -> dict[str, float]:
    """Measure what another model says in the network's place."""
    chosen = _loss(predictor, loss)
    n_samples, n_outputs = outputs.shape
    y = check_targets(predictor.targets(rows.y), n_samples, n_outputs, predictor.network.dtype)
    value = chosen.value(outputs, y.astype(np.float64))
    return _measure(predictor, rows, predictor.in_units(outputs), y, value)


@functools.lru_cache(maxsize=2)
def prepared(predictor: Predictor, rows: Dataset) -> FloatArray:
    """Apply the preprocessing of a predictor to rows; the last two results are cached."""
    return predictor.preprocessing.transform(rows.X, predictor.network.dtype)


def _loss(predictor: Predictor, loss: str | None) -> Loss:
    return as_loss(loss, predictor.network.output_activation)


def _measure(
    predictor: Predictor, rows: Dataset, answers: FloatArray, y: FloatArray, loss: float
) -> dict[str, float]:
    """Put the scores together; numbers are measured in their own unit."""
    if predictor.classes is not None:
        return {"loss": loss, "accuracy": metrics.accuracy(answers, y)}
    y = rows.y.reshape(-1, 1)
    return {
        "loss": loss,
        "r2": metrics.r2(answers, y),
        "rmse": metrics.root_mean_squared_error(answers, y),
        "mae": metrics.mean_absolute_error(answers, y),
    }


#: The scores of a table, and their headings; the loss stands last, by its own name.
HEADINGS = {"accuracy": "accuracy", "r2": "R²", "rmse": "RMSE", "mae": "MAE"}


def show_scores(lines: Sequence[tuple[str, str, Mapping[str, float]]], loss: str) -> None:
    """Print what was measured, a line for each model and set of rows."""
    names = {name: label for name, label in HEADINGS.items() if name in lines[0][2]}
    names["loss"] = loss.partition(":")[0]
    emit_table(
        ["", "rows", *names.values()],
        [
            [model, rows, *(write_score(name, scores[name]) for name in names)]
            for model, rows, scores in lines
        ],
        numbers=2,
    )


def write_score(name: str, value: float) -> str:
    """Write a share with four digits after the point, anything else with five in all."""
    return f"{value:.4f}" if name in ("accuracy", "r2") else f"{value:.5g}"


def confusion_matrix(predictor: Predictor, rows: Dataset) -> NDArray[np.int64]:
    """Count which classes are taken for which."""
    n_classes = len(predictor.classes or ())
    counts = np.zeros((n_classes, n_classes), np.int64)
    np.add.at(counts, (rows.y, predictor.probabilities(rows.X).argmax(axis=1)), 1)
    return counts


def show_confusion(counts: NDArray[np.int64], classes: tuple[str, ...]) -> None:
    """Print a confusion matrix, unless there are more than twenty classes."""
    if len(classes) > MOST_CLASSES:
        emit(f"(no confusion matrix: it would have {len(classes)} columns)")
        return
    labels = columns = list(classes)
    width = max(map(len, labels)) + sum(max(len(name), 4) + 2 for name in labels)
    if width > MOST_COLUMNS:
        columns = [str(number) for number in range(len(classes))]
        labels = [f"{number} {name}" for number, name in enumerate(classes)]
    emit("confusion matrix: a row for each actual class, a column for each predicted one")
    emit_table(
        ["", *columns],
        [
            [label, *(str(count) if count else "·" for count in row)]
            for label, row in zip(labels, counts, strict=True)
        ],
        numbers=1,
    )
