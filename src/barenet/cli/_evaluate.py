"""``barenet evaluate``: the scores of a trained network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from barenet._registry import spec_of
from barenet.cli._console import emit, emit_json, log
from barenet.cli._flags import NAMED, OUTPUT, Json
from barenet.cli._run_settings import NO_FILE_OPTIONS, FileOptions
from barenet.cli._scores import (
    BaselineScores,
    confusion_matrix,
    emit_confusion_matrix,
    emit_scores,
    emit_verdict,
    score,
    score_baselines,
)
from barenet.cli._trained_model import SETTINGS, TrainedModel, load_trained
from barenet.data._dataset import Dataset
from barenet.data._datasets import DATASETS
from barenet.data._file_io import STANDARD_INPUT
from barenet.errors import ArgumentError
from barenet.model.losses import as_loss

__all__ = ["Rows", "Selection", "evaluate", "select_rows"]

#: Names of rows in the table of scores.
LABELS = {"test rows": "{} test", "training rows": "{} training", "all rows": "all {}"}

Rows = Literal["test", "training", "all"]


def evaluate(
    model: Path,
    data: Annotated[str, Parameter(show_default=False), NAMED] = "",
    /,
    *,
    rows: Annotated[Rows | None, Parameter(group=OUTPUT)] = None,
    baselines: Annotated[bool, Parameter(group=OUTPUT, show_default=False)] = True,
    file: FileOptions = NO_FILE_OPTIONS,
    json: Json = False,
) -> int:
    """Measure a trained network on rows with targets.

    On the data that it was trained on, these are the test rows; on other data, all rows.
    The training data are recognized by a fingerprint in the model file, whatever their name.

    Parameters
    ----------
    model : Path
        A model file, or the folder of a run.
    data : str
        A named data set, or a .csv, .tsv, .txt, .parquet or .npz file; - reads CSV from standard
        input. By default the training data.
    rows : {"test", "training", "all"}
        Which rows; by default the test rows, if there are any.
    baselines : bool
        On the training data, measure a constant and a linear model on the same rows.
    json : bool
        Print JSON, for programs.

    Returns
    -------
    int
        The exit status.
    """
    trained = load_trained(model)
    trained.check_single_output()
    predictor, name = trained.predictor, trained.data_or_default(data)
    selection = select_rows(trained, name, file, rows)
    if not data:
        article = "" if selection.description == "all rows" else "the "
        log(f"no data named: {article}{selection.description} of {name}\n")
    _log_seen_rows(trained, name, selection)
    loss = spec_of(as_loss(trained.config.loss, predictor.network.output_activation))
    scores = score(predictor, selection.rows, loss)
    learned = selection.learned if baselines else None
    compared = score_baselines(predictor, learned, selection.rows, loss) if learned else []
    if json:
        _emit_json(trained, selection, scores, compared)
        return 0
    lines = [("network", scores), *((each.baseline.title, each.scores) for each in compared)]
    emit_scores([(title, selection.label, values) for title, values in lines], loss)
    emit_verdict(scores, compared)
    if predictor.classes is not None:
        emit()
        emit_confusion_matrix(confusion_matrix(predictor, selection.rows), predictor.classes)
    return 0


def _emit_json(
    trained: TrainedModel,
    selection: Selection,
    scores: dict[str, float],
    baselines: Sequence[BaselineScores],
) -> None:
    predictor, rows = trained.predictor, selection.rows
    confusion = None if predictor.classes is None else confusion_matrix(predictor, rows).tolist()
    emit_json(
        {
            "model": str(trained.path),
            "dataset": rows.name,
            "rows": rows.n_samples,
            "rows_seen": selection.n_seen,
            "metrics": {"evaluated_on": selection.description, **scores},
            "baselines": {each.baseline.name: each.to_dict(scores) for each in baselines},
            "classes": predictor.classes,
            "confusion_matrix": confusion,
        }
    )


@dataclass(frozen=True, eq=False)
class Selection:
    """Rows that a network is measured on."""

    rows: Dataset
    description: str
    #: The rows of the same data in the training set; None for other data.
    learned: Dataset | None = None

    @property
    def n_seen(self) -> int | None:
        """The number of rows that were in the training set; None if unknown."""
        if self.learned is None:
            return None
        return 0 if self.description == "test rows" else self.learned.n_samples

    @property
    def label(self) -> str:
        """Their name in the table of scores."""
        return LABELS[self.description].format(f"{self.rows.n_samples:,}")


def select_rows(
    trained: TrainedModel, data: str, file: FileOptions, rows: Rows | None
) -> Selection:
    """Load the rows that a network is measured on."""
    dataset = trained.load(data, file)
    known = trained.is_training_data(data, dataset)
    learned, test = trained.split(dataset) if known else (None, None)
    if rows == "all" or (rows is None and test is None):
        if known is None and trained.predictor.dataset == dataset.name:
            log(
                f"all rows are measured, training rows included: there is no {SETTINGS} beside "
                f"{trained.path} to identify the test rows"
            )
        return Selection(dataset, "all rows", learned)
    if rows == "training" and learned is not None:
        return Selection(learned, "training rows", learned)
    if test is None or rows == "training":
        raise ArgumentError(
            f"{data} has no known {rows} rows of {trained.path}",
            argument="rows",
            remedy="leave it out",
        )
    return Selection(test, "test rows", learned)


def _log_seen_rows(trained: TrainedModel, data: str, selection: Selection) -> None:
    """Warn that scores on training rows are better than those on new rows."""
    n_rows = selection.rows.n_samples
    if selection.description != "all rows":
        return
    if selection.n_seen == n_rows:
        log(
            "the network was trained on exactly these rows: the scores do not show how well it "
            "does on new ones"
        )
    elif selection.n_seen:
        log(
            f"the network was trained on {selection.n_seen:,} of these {n_rows:,} rows; "
            "--rows test measures the others"
        )
    elif selection.learned is None and _has_same_name(trained, data):
        log(f"{data} has changed since the training: unchanged rows were in the training set")


def _has_same_name(trained: TrainedModel, data: str) -> bool:
    """Whether a file has the name of the training data, in any folder."""
    if trained.settings is None or data == STANDARD_INPUT or data in DATASETS:
        return False
    return Path(data).name == Path(trained.settings.data).name
