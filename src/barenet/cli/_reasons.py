"""Reasons of predictions: the columns with the largest contributions, as columns of a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from barenet import Predictor, contributions
from barenet._constraints import check_count
from barenet._display import align
from barenet.cli._prediction_file import Columns
from barenet.cli._run_settings import FileOptions
from barenet.cli._trained_model import TrainedModel, load_trained
from barenet.errors import ArgumentError, printable
from barenet.insight.contributions import Contributions, Reason
from barenet.insight.contributions._contributions import reasons_of_predictions
from barenet.insight.plots._column_effects import shorten
from barenet.model._arrays import FloatArray


@dataclass(frozen=True)
class Reasons:
    """Finds the reasons of predictions, compared with background rows."""

    predictor: Predictor
    background: Any
    #: Number of reasons of a prediction; 0 if none are wanted.
    count: int
    #: The probability from which on the second of two classes is predicted, if it is given.
    threshold: float | None = None

    def document(self, X: Any, outputs: FloatArray) -> dict[str, Any]:
        """Return the reasons of each row as a part of a JSON document."""
        if not self.count:
            return {}
        documents = []
        for reasons in self._by_row(X, outputs):
            documents.append([reason._asdict() for reason in reasons])
        return {"reasons": documents}

    def columns(self, X: Any, outputs: FloatArray) -> Columns:
        """Return the reasons of each row as columns: name, value and contribution."""
        columns: dict[str, Any] = {}
        if not self.count:
            return columns
        reasons_by_row = self._by_row(X, outputs)
        for place in range(min(self.count, len(self.predictor.feature_names))):
            of_place = [reasons[place] for reasons in reasons_by_row]
            number = place + 1
            columns[f"reason_{number}"] = np.array([reason.column for reason in of_place], object)
            columns[f"value_{number}"] = np.array([reason.value for reason in of_place], object)
            contributed = [reason.contribution for reason in of_place]
            columns[f"contribution_{number}"] = np.array(contributed, np.float64)
        return columns

    def _by_row(self, X: Any, outputs: FloatArray) -> list[list[Reason]]:
        """Find the reasons of each row: of its predicted class, or of its number."""
        if not len(outputs):
            return []
        result = contributions(self.predictor, X, self.background)
        return reasons_of_predictions(result, self.count, self.threshold)


def find_reasons(
    trained: TrainedModel,
    count: int | None,
    background: str,
    file: FileOptions,
    threshold: float | None,
) -> Reasons:
    """Load the background rows for a number of reasons: those of a file, or the training data."""
    predictor = trained.predictor
    if count is None:
        if background:
            problem = "these rows are for the reasons of predictions"
            raise ArgumentError(problem, argument="background", remedy="add {reasons}", reasons=3)
        return Reasons(predictor, None, 0)
    check_count(count, "reasons")
    if predictor.classes is None and (predictor.network.n_outputs or 1) > 1:
        problem = "the model predicts several numbers for each row"
        raise ArgumentError(problem, argument="reasons", remedy="leave it out")
    return Reasons(predictor, load_background(trained, background, file), count, threshold)


def load_background(trained: TrainedModel, background: str, file: FileOptions) -> Any:
    """Load rows to compare with: those of a file, those in the model, or the training data."""
    kept = trained.predictor.background
    if not background and kept is not None:
        return kept
    try:
        data = trained.data_or_default(background)
    except ArgumentError as error:
        remedy = "give rows to compare with, such as {background}"
        raise ArgumentError(
            error.problem, argument="background", remedy=remedy, background="rows.csv"
        ) from None
    try:
        rows, _ = next(trained.load_features(data, file, at_once=False, rejected=None))
    except ArgumentError as error:
        if background and error.argument == "data":
            raise error.renamed("background") from None
        raise
    if not len(rows):
        raise ArgumentError(f"{data} has no rows", argument="background")
    return rows


def explain_predictions(
    model: Path, data: str, rows: Sequence[int], background: str, file: FileOptions
) -> str:
    """Write a table of the contributions to each output for some rows of a table."""
    trained = load_trained(model)
    background_rows = load_background(trained, background, file)
    data = trained.data_or_default(data)
    X, _ = next(trained.load_features(data, file, at_once=True, rejected=None))
    for row in rows:
        if not 0 <= row < len(X):
            raise ArgumentError.of("row", row, f"0 to {len(X) - 1:,}")
    distinct = list(dict.fromkeys(rows))
    result = contributions(trained.predictor, X[distinct], background_rows)
    texts = []
    for place, row in enumerate(distinct):
        predicted = _output_to_explain(result, place)
        for output in predicted:
            texts.append(f"row {row}: {_as_text(result, place, output)}")
    return "\n\n".join(texts)


def _output_to_explain(result: Contributions, place: int) -> list[int]:
    """Return the output of the predicted class, or those of all numbers."""
    if result.scale is None:
        return list(range(len(result.output_names)))
    return [int(result.predictions[place].argmax())]


def _as_text(result: Contributions, place: int, output: int) -> str:
    """Write the contributions to an output as a table, the largest first."""
    expected = result.expected[output]
    predicted = result.predictions[place, output]
    heading = f"{result.describe_output(output)} is {predicted:.4g}, expected {expected:.4g}"
    lines = [["column", "value", "contribution", "standard error"]]
    for reason in result.reasons(place, len(result.names), output):
        column = result.names.index(reason.column)
        error = result.standard_errors[place, column, output]
        cells = [printable(reason.column), printable(shorten(reason.value))]
        lines.append([*cells, f"{reason.contribution:+.4g}", f"{error:.1g}"])
    return f"{heading}\n\n{align(lines)}"
