"""Prepares the training of an ensemble on a table: the inputs, the targets and the recipe."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Unpack

import numpy as np
from numpy.typing import NDArray

from barenet.datasets._target_kind import ONE_NUMBER, TargetKind
from barenet.inputs._monotonic_columns import signs_of_columns
from barenet.model._arrays import FloatArray
from barenet.population._ensemble_recipe import EnsembleRecipe
from barenet.population._input_trials import InputTrials
from barenet.population._monotonic_network import check_monotonic_target
from barenet.population._number_loss import SQUARED_ERROR, NumberLoss
from barenet.population._out_of_fold import check_memory
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
