"""``barenet evaluate``: scores of a network on rows, and limits beyond which the command fails."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from barenet import METRICS, ModelCard
from barenet._metrics import Name, score_text
from barenet._registry import lookup
from barenet.cli._console import emit_json, log, log_problem
from barenet.cli._flags import Data, FileOptions, Off, On
from barenet.cli._score_tables import choose_metric, emit_measurement
from barenet.cli._trained_model import TrainedModel, load_trained, select_rows
from barenet.errors import ArgumentError, BarenetError
from barenet.files._predictor import describe_threshold
from barenet.storage._file_io import is_pattern
from barenet.tables.reading._column_words import columns_with
from barenet.tables.reading._parsing import to_number
from barenet.tasks._measurement import Measurement
from barenet.tasks._new_rows import measure_blocks
from barenet.tasks._seen_rows import rows_of_training_table

#: The loss of the training, which is a score, too.
LOSS = "loss"

#: Scores and their limits.
Limits = Annotated[tuple[str, ...], Parameter(show_default=False)]


def evaluate(
    model: Path,
    data: Data = "",
    /,
    *,
    metric: Name | None = None,
    baselines: On = True,
    fail_below: Limits = (),
    fail_above: Limits = (),
    file: FileOptions = FileOptions(),
    json: Off = False,
) -> None:
    """Measure a trained network on rows with targets.

    For the data that it was trained on, the test rows are measured, or all rows if there are none;
    for other data, all rows. A fingerprint in the model file identifies the training data, whatever
    their name. A warning counts the rows that the network was trained on.

    Parameters
    ----------
    model : Path
        A model file, or the folder of a run.
    data : str
        A named data set, or a .csv, .tsv, .txt, .parquet or .npz file; - reads CSV from standard
        input. By default the file of `barenet train --test`, or else the training data. The files
        of a pattern such as 'held-out/*.parquet', Parquet files and CSV files that may exceed the
        memory are read block by block.
    metric : str
        Score that is shown first, and that the network is compared by; by default that of the
        training.
    baselines : bool
        On the training data, measure a constant and a linear model on the same rows.
    fail_below : tuple of str
        Fail after the output if a score is smaller than its limit, such as accuracy=.9.
    fail_above : tuple of str
        Fail after the output if an error is larger than its limit, such as log_loss=.3 or rmse=5.
    json : bool
        Print JSON, for programs.
    """
    trained = load_trained(model, single_output=True)
    predictor = trained.predictor
    of_classes = predictor.classes is not None
    limits = read_limits(fail_below, fail_above, of_classes=of_classes)
    name = metric or trained.settings.config.metric
    named_data = trained.data_to_measure(data)
    measured = _measure_blocks(trained, named_data, file, name)
    subset = "all"
    if measured is None:
        selection = select_rows(trained, named_data, file)
        subset = selection.subset
        measured = Measurement(
            predictor,
            selection.rows,
            choose_metric(name, selection.rows),
            selection.training,
            n_seen=selection.n_seen,
            has_baselines=baselines,
        )
    if not data:
        log(f"no data named: {subset} rows of {named_data}\n")
    if measured.warning:
        log_problem("warning", measured.warning)
    n_rows = measured.rows.n_samples
    label = f"all {n_rows:,}" if subset == "all" else f"{n_rows:,} {subset}"
    if json:
        confusion_matrix = measured.confusion_matrix().tolist() if predictor.classes else None
        heading = {"evaluated_on": f"{subset} rows", "main": measured.metric}
        document = {
            "model": str(trained.path),
            "dataset": measured.rows.name,
            "rows": n_rows,
            "rows_seen": measured.n_seen,
            "metrics": {**heading, **measured.scores},
            "baselines": measured.baselines_document(),
            "classes": predictor.labels,
            "threshold": predictor.threshold,
            "confusion_matrix": confusion_matrix,
        }
        emit_json(document)
    else:
        if predictor.threshold is not None:
            log(f"{describe_threshold(predictor)}\n")
        emit_measurement(measured, label, label)
    check_limits(limits, measured.scores, f"{label} rows")


def _measure_blocks(
    trained: TrainedModel, data: str, file: FileOptions, metric: Name | None
) -> Measurement | None:
    """Measure new rows block by block; None for rows that are read at once.

    Rows that may be the training rows of a run in memory are read at once, because identifying them
    takes the values of all rows.
    """
    blocks = trained.blocks_to_score(data, file)
    if not blocks:
        return None
    any_metric = next(iter(METRICS))  # until the rows, which decide on the metric, are known
    categories = columns_with(trained.settings.requests, "names")
    measured = measure_blocks(trained.predictor, blocks, any_metric, categories)
    card = trained.predictor.card or ModelCard()
    if measured.rows.n_samples == rows_of_training_table(card) and not is_pattern(data):
        return None
    measured.new_rows.report()
    if measured.rows.without_target.n_rows:
        log(f"{data}: {measured.rows.description}")
    n_seen = None if trained.may_have_seen(data, measured.rows) else 0
    return replace(measured, metric=choose_metric(metric, measured.rows), n_seen=n_seen)


@dataclass(frozen=True)
class ScoreLimit:
    """The worst value of a score that is accepted."""

    #: The option, ``"fail_below"`` or ``"fail_above"``.
    option: str
    metric: str
    value: float

    def failure(self, score: float) -> str:
        """Describe a score that is worse than the limit, or undefined; else an empty text."""
        name = self.metric
        if not isfinite(score):
            return f"{name} is undefined on these rows"
        if self.option == "fail_below" and score < self.value:
            return f"{name} is {_exact_text(name, score, self.value)}, below {self.value:g}"
        if self.option == "fail_above" and score > self.value:
            return f"{name} is {_exact_text(name, score, self.value)}, above {self.value:g}"
        return ""


def read_limits(
    below: Sequence[str], above: Sequence[str], *, of_classes: bool
) -> list[ScoreLimit]:
    """Read the limits of scores, and refuse those on the wrong side.

    >>> read_limits(["accuracy=.9"], [], of_classes=True)
    [ScoreLimit(option='fail_below', metric='accuracy', value=0.9)]
    """
    limits: list[ScoreLimit] = []
    for option, texts in {"fail_below": below, "fail_above": above}.items():
        limits.extend(_read_limit(option, text, of_classes=of_classes) for text in texts)
    return limits


def _read_limit(option: str, text: str, *, of_classes: bool) -> ScoreLimit:
    """Read a limit such as accuracy=.9."""
    metrics: dict[str, Any] = {LOSS: None}
    for name, metric in METRICS.items():
        if metric.of_classes == of_classes:
            metrics[name] = metric
    name, equals, number = text.partition("=")
    if not equals:
        example = "accuracy=.9" if of_classes else "r2=.8"
        raise ArgumentError.of(option, text, f"a score and its limit, such as {example}")
    lookup(metrics, name, option)
    value = to_number(number)
    if value is None or not isfinite(value):
        raise ArgumentError.of(option, number, "a number", part=name)
    is_error = name == LOSS or METRICS[name].is_error
    if is_error and option == "fail_below":
        problem = f"smaller values of {name} are better"
        remedy = "use {fail_above}"
        raise ArgumentError(problem, argument=option, remedy=remedy, fail_above=text)
    if not is_error and option == "fail_above":
        problem = f"larger values of {name} are better"
        remedy = "use {fail_below}"
        raise ArgumentError(problem, argument=option, remedy=remedy, fail_below=text)
    return ScoreLimit(option, name, value)


def check_limits(limits: Sequence[ScoreLimit], scores: Mapping[str, float], rows: str) -> None:
    """Raise an error that lists the scores worse than their limits, if there are any."""
    failures = []
    options = []
    for limit in limits:
        failure = limit.failure(scores[limit.metric])
        if failure:
            failures.append(failure)
            options.append(limit.option)
    if failures:
        raise BarenetError(f"{options[0]}: {', '.join(failures)}, on {rows}")


def _exact_text(name: str, score: float, limit: float) -> str:
    """Write a score, with all digits if it would look like its limit otherwise."""
    text = score_text(name, score)
    return repr(float(score)) if float(text) == limit else text
