"""The introduction of a run: its data and its network, printed before the training."""

import shutil
import sys
from collections.abc import Sequence

from barenet import Scaling, TableEncoding, _shell as shell
from barenet._messages import count_of, some
from barenet.cli._console import log
from barenet.cli._score_tables import choose_metric
from barenet.cli._spelling import Spelling
from barenet.datasets._dataset import Dataset
from barenet.engines import is_jax
from barenet.engines.jax._jax_library import first_device
from barenet.files._model_card import describe_rows
from barenet.tables.encoding._alike_names import note_on_alike_names
from barenet.tables.encoding._column_kinds import DateColumn
from barenet.tables.frames._frame import Frame
from barenet.tables.reading._date_reading import is_time
from barenet.tables.reading._target import is_ordered
from barenet.tasks._column_lines import MOST_LINES, lines_of_encoding
from barenet.tasks._description import words_may_be_classes
from barenet.tasks._fit import Fit
from barenet.training._callbacks import Callback, Run


class Introduction(Callback):
    """Prints the data and the network, once all settings are valid."""

    def __init__(self, fit: Fit) -> None:
        self.fit = fit

    def on_start(self, run: Run) -> None:
        done = count_of(len(run.history), "epoch")
        if run.batch:
            done += f" and {count_of(run.batch, 'step')}"
        note = ""
        if run.history.loss or run.batch:
            note = f"resuming after {done}\n\n"
        introduce(self.fit, note)


def introduce(fit: Fit, note: str = "") -> None:
    """Print the rows, the columns, a note, and the network."""
    training = fit.training
    preprocessing = fit.predictor.preprocessing
    rows = describe_rows(fit.n_rows)
    if not fit.rows.test:
        rows += ", no test rows"
    elif fit.rows.has_test_table:
        rows += f" of {fit.rows.test.name}"
    target = f"{len(training.classes)} classes" if training.classes else "a number to predict"
    features = count_of(training.n_features, "feature")
    n_inputs = preprocessing.n_inputs
    if n_inputs != training.n_features:
        become = "becomes" if training.n_features == 1 else "become"
        features += f" that {become} {count_of(n_inputs, 'number')}"
    log(f"{training.name}: {training.description}\n{rows}\n{features}, {target}\n")
    if fit.settings.is_table:
        _log_columns(fit)
        _log_advice(fit)
    choose_metric(fit.settings.config.metric, fit.rows.dataset)
    if is_jax(fit.settings.config.engine):
        note += f"training with JAX on this device: {first_device().device_kind}\n\n"
    log(f"{note}{fit.predictor.network.summary()}\n")


def _log_columns(fit: Fit) -> None:
    """Print a line for each column, or for some of many."""
    rows = fit.rows.dataset.X
    encoding = fit.predictor.preprocessing
    if not isinstance(rows, Frame) or not isinstance(encoding, TableEncoding):
        return
    lines = lines_of_encoding(rows, encoding, fit.rows.texts, fit.settings.requests)
    width = shutil.get_terminal_size().columns if sys.stderr.isatty() else None
    log(lines.to_text(width, MOST_LINES, Spelling().spell))
    if len(lines) > MOST_LINES:
        command = shell.join(["barenet", "columns", fit.settings.data])
        log(f"  `{command}` lists them all")
    log()


def _log_advice(fit: Fit) -> None:
    """Print options for words in a target, name classes that are alike, and describe the split."""
    dataset = fit.rows.dataset
    if words_may_be_classes(dataset, fit.settings):
        log("`--task classification` makes the words of a missing target a class\n")
    note = note_on_alike_names(dataset.classes or ())
    if note is not None:
        log(f"target {dataset.target_name!r}: {note}\n")
    is_split = fit.rows.stream is None and not fit.rows.has_test_table
    if fit.rows.test is not None and is_split:
        _log_split(fit, fit.rows.test, _dates_of(fit.predictor.preprocessing))


def _dates_of(preprocessing: TableEncoding | Scaling) -> list[str]:
    """List the columns of dates."""
    dates: list[str] = []
    if isinstance(preprocessing, TableEncoding):
        dates.extend(
            column.name
            for column in preprocessing.columns
            if isinstance(column, DateColumn) and not is_time(column.order)
        )
    return dates


def _log_split(fit: Fit, test: Dataset, dates: Sequence[str]) -> None:
    """Describe how the rows are split by a column, or warn that their order may matter."""
    settings = fit.settings
    dataset = fit.rows.dataset
    keys = test.split_keys
    if keys is not None:
        column = settings.split_by_group
        part = count_of(len({*keys.tolist()}), "whole group")
        if settings.split_by_time is not None:
            column = settings.split_by_time
            first = keys.min()
            if settings.split_by_time in dates:
                first = first.astype("M8[s]")
            else:
                first = first.astype(float)
            part = f"the last rows, from {first} on"
        log(f"split by {column}: the test rows are {part}\n")
        return
    ordered = is_ordered(dataset.y, classes=dataset.classes is not None)
    if dates or ordered:
        reason = "neighbouring rows have similar targets"
        option = "COLUMN"
        if dates:
            has = "has" if len(dates) == 1 else "have"
            reason = f"{some(dates)} {has} dates"
            option = shell.quote(dates[0])
        log(f"{reason}, and rows are split at random: on later rows, the scores may be worse")
        log(f"`--split-by-time {option}` tests on the last rows")
        log("`--split-by-group COLUMN` tests on whole groups\n")
