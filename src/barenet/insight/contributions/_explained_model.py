"""The model to explain: a function from raw rows to outputs, with the names of its columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.datasets._dataset import rows_alone
from barenet.datasets._target_kind import PROBABILITIES
from barenet.errors import ArgumentError
from barenet.files._predictor import Predictor
from barenet.insight._models import predictor_of
from barenet.insight._permutation_importance import inputs_per_column
from barenet.insight.contributions._contributions import Scale
from barenet.insight.contributions._first_layer_hybrids import ColumnPair, FirstLayerBackground
from barenet.insight.contributions._hybrid_rows import Background, Indices, RawBackground
from barenet.insight.contributions._log_odds import log_odds_of_mean
from barenet.model._activations import IDENTITY
from barenet.model._array_dataset import class_probabilities
from barenet.model._arrays import FloatArray, check_in_memory
from barenet.model._ensemble import Model, networks_of
from barenet.model._network import Network
from barenet.model.layers import Dense
from barenet.tables.encoding._encoding import TableEncoding
from barenet.tables.encoding._named_columns import columns_by_name
from barenet.tables.frames._to_frame import columns_of_records, has_rows

#: Number of rows whose logits are computed at a time.
ROWS = 2**10


@dataclass(frozen=True)
class ExplainedModel:
    """A model that predicts probabilities of classes, or numbers."""

    model: Predictor
    #: Names of the classes; None for numbers.
    classes: tuple[str, ...] | None
    target_name: str
    scale: Scale | None

    @classmethod
    def of(cls, model: Any, X: Any, scale: str) -> ExplainedModel:
        """Make it from a predictor, networks, or a fitted estimator."""
        if scale not in ("probability", "log-odds"):
            raise ArgumentError.of("scale", scale, "'probability' or 'log-odds'")
        predictor = predictor_of(model, X)
        target_name = predictor.target_name if isinstance(model, Predictor) else ""
        if predictor.classes is not None:
            activation = predictor.network.output_activation.name
            if scale == "log-odds" and activation not in PROBABILITIES:
                problem = f"an output of {activation} has no log-odds, expected softmax or sigmoid"
                raise ArgumentError(problem, argument="scale", remedy="leave it out")
            return cls(predictor, predictor.classes, target_name, scale)  # type: ignore[arg-type]
        if scale == "log-odds":
            problem = "numbers have no log-odds"
            raise ArgumentError(problem, argument="scale", remedy="leave it out")
        return cls(predictor, None, target_name, None)

    def rows(self, X: Any, argument: str) -> Any:
        """Convert rows to a type that hybrids can be made of: an array or a Frame."""
        check_in_memory(X, argument)
        X = columns_of_records(rows_alone(X))
        if not has_rows(X):
            raise ArgumentError("expected at least one row, got none", argument=argument)
        try:
            return self._converted(X)
        except ArgumentError as error:
            raise error.renamed(argument) from None

    def _converted(self, X: Any) -> Any:
        preprocessing = self.model.preprocessing
        if isinstance(preprocessing, TableEncoding):
            return preprocessing.frame_of(X)
        X = columns_by_name(X, self.model.feature_names, preprocessing)
        if hasattr(X, "tocsr"):
            problem = "sparse matrices are not supported"
            raise ArgumentError(problem, argument="X", remedy="use X.toarray()")
        array = X if isinstance(X, np.ndarray) else np.array(X)
        if array.ndim != 2:
            expected = "an array of shape (n_rows, n_columns), or a pandas DataFrame"
            raise ArgumentError.of("X", X, expected)
        return array

    @property
    def column_names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return self.model.feature_names

    def output_names(self, n_outputs: int) -> tuple[str, ...]:
        """Name the outputs: the classes, or the target, numbered if there are several."""
        if self.classes is not None:
            return self.classes
        name = self.target_name or "y"
        if n_outputs == 1:
            return (name,)
        return tuple(f"{name} {number + 1}" for number in range(n_outputs))

    def outputs(self, rows: Any) -> FloatArray:
        """Predict rows on the scale of the contributions, shape (n_rows, n_outputs)."""
        if self.logit_networks:
            return self._log_odds(rows)
        return self.scaled(self.model.outputs(rows))

    @cached_property
    def logit_networks(self) -> tuple[Network, ...]:
        """The networks without their output activation, whose logits determine log-odds."""
        if self.scale != "log-odds":
            return ()
        networks = []
        for network in networks_of(self.model.network):
            twin = network.copy()
            twin.layers[-1].activation = IDENTITY
            networks.append(twin)
        return tuple(networks)

    def _log_odds(self, rows: Any) -> FloatArray:
        """Compute the log-odds of rows from the logits of each network."""
        parts = []
        for start in range(0, len(rows), ROWS):
            inputs = self.model.inputs(rows[start : start + ROWS])
            logits = [network.predict(inputs) for network in self.logit_networks]
            parts.append(log_odds_of_mean(logits, self.model.network.output_activation))
        return np.concatenate(parts)

    def scaled(self, outputs: NDArray[Any]) -> FloatArray:
        """Convert outputs of a predictor to the scale of the contributions."""
        if self.classes is not None:
            outputs = class_probabilities(outputs)
        return outputs.astype(np.float64)

    def prepare_background(self, background: Any, groups: Sequence[Sequence[int]]) -> Background:
        """Prepare background rows, for hybrids of groups of columns."""
        predictor = self.model
        if not _starts_dense(predictor.network):
            return RawBackground(self.outputs, background, groups)
        ends = np.cumsum(inputs_per_column(predictor))
        inputs_of_column = np.split(np.arange(ends[-1]), ends[:-1])
        inputs_of_group = []
        group_of_column = np.empty(len(ends), np.intp)
        for number, columns in enumerate(groups):
            inputs_of_group.append(np.concatenate([inputs_of_column[place] for place in columns]))
            group_of_column[list(columns)] = number

        def convert(outputs: Sequence[FloatArray]) -> FloatArray:
            if self.logit_networks:
                return log_odds_of_mean(outputs, predictor.network.output_activation)
            mean = sum(outputs[1:], outputs[0]) / len(outputs)
            return self.scaled(predictor.in_units(mean))

        hybrid_outputs = slice(None)
        if self.scale == "probability" and _is_of_complements(predictor.network):
            hybrid_outputs = slice(1, 2)
        return FirstLayerBackground(
            self.logit_networks or networks_of(predictor.network),
            predictor.inputs,
            background,
            inputs_of_group,
            _column_pairs(predictor, group_of_column),
            convert,
            # Probabilities and numbers are averaged; log-odds of means are no means of log-odds.
            is_mean=self.scale != "log-odds",
            hybrid_outputs=hybrid_outputs,
        )


def _column_pairs(predictor: Predictor, group_of_column: Indices) -> list[ColumnPair]:
    """Describe the inputs of pairs of columns."""
    encoding = predictor.preprocessing
    column_pairs: list[ColumnPair] = []
    if not isinstance(encoding, TableEncoding):
        return column_pairs
    places = {column.name: place for place, column in enumerate(encoding.used)}
    start = encoding.n_inputs - encoding.n_pairs
    for pairs in encoding.pairs:
        first_inputs, first_numbers = np.unique(pairs.first_places, return_inverse=True)
        second_inputs, second_numbers = np.unique(pairs.second_places, return_inverse=True)
        n_inputs = len(pairs.pairs)
        table = np.full((len(first_inputs) + 1, len(second_inputs) + 1), n_inputs)
        table[first_numbers, second_numbers] = np.arange(n_inputs)
        first_group = int(group_of_column[places[pairs.first]])
        second_group = int(group_of_column[places[pairs.second]])
        pair = ColumnPair(
            first_inputs=encoding.starts[pairs.first] + first_inputs,
            second_inputs=encoding.starts[pairs.second] + second_inputs,
            first_group=first_group,
            second_group=second_group,
            table=table,
            pair_inputs=np.arange(start, start + n_inputs),
        )
        column_pairs.append(pair)
        start += n_inputs
    return column_pairs


def _is_of_complements(model: Model) -> bool:
    """Return whether a model of classes has two probabilities, the first 1 minus the second.

    Two independent sigmoids have other sums.
    """
    if model.n_outputs == 1:
        return True
    return model.n_outputs == 2 and model.output_activation.name == "softmax"


def _starts_dense(model: Model) -> bool:
    """Return whether the first layer of each network is dense."""
    return all(isinstance(network.layers[0], Dense) for network in networks_of(model))
