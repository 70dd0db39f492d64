"""Scores of a network and of the baselines on the same rows, computed and printed."""

import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from math import isclose, nan
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from barenet._metrics import MAXIMIZED, METRICS
from barenet._registry import spec_of
from barenet.cli._console import emit, emit_table, log
from barenet.data._dataset import Dataset
from barenet.data._main_metric import CLASS_TITLES, NUMBER_TITLES, MainMetric, main_metric
from barenet.data._number_column import PiecewiseColumn
from barenet.engines import Ensemble, Job, choose_engine
from barenet.files._predictor import Predictor
from barenet.insight._baselines import Baseline, fit_baseline
from barenet.model._array_dataset import check_targets, validate_arrays
from barenet.model._arrays import FloatArray, check_outputs
from barenet.model.losses import Loss, as_loss
from barenet.optimization.optimizers import SGD

#: Maximum number of classes in a confusion matrix.
MAX_CLASSES = 20
#: Columns of a small terminal.
MAX_COLUMNS = 79

#: The scores of a table, and their headings; the loss stands last, by its own name.
HEADINGS = {**CLASS_TITLES, "balanced_accuracy": "balanced", **NUMBER_TITLES}

#: A line of a table of scores: its labels, and the scores by name.
ScoreLine: TypeAlias = tuple[Sequence[str], Mapping[str, float]]

#: Samples of the rows, and rows of each, from which the interval of a difference is estimated.
N_SAMPLES, SAMPLE_SIZE = 50, 2_000


@dataclass(eq=False)
class Measurement:
    """A network and rows to measure it on, beside baselines on the same rows."""

    predictor: Predictor
    rows: Dataset
    loss: str | None
    #: The rows that the baselines are fitted to; None for no baselines.
    fitted_to: Dataset | None = None
    #: The main metric; by default that of the rows.
    metric: str | None = None

    @cached_property
    def outputs(self) -> FloatArray:
        """The probabilities of the classes, or the predicted number, of each row."""
        is_number = self.predictor.classes is None
        return (self.predictor.outputs if is_number else self.predictor.probabilities)(self.rows.X)

    @cached_property
    def scores(self) -> dict[str, float]:
        """The scores of the network, or of an ensemble."""
        network, loss = self.predictor.network, self._loss
        if isinstance(network, Ensemble):
            return self._score(network.predict)
        rows = validate_arrays(network, loss, *network_arrays(self.predictor, self.rows))
        job = Job(network=network, rows=rows, loss=loss, optimizer=SGD())
        value, output = choose_engine("auto", job).evaluate(rows)
        return self._metrics(self.predictor.in_units(check_outputs(output)), rows.y, value)

    @cached_property
    def baselines(self) -> dict[Baseline, dict[str, float]]:
        """The baselines with their scores."""
        if self.fitted_to is None:
            return {}
        n_classes = None if self.predictor.classes is None else len(self.predictor.classes)
        X, y = network_arrays(self.predictor, self.fitted_to)
        baselines: list[Baseline] = [
            fit_baseline(name, self._without_pieces(X), y, n_classes=n_classes)
            for name in ("linear", "constant")
        ]
        return {each: self._score(partial(self._baseline_outputs, each)) for each in baselines}

    def _baseline_outputs(self, baseline: Baseline, X: FloatArray) -> FloatArray:
        return baseline.outputs(self._without_pieces(X))

    def _without_pieces(self, X: FloatArray) -> FloatArray:
        """The inputs of a linear model: numbers are scaled, and not in pieces."""
        columns = getattr(self.predictor.preprocessing, "used", ())
        if not any(isinstance(column, PiecewiseColumn) for column in columns):
            return X
        selected = [
            not (isinstance(column, PiecewiseColumn) and 0 < at < len(column.edges))
            for column in columns
            for at in range(len(column.outputs))
        ]
        return X[:, selected]

    def _score(self, outputs_of: Callable[[Any], FloatArray]) -> dict[str, float]:
        """The scores of a function that computes outputs, such as that of a baseline."""
        predictor, network = self.predictor, self.predictor.network
        X, y = network_arrays(predictor, self.rows)
        outputs = outputs_of(X).astype(np.float64)
        if outputs.shape[1] > (network.n_outputs or 1):
            outputs = outputs[:, 1:]
        targets = check_targets(y, len(outputs), outputs.shape[1], network.dtype)
        value = self._loss.value(outputs, targets.astype(np.float64))
        return self._metrics(predictor.in_units(outputs), targets, value)

    @property
    def _loss(self) -> Loss:
        """The loss given, or that of the output activation."""
        return as_loss(self.loss, self.predictor.network.output_activation)

    def _metrics(self, outputs: FloatArray, y: FloatArray, loss: float) -> dict[str, float]:
        """The loss and the metrics; those of regression in the unit of the target."""
        is_number = self.predictor.classes is None
        y = self.rows.y.reshape(-1, 1) if is_number else y
        names = dict.fromkeys([self.main.name, *(NUMBER_TITLES if is_number else CLASS_TITLES)])
        return {"loss": loss, **{name: METRICS[name](outputs, y) for name in names}}

    @cached_property
    def main(self) -> MainMetric:
        """The metric that stands first, and by which the network is compared."""
        return main_metric(self.metric, self.rows.y, self.predictor.classes)

    def baselines_document(self) -> dict[str, Any]:
        """The baselines in a JSON document."""
        return {
            baseline.name: {
                "model": baseline.title,
                "rows": baseline.n_rows,
                **scores,
                "network_is_better": self._is_better_than(scores),
            }
            for baseline, scores in self.baselines.items()
        }

    def emit(
        self, label: str, baselines: str, more: Sequence[ScoreLine] = (), note: str = ""
    ) -> None:
        """Print the scores, of the rows with these labels, a verdict, and the confusion matrix."""
        compared = [((each.title, baselines), scores) for each, scores in self.baselines.items()]
        lines = [(("network", label), self.scores), *compared, *more]
        emit_scores(("", "rows"), lines, spec_of(self._loss))
        if note:
            emit(note)
        if self.baselines:
            emit_paragraph(" ".join(self.verdicts()))
        if self.predictor.classes is not None:
            emit_confusion_matrix(self.confusion_matrix(), self.predictor.classes)

    def verdicts(self) -> Iterator[str]:
        """Whether each baseline would do, by the main metric; a constant only where it would."""
        name, width = self.main.name, -(self.predictor.network.n_outputs or 1)
        X, y = network_arrays(self.predictor, self.rows)
        y = y if self.predictor.classes else self.rows.y
        targets = check_targets(y, len(X), -width, np.dtype(np.float64))
        for baseline, scores in self.baselines.items():
            other = self.predictor.in_units(self._baseline_outputs(baseline, X))
            margin = self._margin(self.outputs[:, width:], other[:, width:], targets)
            gain = self.scores[name] - scores[name]
            amounts = " ± ".join(score_text(name, each) for each in (abs(gain), margin))
            change = f"{amounts} {'less' if gain > 0 else 'more'}" if gain else "the same"
            gain *= 1 if name in MAXIMIZED else -1
            verdict = "does better" if gain < -margin else "may do as well"
            verdict = "would not do" if gain > margin else verdict
            if baseline.name == "linear" or gain <= margin:
                score = f"{HEADINGS[name]} is {score_text(name, scores[name])}"
                yield f"The {baseline.title} {verdict}: its {score}, {change}."

    def _margin(self, own: FloatArray, other: FloatArray, y: FloatArray) -> float:
        """Half the 95 % interval of the difference of two scores, by the bootstrap of the rows."""
        rng, compute = np.random.default_rng(0), METRICS[self.main.name]
        size = min(len(y), SAMPLE_SIZE)
        rows = (rng.integers(0, len(y), size) for _ in range(N_SAMPLES))
        differences = [compute(own[each], y[each]) - compute(other[each], y[each]) for each in rows]
        return 2 * float(np.nanstd(differences)) * np.sqrt(size / len(y))

    def _is_better_than(self, baseline: dict[str, float]) -> bool:
        """Whether the network has the better score by the main metric."""
        name = self.main.name
        difference = self.scores[name] - baseline[name]
        return difference > 0 if name in MAXIMIZED else difference < 0

    def confusion_matrix(self) -> NDArray[np.int64]:
        """Count the predicted classes of each class, shape (n_classes, n_classes)."""
        n_classes = len(self.predictor.classes or ())
        counts = np.zeros((n_classes, n_classes), np.int64)
        np.add.at(counts, (self.rows.y, self.outputs.argmax(axis=1)), 1)
        return counts


