"""Scores of a network and of the baselines on the same rows, computed and printed."""

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from barenet.cli._console import emit, emit_table
from barenet.data._dataset import Dataset
from barenet.engines import Job, choose_engine
from barenet.files._predictor import Predictor
from barenet.insight._baselines import BASELINES, Baseline, fit_baseline
from barenet.model._array_dataset import check_targets, validate_arrays
from barenet.model._arrays import FloatArray, check_outputs
from barenet.model.losses import as_loss
from barenet.optimization.optimizers import SGD
from barenet.training import _metrics as metrics

#: Maximum number of classes in a confusion matrix.
MAX_CLASSES = 20
#: Columns of a small terminal.
MAX_COLUMNS = 79

#: The scores of a table, and their headings; the loss stands last, by its own name.
HEADINGS = {"accuracy": "accuracy", "r2": "R²", "rmse": "RMSE", "mae": "MAE"}

#: A line of a table of scores: its labels, and the scores by name.
ScoreLine: TypeAlias = tuple[Sequence[str], Mapping[str, float]]

#: Verdicts on a network that does not beat a baseline.
VERDICTS = {
    "constant": "always predicting the {}, so it has learned nothing of use",
    "linear": "the {}, which is simpler",
}


@dataclass(frozen=True, eq=False)
class BaselineScores:
    """A baseline with its scores."""

    baseline: Baseline
    scores: dict[str, float]

    def is_beaten_by(self, network: Mapping[str, float]) -> bool:
        """Whether the network has the better accuracy or R²; the loss is not compared."""
        metric = _main_metric(network)
        return network[metric] > self.scores[metric]

    def to_dict(self, network: Mapping[str, float]) -> dict[str, Any]:
        """The entry of the JSON document."""
        return {
            "model": self.baseline.title,
            "rows": self.baseline.n_rows,
            **self.scores,
            "network_is_better": self.is_beaten_by(network),
        }


@dataclass(eq=False)
class Measurement:
    """A network and rows to measure it on, beside baselines on the same rows."""

    predictor: Predictor
    rows: Dataset
    loss: str | None
    #: The rows that the baselines are fitted to; None for no baselines.
    learned: Dataset | None = None

    @cached_property
    def scores(self) -> dict[str, float]:
        return score(self.predictor, self.rows, self.loss)

    @cached_property
    def baselines(self) -> list[BaselineScores]:
        return score_baselines(self.predictor, self.learned, self.rows, self.loss)

    def baselines_document(self) -> dict[str, Any]:
        """The baselines in a JSON document."""
        return {each.baseline.name: each.to_dict(self.scores) for each in self.baselines}

    def emit(
        self, label: str, baselines: str, more: Sequence[ScoreLine] = (), note: str = ""
    ) -> None:
        """Print the scores, of the rows with these labels, a verdict, and the confusion matrix."""
        compared = [((each.baseline.title, baselines), each.scores) for each in self.baselines]
        lines = [(("network", label), self.scores), *compared, *more]
        emit_scores(("", "rows"), lines, self.loss or "")
        if note:
            emit(note)
        emit_verdict(self.scores, self.baselines)
        if self.predictor.classes is not None:
            counts = confusion_matrix(self.predictor, self.rows)
            emit_confusion_matrix(counts, self.predictor.classes)


@lru_cache(maxsize=2)
def transformed(predictor: Predictor, rows: Dataset) -> FloatArray:
    """Apply the preprocessing of a predictor to rows; the last two results are cached."""
    return predictor.preprocessing.transform(rows.X, predictor.network.dtype)


def score(predictor: Predictor, rows: Dataset, loss: str | None) -> dict[str, float]:
    """Measure a network on some rows."""
    network = predictor.network
    chosen = as_loss(loss, network.output_activation)
    X, y = transformed(predictor, rows), predictor.targets(rows.y)
    inside = validate_arrays(network, chosen, X, y)
    job = Job(network=network, rows=inside, loss=chosen, optimizer=SGD())
    with np.errstate(over="ignore", invalid="ignore"):
        value, output = choose_engine("auto", job).evaluate(inside)
        outputs = predictor.in_units(check_outputs(output))
    return _metrics(predictor, rows, outputs, inside.y, value)


