"""Drift: how far the columns of new rows have shifted from the training data of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import check_flag
from barenet._display import Cell, align, write_display, write_table, write_text
from barenet._messages import count_of, printable
from barenet._metrics import METRICS
from barenet.datasets import _column_summary as summarizing
from barenet.errors import ArgumentError, DataError
from barenet.files._model_card import ModelCard, write_scores
from barenet.files._predictor import Predictor
from barenet.insight._web_page import write_page
from barenet.model._arrays import FloatArray
from barenet.storage._atomic_write import write_atomically
from barenet.streams._stream_source import name_of_blocks
from barenet.tables.encoding._column import Column
from barenet.tables.encoding._column_kinds import CategoryColumn, DateColumn, nearest_second
from barenet.tables.encoding._named_columns import named_matrix
from barenet.tables.encoding._scaling import Scaling
from barenet.tables.encoding._words_column import NO_WORD, WordsColumn
from barenet.tables.files._delimited import CsvOptions
from barenet.tables.files._open_table import read_columns
from barenet.tables.frames._frame import Frame, Table
from barenet.tables.reading._date_formats import date_text
from barenet.tasks._description import category_names
from barenet.tasks._measurement import prediction_values
from barenet.tasks._new_rows import NewRows, measure_blocks, open_new_rows
from barenet.tasks._split_rows import in_memory

#: The usual interpretations of the population stability index, by their upper limits.
READINGS = {"stable": 0.1, "moderate": 0.25, "shifted": inf}

#: Number of predicted classes that are listed.
MAX_CLASSES = 5

HEADINGS = ("column", "PSI", "reading", "missing", "unknown", "range")


@dataclass(frozen=True, eq=False, repr=False)
class Drift:
    """The shift of rows from the training data of a model, column by column.

    Attributes
    ----------
    columns : tuple of dict
        The columns, with the most shifted one first. Each has its ``name``; its population
        stability index ``psi``, for which ½ is added to each count; the usual ``reading`` of the
        index, which is ``"stable"`` below 0.1, ``"moderate"`` below 0.25, otherwise ``"shifted"``;
        the fractions of ``missing`` values in the training data and now; for categories, the
        fraction of rows that is ``unknown`` now, or was rare in training; for texts, the fraction
        of rows with none of the column's words; and for numbers and dates, the ``range`` in the
        training data and now.
    predictions : dict, optional
        The shift of the predictions from those of the test rows or, where these were fewer than
        200, of the training rows: ``psi`` and ``reading`` as of a column; for classes, the
        ``shares`` of each class then and now; for numbers, the ``range`` then and now. None if the
        model file has no summary of them.
    n_rows, n_training_rows : int
        Numbers of new rows, and of training rows that they are compared with.
    scores : mapping of str to mapping of str to float
        The scores of the model after training and on the new rows; empty if these have no targets.
    note : str
        The reason why there are no scores for rows that have targets.
    title : str
        The names of the target, the training data and the new data.

    Examples
    --------
    >>> from barenet import Task, drift
    >>> rows = {"size": np.arange(300.0), "price": 2 * np.arange(300.0)}
    >>> predictor = Task.open(rows, "price").train(model="network", epochs=1)
    >>> print(drift(predictor, {"size": np.arange(200.0, 500.0)}))
    column  PSI    reading  missing      unknown  range
    size    3.8... shifted  0.0% → 0.0%           0 – 298 → 200 – 499
    <BLANKLINE>
    1 of 1 column shifted, 0 moderately: 300 rows, 240 in the training
    predictions: PSI ..., shifted; range ... – ... → ... – ...
    """

    columns: tuple[dict[str, Any], ...]
    predictions: dict[str, Any] | None
    n_rows: int
    n_training_rows: int
    scores: Mapping[str, Mapping[str, float]]
    note: str
    title: str

    def __repr__(self) -> str:
        return f"<Drift: {self._sentences()[0]}>"

    def __str__(self) -> str:
        table = align([HEADINGS, *self._lines()])
        return "\n".join([table, "", *self._sentences()])

    def _repr_html_(self) -> str:
        cells: list[list[Cell]] = []
        for name, psi, *texts in self._lines():
            cells.append([name, (psi, float(psi)), *texts])
        paragraphs = [write_text(sentence) for sentence in self._sentences()]
        table = write_table(HEADINGS, cells)
        scores = write_scores(self.scores)
        return write_display(f"Drift: {self.title}", *paragraphs, table, scores)

    def _sentences(self) -> list[str]:
        """Summarize the shift, and give the reasons for doubt."""
        readings = [column["reading"] for column in self.columns]
        n_shifted = readings.count("shifted")
        n_moderate = readings.count("moderate")
        n_columns = count_of(len(readings), "column")
        columns = f"{n_shifted} of {n_columns} shifted, {n_moderate} moderately"
        rows = f"{count_of(self.n_rows, 'row')}, {self.n_training_rows:,} in the training"
        sentences = [f"{columns}: {rows}"]
        if self.predictions is not None:
            sentences.append(_describe_predictions(self.predictions))
        if self.n_rows < summarizing.FEW_ROWS:
            sentences.append(f"the PSI of fewer than {summarizing.FEW_ROWS} rows is noisy")
        if self.note:
            sentences.append(self.note)
        return sentences

    def report(self, path: str | PathLike[str]) -> None:
        """Write a single-file page for the browser.

        Parameters
        ----------
        path : str or path
            The file, such as ``"drift.html"``; an existing one is replaced.

        Raises
        ------
        OSError
            If the file can't be written.
        """
        page = write_page(f"barenet drift: {self.title}", self._repr_html_())
        write_atomically(path, page.encode("utf-8", "replace"))

    def _lines(self) -> list[list[str]]:
        """Return the cells of the table."""
        lines = []
        for column in self.columns:
            ranges = []
            if column["range"] is not None:
                for low, high in column["range"]:
                    ranges.append(f"{_text(low)} – {_text(high)}")
            missing = [f"{share:.1%}" for share in column["missing"]]
            unknown = f"{column['unknown']:.1%}" if column["unknown"] is not None else ""
            cells = [
                printable(column["name"]),
                f"{column['psi']:.3f}",
                column["reading"],
                " → ".join(missing),
                unknown,
                " → ".join(ranges),
            ]
            lines.append(cells)
        return lines


def drift(predictor: Predictor, rows: Any, *, allow_missing_columns: bool = False) -> Drift:
    """Compare rows with the training data of a model.

    Parameters
    ----------
    predictor : Predictor
        A model from `Task.train`, or from a model file of ``barenet train``.
    rows : path, DataFrame, mapping or records
        New rows, a file of them, or a pattern such as ``"new/*.parquet"``. If they include the
        target, the model is evaluated on them. Files are read block by block.
    allow_missing_columns : bool, default=False
        Whether a file may lack a column of the model, whose values are then missing.

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

    Warns
    -----
    UserWarning
        If values can't be read by the kinds of their columns, and so count as missing.

    Examples
    --------
    >>> from barenet import Task, drift
    >>> rows = {"size": np.arange(300.0), "price": 2 * np.arange(300.0)}
    >>> predictor = Task.open(rows, "price").train(model="network", epochs=1)
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
    names = predictor.feature_names
    preprocessing = predictor.preprocessing
    allow_missing = check_flag(allow_missing_columns, "allow_missing_columns")
    blocks = _open(predictor, rows, allow_missing=allow_missing)
    shifts: dict[str, _ColumnShift] = {}
    prediction_shift = None
    if predictor.card is not None and predictor.card.prediction_summary:
        prediction_shift = _PredictionShift(predictor, predictor.card.prediction_summary)
    n_rows = 0
    reader = NewRows(predictor)
    for block in blocks:
        rows_of_block = read_columns(block, names, unparsed=category_names(predictor))
        n_rows += len(rows_of_block)
        if not len(rows_of_block):
            continue
        X = reader.read(rows_of_block)
        if prediction_shift is not None:
            prediction_shift.add(predictor.outputs(X))
        if isinstance(X, Frame) and isinstance(preprocessing, Scaling):
            X = named_matrix(X, names, preprocessing)
        for column, values in summarizing.column_values(preprocessing, names, X):
            if column.name in summaries:
                if column.name not in shifts:
                    shifts[column.name] = _ColumnShift(column, summaries[column.name])
                shifts[column.name].add(values)
    if not n_rows:
        raise DataError("no rows to compare", path=blocks[0].path)
    reader.report()
    columns = [shift.describe() for shift in shifts.values()]
    columns.sort(key=lambda column: -column["psi"])
    [first_summary, *_] = summaries.values()
    n_training_rows = int(np.sum(first_summary["counts"]))
    title = f"{predictor.target_name} of {predictor.dataset} in {name_of_blocks(blocks)}"
    scores, note = _scores(predictor, blocks)
    predictions = prediction_shift.describe() if prediction_shift is not None else None
    return Drift(tuple(columns), predictions, n_rows, n_training_rows, scores, note, title)


