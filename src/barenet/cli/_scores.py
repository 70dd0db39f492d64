"""Scores of a network and of the baselines on the same rows, computed and printed."""

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import isclose, isfinite, nan
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from barenet import METRICS, Baseline, Dataset, Ensemble, Predictor, fit_baseline, one_hot
from barenet._metrics import main_metric, score_text
from barenet._registry import spec_of
from barenet.cli._console import emit, emit_table, log
from barenet.model._array_dataset import check_targets, class_probabilities
from barenet.model._arrays import FloatArray
from barenet.model.losses import Loss, as_loss

#: Maximum number of classes in a confusion matrix.
MAX_CLASSES = 20
#: Columns of a small terminal.
MAX_COLUMNS = 79

#: A line of a table of scores: its labels, and the scores by name.
ScoreLine: TypeAlias = tuple[Sequence[str], Mapping[str, float]]

#: Samples of the rows, and rows of each, from which the interval of a difference is estimated.
N_SAMPLES, SAMPLE_SIZE = 50, 2_000
#: Fewer rows have no such interval to go by.
MIN_ROWS = 10


class Scored(NamedTuple):
    """The probabilities of the classes or the predicted numbers of a model, and its scores."""

    outputs: FloatArray
    scores: dict[str, float]


@dataclass(eq=False)
class Measurement:
    """A network and rows to measure it on, beside baselines on the same rows."""

    predictor: Predictor
    rows: Dataset
    #: The metric that stands first.
    metric: str
    loss: str | None = None
    #: The rows that the baselines are fitted to; None for no baselines.
    fitted_to: Dataset | None = None

    @cached_property
    def network(self) -> Scored:
        """The network, or an ensemble."""
        X, _ = network_arrays(self.predictor, self.rows)
        return self._measure(self.predictor.network.predict(X))

    @property
    def title(self) -> str:
        """The kind of the model."""
        return "ensemble" if isinstance(self.predictor.network, Ensemble) else "network"

    @property
    def scores(self) -> dict[str, float]:
        """The scores of the network."""
        return self.network.scores

    @cached_property
    def baselines(self) -> dict[Baseline, Scored]:
        """The baselines with their scores."""
        if self.fitted_to is None:
            return {}
        classes = self.predictor.classes
        pieces = getattr(self.predictor.preprocessing, "are_pieces", np.zeros(0, bool))
        used: Any = ~pieces if pieces.any() else slice(None)  # of a linear model of the columns
        n_classes = None if classes is None else len(classes)
        own, (X, y) = (network_arrays(self.predictor, rows) for rows in (self.rows, self.fitted_to))
        fitted: list[Baseline] = [
            fit_baseline(name, X[:, used], y, n_classes=n_classes)
            for name in ("linear", "constant")
        ]
        return {
            each: self._measure(each.outputs(own[0][:, used]).astype(np.float64)) for each in fitted
        }

    def _measure(self, outputs: FloatArray) -> Scored:
        """The outputs of a model in the unit of the target, and its scores."""
        predictor, network = self.predictor, self.predictor.network
        own = outputs[:, -(network.n_outputs or 1) :].astype(np.float64)
        targets = network_arrays(predictor, self.rows)[1]
        loss = self._loss.value(own, check_targets(targets, len(own), own.shape[1], own.dtype))
        outputs = predictor.in_units(outputs)
        if predictor.classes is not None:
            outputs = class_probabilities(outputs)
        is_number, names = predictor.classes is None, [self.metric, *METRICS]
        shown = dict.fromkeys(name for name in names if METRICS[name].of_classes != is_number)
        scores = {name: METRICS[name](outputs, self.targets) for name in shown}
        return Scored(outputs, {"loss": loss, **scores})

    @cached_property
    def targets(self) -> FloatArray:
        """The numbers, or the classes as rows of 0 and 1, shape (n_rows, n_outputs)."""
        y, classes = self.rows.y, self.predictor.classes
        return y.reshape(-1, 1) if classes is None else one_hot(y, len(classes))

    @property
    def _loss(self) -> Loss:
        """The loss given, or that of the output activation."""
        return as_loss(self.loss, self.predictor.network.output_activation)

    def baselines_document(self) -> dict[str, Any]:
        """The baselines in a JSON document."""
        return {
            baseline.name: {
                "model": baseline.title,
                "rows": baseline.n_rows,
                **scores,
                "network_is_better": self._lead(scores) > 0,
            }
            for baseline, (_, scores) in self.baselines.items()
        }

    def emit(
        self, label: str, baselines: str, more: Sequence[ScoreLine] = (), note: str = ""
    ) -> None:
        """Print the scores, of the rows with these labels, a verdict, and the confusion matrix."""
        compared = [((each.title, baselines), own.scores) for each, own in self.baselines.items()]
        lines = [((self.title, label), self.scores), *compared, *more]
        emit_scores(("", "rows"), lines, spec_of(self._loss))
        if note:
            emit(note)
        if self.baselines:
            emit_paragraph(" ".join(self.verdicts()))
        if self.predictor.classes is not None:
            emit_confusion_matrix(self.confusion_matrix(), self.predictor.classes)

    def verdicts(self) -> Iterator[str]:
        """Compare each baseline with the network; a constant only where it is not worse."""
        name = self.compared_by
        if len(self.targets) < MIN_ROWS:
            yield f"Fewer than {MIN_ROWS} rows are too few to compare the models on."
            return
        for baseline, (outputs, scores) in self.baselines.items():
            margin, lead = self._margin(self.network.outputs, outputs), self._lead(scores)
            amounts = " ± ".join(score_text(name, each) for each in (abs(lead), margin))
            sign = "−" if (lead > 0) != METRICS[name].is_error else "+"
            verdict = "is better" if lead < -margin else "may be as good"
            verdict = "is worse" if lead > margin else verdict
            if baseline.name == "linear" or lead <= margin:
                score = f"{METRICS[name].title} {score_text(name, scores[name])}"
                difference = f"{sign}{amounts}" if lead else "the same"
                yield f"The {baseline.title} {verdict}: {score} ({difference})."

    @property
    def compared_by(self) -> str:
        """The main metric, or the next one where it is undefined, as the AUC of one class is."""
        names = (name for name in self.scores if name != "loss" and isfinite(self.scores[name]))
        return next(names, self.metric)

    def _lead(self, baseline: Mapping[str, float]) -> float:
        """The difference of the scores, positive where the network is better."""
        name = self.compared_by
        difference = self.scores[name] - baseline[name]
        return -difference if METRICS[name].is_error else difference

    def _margin(self, own: FloatArray, other: FloatArray) -> float:
        """Half the 95 % interval of the difference of two scores, by the bootstrap of the rows."""
        rng, compute, y = np.random.default_rng(0), METRICS[self.compared_by], self.targets
        size = min(len(y), SAMPLE_SIZE)
        rows = (rng.integers(0, len(y), size) for _ in range(N_SAMPLES))
        differences = [compute(own[each], y[each]) - compute(other[each], y[each]) for each in rows]
        defined = [each for each in differences if isfinite(each)]
        deviation = float(np.std(defined)) if 2 * len(defined) > N_SAMPLES else nan
        return 2 * deviation * np.sqrt(size / len(y))

    def confusion_matrix(self) -> NDArray[np.int64]:
        """Count the predicted classes of each class, shape (n_classes, n_classes)."""
        n_classes = self.targets.shape[1]
        pairs = self.rows.y * n_classes + self.network.outputs.argmax(axis=1)
        return np.bincount(pairs, minlength=n_classes**2).reshape(n_classes, n_classes)


