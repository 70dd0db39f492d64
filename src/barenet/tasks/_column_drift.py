"""Drift: how far the columns of new rows have shifted from the training data of a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._display import Cell, align, write_display, write_table, write_text
from barenet._metrics import METRICS
from barenet.data import _column_summary as summarizing
from barenet.data._column import Column
from barenet.data._column_kinds import CategoryColumn, DateColumn, text_of_date
from barenet.data._frame import Table
from barenet.data._table_loading import open_table, read_samples
from barenet.errors import ArgumentError, DataError, count_of, printable
from barenet.files._atomic import write_atomically
from barenet.files._model_card import ModelCard, write_scores
from barenet.files._predictor import Predictor
from barenet.insight._web_page import write_page
from barenet.tasks._description import column_options, labelled_rows
from barenet.tasks._measurement import Measurement
from barenet.tasks._split_rows import in_memory

#: The usual readings of the population stability index, by their upper limits.
READINGS = {"stable": 0.1, "moderate": 0.25, "shifted": inf}

#: Rows below which the index is noisy: in ten bins, 200 rows without a shift have about 0.05.
FEW_ROWS = 200

HEADINGS = ("column", "PSI", "reading", "missing", "unknown", "range")


@dataclass(frozen=True, eq=False, repr=False)
class Drift:
    """The shift of rows from the training data of a model, column by column.

    Attributes
    ----------
    columns : tuple of dict
        The columns, the most shifted one first. Each has its ``name``; its population stability
        index ``psi``; the usual ``reading`` of that, ``"stable"`` below 0.1, ``"shifted"`` from
        0.25 on, else ``"moderate"``; the fractions of ``missing`` values in the training and now;
        of categories, the fraction that is ``unknown`` now, or rare in the training; and of
        numbers and dates, the ``range`` in the training and now.
    n_rows, n_training_rows : int
        Numbers of the rows, and of the training rows that they are compared with.
    scores : mapping of str to mapping of str to float
        The scores of the model after its training, and those on the rows where they have targets.
    note : str
        The reason why there are no scores of rows that have a target.
    title : str
        The names of the target, of the training data and of the new data.

    Examples
    --------
    >>> from barenet import Task, drift
    >>> rows = {"size": np.arange(300.0), "price": 2 * np.arange(300.0)}
    >>> predictor = Task.open(rows, "price").train(epochs=1)
    >>> print(drift(predictor, {"size": np.arange(200.0, 500.0)}))
    column  PSI    reading  missing      unknown  range
    size    3.8... shifted  0.0% → 0.0%           0 – 298 → 200 – 499
    <BLANKLINE>
    1 of 1 column shifted, 0 moderately: 300 rows, 240 in the training
    """

    columns: tuple[dict[str, Any], ...]
    n_rows: int
    n_training_rows: int
    scores: Mapping[str, Mapping[str, float]]
    note: str
    title: str

    def __repr__(self) -> str:
        return f"<Drift: {self._sentences()[0]}>"

    def __str__(self) -> str:
        return "\n".join([align([HEADINGS, *self._lines()]), "", *self._sentences()])

    def _repr_html_(self) -> str:
        cells: list[list[Cell]] = [
            [name, (psi, float(psi)), *others] for name, psi, *others in self._lines()
        ]
        parts = *map(write_text, self._sentences()), write_table(HEADINGS, cells)
        return write_display(f"Drift: {self.title}", *parts, write_scores(self.scores))

    def _sentences(self) -> list[str]:
        """A summary of the shift, and the reasons for doubt."""
        readings = [each["reading"] for each in self.columns]
        shifted, moderate = readings.count("shifted"), readings.count("moderate")
        columns = f"{shifted} of {count_of(len(readings), 'column')} shifted, {moderate} moderately"
        rows = f"{count_of(self.n_rows, 'row')}, {self.n_training_rows:,} in the training"
        noise = f"the PSI of fewer than {FEW_ROWS} rows is noisy" * (self.n_rows < FEW_ROWS)
        return [*filter(None, (f"{columns}: {rows}", noise, self.note))]

    def report(self, path: str | PathLike[str]) -> None:
        """Write a page in one file for the browser.

        Parameters
        ----------
        path : str or path
            The file, such as ``"drift.html"``; it is replaced.

        Raises
        ------
        OSError
            If the file can't be written.
        """
        page = write_page(f"barenet drift: {self.title}", self._repr_html_())
        write_atomically(path, page.encode("utf-8", "replace"))

    def _lines(self) -> list[list[str]]:
        """The cells of the table."""
        lines = []
        for each in self.columns:
            ranges = [f"{_text(low)} – {_text(high)}" for low, high in each["range"] or ()]
            missing = " → ".join(f"{share:.1%}" for share in each["missing"])
            unknown = "" if each["unknown"] is None else f"{each['unknown']:.1%}"
            cells = [f"{each['psi']:.3f}", each["reading"], missing, unknown, " → ".join(ranges)]
            lines.append([printable(each["name"]), *cells])
        return lines


def drift(predictor: Predictor, rows: Any) -> Drift:
    """Compare rows with the training data of a model.

    Parameters
    ----------
    predictor : Predictor
        From `Task.train`, or from a model file of ``barenet train``.
    rows : path, DataFrame, mapping or records
        New rows, or a file of them. If they have the target, the model is measured on them.

    Returns
    -------
    Drift
        The shift of each column.

    Raises
    ------
    DataError
        If there are no rows, or they can't be read.
    ValueError
        If the model has no summary of its training columns.

    Examples
    --------
    >>> from barenet import Task, drift
    >>> rows = {"size": np.arange(300.0), "price": 2 * np.arange(300.0)}
    >>> predictor = Task.open(rows, "price").train(epochs=1)
    >>> [column] = drift(predictor, {"size": np.full(300, np.nan)}).columns
    >>> column["reading"], column["missing"]
    ('shifted', [0.0, 1.0])
    """
    if not isinstance(predictor, Predictor):
        raise ArgumentError.of("predictor", predictor, "a Predictor, as from Task.train or load")
    summaries = (predictor.card or ModelCard()).summaries
    if not summaries:
        problem = "the model has no summary of its training columns"
        problem += "; those of images, of barenet 0.2 and of estimators have none"
        raise ArgumentError(problem, argument="predictor", remedy="train it by Task.train")
    is_source = isinstance(rows, str | PathLike | Table)
    table = open_table(rows) if is_source else in_memory(rows, "rows")
    names = predictor.feature_names
    X = read_samples(table, names, **column_options(predictor)).X
    if not len(X):
        raise DataError("no rows to compare", path=table.path)
    columns = [
        _compare(column, values, summaries[column.name])
        for column, values in summarizing.column_values(predictor.preprocessing, names, X)
        if column.name in summaries
    ]
    columns.sort(key=lambda each: -each["psi"])
    n_training_rows = int(np.sum(next(iter(summaries.values()))["counts"]))
    title = f"{predictor.target_name} of {predictor.dataset} in {table.path.name}"
    return Drift(tuple(columns), len(X), n_training_rows, *_scores(predictor, table), title)


def _compare(column: Column, values: NDArray[Any], summary: summarizing.Summary) -> dict[str, Any]:
    """Compare the values of a column with those of the training."""
    counts = then, now = np.array([summary["counts"], summarizing.count_in_bins(summary, values)])
    known, psi = values[~summarizing.is_missing(values)], summarizing.stability_index(then, now)
    unknown, ranges = None, None
    if isinstance(column, CategoryColumn):
        unknown = float(summarizing.are_unknown(column, values).mean())
    elif len(known):
        ranges = [tuple(summary["range"]), (known.min(), known.max())]
        if isinstance(column, DateColumn):
            order = column.order
            ranges = [(_date(low, order), _date(high, order)) for low, high in ranges]
    return {
        "name": column.name,
        "psi": psi,
        "reading": next(name for name, limit in READINGS.items() if psi < limit),
        "missing": (counts[:, -1] / counts.sum(axis=1)).tolist(),
        "unknown": unknown,
        "range": ranges,
    }


def _scores(predictor: Predictor, table: Table) -> tuple[Mapping[str, Mapping[str, float]], str]:
    """The scores after the training and on new rows that have targets, or the reason why not."""
    if predictor.target_name not in table.names:
        return {}, ""
    try:
        rows = labelled_rows(predictor, table)
    except DataError as error:
        return {}, f"no scores: {error}"
    then = dict([*(predictor.card or ModelCard()).scores.items()][:1])
    return then | {"new": Measurement(predictor, rows, next(iter(METRICS))).scores}, ""


def _date(seconds: float, order: str) -> str:
    """Write a date without the time of midnight, or a time of day without the date."""
    text = text_of_date(np.datetime64(round(seconds), "s"), order)
    return text.removesuffix("T00:00:00").replace("T", " ")


def _text(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:.5g}"