@lru_cache(maxsize=2)
def network_arrays(predictor: Predictor, rows: Dataset) -> tuple[FloatArray, NDArray[Any]]:
    """The inputs and targets of a network for rows; the last two results are cached."""
    X = predictor.preprocessing.transform(rows.X, predictor.network.dtype)
    return X, predictor.targets(rows.y)


def emit_scores(headings: Sequence[str], lines: Sequence[ScoreLine], loss: str) -> None:
    """Print a table of scores, a line for each model and set of rows."""
    known = dict.fromkeys(name for _, scores in lines for name in scores if name != "loss")
    names = {name: HEADINGS.get(name, name) for name in known}
    if not all(isclose(s.get("loss", nan), s.get("log_loss", nan), rel_tol=1e-3) for _, s in lines):
        names["loss"] = loss.partition(":")[0]
    table = [
        [*labels, *(score_text(name, scores[name]) if name in scores else "" for name in names)]
        for labels, scores in lines
    ]
    emit_table([*headings, *names.values()], table, numbers=len(headings))


def score_text(name: str, value: float) -> str:
    """Write scores up to 1 with four digits after the point, others with five digits in all."""
    return f"{value:.4f}" if name in MAXIMIZED else f"{value:.5g}"


def log_main_metric(metric: MainMetric) -> None:
    """Print the reason of a default that is not the usual one."""
    if metric.reason:
        log(f"{metric.reason}: the first score is {HEADINGS[metric.name]} (--metric)\n")


def emit_paragraph(text: str) -> None:
    """Print a blank line, and a text in lines of a small terminal."""
    emit(f"\n{textwrap.fill(text, MAX_COLUMNS)}")


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
