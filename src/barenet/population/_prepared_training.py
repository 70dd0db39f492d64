"""Prepares the training of an ensemble, whose chosen inputs are confirmed by networks.

`choose_inputs` chooses inputs by ridge regressions, in milliseconds. But a regression can't express
what networks learn from the other columns. Categories in few rows may seem to predict what they
only repeat, and a network overfits to them. A pair of columns may seem to predict what a network
learns from the columns by themselves. Two networks are therefore trained without such inputs, each
on half of the rows. Only inputs that predict what these leave unexplained are kept.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.datasets._target_kind import ONE_NUMBER, TargetKind
from barenet.errors import DivergenceError
from barenet.inputs._chosen_inputs import ChosenInputs, choose_inputs
from barenet.inputs._chosen_pairs import columns_of, inputs_of_pairs, with_categories_of_pairs
from barenet.inputs._column_relevance import relevance_factors
from barenet.inputs._confirmed_inputs import UnexplainedTargets, confirmed_inputs
from barenet.inputs._input_regression import random_rows
from barenet.inputs._monotonic_columns import (
    Signs,
    check_order,
    signs_of_columns,
    signs_of_inputs,
    without_cycles_of,
    without_inputs_of,
)
from barenet.inputs._target_jumps import add_edges_at_jumps
from barenet.inputs._telling_words import with_words_of_networks
from barenet.model._arrays import FloatArray
from barenet.population._ensemble_recipe import EnsembleRecipe
from barenet.population._ensemble_training import EnsembleTraining, rows_left_out
from barenet.population._monotonic_network import check_monotonic_target
from barenet.population._number_loss import SQUARED_ERROR, NumberLoss
from barenet.population._out_of_fold import OutOfFold, check_memory
from barenet.tables.encoding._encoding import TableEncoding
from barenet.tables.encoding._scaling import Scaling
from barenet.tables.encoding._table_rows import table_rows
from barenet.tables.frames._frame import TEXT
from barenet.tables.frames._parsed_frame import ParsedFrame
from barenet.tables.frames._to_frame import as_frame, column_names
from barenet.tables.reading._column_words import (
    DROP,
    KEEP,
    ColumnRequest,
    ColumnRequests,
    columns_with,
    merge_columns,
)
from barenet.training._progress import ShowLine, live_line

#: Maximum number of rows by which inputs are confirmed. On larger tables, this is done for pairs
#: alone: the number of inputs is limited, so each category has more rows there.
MOST_ROWS_OF_CONFIRMATION = 20_000

#: Maximum number of epochs of the networks that confirm inputs.
EPOCHS = 48


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


def prepare_ensemble_training(
    X: Any,
    y: NDArray[Any],
    target_kind: TargetKind = ONE_NUMBER,
    *,
    number_loss: NumberLoss = SQUARED_ERROR,
    weight: FloatArray | None = None,
    groups: NDArray[Any] | None = None,
    epochs: int | None = None,
    seed: int = 0,
    rare: float | None = None,
    engine: str = "auto",
    threads: int | None = None,
    progress: bool | None = None,
    monotonic: Any = None,
    columns: Mapping[str, str | ColumnRequest] | None = None,
    missing: Collection[str] = (),
) -> PreparedTraining:
    """Prepare the training on a table: choose its inputs, fit their encoding, and scale numbers.

    `choose_inputs` chooses further inputs of dates and whole numbers, and the fraction below which
    categories are merged for each column, if it isn't given. It also proposes pairs of columns of
    categories. `TrainingTable.confirm` leaves out those that networks can do without.
    """
    check_memory(y, target_kind)
    requests = merge_columns(columns)
    dropped = columns_with(requests, DROP)
    signs = signs_of_columns(monotonic, X, dropped)
    if signs:
        check_monotonic_target(target_kind)
    if weight is None:
        weight = np.ones(len(y))
    scaling = None
    y_for_encoding = y
    if not target_kind.of_classes:
        y = y.reshape(len(y), -1)
        number_loss.check_targets(y, weight)
        scaling = number_loss.fit_scaling(y, weight)
        y = number_loss.scaled(y, weight, scaling)
        y_for_encoding = number_loss.for_encoding(y, weight)
    X = _converted_once(X, dropped)
    table = TrainingTable(
        X=X,
        y=y,
        y_for_encoding=y_for_encoding,
        weight=weight,
        groups=groups,
        target_kind=target_kind,
        number_loss=number_loss,
        scaling=scaling,
        seed=seed,
        rare=rare,
        engine=engine,
        columns=requests,
        missing=missing,
        threads=threads,
        monotonic=signs,
    )
    recipe = EnsembleRecipe.for_rows(len(y))
    if epochs:
        recipe = replace(recipe, epochs=epochs)
    chosen = table.choose_inputs()
    chosen = table.confirm(chosen, recipe, progress=progress)
    return table.prepare(chosen, recipe)


def _converted_once(X: Any, drop: Collection[str]) -> Any:
    """Convert a table with names to a frame, so that all steps share its columns and their values.

    An array is returned as it is: the frame of an array has names, and the array has none. Columns
    to drop may have values of any type, which are not converted.
    """
    names = column_names(X)
    if names is None:
        return X
    kept = [name for name in names if name not in drop]
    if not kept:
        return X  # `TableEncoding.fit` refuses to drop all columns
    frame = as_frame(X, only=kept)
    without_values = np.full(len(frame), "", TEXT)
    columns = {}
    for name in names:
        columns[name] = frame.columns.get(name, without_values)
    return ParsedFrame.of(replace(frame, columns=columns))


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

    def choose_inputs(self) -> ChosenInputs:
        """Choose inputs by ridge regressions; no fractions of rare categories if `rare` is set."""
        chosen = choose_inputs(
            self.X,
            self.y_for_encoding,
            self.weight,
            self.groups,
            requests=self.columns,
            missing=self.missing,
        )
        if self.rare is not None:
            chosen = chosen._replace(rare={})
        return without_inputs_of(self.monotonic, chosen)

    def confirm(
        self, chosen: ChosenInputs, recipe: EnsembleRecipe, *, progress: bool | None = None
    ) -> ChosenInputs:
        """Leave out inputs that don't predict what networks without them leave unexplained.

        A bar shows the epochs of these networks, by default on a terminal and in notebooks.
        """
        table = self
        certain = chosen.without_doubtful_inputs()
        if len(self.y) > MOST_ROWS_OF_CONFIRMATION:
            table = self.sampled(MOST_ROWS_OF_CONFIRMATION)
            certain = chosen._replace(pairs=())
        if chosen == certain:
            return chosen
        recipe = replace(recipe, folds=2, repeats=1, epochs=min(recipe.epochs, EPOCHS))
        training = table.prepare(certain, recipe).training
        try:
            with live_line(progress, width=12) as show_line:
                training.run(table.threads, progress=False, show_line=_of_confirmation(show_line))
        except DivergenceError:
            return certain  # without a network, nothing confirms the other inputs
        if training.is_interrupted:
            raise KeyboardInterrupt
        assert training.best is not None
        unexplained = UnexplainedTargets(
            table.encode(chosen, recipe),
            table.X,
            training.out_of_fold.unexplained(training.best.predictions),
            table.weight,
            is_in_first_half=np.isin(np.arange(len(table.y)), training.left_out[0]),
            groups=table.groups,
        )
        return confirmed_inputs(chosen, certain, unexplained)

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
        column_pairs = chosen.pairs + chosen.slopes
        encoding = replace(encoding, pairs=inputs_of_pairs(encoding, self.X, column_pairs))
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
            n_folds=len(left_out) // recipe.repeats,
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


def _of_confirmation(show_line: ShowLine | None) -> ShowLine | None:
    """Wrap `show_line`, so that the bar says that inputs are confirmed, and prints no line."""
    if show_line is None:
        return None

    def show(epoch: int, n_epochs: int, text: str, number: int) -> None:
        show_line(epoch, n_epochs, f"confirming inputs  {text}", 0)

    return show
