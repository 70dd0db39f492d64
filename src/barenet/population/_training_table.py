"""The rows of a table that an ensemble is trained on, and how they become inputs and networks."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.datasets._target_kind import TargetKind
from barenet.engines._threads import available_threads
from barenet.inputs._chosen_inputs import ChosenInputs, choose_inputs
from barenet.inputs._chosen_pairs import columns_of, inputs_of_pairs, with_categories_of_pairs
from barenet.inputs._column_relevance import KnownRelevances, relevance_factors
from barenet.inputs._input_regression import random_rows
from barenet.inputs._monotonic_columns import (
    Signs,
    check_order,
    signs_of_inputs,
    without_cycles_of,
    without_inputs_of,
)
from barenet.inputs._target_jumps import add_edges_at_jumps
from barenet.inputs._telling_words import with_words_of_networks
from barenet.model._arrays import FloatArray
from barenet.population._ensemble_recipe import EnsembleRecipe
from barenet.population._ensemble_training import EnsembleTraining, rows_left_out
from barenet.population._number_loss import NumberLoss
from barenet.population._out_of_fold import OutOfFold
from barenet.tables.encoding._encoding import TableEncoding
from barenet.tables.encoding._scaling import Scaling
from barenet.tables.encoding._table_rows import table_rows
from barenet.tables.frames._to_frame import as_frame
from barenet.tables.reading._column_words import KEEP, ColumnRequests, columns_with


class PreparedTraining(NamedTuple):
    """The training of an ensemble on a table, which has not begun, and how the table is encoded.

    Attributes
    ----------
    training : EnsembleTraining
        The training.
    encoding : TableEncoding
        The encoding of the columns.
    scaling : Scaling or None
        The scaling of numeric targets.
    chosen : ChosenInputs
        The inputs that were chosen by the error on left-out rows, and are not the default.
    monotonic : dict of str to int
        The signs of the constrained columns.
    """

    training: EnsembleTraining
    encoding: TableEncoding
    scaling: Scaling | None
    chosen: ChosenInputs
    monotonic: Signs


@dataclass(frozen=True, eq=False, kw_only=True)
class TrainingTable:
    """The rows that an ensemble is trained on, and the settings of its training.

    Attributes
    ----------
    X : Frame, mapping or array of n_rows rows
        The columns.
    y : ndarray of shape (n_rows,) or (n_rows, n_targets)
        The classes from 0, or scaled numbers.
    y_for_encoding : ndarray of the shape of y
        The targets by which inputs are chosen.
    weight : ndarray of shape (n_rows,)
        The weights of the rows.
    groups : ndarray of shape (n_rows,), optional
        The group of each row; a network leaves out whole groups.
    target_kind : TargetKind
        The kind of the targets.
    number_loss : NumberLoss
        The loss of numeric targets.
    scaling : Scaling or None
        The scaling of numeric targets.
    seed : int
        The seed of the folds and of the networks.
    rare : float, optional
        The fraction of the rows below which categories are merged, if it is given.
    engine : str
        The engine that trains the networks.
    columns : dict of str to ColumnRequest
        The words for single columns.
    missing : collection of str
        Texts that stand for a missing value.
    threads : int, optional
        The maximum number of threads; by default, one for each core that may be used.
    monotonic : dict of str to int
        The signs of the columns in whose values the predictions increase (1) or decrease (-1).
    known_relevances : dict
        The relevances of columns for the networks that were prepared so far. Networks with other
        inputs of the same columns have the same.
    """

    X: Any
    y: NDArray[Any]
    y_for_encoding: NDArray[Any]
    weight: FloatArray
    groups: NDArray[Any] | None
    target_kind: TargetKind
    number_loss: NumberLoss
    scaling: Scaling | None
    seed: int
    rare: float | None
    engine: str
    columns: ColumnRequests
    missing: Collection[str] = ()
    threads: int | None = None
    monotonic: Signs = field(default_factory=dict)
    known_relevances: KnownRelevances = field(default_factory=dict)

    def choose_inputs(self) -> ChosenInputs:
        """Choose inputs by ridge regressions; no fractions of rare categories if `rare` is set."""
        chosen = choose_inputs(
            self.X,
            self.y_for_encoding,
            self.weight,
            self.groups,
            columns=self.columns,
            missing=self.missing,
        )
        if self.rare is not None:
            chosen = chosen._replace(rare={})
        return without_inputs_of(self.monotonic, chosen)

    def sampled(self, most: int) -> "TrainingTable":
        """Return a table of at most `most` random rows."""
        rows = random_rows(len(self.y), most)
        groups = self.groups[rows] if self.groups is not None else None
        return replace(
            self,
            X=as_frame(self.X).take(rows),
            y=self.y[rows],
            y_for_encoding=self.y_for_encoding[rows],
            weight=self.weight[rows],
            groups=groups,
            known_relevances={},
        )

    def encode(self, chosen: ChosenInputs, recipe: EnsembleRecipe) -> TableEncoding:
        """Fit the encoding of the columns, before the target has a part in it."""
        encoding = TableEncoding.fit(
            self.X,
            numbers="piecewise",
            bins=recipe.bins,
            rare=self._rare(chosen),
            columns=self.columns,
            missing=self.missing,
        )
        encoding = without_cycles_of(self.monotonic, encoding)
        encoding = encoding.with_inputs(chosen.parts, chosen.codes, chosen.days)
        return with_categories_of_pairs(encoding, self.X, chosen.pairs)

    def _rare(self, chosen: ChosenInputs) -> float | dict[str, float]:
        """Return the fractions of rare categories: none are merged in columns of pairs."""
        if self.rare is not None:
            return self.rare
        return chosen.rare | dict.fromkeys(columns_of(chosen.pairs), 0.0)

    def prepare(self, chosen: ChosenInputs, recipe: EnsembleRecipe) -> PreparedTraining:
        """Encode the columns with the chosen inputs, and make the networks."""
        encoding = self.encode(chosen, recipe)
        # A column without bins has no codes.
        chosen = chosen._replace(codes=encoding.codes_by_name())
        encoding = add_edges_at_jumps(encoding, self.X, self.y_for_encoding, self.weight)
        encoding = replace(encoding, pairs=inputs_of_pairs(encoding, self.X, chosen.pairs))
        left_out = rows_left_out(self.y, recipe, self.target_kind, self.seed, self.groups)
        encoding, word_factors = with_words_of_networks(
            encoding,
            self.X,
            self.y_for_encoding,
            self.weight,
            left_out,
            keep=columns_with(self.columns, KEEP, "words"),
        )
        check_order(encoding, self.monotonic)
        factors_of_columns = relevance_factors(
            encoding,
            self.X,
            self.y_for_encoding,
            self.weight,
            left_out,
            self.known_relevances,
            n_threads=available_threads(self.threads),
        )
        factors_of_networks = word_factors * factors_of_columns
        # `AveragedNetworks` multiplies the factors into the first weights in the end, so that
        # predictions need none.
        factors = np.where(encoding.are_bins, recipe.bin_factor, 1.0).astype(np.float32)
        inputs = table_rows(encoding, self.X, np.float32, factors)
        shares = self.weight / self.weight.sum()
        out_of_fold = OutOfFold(self.y, shares, self.number_loss)
        input_signs = signs_of_inputs(encoding, self.monotonic) if self.monotonic else None
        training = EnsembleTraining(
            inputs,
            out_of_fold,
            recipe,
            self.target_kind,
            seed=self.seed,
            groups=self.groups,
            engine=self.engine,
            factors=factors,
            factors_of_networks=factors_of_networks,
            signs_of_inputs=input_signs,
        )
        return PreparedTraining(training, encoding, self.scaling, chosen, self.monotonic)
