"""``barenet evaluate``: how good a trained network is on rows whose truth is known."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

from barenet.cli import report
from barenet.cli.comparison import Compared, compare, show_verdict
from barenet.cli.console import say, show, show_json
from barenet.cli.flags import OUTPUT, Json
from barenet.cli.settings import AS_USUAL, FileOptions
from barenet.cli.trained import SETTINGS, Trained, load_trained
from barenet.data.dataset import Dataset
from barenet.model.losses import as_loss
from barenet.registry import spec_of

__all__ = ["evaluate"]

#: What rows are called in the table of scores.
LABELS = {"held-out rows": "{} held out", "training rows": "{} training", "all rows": "all {}"}

Rows = Literal["held-out", "training", "all"]


def evaluate(
    model: Path,
    data: str,
    /,
    *,
    rows: Annotated[Rows | None, Parameter(group=OUTPUT)] = None,
    baselines: Annotated[bool, Parameter(group=OUTPUT, show_default=False)] = True,
    file: FileOptions = AS_USUAL,
    json: Json = False,
) -> int:
    """Measure a trained network on rows whose truth is known.

    On the data that it was trained on, these are the rows that were held out; on others, and
    where the settings.toml of the run is not beside the model, all.

    Parameters
    ----------
    model : Path
        A model file, or the folder of a run.
    data : str
        A named data set, or a .csv, .tsv, .txt, .parquet or .npz file; - is a table in CSV from
        standard input.
    rows : {"held-out", "training", "all"}
        Which rows; by default those that were held out, if there are any.
    baselines : bool
        On the data that it was trained on, measure a constant and a linear model on the same rows.
    json : bool
        Print JSON, for programs.

    Returns
    -------
    int
        The exit status.
    """
    trained = load_trained(model)
    chosen, description = choose_rows(trained, data, file, rows)
    predictor = trained.predictor
    loss = spec_of(as_loss(trained.loss, predictor.network.output_activation))
    scores = report.score(predictor, chosen, loss)
    compared = _compare(trained, data, file, chosen, loss) if baselines else []
    confusion = None
    if predictor.classes is not None:
        confusion = report.confusion_matrix(predictor, chosen)
    if json:
        show_json(
            {
                "model": str(trained.path),
                "dataset": chosen.name,
                "rows": chosen.n_samples,
                "metrics": {"evaluated_on": description, **scores},
                "baselines": {each.baseline.name: each.document(scores) for each in compared},
                "classes": predictor.classes,
                "confusion_matrix": None if confusion is None else confusion.tolist(),
            }
        )
        return 0
    what = LABELS[description].format(f"{chosen.n_samples:,}")
    others = [(each.title, what, each.scores) for each in compared]
    report.show_scores([("network", what, scores), *others], loss)
    show_verdict(scores, compared)
    if confusion is not None:
        show()
        report.show_confusion(confusion, predictor.classes or ())
    return 0


def _compare(
    trained: Trained, data: str, file: FileOptions, chosen: Dataset, loss: str
) -> list[Compared]:
    """Measure the baselines, where it is known which rows the network has learned from."""
    if trained.trained_on(data) is None:
        return []
    learned, _ = trained.split(data, trained.samples(data, file))
    return compare(trained.predictor, learned, chosen, loss)


def choose_rows(
    trained: Trained, data: str, file: FileOptions, rows: Rows | None
) -> tuple[Dataset, str]:
    """Load the rows that a network is measured on.

    Parameters
    ----------
    trained : Trained
        The network.
    data : str
        A named data set, or a file.
    file : FileOptions
        How it is read.
    rows : {"held-out", "training", "all"}, optional
        Which of them; by default those held out, else all.

    Returns
    -------
    chosen : Dataset
        The rows.
    description : str
        What they are.

    Raises
    ------
    ValueError
        If there are none of that kind.
    """
    dataset = trained.samples(data, file)
    learned, held_out = trained.split(data, dataset)
    if rows == "all" or (rows is None and held_out is None):
        if trained.settings is None and trained.predictor.dataset == dataset.name:
            say(
                f"all rows are measured, also those of the training: no {SETTINGS} beside "
                f"{trained.path} says which were held out"
            )
        return dataset, "all rows"
    if rows == "training" and trained.trained_on(data):
        return learned, "training rows"
    if held_out is None or rows == "training":
        raise ValueError(
            f"rows: none of {data} are known as {rows} rows of {trained.path}; leave --rows out"
        )
    return held_out, "held-out rows"