def score_baselines(
    predictor: Predictor, learned: Dataset | None, rows: Dataset, loss: str | None
) -> list[BaselineScores]:
    """Fit the baselines to rows that the network learned from, and measure them on others."""
    if learned is None:
        return []
    network, chosen = predictor.network, as_loss(loss, predictor.network.output_activation)
    X, y = transformed(predictor, learned), predictor.targets(learned.y)
    n_classes = None if predictor.classes is None else len(predictor.classes)
    baselines = []
    for name in sorted(BASELINES, reverse=True):
        with np.errstate(all="ignore"):
            baseline = fit_baseline(name, X, y, n_classes=n_classes)  # type: ignore[arg-type]
            outputs = baseline.outputs(transformed(predictor, rows))
        if network.n_outputs == 1 and n_classes:
            outputs = outputs[:, 1:]
        n_rows, n_outputs = outputs.shape
        targets = check_targets(predictor.targets(rows.y), n_rows, n_outputs, network.dtype)
        value = chosen.value(outputs, targets.astype(np.float64))
        scores = _metrics(predictor, rows, predictor.in_units(outputs), targets, value)
        baselines.append(BaselineScores(baseline, scores))
    return baselines


def _metrics(
    predictor: Predictor, rows: Dataset, outputs: FloatArray, y: FloatArray, loss: float
) -> dict[str, float]:
    """The loss and the metrics; those of regression in the unit of the target."""
    if predictor.classes is not None:
        return {"loss": loss, "accuracy": metrics.accuracy(outputs, y)}
    y = rows.y.reshape(-1, 1)
    return {
        "loss": loss,
        "r2": metrics.r2(outputs, y),
        "rmse": metrics.root_mean_squared_error(outputs, y),
        "mae": metrics.mean_absolute_error(outputs, y),
    }


def _main_metric(scores: Mapping[str, float]) -> str:
    return "accuracy" if "accuracy" in scores else "r2"


def emit_scores(headings: Sequence[str], lines: Sequence[ScoreLine], loss: str) -> None:
    """Print a table of scores, a line for each model and set of rows."""
    known = dict.fromkeys(name for _, scores in lines for name in scores if name != "loss")
    names = {name: HEADINGS.get(name, name) for name in known} | {"loss": loss.partition(":")[0]}
    table = [
        [*labels, *(_format(name, scores[name]) if name in scores else "" for name in names)]
        for labels, scores in lines
    ]
    emit_table([*headings, *names.values()], table, numbers=len(headings))


def _format(name: str, value: float) -> str:
    """Write accuracy and R² with four digits after the point, others with five digits in all."""
    return f"{value:.4f}" if name in ("accuracy", "r2") else f"{value:.5g}"


def emit_verdict(network: Mapping[str, float], baselines: Sequence[BaselineScores]) -> None:
    """Print a sentence if the network does not beat a baseline."""
    metric = _main_metric(network)
    for each in reversed(baselines):
        if not each.is_beaten_by(network):
            baseline = VERDICTS[each.baseline.name].format(each.baseline.title)
            scores = f"{network[metric]:.4f} against {each.scores[metric]:.4f}"
            emit_paragraph(
                f"The network is no better here than {baseline}: {HEADINGS[metric]} {scores}."
            )
            return


def emit_paragraph(text: str) -> None:
    """Print a blank line, and a text in lines of a small terminal."""
    emit(f"\n{textwrap.fill(text, MAX_COLUMNS)}")


def confusion_matrix(predictor: Predictor, rows: Dataset) -> NDArray[np.int64]:
    """Count the predicted classes of each class, shape (n_classes, n_classes)."""
    n_classes = len(predictor.classes or ())
    counts = np.zeros((n_classes, n_classes), np.int64)
    np.add.at(counts, (rows.y, predictor.probabilities(rows.X).argmax(axis=1)), 1)
    return counts


def emit_confusion_matrix(counts: NDArray[np.int64], classes: Sequence[str]) -> None:
    """Print a blank line and a confusion matrix, unless there are more than twenty classes."""
    emit()
    if len(classes) > MAX_CLASSES:
        emit(f"(no confusion matrix: it would have {len(classes)} columns)")
        return
    labels = columns = list(classes)
    width = max(map(len, labels)) + sum(max(len(name), 4) + 2 for name in labels)
    if width > MAX_COLUMNS:
        columns = [str(number) for number in range(len(classes))]
        labels = [f"{number} {name}" for number, name in enumerate(classes)]
    emit("confusion matrix: a row for each actual class, a column for each predicted one")
    rows = [
        [label, *(str(count) if count else "·" for count in row)]
        for label, row in zip(labels, counts, strict=True)
    ]
    emit_table(["", *columns], rows, numbers=1)
