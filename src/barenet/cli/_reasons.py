"""Reasons of predictions: the columns with the largest contributions, as columns of a table."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from barenet import Predictor
from barenet._constraints import check_count
from barenet._messages import count_of
from barenet.cli._flags import FileOptions
from barenet.cli._prediction_file import Columns
from barenet.cli._trained_model import TrainedModel
from barenet.engines._threads import available_threads
from barenet.errors import ArgumentError
from barenet.insight.contributions._column_groups import group_columns
from barenet.insight.contributions._contributions import (
    MODEL_FILE,
    ComparedRows,
    ExplainedPrediction,
    Scale,
)
from barenet.insight.contributions._explainer import N_BACKGROUND, Explainer
from barenet.insight.contributions._output_names import describe_outputs_of_rows
from barenet.insight.contributions._written_numbers import standard_error_text
from barenet.model._arrays import FloatArray


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


class Reasons:
    """Finds the reasons of predictions, compared with background rows.

    Parameters
    ----------
    predictor : Predictor
        The model.
    background : Frame or None
        The background rows.
    count : int
        Number of reasons of a prediction; 0 if none are requested.
    scale : {"probability", "log-odds"}
        The scale for classes.
    source : str
        Where the background rows come from.
    groups : mapping of str to sequence of str, optional
        Names of columns that have one contribution together, by the name of their group.
    """

    def __init__(
        self,
        predictor: Predictor,
        background: Any,
        count: int,
        scale: Scale = "probability",
        source: str = "",
        groups: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.predictor = predictor
        self.count = count
        self.scale = scale
        self.source = source
        self.groups = groups
        names, _ = group_columns(predictor.feature_names, groups)
        #: The number of columns and groups, each of which has a contribution.
        self.n_contributions = len(names)
        #: The largest standard error of a contribution until now; None before the first row.
        self.largest_error: float | None = None
        self._background = background

    @cached_property
    def _explainer(self) -> Explainer:
        """The model and its background rows, prepared for all rows."""
        return Explainer.of(
            self.predictor,
            self._background,
            self.scale,
            groups=self.groups,
            n_threads=available_threads(None),
        )

    def describe(self) -> str:
        """Describe what the predictions were compared with; empty before the first row."""
        if self.largest_error is None:
            return ""
        compared = describe_background(len(self._background), self.source)
        predictor = self.predictor
        explained = describe_outputs_of_rows(predictor.classes, predictor.target_name, self.scale)
        error = standard_error_text(self.largest_error)
        text = f"the reasons explain {explained}, compared with {compared}; "
        return f"{text}standard errors up to {error}"

    def document(self, X: Any, outputs: FloatArray) -> dict[str, Any]:
        """Return the reasons of each row as a part of a JSON document."""
        if not self.count:
            return {}
        document: dict[str, Any] = {"expected": [], "reasons": []}
        if self.predictor.classes is not None:
            document = {"explained_classes": [], **document}
        for explained in self._by_row(X, outputs):
            if self.predictor.classes is not None:
                document["explained_classes"].append(explained.explained_class)
            document["expected"].append(explained.expected)
            document["reasons"].append([reason._asdict() for reason in explained.reasons])
        n_background = min(len(self._background), N_BACKGROUND)
        document["compared_with"] = ComparedRows(n_background, self.source)._asdict()
        if self.predictor.classes is not None:
            document["scale"] = self.scale
        return document

    def columns(self, X: Any, outputs: FloatArray) -> Columns:
        """Return the reasons of each row as columns: name, value, contribution and its error.

        The columns before them have the explained class and its expected probability, or the
        expected number.
        """
        columns: dict[str, Any] = {}
        if not self.count:
            return columns
        by_row = self._by_row(X, outputs)
        if self.predictor.classes is not None:
            explained_classes = [explained.explained_class for explained in by_row]
            columns["explained_class"] = np.array(explained_classes, object)
        columns["expected"] = np.array([explained.expected for explained in by_row], np.float64)
        for place in range(min(self.count, self.n_contributions)):
            of_place = [explained.reasons[place] for explained in by_row]
            number = place + 1
            columns[f"reason_{number}"] = np.array([reason.column for reason in of_place], object)
            columns[f"value_{number}"] = np.array([reason.value for reason in of_place], object)
            contributed = [reason.contribution for reason in of_place]
            columns[f"contribution_{number}"] = np.array(contributed, np.float64)
            errors = [reason.standard_error for reason in of_place]
            columns[f"standard_error_{number}"] = np.array(errors, np.float64)
        return columns

    def _by_row(self, X: Any, outputs: FloatArray) -> list[ExplainedPrediction]:
        """Find the reasons of each row."""
        if not len(outputs):
            return []
        explained_rows = self._explainer.reasons(X, self.count)
        errors = [self.largest_error or 0.0]
        for explained in explained_rows:
            errors += [reason.standard_error for reason in explained.reasons]
        self.largest_error = max(errors)
        return explained_rows


def find_reasons(
    trained: TrainedModel,
    count: int | None,
    background: str,
    file: FileOptions,
    scale: Scale | None,
    groups: Mapping[str, Sequence[str]] | None = None,
) -> Reasons:
    """Load the background rows for a number of reasons: those of a file, or the training data."""
    predictor = trained.predictor
    if count is None:
        if background:
            problem = "these rows are for the reasons of predictions"
            raise ArgumentError(problem, argument="background", remedy="add {reasons}", reasons=3)
        for name, value in (("scale", scale), ("groups", groups)):
            if value is not None:
                problem = "it is for the reasons of predictions"
                raise ArgumentError(problem, argument=name, remedy="add {reasons}", reasons=3)
        return Reasons(predictor, None, 0)
    check_count(count, "reasons")
    if predictor.classes is None and (predictor.network.n_outputs or 1) > 1:
        problem = "the model predicts several numbers for each row"
        raise ArgumentError(problem, argument="reasons", remedy="leave it out")
    if predictor.classes is None and scale == "log-odds":
        raise ArgumentError("numbers have no log-odds", argument="scale", remedy="leave it out")
    rows = load_background(trained, background, file)
    source = source_of_background(trained, background)
    return Reasons(predictor, rows, count, scale or "probability", source, groups)


def _has_kept_background(trained: TrainedModel, background: str) -> bool:
    """Return whether the rows to compare with are those in the model file."""
    return not background and trained.predictor.background is not None


def load_background(trained: TrainedModel, background: str, file: FileOptions) -> Any:
    """Load rows to compare with: those of a file, those in the model, or the training data."""
    if _has_kept_background(trained, background):
        return trained.predictor.background
    try:
        data = trained.data_or_default(background)
    except ArgumentError as error:
        remedy = "give rows to compare with, such as {background}"
        raise ArgumentError(
            error.problem, argument="background", remedy=remedy, background="rows.csv"
        ) from None
    try:
        loaded = next(trained.load_features(data, file, at_once=True, rejected=None))
    except ArgumentError as error:
        if background and error.argument == "data":
            raise error.renamed("background") from None
        raise
    if not len(loaded.X):
        raise ArgumentError(f"{data} has no rows", argument="background")
    return loaded.X


def read_groups(texts: Sequence[str]) -> dict[str, list[str]] | None:
    """Read the names of groups and of their columns; None without groups.

    As in a CSV file, a name with a comma is in double quotes.

    >>> read_groups(["address=street, town", 'place="city, country",size'])
    {'address': ['street', 'town'], 'place': ['city, country', 'size']}
    """
    if not texts:
        return None
    groups: dict[str, list[str]] = {}
    for text in texts:
        name, equals, columns = text.partition("=")
        name = name.strip()
        rows = csv.reader([columns], skipinitialspace=True)
        if not name or not equals or "\n" in columns:
            expected = "a name and columns, such as address=street,town"
            raise ArgumentError.of("groups", text, expected)
        if name in groups:
            raise ArgumentError(f"there are two groups {name!r}", argument="groups")
        groups[name] = [column.strip() for column in next(rows)]
    return groups


def source_of_background(trained: TrainedModel, background: str) -> str:
    """Return where the rows to compare with come from."""
    if _has_kept_background(trained, background):
        return MODEL_FILE
    return trained.data_or_default(background)