def _open(predictor: Predictor, rows: Any, *, allow_missing: bool) -> Sequence[Table]:
    """Open the tables of files, to read one after the other, or the table of rows in memory."""
    if isinstance(rows, Table):
        return [rows]
    if isinstance(rows, list) and rows and isinstance(rows[0], Table):
        return rows
    if isinstance(rows, str | PathLike):
        return open_new_rows(predictor, rows, CsvOptions(), allow_missing=allow_missing)
    return [in_memory(rows, "rows")]


class _ColumnShift:
    """The values of a column, counted block by block in the bins of the training data."""

    def __init__(self, column: Column, summary: summarizing.Summary) -> None:
        self.column = column
        self.summary = summary
        self.counts = np.zeros(len(summary["counts"]), np.int64)
        self.n_unknown = 0
        #: The smallest and the largest number of each block that has numbers.
        self.ends: list[float] = []

    def add(self, values: NDArray[Any]) -> None:
        """Count the values of a block."""
        self.counts += summarizing.count_in_bins(self.summary, values)
        if isinstance(self.column, CategoryColumn):
            self.n_unknown += int(summarizing.are_unknown(self.column, values).sum())
            return
        if isinstance(self.column, WordsColumn):
            self.n_unknown += int(np.count_nonzero(values == NO_WORD))
            return
        numbers = values[~summarizing.is_missing(values)]
        if len(numbers):
            self.ends += [numbers.min(), numbers.max()]

    def describe(self) -> dict[str, Any]:
        """Compare the counts with the training data."""
        then = np.array(self.summary["counts"])
        counts = np.array([then, self.counts])
        n_missing = counts[:, -1]  # the last bin
        missing_shares = n_missing / counts.sum(axis=1)
        psi = summarizing.stability_index(then, self.counts)
        unknown = None
        ranges: list[tuple[Any, ...]] | None = None
        if isinstance(self.column, CategoryColumn | WordsColumn):
            unknown = self.n_unknown / int(self.counts.sum())
        elif self.ends:
            range_then = tuple(self.summary["range"])
            range_now = (min(self.ends), max(self.ends))
            if isinstance(self.column, DateColumn):
                order = self.column.order
                ranges = [_date_range(range_then, order), _date_range(range_now, order)]
            else:
                ranges = [range_then, range_now]
        return {
            "name": self.column.name,
            "psi": psi,
            "reading": _reading(psi),
            "missing": missing_shares.tolist(),
            "unknown": unknown,
            "range": ranges,
        }


