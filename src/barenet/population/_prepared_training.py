"""Prepares the training of an ensemble, whose chosen inputs are confirmed by networks.

`choose_inputs` chooses inputs by ridge regressions, in milliseconds. But a regression can't express
what networks learn from the other columns. Categories in few rows may seem to predict what they
only repeat, and a network overfits to them. A pair of columns may seem to predict what a network
learns from the columns by themselves. The networks of a first repeat are therefore trained with and
without such inputs, and the rows that they leave out decide.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Unpack

import numpy as np
from numpy.typing import NDArray

from barenet.datasets._target_kind import ONE_NUMBER, TargetKind
from barenet.inputs._chosen_inputs import ChosenInputs
from barenet.inputs._input_regression import GAIN
from barenet.inputs._monotonic_columns import signs_of_columns
from barenet.model._arrays import FloatArray
from barenet.population._ensemble_recipe import EnsembleRecipe
from barenet.population._monotonic_network import check_monotonic_target
from barenet.population._number_loss import SQUARED_ERROR, NumberLoss
from barenet.population._out_of_fold import check_memory
from barenet.population._train_many import ShowLine, live_line
from barenet.population._training_table import PreparedTraining, TrainingTable
from barenet.tables.encoding._encoding import ColumnLists
from barenet.tables.frames._frame import TEXT
from barenet.tables.frames._parsed_frame import ParsedFrame
from barenet.tables.frames._to_frame import as_frame, column_names
from barenet.tables.reading._column_words import (
    DROP,
    ColumnRequest,
    columns_with,
    merge_columns,
)

#: Maximum number of rows of a trial. On larger tables, codes and rare categories are not compared:
#: the number of inputs is limited, so each of them has more rows there.
MOST_ROWS_OF_TRIALS = 20_000

#: Codes and rare categories are compared only in columns with fewer rows than this for each input.
ROWS_OF_CATEGORY = 10

#: Maximum number of epochs of a trial. Networks without inputs for pairs need more epochs than
#: those with them, so shorter trials would favour pairs.
EPOCHS = 48


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
    **lists: Unpack[ColumnLists],
) -> PreparedTraining:
    """Prepare the training on a table: choose its inputs, fit their encoding, and scale numbers.

    `choose_inputs` chooses further inputs of dates and whole numbers, and the fraction below which
    categories are merged for each column, if it isn't given. It also proposes pairs of columns of
    categories. Networks that are trained with and without such inputs confirm them (`InputTrials`).
    """
    check_memory(y, target_kind)
    requests = merge_columns(columns, **lists)
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
    trials = InputTrials(table, recipe, progress=progress)
    chosen = trials.confirm(chosen)
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


class InputTrials:
    """Trains the networks of one repeat with different inputs of the same table.

    Parameters
    ----------
    table : TrainingTable
        The rows, of which at most `MOST_ROWS_OF_TRIALS` are used.
    recipe : EnsembleRecipe
        The numbers of the training, except those of the repeats and epochs.
    progress : bool, optional
        Whether a bar shows the epochs; by default, on a terminal and in notebooks.
    """

    def __init__(
        self,
        table: TrainingTable,
        recipe: EnsembleRecipe,
        *,
        progress: bool | None = None,
    ) -> None:
        self.has_all_rows = len(table.y) <= MOST_ROWS_OF_TRIALS
        if not self.has_all_rows:
            table = table.sampled(MOST_ROWS_OF_TRIALS)
        self.table = table
        self.recipe = replace(recipe, repeats=1, epochs=min(recipe.epochs, EPOCHS))
        self.progress = progress
        #: The inputs that networks have been trained with, and their losses.
        self._losses: list[tuple[ChosenInputs, float]] = []

    def confirm(self, chosen: ChosenInputs) -> ChosenInputs:
        """Leave out the codes, rare categories and pairs that make predictions worse."""
        confirmed = chosen._replace(pairs=())
        if self.has_all_rows:
            wide = self._wide_columns(confirmed)
            without_codes = confirmed.without_codes(wide)
            confirmed = self._better(without_codes, confirmed)
            with_merged = confirmed.with_merged_categories(wide)
            confirmed = self._better(with_merged, confirmed)
        with_pairs = confirmed._replace(pairs=chosen.pairs)
        return with_pairs if self._is_clearly_better(with_pairs, confirmed) else confirmed

    def _better(self, other: ChosenInputs, chosen: ChosenInputs) -> ChosenInputs:
        """Return the other inputs if networks predict better with them."""
        if other == chosen:
            return chosen
        if self._loss(other) < self._loss(chosen):
            return other
        return chosen

    def _is_clearly_better(self, further: ChosenInputs, chosen: ChosenInputs) -> bool:
        """Return whether further inputs reduce the loss by more than the fraction `GAIN`."""
        return further != chosen and self._loss(further) < (1 - GAIN) * self._loss(chosen)

    def _wide_columns(self, chosen: ChosenInputs) -> set[str]:
        """Find the columns with few rows for each input."""
        if not chosen.codes and not chosen.days and not chosen.rare:
            return set()
        wide = set()
        for column in self.table.encode(chosen, self.recipe).used:
            if len(column.inputs) * ROWS_OF_CATEGORY > len(self.table.y):
                wide.add(column.name)
        return wide

    def _loss(self, chosen: ChosenInputs) -> float:
        """Return the loss of networks with these inputs on the rows that they leave out."""
        for trained, loss in self._losses:
            if trained == chosen:
                return loss
        training = self.table.prepare(chosen, self.recipe).training
        with live_line(self.progress, width=12) as show_line:
            training.run(self.table.threads, progress=False, show_line=_of_trial(show_line))
        if training.is_interrupted:
            raise KeyboardInterrupt
        assert training.best is not None
        loss = training.best.loss
        self._losses.append((chosen, loss))
        return loss


def _of_trial(show_line: ShowLine | None) -> ShowLine | None:
    """Wrap `show_line`, so that the bar says that inputs are compared, and prints no line."""
    if show_line is None:
        return None

    def show(epoch: int, n_epochs: int, text: str, number: int) -> None:
        show_line(epoch, n_epochs, f"comparing inputs  {text}", 0)

    return show
