"""``barenet evaluate``: how good a trained network is on rows whose truth is known."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from barenet.cli import report
from barenet.cli.comparison import compare, show_verdict
from barenet.cli.console import emit, emit_json, log
from barenet.cli.flags import NAMED, OUTPUT, Json
from barenet.cli.settings import AS_USUAL, FileOptions, is_table
from barenet.cli.trained import SETTINGS, Trained, data_of, load_trained
from barenet.data.dataset import Dataset
from barenet.data.datasets import DATASETS
from barenet.data.file_io import STANDARD_INPUT
from barenet.model.losses import as_loss
from barenet.registry import spec_of

__all__ = ["evaluate"]

#: What rows are called in the table of scores.
LABELS = {"test rows": "{} test", "training rows": "{} training", "all rows": "all {}"}

Rows = Literal["test", "training", "all"]


def evaluate(
    model: Path,
    data: Annotated[str, Parameter(show_default=False), NAMED] = "",
    /,
    *,
    rows: Annotated[Rows | None, Parameter(group=OUTPUT)] = None,
    baselines: Annotated[bool, Parameter(group=OUTPUT, show_default=False)] = True,
    file: FileOptions = AS_USUAL,
    json: Json = False,
) -> int:
    """Measure a trained network on rows whose truth is known.

    For the data set that it was trained on, these are the test rows; for other data, all rows.
    The data of the training are known by a fingerprint in the model file, whatever they are called
    now. Where other rows hold some of the training, these are counted, if its table is still there
    and not above 16 MiB.

    Parameters
    ----------
    model : Path
        A model file, or the folder of a run.
    data : str
        A named data set, or a .csv, .tsv, .txt, .parquet or .npz file; - is a table in CSV from
        standard input. By default what the network was trained on.
    rows : {"test", "training", "all"}
        Which rows; by default the test rows, if there are any.
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
    trained.check_one_number()
    predictor, known = trained.predictor, data_of(trained, data)
    selection = select_rows(trained, known, file, rows)
    dataset = selection.rows
    _tell_what_is_seen(trained, known, selection, data)
    loss = spec_of(as_loss(trained.loss, predictor.network.output_activation))
    scores = report.score(predictor, dataset, loss)
    learned = selection.learned if baselines else None
    compared = compare(predictor, learned, dataset, loss) if learned else []
    confusion = None if predictor.classes is None else report.confusion_matrix(predictor, dataset)
    if json:
        emit_json(
            {
                "model": str(trained.path),
                **selection.document(),
                "metrics": {"evaluated_on": selection.description, **scores},
                "baselines": {each.baseline.name: each.document(scores) for each in compared},
                "classes": predictor.classes,
                "confusion_matrix": None if confusion is None else confusion.tolist(),
            }
        )
        return 0
    judged = [("network", scores), *((each.baseline.title, each.scores) for each in compared)]
    report.show_scores([(title, selection.label, said) for title, said in judged], loss)
    show_verdict(scores, compared)
    if confusion is not None:
        emit()
        report.show_confusion(confusion, predictor.classes or ())
    return 0


def _tell_what_is_seen(trained: Trained, data: str, selection: Selection, named: str) -> None:
    """Say which rows they are, where nobody has, and so where a score is not one of new rows."""
    n_rows = selection.rows.n_samples
    if not named:
        log(f"no data named: the {selection.description} of {data}\n")
    if selection.description != "all rows":
        return
    if selection.n_seen == n_rows:
        log(
            "the network was trained on these very rows: the score tells how well it knows them, "
            "and not how well it does on new ones"
        )
    elif selection.n_repeated:
        log(
            f"{selection.n_repeated:,} of these {n_rows:,} rows stand in the data that the network "
            "was trained on: the score tells how well it knows them as well"
        )
    elif selection.n_seen:
        log(
            f"the network was trained on {selection.n_seen:,} of these {n_rows:,} rows; "
            "--rows test measures the others"
        )
    elif selection.learned is None and _is_called_alike(trained, data):
        log(f"{data} has changed since the training: rows that are still the same have been seen")


def _is_called_alike(trained: Trained, data: str) -> bool:
    """Tell if a file has the name of the one of the training, in whatever folder."""
    if trained.settings is None or data == STANDARD_INPUT or data in DATASETS:
        return False
    return Path(data).name == Path(trained.settings.data).name


@dataclass(frozen=True, eq=False)
class Selection:
    """Rows that a network is measured on.

    Attributes
    ----------
    rows : Dataset
        The rows.
    description : str
        What they are.
    learned : Dataset, optional
        The rows of these data that the network has learned from; None if that is not known.
    n_repeated : int, optional
        Where `learned` is not known, how many of the rows stand among those of the training.
    """

    rows: Dataset
    description: str
    learned: Dataset | None = None
    n_repeated: int | None = None

    @property
    def n_seen(self) -> int | None:
        """How many of the rows the network has learned from; None if that is not known."""
        if self.learned is None:
            return self.n_repeated
        return 0 if self.description == "test rows" else self.learned.n_samples

    @property
    def label(self) -> str:
        """What they are called in the table of scores."""
        return LABELS[self.description].format(f"{self.rows.n_samples:,}")

    def document(self) -> dict[str, Any]:
        """Tell programs which rows they are."""
        rows = self.rows
        return {"dataset": rows.name, "rows": rows.n_samples, "rows_seen": self.n_seen}


def select_rows(trained: Trained, data: str, file: FileOptions, rows: Rows | None) -> Selection:
    """Load the rows that a network is measured on."""
    dataset = trained.samples(data, file)
    known = trained.has_learned_from(data, dataset)
    learned, held_out = trained.split(dataset) if known else (None, None)
    if rows == "all" or (rows is None and held_out is None):
        if known is None and trained.predictor.dataset == dataset.name:
            log(
                f"all rows are measured, training rows included: there is no {SETTINGS} beside "
                f"{trained.path} to identify the test rows"
            )
        look = learned is None and is_table(data)
        n_repeated = trained.count_learned(dataset) if look else None
        return Selection(dataset, "all rows", learned, n_repeated)
    if rows == "training" and learned is not None:
        return Selection(learned, "training rows", learned)
    if held_out is None or rows == "training":
        raise ValueError(
            f"rows: none of {data} are known as {rows} rows of {trained.path}; leave --rows out"
        )
    return Selection(held_out, "test rows", learned)
