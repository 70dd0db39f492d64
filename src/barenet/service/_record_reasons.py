"""Reasons of the predictions of records: the columns with the largest contributions.

The background rows are prepared once, so the reasons of a record take some milliseconds. They do
not depend on the other records of a request.
"""

import math
import re
from collections.abc import Mapping, Sequence
from threading import Event
from typing import Any

import numpy as np

from barenet.errors import ArgumentError
from barenet.files._predictor import Predictor
from barenet.insight.contributions._contributions import (
    MODEL_FILE,
    ComparedRows,
    Scale,
)
from barenet.insight.contributions._explainer import Explainer

#: The parameter of a request, and its maximum.
PARAMETER = "reasons"
MAX_REASONS = 1_000
#: Maximum number of records of a request that are explained.
MAX_RECORDS = 100
#: Number of records after which it is checked whether the request has timed out.
RECORDS_AT_A_TIME = 8

#: What is wrong with a service or a parameter, for the client.
NO_BACKGROUND = (
    "the model has no rows to compare with: train it with --keep-background, or start the service "
    "with --background ROWS"
)
SEVERAL_NUMBERS = "the model predicts several numbers for each record: leave it out"
NO_COUNT = f"expected a whole number from 1 to {MAX_REASONS:,}"


def problem_of_reasons(predictor: Predictor) -> str:
    """Return why a model has no reasons for its predictions; empty if it has them."""
    if predictor.background is None:
        return NO_BACKGROUND
    if predictor.classes is None and (predictor.network.n_outputs or 1) > 1:
        return SEVERAL_NUMBERS
    return ""


class RecordReasons:
    """Finds the reasons of the predictions of records.

    Parameters
    ----------
    predictor : Predictor
        The model, with the background rows that it keeps.
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
        scale: Scale = "probability",
        source: str = MODEL_FILE,
        groups: Mapping[str, Sequence[str]] | None = None,
    ) -> None:
        self.source = source
        self.problem = problem_of_reasons(predictor)
        if not self.problem:
            self.explainer = Explainer.of(predictor, predictor.background, scale, groups=groups)

    def read_count(self, texts: list[str]) -> int:
        """Read the number of reasons from the values of the parameter; 0 if it has none.

        Raises
        ------
        ValueError
            If the service finds no reasons, or the values are not one number from 1 to the maximum.
        """
        if not texts:
            return 0
        if self.problem:
            raise ValueError(f"{PARAMETER}: {self.problem}")
        is_number = len(texts) == 1 and re.fullmatch("[0-9]{1,4}", texts[0])
        if not is_number or not 1 <= int(texts[0]) <= MAX_REASONS:
            raise ValueError(f"{PARAMETER}: {NO_COUNT}")
        return int(texts[0])

    def find(self, rows: Any, count: int, is_cancelled: Event) -> list[dict[str, Any]]:
        """Find the reasons of each row, as parts of its answer, until it is cancelled.

        Raises
        ------
        ValueError
            If a prediction of some of a row's values and a background row's others overflows.
        """
        rows = self.explainer.model.rows(rows, "X")
        n_background = len(self.explainer.outputs)
        compared_with = ComparedRows(n_background, self.source)._asdict()
        found: list[dict[str, Any]] = []
        for start in range(0, len(rows), RECORDS_AT_A_TIME):
            if is_cancelled.is_set():
                break
            block = rows[start : start + RECORDS_AT_A_TIME]
            with np.errstate(over="ignore", invalid="ignore"):
                explained_rows = self.explainer.reasons(block, count)
            for explained in explained_rows:
                if not all(math.isfinite(reason.contribution) for reason in explained.reasons):
                    problem = "numbers so extreme that predictions of some of them overflow"
                    raise ArgumentError(problem, argument=PARAMETER)
                answer = explained._asdict()
                if explained.explained_class is None:
                    del answer["explained_class"]
                answer[PARAMETER] = [reason._asdict() for reason in explained.reasons]
                answer["compared_with"] = compared_with
                if self.explainer.model.scale is not None:
                    answer["scale"] = self.explainer.model.scale
                found.append(answer)
        return found
