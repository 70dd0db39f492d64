"""Contributions of a row's columns to its prediction, by the network as it is now."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet import Network
from barenet.insight.contributions._contributions import Scale
from barenet.insight.contributions._explained_model import ExplainedModel
from barenet.insight.contributions._explainer import Explainer
from barenet.insight.contributions._hybrid_rows import Background, RawBackground
from barenet.insight.contributions._output_names import name_of_class
from barenet.insight.contributions._written_numbers import (
    contribution_text,
    prediction_text,
    standard_error_text,
)
from barenet.playground._sentences import Sentence, sentence
from barenet.playground.data._data_row import DataRow
from barenet.playground.data._opened_models import Model
from barenet.playground.data._prepared_data import PreparedData
from barenet.playground.state._wire_format import finite
from barenet.tables.frames._frame import Frame, Samples

#: Maximum number of columns.
MAX_COLUMNS = 40
#: Maximum number of rows to compare with if the weights are not those of a model file. The page
#: requests the contributions several times a second while it trains.
MAX_BACKGROUND = 50
#: Held by the thread that prepares a model, so that a repeated request waits for it.
PREPARING = threading.Lock()


class ComparedRows(NamedTuple):
    """Rows whose mean prediction is the expected one."""

    rows: Samples
    origin: Literal["model file", "table", "training"]

    def describe(self, n_used: int, table: str) -> Sentence:
        """Describe the rows, of which a number is used, for the page."""
        used = f"{n_used:,}"
        given = f"{len(self.rows):,}"
        are_drawn = n_used < len(self.rows)
        if self.origin == "model file":
            if are_drawn:
                return sentence(
                    "Compared with {0} rows drawn from the {1} rows in the model file.",
                    used,
                    given,
                )
            return sentence("Compared with the {0} rows in the model file.", given)
        if self.origin == "table":
            if are_drawn:
                return sentence(
                    "Compared with {0} rows drawn from the {1} rows of {2}.", used, given, table
                )
            return sentence("Compared with the {0} rows of {1}.", given, table)
        if are_drawn:
            return sentence(
                "Compared with {0} rows drawn from the {1} training rows here.", used, given
            )
        return sentence("Compared with the {0} training rows here.", given)


@dataclass(frozen=True)
class EncodedRowsModel(ExplainedModel):
    """A network of the page, which predicts encoded rows."""

    prepared: PreparedData
    network: Network

    @property
    def column_names(self) -> tuple[str, ...]:
        """The encoded columns by their numbers."""
        return tuple(f"x{place}" for place in range(self.prepared.dataset.X.shape[1]))

    def outputs(self, rows: NDArray[Any]) -> NDArray[np.float64]:
        """Predict numbers, or the outputs for classes."""
        prepared = self.prepared
        inputs = prepared.features.apply(np.asarray(rows, np.float64))
        X = prepared.scaling.transform(inputs, np.float32)
        outputs = prepared.predictions(self.network, X)
        return self.scaled(outputs.reshape(len(outputs), -1))

    def prepare_background(self, background: Any, groups: Sequence[Sequence[int]]) -> Background:
        """Prepare encoded background rows."""
        return RawBackground(self.outputs, background, groups)


def contributions_to(
    prepared: PreparedData, network: Network, row: DataRow
) -> dict[str, Any] | None:
    """Compute the contributions of the columns of a row to its class, or to its number.

    None if the row has few columns, which the page does not list, or too many. Columns that are not
    inputs of the network have no contribution.
    """
    n_columns = len(prepared.columns)
    n_listed = len(row.raw.columns) if row.raw is not None else n_columns
    if prepared.dataset.image_shape is not None or n_listed <= 2:
        return None
    if not 2 <= n_columns <= MAX_COLUMNS:
        return None
    if prepared.model is not None and not prepared.features.names:
        compared = _rows_of_model(prepared, prepared.model)
        explainer = _explainer_of_model(prepared, network, compared.rows)
        columns = explainer.model.rows(row.columns, "row")
    else:
        training = np.asarray(prepared.dataset.X[~prepared.is_test], np.float64)
        if not len(training):
            return None
        compared = ComparedRows(training, "training")
        explainer = _explainer_of_encoded_rows(prepared, network, training)
        columns = row.encoded
    result = explainer.explain(columns)
    output = prepared.output
    described: Sentence = prepared.dataset.target_name
    if prepared.classes is not None:
        output = 1  # the second of two classes, whichever is predicted, as in `contributions`
        if len(prepared.classes) > 2:
            output = int(result.predictions[0].argmax())
        explained_class = name_of_class(prepared.classes[output], prepared.dataset.target_name)
        described = sentence("probability of {0}", explained_class)
    values = {}
    errors = {}
    written = {}
    for column, name in enumerate(result.names):
        value = float(result.values[0, column, output])
        error = float(result.standard_errors[0, column, output])
        values[name] = finite(value)
        errors[name] = finite(error)
        written[name] = [contribution_text(value, error), standard_error_text(error)]
    prediction = float(result.predictions[0, output])
    expected = float(result.expected[output])
    compared_rows = compared.describe(len(explainer.rows), prepared.dataset.name)
    return {
        "values": values,
        "standard_errors": errors,
        "written": written,
        "output": described,
        "is_probability": prepared.classes is not None,
        "prediction": finite(prediction),
        "expected": finite(expected),
        "written_prediction": prediction_text(prediction),
        "written_expected": prediction_text(expected),
        "compared": compared_rows,
    }


def _rows_of_model(prepared: PreparedData, model: Model) -> ComparedRows:
    """Find the rows that `barenet predict --reasons` compares with for a model.

    They are those that the model file keeps, or else all rows of the table.
    """
    if model.predictor.background is not None:
        return ComparedRows(model.predictor.background, "model file")
    if prepared.file is not None:
        rows = prepared.file.X
        if not isinstance(rows, Frame):  # a row without a target may lack numbers, too
            rows = rows[np.isfinite(rows).all(axis=1)]
        return ComparedRows(rows, "table")
    if prepared.raw is not None:
        return ComparedRows(prepared.raw, "table")
    return ComparedRows(prepared.dataset.X, "table")


def _explainer_of_model(prepared: PreparedData, network: Network, rows: Samples) -> Explainer:
    """Prepare a model and the rows to compare with: as many as elsewhere while it is unchanged.

    This takes up to a second, once. After a change of weights, fewer rows are used, as they have to
    be prepared for each answer.
    """
    assert prepared.model is not None
    original = prepared.model.predictor.first_network
    is_unchanged = network.sizes == original.sizes and np.array_equal(
        network.parameters, original.parameters
    )
    if not is_unchanged:
        return Explainer.of(prepared.predictor(network), rows, n_background=MAX_BACKGROUND)
    with PREPARING:
        if not prepared.explainers:
            prepared.explainers.append(Explainer.of(prepared.predictor(network), rows))
    return prepared.explainers[0]


def _explainer_of_encoded_rows(
    prepared: PreparedData, network: Network, training: NDArray[np.float64]
) -> Explainer:
    """Prepare a network of the page, and some of its encoded training rows."""
    names = []
    groups = []
    for start, column in prepared.columns:
        names.append(column.name)
        groups.append(range(start, start + len(column.inputs)))
    scale: Scale | None = None
    if prepared.classes is not None:
        scale = "probability"
    model = EncodedRowsModel(
        None, prepared.classes, prepared.dataset.target_name, scale, prepared, network
    )
    return Explainer(model, training, names, groups, n_background=MAX_BACKGROUND)
