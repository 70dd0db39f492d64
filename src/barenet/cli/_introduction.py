"""The introduction of a run: its data and its network, printed before the training."""

import shlex

from barenet.cli._columns import summarize_columns
from barenet.cli._console import log
from barenet.cli._experiment import Experiment
from barenet.cli._run_settings import is_table
from barenet.cli._scores import choose_metric
from barenet.data._column import DroppedColumn
from barenet.data._column_fitting import IDENTITY
from barenet.data._date_column import DateColumn
from barenet.data._row_order import is_ordered
from barenet.errors import count_of, some
from barenet.files._model_card import describe_rows
from barenet.training._callbacks import Callback, Run


class Introduction(Callback):
    """Prints the data and the network, once all settings are valid."""

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment

    def on_start(self, run: Run) -> None:
        is_resumed = run.history.loss or run.batch
        epochs = count_of(len(run.history), "epoch")
        introduce(self.experiment, f"resuming after {epochs}\n\n" if is_resumed else "")


def introduce(experiment: Experiment, note: str = "") -> None:
    """Print the rows, the columns, a note, and the network."""
    training, preprocessing = experiment.training, experiment.predictor.preprocessing
    rows = describe_rows(experiment.n_rows) + ("" if experiment.test else ", no test rows")
    target = f"{len(training.classes)} classes" if training.classes else "a number to predict"
    features = count_of(training.n_features, "feature")
    if (n_inputs := preprocessing.n_outputs) != training.n_features:
        features += f" that become {n_inputs:,} numbers"
    log(f"{training.name}: {training.description}\n{rows}\n{features}, {target}\n")
    if is_table(experiment.settings.data):
        log(f"{summarize_columns(preprocessing, training.feature_names)}\n")
        _log_advice(experiment)
    choose_metric(experiment.settings.config.metric, experiment.dataset)
    log(f"{note}{experiment.predictor.network.summary()}\n")


def _log_advice(experiment: Experiment) -> None:
    """Print how the rows are split, and options for columns that are left out and ordered rows."""
    settings, dataset = experiment.settings, experiment.dataset
    columns = getattr(experiment.predictor.preprocessing, "columns", ())
    identifiers = [
        c.name for c in columns if isinstance(c, DroppedColumn) and c.reason.startswith(IDENTITY)
    ]
    if identifiers:
        name = shlex.quote(identifiers[0])
        log(f"`--keep-column {name}` keeps a column that is taken for an identifier\n")
    if experiment.test is None:
        return
    if dataset.split_keys is not None:
        last = dataset.split_keys.dtype.kind == "f"
        part = "the last rows" if last else "whole groups"
        log(f"split by {settings.split_by}: the test rows are {part}\n")
        return
    dates = [column.name for column in columns if isinstance(column, DateColumn)]
    ordered = is_ordered(dataset.y, classes=dataset.classes is not None)
    if dates or ordered:
        reason = f"{some(dates)} has dates" if dates else "neighbouring rows have similar targets"
        column = shlex.quote(dates[0]) if dates else "COLUMN"
        log(
            f"{reason}, and rows are split at random: the scores may be too good for later rows or "
            f"new groups\n`--split-by {column}` tests on the last rows, or on whole groups\n"
        )
