"""How good a network is, in numbers and as a table of what it takes for what."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from barenet.cli.console import show, show_table
from barenet.data.dataset import Dataset
from barenet.files.predictor import Predictor
from barenet.model.losses import as_loss
from barenet.model.objective import Objective
from barenet.model.rows import check_rows
from barenet.training import metrics

__all__ = ["confusion_matrix", "score", "show_confusion", "show_scores"]

#: More classes make a table that nobody reads.
MOST_CLASSES = 20
#: Columns of a small terminal.
MOST_COLUMNS = 79


def score(predictor: Predictor, rows: Dataset, loss: str | None) -> dict[str, float]:
    """Measure a network on some rows.

    Parameters
    ----------
    predictor : Predictor
        The network.
    rows : Dataset
        Raw rows with their truths.
    loss : str, optional
        What it was trained to make small, by default the loss that goes with its output.

    Returns
    -------
    dict of str to float
        ``loss``, and ``accuracy`` for classes or ``r2``, ``rmse`` and ``mae`` for numbers.
    """
    network = predictor.network
    X = predictor.preprocessing.apply(rows.X, network.dtype)
    chosen = as_loss(loss, network.output_activation)
    inside = check_rows(network, chosen, X, predictor.targets(rows.y))
    value = Objective(network, chosen).value(inside)
    output = predictor.outputs(rows.X)
    if predictor.classes is not None:
        return {"loss": value, "accuracy": metrics.accuracy(output, inside.y)}
    y = rows.y.reshape(-1, 1)
    return {
        "loss": value,
        "r2": metrics.r2(output, y),
        "rmse": metrics.root_mean_squared_error(output, y),
        "mae": metrics.mean_absolute_error(output, y),
    }


def show_scores(scores: Mapping[str, Mapping[str, float]], loss: str) -> None:
    """Print what was measured, a column for each set of rows.

    Parameters
    ----------
    scores : mapping of str to mapping of str to float
        By the rows' description, what `score` gave.
    loss : str
        What the loss is called.
    """
    first = next(iter(scores.values()))
    names = {"accuracy": "accuracy", "r2": "R²", "rmse": "RMSE", "mae": "MAE", "loss": loss}
    show_table(
        ["", *scores],
        [
            [label, *(_write(name, column[name]) for column in scores.values())]
            for name, label in names.items()
            if name in first
        ],
        numbers=True,
    )


def _write(name: str, value: float) -> str:
    """Write a share with four digits after the point, anything else with six in all."""
    return f"{value:.4f}" if name in ("accuracy", "r2") else f"{value:.6g}"


def confusion_matrix(predictor: Predictor, rows: Dataset) -> NDArray[np.int64]:
    """Count which classes are taken for which.

    Parameters
    ----------
    predictor : Predictor
        A network that knows classes.
    rows : Dataset
        Raw rows with their truths.

    Returns
    -------
    ndarray of shape (n_classes, n_classes), int64
        A row for what is there, a column for what the network says.
    """
    n_classes = len(predictor.classes or ())
    counts = np.zeros((n_classes, n_classes), np.int64)
    np.add.at(counts, (rows.y, predictor.probabilities(rows.X).argmax(axis=1)), 1)
    return counts


def show_confusion(counts: NDArray[np.int64], classes: tuple[str, ...]) -> None:
    """Print a confusion matrix, unless there are more than twenty classes.

    Parameters
    ----------
    counts : ndarray of shape (n_classes, n_classes)
        From `confusion_matrix`.
    classes : tuple of str
        Their names.
    """
    if len(classes) > MOST_CLASSES:
        show(f"(no confusion matrix: it would have {len(classes)} columns)")
        return
    labels = columns = list(classes)
    width = max(map(len, labels)) + sum(max(len(name), 4) + 2 for name in labels)
    if width > MOST_COLUMNS:
        columns = [str(number) for number in range(len(classes))]
        labels = [f"{number} {name}" for number, name in enumerate(classes)]
    show("confusion matrix: a row for each actual class, a column for each predicted one")
    show_table(
        ["", *columns],
        [
            [label, *(str(count) if count else "·" for count in row)]
            for label, row in zip(labels, counts, strict=True)
        ],
        numbers=True,
    )
