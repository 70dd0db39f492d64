"""Command: what is on the page as ``barenet train``, and what that does otherwise."""

from __future__ import annotations

import shlex
from typing import Any

import numpy as np

from barenet.data.datasets import DATASETS
from barenet.data.generated import GENERATED
from barenet.data.recipe import Recipe
from barenet.data.table_recipe import recipe_for_table
from barenet.errors import some
from barenet.model.losses import as_loss
from barenet.playground.page_state import DataSettings
from barenet.playground.file_store import FileStore
from barenet.playground.page_state import NetworkSettings
from barenet.playground.network_view import NetworkView
from barenet.playground.prepared_data import PreparedData
from barenet.playground.presets import noise_of
from barenet.playground.resumed_schedule import depends_on_horizon, schedule_epochs
from barenet.playground.run_setup import batch_size
from barenet.playground.tables import MOST_ROWS, PREFIX
from barenet.registry import spec_of

__all__ = ["differences", "write_command"]


def write_command(
    data: DataSettings, view: NetworkView, store: FileStore, epochs: int
) -> str:
    """Write ``barenet train`` with every setting that matters."""
    settings, prepared = view.settings, view.prepared
    name = prepared.dataset.name
    words: list[Any] = ["barenet", "train", name]
    if data.source.startswith(PREFIX):
        words += _table(data, prepared, store)
    if name in GENERATED:
        words += [
            "--samples",
            data.samples,
            "--noise",
            noise_of(data.source, data.noise),
        ]
        words += ["--data-seed", data.data_seed]
    words += ["--layers", _width(data, prepared, store), *settings.hidden]
    words += [view.layout()[-1]["n_out"]]
    if settings.hidden:
        words += ["--hidden", *settings.activations]
    words += ["--output", view.network.output_activation.name, *_learning(settings, prepared)]
    words += ["--epochs", epochs, "--seed", settings.seed, "--scaling", "standardize"]
    words += ["--test-size", data.test_size, *_not_as_usual(view)]
    return shlex.join(map(str, words))


def differences(
    data: DataSettings, view: NetworkView, store: FileStore, epochs: int
) -> list[str]:
    """Say what the command does otherwise than the page."""
    prepared, settings = view.prepared, view.settings
    said = []
    given = some(prepared.features)
    if not set(prepared.features) <= {"x1", "x2"}:
        said.append(f"The command learns from the columns as they are, the page from {given}.")
    elif data.source.startswith(PREFIX):
        said += _of_tables(data, prepared, store)
    elif prepared.dataset.n_features > prepared.inputs.n_features:
        said.append("The command learns from all columns, the page from some of them.")
    if settings.schedule.startswith("reduce_on_plateau"):
        said.append(
            "The command's schedule uses the validation loss, the page's the training loss."
        )
    elif depends_on_horizon(settings, epochs):
        said.append(
            f"The page spreads the schedule over {schedule_epochs(settings):,} epochs, not over these."
        )
    if view.latest.edits:
        said.append("Weights were changed by hand on the page; the command cannot do that.")
    return said


def _of_tables(data: DataSettings, prepared: PreparedData, store: FileStore) -> list[str]:
    """What else is done to a table of one's own."""
    said = []
    mixed = store.tables.is_mixed(data.source, prepared.dataset.target_name)
    if mixed or _dropped(data, prepared, store):
        said.append("The command scales columns by another formula: equal but for rounding.")
        X = prepared.inputs.X
        if any(set(np.unique(column)) <= {0.0, 1.0} for column in np.asarray(X).T):
            said.append("The command leaves columns of 0 and 1 as they are, the page scales them.")
        if store.tables.has_holes(data.source, _own_columns(prepared)):
            said.append(
                "The command fills holes by the training rows, and tells the network where."
            )
    used = _own_columns(prepared)
    if [name for name in store.tables.columns(data.source) if name in used] != used:
        said.append("The command takes the columns in the table's order.")
    if store.tables.is_cut(data.source):
        said.append(f"The command learns from all rows, the page from {MOST_ROWS:,} of them.")
    return said


def _table(data: DataSettings, prepared: PreparedData, store: FileStore) -> list[Any]:
    """How a table of one's own is read."""
    words: list[Any] = ["--target", prepared.dataset.target_name]
    words += ["--task", prepared.dataset.task] if data.task else []
    for option, value in store.tables.options(data.source).items():
        words += [f"--{option}", value]
    dropped = _dropped(data, prepared, store)
    return [*words, "--drop", *dropped] if dropped else words


def _dropped(data: DataSettings, prepared: PreparedData, store: FileStore) -> list[str]:
    """The columns that the page does not learn from; what has no name is left out anyway."""
    used = {*_own_columns(prepared), prepared.dataset.target_name, ""}
    return [name for name in store.tables.columns(data.source) if name not in used]


def _own_columns(prepared: PreparedData) -> list[str]:
    """The columns that the command learns from, where it can leave others out."""
    names = prepared.dataset.feature_names
    if not prepared.features:
        return list(names)
    positions = {"x1": prepared.columns[0], "x2": prepared.columns[-1]}
    return [
        names[place]
        for axis, place in positions.items()
        if any(axis in feature for feature in prepared.features)
    ]


def _width(data: DataSettings, prepared: PreparedData, store: FileStore) -> int:
    """How many numbers a row becomes for the command."""
    if not data.source.startswith(PREFIX):
        return prepared.dataset.n_features
    names = _own_columns(prepared)
    return len(names) + store.tables.count_holed(data, names)


def _not_as_usual(view: NetworkView) -> list[Any]:
    """Undo what the data would bring of their own, and the page has not."""
    usual, settings = _usual(view.prepared), view.settings
    words: list[Any] = []
    if usual.init is not None:
        words += ["--init", "auto"]
    if usual.bias_init is not None:
        words += ["--bias-init", "zeros"]
    if usual.shuffle is False:
        words += ["--shuffle"]
    if usual.dtype is not None:
        words += ["--dtype", "float32"]
    if usual.loss is not None and not settings.loss:
        words += ["--loss", spec_of(as_loss(None, view.network.output_activation))]
    for penalty in ("l1", "l2"):
        if getattr(usual, penalty) and settings.penalty != penalty:
            words += [f"--{penalty}", 0]
    if usual.patience:
        words += ["--patience", 0]
    return words


def _usual(prepared: PreparedData) -> Recipe:
    """What the data are trained with if nobody says."""
    named = DATASETS.get(prepared.dataset.name)
    return recipe_for_table(prepared.training.n_samples) if named is None else named.recipe


def _learning(settings: NetworkSettings, prepared: PreparedData) -> list[Any]:
    words: list[Any] = ["--optimizer", settings.optimizer]
    if settings.optimizer != "lbfgs":
        words += ["--learning-rate", settings.learning_rate]
        size = batch_size(settings, prepared)
        words += ["--batch-size", "full" if size == prepared.training.n_samples else size]
    if settings.loss:
        words += ["--loss", settings.loss]
    if settings.schedule != "constant":
        words += ["--schedule", settings.schedule]
    if settings.penalty != "none":
        words += [f"--{settings.penalty}", settings.penalty_rate]
    words += ["--batch-norm"] if settings.batch_norm else []
    return [*words, "--dropout", settings.dropout] if settings.dropout else words
