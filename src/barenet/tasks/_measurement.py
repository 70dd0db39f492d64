"""Scores of a predictor and of the baselines on the same rows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import isfinite, nan
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet._metrics import METRICS, score_text
from barenet.data import TableEncoding
from barenet.data._column_summary import summarize_columns
from barenet.data._dataset import Dataset
from barenet.engines import Ensemble
from barenet.files._model_card import ModelCard
from barenet.files._predictor import Predictor
from barenet.insight._baselines import Baseline, fit_baseline
from barenet.model._array_dataset import class_probabilities
from barenet.model._arrays import FloatArray, check_targets, one_hot
from barenet.model.losses import Loss, as_loss
from barenet.tasks._target_leakage import describe_leak, leaking_columns
from barenet.training._history import History

#: Number of bootstrap samples for the interval of a difference, and maximum rows in each.
N_SAMPLES, SAMPLE_SIZE = 50, 2_000
#: Minimum number of rows for a comparison, and maximum number of rows that baselines are fitted to.
MIN_ROWS, MAX_FITTED_ROWS = 10, 2**17


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
    #: The rows that the baselines are fitted to; None for no baselines.
    fitted_to: Dataset | None = None
    #: Which rows they are, after their number, if not those of the predictor's own split.
    which: str = ""

    @cached_property
    def network(self) -> Scored:
        """The network, or an ensemble."""
        in_scale_of_training = replace(self.predictor, target_scaling=None)
        return self._measure(in_scale_of_training.outputs(self.rows.X))

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
        n_classes = None if classes is None else len(classes)
        some = slice(None, None, -(-self.fitted_to.n_samples // MAX_FITTED_ROWS))
        X, y = self._linear_inputs(self.fitted_to.X[some]), self.fitted_to.y[some]
        y = self.predictor.targets(y)
        fitted: list[Baseline] = [
            fit_baseline(name, X, y, n_classes=n_classes) for name in ("linear", "constant")
        ]
        X = self._linear_inputs(self.rows.X)
        return {each: self._measure(each.outputs(X).astype(np.float64)) for each in fitted}

    def _linear_inputs(self, X: Any) -> FloatArray:
        """The inputs of the network but the bins of numbers."""
        preprocessing: Any = self.predictor.preprocessing
        if isinstance(preprocessing, TableEncoding):
            preprocessing = preprocessing.without_bins
        return preprocessing.transform(X, self.predictor.network.dtype)

    def _measure(self, outputs: FloatArray) -> Scored:
        """The outputs of a model in units of the target, and its scores."""
        predictor, network = self.predictor, self.predictor.network
        own = outputs[:, -(network.n_outputs or 1) :].astype(np.float64)
        y = predictor.targets(self.rows.y)
        targets = check_targets(y, len(own), own.shape[1], own.dtype)
        loss = self.loss_function.value(own, targets)
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
    def loss_function(self) -> Loss:
        """The loss of the training, or that of the output activation."""
        loss: Any = (self.predictor.card or ModelCard()).settings.get("loss")
        return as_loss(loss, self.predictor.network.output_activation)

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

    def leak(self, option: str = "") -> str:
        """A sentence on columns of the training rows that predict the target alone, if any do.

        An option that drops them is named where the user interface has one.
        """
        if self.fitted_to is None:
            return ""
        names = leaking_columns(self.fitted_to, self.predictor.preprocessing)
        if not names:
            return ""
        leak = describe_leak(names, self.predictor.target_name)
        if option:
            return f"{leak} ({option})."
        return f"{leak}."

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


def with_results(
    predictor: Predictor, history: History, measured: Mapping[str, Measurement]
) -> Predictor:
    """Add the history, the scores by kind of rows, and a summary of the training columns."""
    scores = {
        rows: {name: float(value) for name, value in each.scores.items() if isfinite(value)}
        for rows, each in measured.items()
    }
    card = (predictor.card or ModelCard()).with_history(history)
    *_, training = measured.values() or [None]  # the last one: the training rows, or a sample
    summaries = summarize_columns(predictor.preprocessing, training.rows) if training else {}
    card = replace(card, scores={**scores, **card.scores}, summaries=summaries)
    return replace(predictor, card=card)


def metric_title(name: str) -> str:
    """The title of a metric, or the name of another score."""
    return METRICS[name].title if name in METRICS else name
