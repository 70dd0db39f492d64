"""Prints scores of a network and of the baselines on the same rows."""

import textwrap
from collections.abc import Mapping, Sequence
from math import isclose, nan
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from barenet import METRICS, Dataset
from barenet._metrics import main_metric, score_text
from barenet._registry import spec_of
from barenet.cli._console import MAX_COLUMNS, emit, emit_table, log
from barenet.tasks._measurement import Measurement, metric_title

#: Maximum number of classes in a confusion matrix.
MAX_CLASSES = 20

#: A line of a table of scores: its labels, and the scores by name.
ScoreLine: TypeAlias = tuple[Sequence[str], Mapping[str, float]]


def emit_measurement(
    measured: Measurement,
    label: str,
    baselines: str,
    more: Sequence[ScoreLine] = (),
    note: str = "",
) -> None:
    """Print the scores, of the rows with these labels, a verdict, and the confusion matrix."""
    compared = [((each.title, baselines), own.scores) for each, own in measured.baselines.items()]
    lines = [((measured.title, label), measured.scores), *compared, *more]
    emit_scores(("", "rows"), lines, spec_of(measured.loss_function))
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
    known = dict.fromkeys(name for _, scores in lines for name in scores if name != "loss")
    names = {name: metric_title(name).removesuffix(" accuracy") for name in known}
    if not all(isclose(s.get("loss", nan), s.get("log_loss", nan), rel_tol=1e-3) for _, s in lines):
        names["loss"] = loss.partition(":")[0]
    table = [
        [*labels, *(score_text(name, scores[name]) if name in scores else "" for name in names)]
        for labels, scores in lines
    ]
    emit_table([*headings, *names.values()], table, numbers=len(headings))


def choose_metric(given: str | None, rows: Dataset) -> str:
    """The main metric of rows; the reason of a default that is not the usual one is printed."""
    name, reason = main_metric(given, rows.y, rows.classes)
    if reason:
        log(f"{reason}: the first score is {METRICS[name].title} (--metric)\n")
    return name


def emit_paragraph(text: str) -> None:
    """Print a blank line, and a text in lines of a small terminal."""
    emit(f"\n{textwrap.fill(text, MAX_COLUMNS)}")


def emit_confusion_matrix(counts: NDArray[np.int64], classes: Sequence[str]) -> None:
    """Print a blank line and a confusion matrix, unless there are more than twenty classes."""
    emit()
    if len(classes) > MAX_CLASSES:
        emit(f"(no confusion matrix: it would have {len(classes)} columns)")
        return
    labels = columns = list(classes)
    width = max(map(len, labels)) + sum(max(len(name), 4) + 2 for name in labels)
    if width > MAX_COLUMNS:
        columns = [str(number) for number in range(len(classes))]
        labels = [f"{number} {name}" for number, name in enumerate(classes)]
    emit("confusion matrix: a row for each actual class, a column for each predicted one")
    rows = zip(labels, counts.tolist(), strict=True)
    table = [[label, *(str(count or "·") for count in row)] for label, row in rows]
    emit_table(["", *columns], table, numbers=1)