@lru_cache(maxsize=2)
def network_arrays(predictor: Predictor, rows: Dataset) -> tuple[FloatArray, NDArray[Any]]:
    """The inputs and targets of a network for rows; the last two results are cached."""
    X = predictor.preprocessing.transform(rows.X, predictor.network.dtype)
    return X, predictor.targets(rows.y)


def emit_scores(headings: Sequence[str], lines: Sequence[ScoreLine], loss: str) -> None:
    """Print a table of scores, a line for each model and set of rows."""
    known = dict.fromkeys(name for _, scores in lines for name in scores if name != "loss")
    names = {name: metric_title(name).removesuffix(" accuracy") for name in known}
    if not all(isclose(s.get("loss", nan), s.get("log_loss", nan), rel_tol=1e-3) for _, s in lines):
        names["loss"] = loss.partition(":")[0]
    table = [
        [*labels, *(score_text(name, scores[name]) if name in scores else "" for name in names)]
        for labels, scores in lines
    ]
    emit_table([*headings, *names.values()], table, numbers=len(headings))


def metric_title(name: str) -> str:
    """The title of a metric, or the name of another score."""
    return METRICS[name].title if name in METRICS else name


def choose_metric(given: str | None, rows: Dataset) -> str:
    """The main metric of rows; the reason of a default that is not the usual one is printed."""
    name, reason = main_metric(given, rows.y, rows.classes)
    if reason:
        log(f"{reason}: the first score is {METRICS[name].title} (--metric)\n")
    return name


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
    rows = zip(labels, counts.tolist(), strict=True)
    table = [[label, *(str(count or "·") for count in row)] for label, row in rows]
    emit_table(["", *columns], table, numbers=1)
