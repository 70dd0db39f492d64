"""Prepares the training of an ensemble on a table: the inputs, the targets and the recipe."""

from dataclasses import replace
from typing import Any, Unpack

import numpy as np
from numpy.typing import NDArray

from barenet.datasets._target_kind import ONE_NUMBER, TargetKind
from barenet.model._arrays import FloatArray
from barenet.population._ensemble_recipe import EnsembleRecipe
from barenet.population._input_trials import InputTrials
from barenet.population._number_loss import SQUARED_ERROR, NumberLoss
from barenet.population._out_of_fold import check_memory
from barenet.population._training_table import PreparedTraining, TrainingTable
from barenet.tables._encoding import ColumnOptions
from barenet.tables._frame import Frame
from barenet.tables._parsed_frame import ParsedFrame


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
    progress: bool | None = None,
    **columns: Unpack[ColumnOptions],
) -> PreparedTraining:
    """Prepare the training on a table: choose its inputs, fit their encoding, and scale numbers.

    `choose_inputs` chooses further inputs of dates and whole numbers, and the fraction below which
    categories are merged for each column, if it isn't given. It also proposes pairs of columns of
    categories. Networks that are trained with and without such inputs confirm them (`InputTrials`).
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
    if epochs:
        recipe = replace(recipe, epochs=epochs)
    chosen = table.choose_inputs()
    trials = InputTrials(table, recipe, threads=threads, progress=progress)
    chosen = trials.confirm(chosen)
    return table.prepare(chosen, recipe)
