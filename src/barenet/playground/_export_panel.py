"""The run of the page as ``barenet train`` and as Python code, with notes on the differences."""

import shlex
from dataclasses import replace
from typing import Any

import numpy as np

from barenet._registry import spec_of
from barenet.data._datasets import DATASETS
from barenet.data._run_config import RunConfig
from barenet.data._run_defaults import table_defaults
from barenet.errors import some
from barenet.model.losses import as_loss
from barenet.playground._network_view import NetworkView
from barenet.playground._page_state import DataSettings
from barenet.playground._prepared_data import PreparedData
from barenet.playground._resumed_schedule import depends_on_epochs, schedule_epochs
from barenet.playground._run_setup import run_config
from barenet.playground._tables import MAX_ROWS, TableFile
from barenet.playground._training_script import write_script

#: Command and code for a network that was opened from a model file.
OPENED_COMMAND = "barenet info model.safetensors"
OPENED_CODE = """\
import barenet

# The network was opened from a model file, and continues from its weights: save it as a model file.
predictor = barenet.load("model.safetensors")
print(predictor.network.summary())
"""
OPENED_NOTE = "This network began as a model file: save it above; the command prints its contents."
SAME_COMMAND = "In a terminal it trains this network again, and so does the Python code."
OTHER_COMMAND = (
    "It trains another network, for the reasons in the lines with #. The Python code trains this "
    "one."
)
SAME_WEIGHTS = (
    "The weights are the same to the last digit, unless you changed a setting during training, "
    "or went back in time."
)
COMPUTED_FEATURES = (
    "The model file takes features computed from the columns as columns of its own, which are not "
    "in the table: barenet evaluate, predict and play cannot use it with the table. They can use a "
    "model of the columns alone."
)
#: Settings of the page that a data set may have other defaults for.
FIXED = RunConfig(
    init="auto", bias_init="zeros", shuffle=True, dtype="float32", l1=0.0, l2=0.0, patience=0
)


def export(view: NetworkView, data: DataSettings) -> dict[str, Any]:
    """Write the command, the code and the notes."""
    prepared = view.prepared
    if prepared.model is not None:
        return {"command": OPENED_COMMAND, "code": OPENED_CODE, "notes": [OPENED_NOTE]}
    epochs = max(view.latest.status.epoch, 1)
    comments = [f"# {each}" for each in differences(data, view, epochs)]
    notes = [OTHER_COMMAND if comments else SAME_COMMAND, SAME_WEIGHTS]
    if prepared.table is not None and prepared.features.has_computed:
        notes.append(COMPUTED_FEATURES)
    return {
        "command": "\n".join([*comments, write_command(data, view, epochs)]),
        "code": write_script(data, view, epochs),
        "notes": notes,
    }


def write_command(data: DataSettings, view: NetworkView, epochs: int) -> str:
    """Write ``barenet train`` with every setting that matters."""
    prepared = view.prepared
    words: list[Any] = ["barenet", "train", prepared.dataset.name]
    if prepared.table is not None:
        words += ["--target", prepared.dataset.target_name, *prepared.table.flags]
        words += ["--task", prepared.dataset.task] if data.task else []
        dropped = _dropped(prepared, prepared.table)
        words += ["--drop", *dropped] if dropped else []
    for name, value in _command_config(data, view, epochs).set_fields().items():
        values = [] if value is True else value if isinstance(value, tuple) else [value]
        words += [f"--{name.replace('_', '-')}", *values]
    return shlex.join(map(str, words))


def _command_config(data: DataSettings, view: NetworkView, epochs: int) -> RunConfig:
    """The run of the page, with settings to replace other defaults of the data set."""
    prepared = view.prepared
    config = run_config(view.settings, prepared)
    config = replace(
        config,
        layers=(_n_inputs(data, prepared), *(config.layers or ())[1:]),
        epochs=epochs,
        scaling="standardize",
        test_size=data.test_size,
        **data.generator_options,
    )
    named = DATASETS.get(prepared.dataset.name)
    default = table_defaults(prepared.training.n_samples) if named is None else named.config
    fixed = replace(FIXED, loss=spec_of(as_loss(None, view.network.output_activation)))
    given = default.set_fields()
    others = {n: value for n, value in fixed.set_fields().items() if given.get(n, value) != value}
    return config.over(RunConfig(**others))


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
    if view.latest.status.edits:
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
    used = [index for axis, index in axes.items() if any(axis in name for name in features.names)]
    return [names[index] for index in used]


def _n_inputs(data: DataSettings, prepared: PreparedData) -> int:
    """Number of the command's inputs, with those that mark missing values."""
    if prepared.table is None:
        return prepared.dataset.n_features
    columns = _columns(prepared)
    return len(columns) + prepared.table.count_incomplete(data, columns)
