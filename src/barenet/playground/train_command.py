"""The run of the page as ``barenet train``, and the differences between the two."""

from __future__ import annotations

import shlex
from typing import Any

import numpy as np

from barenet.data.datasets import DATASETS
from barenet.data.generated import GENERATED
from barenet.data.run_config import RunConfig
from barenet.data.run_defaults import table_defaults
from barenet.errors import some
from barenet.model.losses import as_loss
from barenet.playground.network_view import NetworkView
from barenet.playground.page_state import DataSettings
from barenet.playground.prepared_data import PreparedData
from barenet.playground.presets import noise_of
from barenet.playground.resumed_schedule import depends_on_epochs, schedule_epochs
from barenet.playground.run_setup import run_config
from barenet.playground.tables import MAX_ROWS, TableFile
from barenet.registry import spec_of

__all__ = ["differences", "write_command"]


def write_command(data: DataSettings, view: NetworkView, epochs: int) -> str:
    """Write ``barenet train`` with every setting that matters."""
    settings, prepared = view.settings, view.prepared
    config, table = run_config(settings, prepared), prepared.table
    name = prepared.dataset.name
    words: list[Any] = ["barenet", "train", name]
    if table is not None:
        words += _table_flags(data, prepared, table)
    if name in GENERATED:
        words += ["--samples", data.samples, "--noise", noise_of(data.source, data.noise)]
        words += ["--data-seed", data.data_seed]
    words += ["--layers", _n_inputs(data, prepared), *(config.layers or ())[1:]]
    if settings.hidden:
        words += ["--hidden", *settings.activations]
    words += ["--output", config.output, "--optimizer", settings.optimizer]
    if settings.optimizer != "lbfgs":
        words += ["--learning-rate", settings.learning_rate, "--batch-size", config.batch_size]
    words += [word for flag in ("loss", "schedule") for word in _flag(flag, getattr(config, flag))]
    if settings.penalty != "none":
        words += [f"--{settings.penalty}", settings.penalty_rate]
    words += ["--batch-norm"] if settings.batch_norm else []
    words += _flag("dropout", settings.dropout)
    words += ["--epochs", epochs, "--seed", settings.seed, "--scaling", "standardize"]
    words += ["--test-size", data.test_size, *_undo_defaults(view)]
    return shlex.join(map(str, words))


def differences(data: DataSettings, view: NetworkView, epochs: int) -> list[str]:
    """List the differences between the command and the page."""
    prepared, settings = view.prepared, view.settings
    found = []
    if prepared.features.has_computed:
        features = some(prepared.features.names)
        found.append(f"The command learns from the columns as they are, the page from {features}.")
    elif prepared.table is not None:
        found += _table_differences(prepared, prepared.table)
    elif prepared.dataset.n_features > prepared.inputs.n_features:
        found.append("The command learns from all columns, the page from some of them.")
    if settings.schedule.startswith("reduce_on_plateau"):
        found.append(
            "The command's schedule uses the validation loss, the page's the training loss."
        )
    elif depends_on_epochs(settings, epochs):
        length = schedule_epochs(settings)
        found.append(f"The page spreads the schedule over {length:,} epochs, not over these.")
    if view.latest.edits:
        found.append("Weights were changed by hand on the page; the command cannot do that.")
    return found


def _table_differences(prepared: PreparedData, table: TableFile) -> list[str]:
    found = []
    columns = _columns(prepared)
    if table.is_mixed(prepared.dataset.target_name) or _dropped(prepared, table):
        found.append("The command scales columns by another formula: equal but for rounding.")
        X = np.asarray(prepared.inputs.X)
        if any(set(np.unique(column)) <= {0.0, 1.0} for column in X.T):
            found.append("The command leaves columns of 0 and 1 as they are, the page scales them.")
        if table.has_missing(columns):
            found.append(
                "The command fills missing values by the training rows, and adds an input that "
                "marks them."
            )
    if [name for name in table.numeric if name in columns] != columns:
        found.append("The command takes the columns in the table's order.")
    if table.is_subsampled:
        found.append(f"The command learns from all rows, the page from {MAX_ROWS:,} of them.")
    return found


def _table_flags(data: DataSettings, prepared: PreparedData, table: TableFile) -> list[Any]:
    words: list[Any] = ["--target", prepared.dataset.target_name]
    words += ["--task", prepared.dataset.task] if data.task else []
    words += table.flags
    dropped = _dropped(prepared, table)
    return [*words, "--drop", *dropped] if dropped else words


def _dropped(prepared: PreparedData, table: TableFile) -> list[str]:
    """The columns that the page does not use; those without a name are never used."""
    used = {*_columns(prepared), prepared.dataset.target_name, ""}
    return [name for name in table.numeric if name not in used]


def _columns(prepared: PreparedData) -> list[str]:
    """The columns that the inputs are computed from."""
    names, features = prepared.dataset.feature_names, prepared.features
    if not features.names:
        return list(names)
    axes = {"x1": features.columns[0], "x2": features.columns[-1]}
    return [
        names[index]
        for axis, index in axes.items()
        if any(axis in feature for feature in features.names)
    ]


def _n_inputs(data: DataSettings, prepared: PreparedData) -> int:
    """Number of the command's inputs, with those that mark missing values."""
    if prepared.table is None:
        return prepared.dataset.n_features
    columns = _columns(prepared)
    return len(columns) + prepared.table.count_incomplete(data, columns)


def _undo_defaults(view: NetworkView) -> list[Any]:
    """Flags against settings that the data set has by default for the command only."""
    default, settings = _default_config(view.prepared), view.settings
    words: list[Any] = []
    if default.init is not None:
        words += ["--init", "auto"]
    if default.bias_init is not None:
        words += ["--bias-init", "zeros"]
    if default.shuffle is False:
        words += ["--shuffle"]
    if default.dtype is not None:
        words += ["--dtype", "float32"]
    if default.loss is not None and not settings.loss:
        words += ["--loss", spec_of(as_loss(None, view.network.output_activation))]
    for penalty in ("l1", "l2"):
        if getattr(default, penalty) and settings.penalty != penalty:
            words += [f"--{penalty}", 0]
    return [*words, "--patience", 0] if default.patience else words


def _default_config(prepared: PreparedData) -> RunConfig:
    """The settings of the data set for the command."""
    named = DATASETS.get(prepared.dataset.name)
    return table_defaults(prepared.training.n_samples) if named is None else named.config


def _flag(name: str, value: Any) -> list[Any]:
    return [f"--{name}", value] if value else []
