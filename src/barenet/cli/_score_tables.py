"""Prints scores of a network and of the baselines on the same rows."""

import textwrap
from collections.abc import Mapping, Sequence
from math import isclose, nan
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet import METRICS
from barenet._metrics import main_metric, score_text
from barenet._registry import spec_of
from barenet.cli._console import MAX_COLUMNS, emit, emit_table, log
from barenet.datasets._dataset import Dataset
from barenet.model.losses import SquaredError
from barenet.tasks._measurement import Measurement, metric_title

#: Maximum number of classes in a confusion matrix.
MAX_CLASSES = 20

#: The loss that is half of a mean square, whose name beside an RMSE would suggest its square.
SQUARED_ERROR = SquaredError.name


class ScoreLine(NamedTuple):
    """A line of a table of scores."""

    labels: Sequence[str]
    #: The scores by the names of their metrics.
    scores: Mapping[str, float]


def emit_measurement(
    measured: Measurement,
    label: str,
    baselines: str,
    *,
    more: Sequence[ScoreLine] = (),
    note: str = "",
) -> None:
    """Print the scores of the rows with these labels, a verdict, and the confusion matrix."""
    lines = [ScoreLine((measured.title, label), measured.scores)]
    for baseline, on_same_rows in measured.baselines.items():
        lines.append(ScoreLine((baseline.title, baselines), on_same_rows.scores))
    lines += more
    loss = spec_of(measured.loss_function)
    emit_scores(("", "rows"), lines, loss)
    if loss == SQUARED_ERROR and measured.predictor.classes is None:
        definition = "half of the mean squared error"
        if measured.predictor.target_scaling is not None:
            definition += " of the standardized target"
        emit(f"(the loss is {definition})")
    if note:
        emit(note)
    if measured.baselines:
        emit_paragraph(" ".join(measured.verdicts()))
    leak = measured.leak("--drop")
    if leak:
        emit_paragraph(leak)
    if measured.predictor.classes is not None:
        emit_confusion_matrix(measured.confusion_matrix(), measured.predictor.classes)


def emit_scores(headings: Sequence[str], lines: Sequence[ScoreLine], loss: str) -> None:
    """Print a table of scores, a line for each model and set of rows."""
    titles: dict[str, str] = {}
    for _, scores in lines:
        for name in scores:
            if name != "loss":
                titles[name] = metric_title(name).removesuffix(" accuracy")
    for _, scores in lines:
        if "loss" not in scores:
            continue
        # The loss has no separate column if it equals the log loss in every line.
        if not isclose(scores["loss"], scores.get("log_loss", nan), rel_tol=1e-3):
            titles["loss"] = loss.partition(":")[0]
            if loss == SQUARED_ERROR:
                titles["loss"] = "loss"
    table = []
    for labels, scores in lines:
        cells = [*labels]
        for name in titles:
            if name in scores:
                cells.append(score_text(name, scores[name]))
            else:
                cells.append("")
        table.append(cells)
    emit_table([*headings, *titles.values()], table, numbers=len(headings))


def choose_metric(given: str | None, rows: Dataset) -> str:
    """Choose the main metric of rows, and print the reason for an unusual default."""
    name, reason = main_metric(given, rows.y, rows.classes)
    if reason:
        log(f"{reason}: the first score is {METRICS[name].title} (--metric)\n")
    return name


def emit_paragraph(text: str) -> None:
    """Print a blank line, and a text wrapped for a small terminal."""
    emit(f"\n{textwrap.fill(text, MAX_COLUMNS)}")


def emit_confusion_matrix(counts: NDArray[np.int64], classes: Sequence[str]) -> None:
    """Print a blank line and a confusion matrix, unless there are more than twenty classes."""
    emit()
    if len(classes) > MAX_CLASSES:
        emit(f"(no confusion matrix: it would have {len(classes)} columns)")
        return
    labels = list(classes)
    columns = labels
    # A column has room for a count of four digits, and two spaces before the next one.
    width = max(len(label) for label in labels)
    for label in labels:
        width += max(len(label), 4) + 2
    if width > MAX_COLUMNS:
        columns = [str(number) for number in range(len(classes))]
        labels = [f"{number} {name}" for number, name in enumerate(classes)]
    emit("confusion matrix: a row for each actual class, a column for each predicted one")
    table = []
    for label, row in zip(labels, counts.tolist(), strict=True):
        cells = [str(count or "·") for count in row]
        table.append([label, *cells])
    emit_table(["", *columns], table, numbers=1)
