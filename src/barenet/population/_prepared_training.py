"""Prepares the training of an ensemble on a table: the inputs, the targets and the recipe.

`choose_inputs` chooses inputs by ridge regressions, in milliseconds. But a regression can't express
what networks learn from the other columns, so categories in few rows may seem to predict what they
only repeat, and a network overfits to them. The networks of a first repeat are therefore trained
with and without such inputs, and the rows that they leave out decide.
"""

from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Unpack

import numpy as np
from numpy.typing import NDArray

from barenet.datasets._target_kind import ONE_NUMBER, TargetKind
from barenet.model._arrays import FloatArray
from barenet.population._ensemble_recipe import EnsembleRecipe
from barenet.population._ensemble_training import EnsembleTraining, rows_left_out
from barenet.population._number_loss import SQUARED_ERROR, NumberLoss
from barenet.population._out_of_fold import OutOfFold, check_memory
from barenet.tables._chosen_inputs import ChosenInputs, choose_inputs
from barenet.tables._column_relevance import relevance_factors
from barenet.tables._encoding import RARE, ColumnOptions, TableEncoding
from barenet.tables._frame import Frame
from barenet.tables._parsed_frame import ParsedFrame
from barenet.tables._scaling import Scaling
from barenet.tables._table_rows import table_rows
from barenet.tables._target_jumps import add_edges_at_jumps
from barenet.tables._telling_words import with_words_of_networks

#: Maximum number of rows with which networks are trained to compare inputs. With more rows, the
#: categories that get an input are in more rows, too, as their number is limited.
MOST_ROWS_OF_TRIAL = 20_000

#: Only the categories of columns that have fewer rows for each input, on average, are compared.
ROWS_OF_CATEGORY = 10

#: Maximum number of epochs of these networks. Those that overfit to categories do so early.
EPOCHS_OF_TRIAL = 20


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
    """

    training: EnsembleTraining
    encoding: TableEncoding
    scaling: Scaling | None
    chosen: ChosenInputs


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
    columns : dict
        The options of the columns.
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
    columns: ColumnOptions

    def choose_inputs(self) -> ChosenInputs:
        """Choose inputs by ridge regressions; the fraction of rare categories only if not given."""
        chosen = choose_inputs(self.X, self.y_for_encoding, self.weight, **self.columns)
        if self.rare is not None:
            chosen = chosen._replace(rare={})
        return chosen

    def without_harmful_inputs(
        self, chosen: ChosenInputs, recipe: EnsembleRecipe, threads: int | None
    ) -> ChosenInputs:
        """Leave out codes and rare categories in few rows with which networks predict worse."""
        if not chosen.codes and not chosen.rare:
            return chosen
        wide = set()
        for column in self.encode(chosen, recipe).used:
            if len(column.inputs) * ROWS_OF_CATEGORY > len(self.y):
                wide.add(column.name)
        without_codes = {}
        for name, codes in chosen.codes.items():
            if name not in wide:
                without_codes[name] = codes
        merged_more = {}
        for name, threshold in chosen.rare.items():
            if name not in wide or threshold > RARE:
                merged_more[name] = threshold
        if chosen.codes == without_codes and chosen.rare == merged_more:
            return chosen
        loss = self.loss_of_trial(chosen, recipe, threads)
        if chosen.codes != without_codes:
            simpler = chosen._replace(codes=without_codes)
            loss_of_simpler = self.loss_of_trial(simpler, recipe, threads)
            if loss_of_simpler < loss:
                chosen = simpler
                loss = loss_of_simpler
        if chosen.rare != merged_more:
            simpler = chosen._replace(rare=merged_more)
            if self.loss_of_trial(simpler, recipe, threads) < loss:
                chosen = simpler
        return chosen

    def loss_of_trial(
        self, chosen: ChosenInputs, recipe: EnsembleRecipe, threads: int | None
    ) -> float:
        """Train the networks of one repeat, and return the loss on the rows that they leave out."""
        epochs = min(recipe.epochs, EPOCHS_OF_TRIAL)
        training = self.prepare(chosen, replace(recipe, repeats=1, epochs=epochs)).training
        training.run(threads, progress=False)
        if training.is_interrupted:
            raise KeyboardInterrupt
        assert training.best is not None
        return training.best.loss

    def encode(self, chosen: ChosenInputs, recipe: EnsembleRecipe) -> TableEncoding:
        """Fit the encoding of the columns, before the target has a part in it."""
        rare: float | dict[str, float] = chosen.rare
        if self.rare is not None:
            rare = self.rare
        encoding = TableEncoding.fit(
            self.X, numbers="piecewise", bins=recipe.bins, rare=rare, **self.columns
        )
        return encoding.with_inputs(chosen.parts, chosen.codes)

    def prepare(self, chosen: ChosenInputs, recipe: EnsembleRecipe) -> PreparedTraining:
        """Encode the columns with the chosen inputs, and make the networks."""
        encoding = self.encode(chosen, recipe)
        chosen = chosen._replace(codes=encoding.codes_by_name())  # those of columns with bins
        encoding = add_edges_at_jumps(encoding, self.X, self.y_for_encoding, self.weight)
        left_out = rows_left_out(self.y, recipe, self.target_kind, self.seed, self.groups)
        kept = self.columns.get("keep_column", ())
        encoding, factors_of_networks = with_words_of_networks(
            encoding, self.X, self.y_for_encoding, self.weight, left_out, kept
        )
        factors_of_networks *= relevance_factors(
            encoding, self.X, self.y_for_encoding, self.weight, left_out
        )
        # `AveragedNetworks` multiplies the factors into the first weights in the end, so that
        # predictions need none.
        factors = np.where(encoding.are_bins, recipe.bin_factor, 1.0).astype(np.float32)
        inputs = table_rows(encoding, self.X, np.float32, factors)
        shares = self.weight / self.weight.sum()
        training = EnsembleTraining(
            inputs,
            OutOfFold(self.y, shares, self.number_loss),
            recipe,
            self.target_kind,
            seed=self.seed,
            groups=self.groups,
            factors=factors,
            factors_of_networks=factors_of_networks,
        )
        return PreparedTraining(training, encoding, self.scaling, chosen)


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
    threads: int | None = None,
    **columns: Unpack[ColumnOptions],
) -> PreparedTraining:
    """Prepare the training on a table: choose its inputs, fit their encoding, and scale numbers.

    `choose_inputs` chooses further inputs of dates and whole numbers, and the fraction below which
    categories are merged for each column, if it isn't given. Networks are trained with and without
    the inputs of whole numbers and of categories that are in few rows (`ROWS_OF_CATEGORY`), unless
    there are more than `MOST_ROWS_OF_TRIAL` rows.
    """
    check_memory(y, target_kind)
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
    if isinstance(X, Frame):
        X = ParsedFrame.of(X)  # the fit of the encoding and the following steps share the values
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
        columns=columns,
    )
    recipe = EnsembleRecipe.for_rows(len(y))
    recipe = replace(recipe, epochs=epochs or recipe.epochs)
    chosen = table.choose_inputs()
    if len(y) <= MOST_ROWS_OF_TRIAL:
        chosen = table.without_harmful_inputs(chosen, recipe, threads)
    return table.prepare(chosen, recipe)
