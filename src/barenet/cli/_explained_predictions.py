"""Contributions to the predictions of some rows, as a text, a page, a table or JSON."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from barenet._display import Cell, align, write_display, write_table, write_text
from barenet.cli._console import dump_json
from barenet.cli._output_file import is_folder, output_path
from barenet.cli._prediction_file import csv_writer
from barenet.errors import ArgumentError, count_of, printable
from barenet.insight._web_page import write_page
from barenet.insight.contributions import Contributions, Reason
from barenet.insight.contributions._contributions import MODEL_FILE, ComparedRows
from barenet.insight.contributions._explainer import N_BACKGROUND
from barenet.insight.contributions._output_names import describe_output, name_output
from barenet.insight.contributions._written_numbers import (
    contribution_text,
    prediction_text,
    standard_error_text,
)
from barenet.insight.plots._column_effects import shorten
from barenet.storage._atomic_write import write_atomically

#: The name of the file in a folder.
FILE_NAME = "contributions.html"


def describe_background(n_rows: int, source: str) -> str:
    """Describe the rows to compare with.

    >>> describe_background(100, MODEL_FILE), describe_background(5000, "old.csv")
    ('100 rows in the model file', '1,000 rows drawn from the 5,000 rows of old.csv')
    """
    preposition = "in" if source == MODEL_FILE else "of"
    described = f"{count_of(n_rows, 'row')} {preposition} {source}"
    if n_rows > N_BACKGROUND:
        return f"{N_BACKGROUND:,} rows drawn from the {described}"
    return described


class ExplainedOutput(NamedTuple):
    """An output for a row, with the contributions of all columns."""

    #: The number of the row in the table.
    row: int
    #: The class, or the name of the number.
    output: str
    prediction: float
    expected: float
    #: All columns, the largest contribution first.
    reasons: list[Reason]


@dataclass(frozen=True, kw_only=True)
class ExplainedPredictions:
    """The contributions to the predictions of some rows of a table."""

    model: str
    data: str
    #: The name of the target; empty if it is unknown.
    target: str
    #: The scale of the predictions of classes; None for numbers.
    scale: str | None
    outputs: list[ExplainedOutput]
    #: The number of the background rows before a sample was drawn, and where they come from.
    n_background: int
    source: str

    @classmethod
    def of(cls, result: Contributions, rows: Sequence[int], **origin: Any) -> ExplainedPredictions:
        """Choose the outputs of each row: the explained class, or all numbers."""
        outputs = []
        for place, row in enumerate(rows):
            for output in _outputs_to_explain(result, place):
                explained = ExplainedOutput(
                    row=row,
                    output=result.output_names[output],
                    prediction=float(result.predictions[place, output]),
                    expected=float(result.expected[output]),
                    reasons=result.reasons(place, len(result.names), output),
                )
                outputs.append(explained)
        return cls(target=result.target_name, scale=result.scale, outputs=outputs, **origin)

    @property
    def compared(self) -> str:
        """A sentence on the rows to compare with."""
        described = describe_background(self.n_background, self.source)
        return f"Expected: the mean prediction of the rows to compare with, {described}."

    def to_text(self) -> str:
        """Write a table for each output."""
        texts = []
        for explained in self.outputs:
            lines = [["column", "value", "contribution", "standard error"]]
            for reason in explained.reasons:
                cells = [printable(reason.column), shorten(_value_text(reason))]
                lines.append([*cells, *_numbers_of(reason)])
            texts.append(f"{self._heading(explained)}\n\n{align(lines)}")
        return "\n\n".join([*texts, self.compared])

    def to_html(self) -> str:
        """Write a page with a table and bars for each output."""
        tables = []
        for explained in self.outputs:
            sizes = [abs(reason.contribution) for reason in explained.reasons]
            largest = max(*sizes, 1e-300)
            rows: list[list[Cell]] = []
            for reason, size in zip(explained.reasons, sizes, strict=True):
                rows.append(
                    [
                        printable(reason.column),
                        _value_text(reason),
                        *_numbers_of(reason),
                        ("", size / largest),
                    ]
                )
            headings = ["column", "value", "contribution", "standard error", ""]
            heading = escape(printable(self._heading(explained)))
            tables.append(f"<h2>{heading}</h2>\n{write_table(headings, rows)}")
        title = f"Predictions of {printable(self.model)} for rows of {printable(self.data)}"
        body = write_display(title, *tables, write_text(printable(self.compared)))
        return write_page(f"barenet explain: {title}", body)

    def to_csv(self) -> str:
        """Write a line for each row, output and column."""
        columns: dict[str, list[Any]] = {
            "row": [],
            "output": [],
            "prediction": [],
            "expected": [],
            "column": [],
            "value": [],
            "contribution": [],
            "standard_error": [],
        }
        for explained in self.outputs:
            name = name_output(explained.output, self.target, self.scale)
            for reason in explained.reasons:
                columns["row"].append(str(explained.row))
                columns["output"].append(name)
                columns["prediction"].append(explained.prediction)
                columns["expected"].append(explained.expected)
                columns["column"].append(reason.column)
                columns["value"].append(reason.value)
                columns["contribution"].append(reason.contribution)
                columns["standard_error"].append(reason.standard_error)
        for name in ("prediction", "expected", "contribution", "standard_error"):
            columns[name] = np.array(columns[name], np.float64)  # type: ignore[assignment]
        stream = io.StringIO()
        csv_writer(stream, safe=False)(columns)
        return stream.getvalue()

    def to_json(self) -> str:
        """Write a document."""
        n_rows = min(self.n_background, N_BACKGROUND)
        predictions = []
        for explained in self.outputs:
            prediction = explained._asdict()
            del prediction["reasons"]
            prediction["contributions"] = [reason._asdict() for reason in explained.reasons]
            predictions.append(prediction)
        document = {
            "contributions_by": "barenet",
            "model": self.model,
            "data": self.data,
            "target": self.target,
            "scale": self.scale,
            "compared_with": ComparedRows(n_rows, self.source)._asdict(),
            "predictions": predictions,
        }
        return dump_json(document)

    def write(self, out: str, inputs: Sequence[Path]) -> Path:
        """Write a file in the format of its suffix, whole or not at all, and return its path."""
        with output_path(out, FILE_NAME, inputs) as path:
            text = FORMATS[path.suffix.lower()](self)
            write_atomically(path, f"{text.rstrip()}\n".encode("utf-8", "replace"))
        return path

    def _heading(self, explained: ExplainedOutput) -> str:
        """Write what is explained, its prediction and the expected one."""
        description = describe_output(explained.output, self.target, self.scale)
        prediction = prediction_text(explained.prediction)
        expected = prediction_text(explained.expected)
        return f"row {explained.row}: {description} is {prediction}, expected {expected}"


#: The formats, by the suffixes of file names.
FORMATS: dict[str, Callable[[ExplainedPredictions], str]] = {
    ".html": ExplainedPredictions.to_html,
    ".htm": ExplainedPredictions.to_html,
    ".csv": ExplainedPredictions.to_csv,
    ".json": ExplainedPredictions.to_json,
    ".txt": ExplainedPredictions.to_text,
}


def check_format(out: str) -> None:
    """Refuse a file whose suffix has no format."""
    suffix = Path(out).suffix
    if not is_folder(out) and suffix.lower() not in FORMATS:
        problem = f"unknown format {suffix!r} of {out} (choose from {', '.join(FORMATS)})"
        raise ArgumentError(problem, argument="out")


def _outputs_to_explain(result: Contributions, place: int) -> list[int]:
    """Return the second of two classes, the predicted one of several, or all numbers."""
    n_outputs = len(result.output_names)
    if result.scale is None:
        return list(range(n_outputs))
    if n_outputs == 2:
        return [1]
    return [int(result.predictions[place].argmax())]


def _value_text(reason: Reason) -> str:
    """Write the value of a column in a line; a group of columns has none."""
    return printable(reason.value) if reason.value else ""


def _numbers_of(reason: Reason) -> list[str]:
    """Write a contribution and its standard error."""
    contribution = contribution_text(reason.contribution, reason.standard_error)
    return [contribution, standard_error_text(reason.standard_error)]