class _PredictionShift:
    """The predictions, counted block by block in the bins or classes of earlier ones."""

    def __init__(self, predictor: Predictor, summary: summarizing.Summary) -> None:
        self.predictor = predictor
        self.summary = summary
        self.counts = np.zeros(len(summary["counts"]), np.int64)
        #: The smallest and the largest number of each block.
        self.ends: list[float] = []

    def add(self, outputs: FloatArray) -> None:
        """Count the predictions of a block."""
        values = prediction_values(self.predictor, outputs)
        if values is None:
            return
        self.counts += summarizing.count_in_bins(self.summary, values)
        if self.predictor.classes is None:
            self.ends += [float(values.min()), float(values.max())]

    def describe(self) -> dict[str, Any]:
        """Compare the counts with those of the earlier predictions."""
        then = np.array(self.summary["counts"])
        psi = summarizing.stability_index(then, self.counts)
        ranges = None
        shares = None
        if self.ends:
            ranges = [tuple(self.summary["range"]), (min(self.ends), max(self.ends))]
        else:
            counts = np.array([then, self.counts])
            shares_of_bins = (counts / counts.sum(axis=1, keepdims=True)).T.tolist()
            classes = self.summary["categories"]  # one bin more is for others, and one for missing
            shares = dict(zip(classes, shares_of_bins, strict=False))
        return {"psi": psi, "reading": _reading(psi), "shares": shares, "range": ranges}


def _describe_predictions(predictions: Mapping[str, Any]) -> str:
    """Describe the shift of the predictions in a sentence."""
    heading = f"predictions: PSI {predictions['psi']:.3f}, {predictions['reading']}"
    if predictions["range"] is not None:
        texts = [f"{_text(low)} – {_text(high)}" for low, high in predictions["range"]]
        return f"{heading}; range {' → '.join(texts)}"
    texts = []
    for name, (then, now) in predictions["shares"].items():
        texts.append(f"{printable(name)} {then:.1%} → {now:.1%}")
    listed = ", ".join(texts[:MAX_CLASSES])
    if len(texts) > MAX_CLASSES:
        listed += f", … ({len(texts)} classes)"
    return f"{heading}; {listed}"


def _date_range(ends: tuple[float, float], order: str) -> tuple[str, str]:
    """Write the ends of a range, in seconds since 1970, as dates."""
    low, high = ends
    return date_text(nearest_second(low), order), date_text(nearest_second(high), order)


def _reading(psi: float) -> str:
    """Return the word for a population stability index."""
    for name, limit in READINGS.items():
        if psi < limit:
            return name
    raise ValueError(f"the index is {psi}")


def _scores(
    predictor: Predictor, blocks: Sequence[Table]
) -> tuple[Mapping[str, Mapping[str, float]], str]:
    """Return the scores after training and on new rows with targets, or why there are none."""
    has_target = any(predictor.target_name in block.names for block in blocks)
    if not has_target:
        return {}, ""
    [first_metric, *_] = METRICS
    try:
        measured = measure_blocks(predictor, blocks, first_metric)
    except DataError as error:
        return {}, f"no scores: {error}"
    card = predictor.card or ModelCard()
    scores = {}
    if card.scores:
        [first_kind, *_] = card.scores
        scores[first_kind] = card.scores[first_kind]
    scores["new"] = measured.scores
    return scores, ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:.5g}"
