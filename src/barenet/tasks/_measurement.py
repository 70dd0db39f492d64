"""Scores of a predictor and of baselines on the same rows."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import ceil, isfinite, nan
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet._metrics import METRICS, Metric, is_maximized, score_text, weighted_mean
from barenet.datasets._column_summary import FEW_ROWS, Summary, summarize, summarize_columns
from barenet.datasets._dataset import Dataset
from barenet.datasets._target_kind import TargetKind
from barenet.errors import DataError
from barenet.files._model_card import ModelCard
from barenet.files._predictor import Predictor
from barenet.insight._baselines import Baseline, fit_baseline
from barenet.model._array_dataset import class_probabilities, predicted_classes
from barenet.model._arrays import FloatArray, check_targets, one_hot
from barenet.model._ensemble import Ensemble
from barenet.model.losses import Loss, Quantile, as_loss
from barenet.population._number_loss import NumberLoss
from barenet.tables.encoding._encoding import TableEncoding
from barenet.tasks._target_leakage import describe_leak, leaking_columns
from barenet.training._history import History

#: Number of bootstrap samples for the interval of a difference, and maximum rows of each sample.
N_SAMPLES = 50
SAMPLE_SIZE = 2_000
#: Minimum number of rows for a comparison.
MIN_ROWS = 10
#: Maximum number of rows that baselines are fitted to.
MAX_FITTED_ROWS = 2**17
#: Number of rows whose bins are in memory at the same time.
ENCODED_ROWS = 2**14


class Scored(NamedTuple):
    """The outputs of a model (class probabilities or predicted numbers) and its scores."""

    outputs: FloatArray
    scores: dict[str, float]


@dataclass(eq=False)
class Measurement:
    """A network and the rows to evaluate it on, with baselines on the same rows."""

    predictor: Predictor
    rows: Dataset
    #: The main metric, which comes first.
    metric: str
    #: The training rows, which the baselines are fitted to; None if they are not at hand.
    fitted_to: Dataset | None = None
    #: Number of the rows that the predictor was trained on; None if unknown.
    n_seen: int | None = 0
    #: Whether there are baselines, if the training rows are at hand.
    has_baselines: bool = True

    @cached_property
    def scored(self) -> Scored:
        """The outputs and scores of the network or ensemble."""
        in_scale_of_training = replace(self.predictor, target_scaling=None)
        return self._measure(in_scale_of_training.outputs(self.rows.X))

    def _check_targets(self) -> None:
        """Refuse targets that the loss is not defined for, such as negative counts."""
        if self.predictor.classes is not None:
            return
        number_loss = NumberLoss(self.loss_function)
        is_wrong = number_loss.are_outside(self.rows.y)
        if not is_wrong.any():
            return
        row = int(is_wrong.argmax())
        place = f"row {self.rows.numbers[row]}: column {self.rows.target_name!r}"
        problem = f"{place}: {number_loss.needed_targets}, got {self.rows.y[row]:g}"
        remedy = "correct it, or leave the row out"
        raise DataError(problem, path=self.rows.name, remedy=remedy)

    @property
    def title(self) -> str:
        """The kind of the model."""
        return "ensemble" if isinstance(self.predictor.network, Ensemble) else "network"

    @property
    def warning(self) -> str:
        """A warning if the predictor was trained on some of the rows; empty for new rows."""
        if self.n_seen == 0:
            return ""
        number = "perhaps some" if self.n_seen is None else f"{self.n_seen:,}"
        seen = f"the {self.title} was trained on {number} of these {self.rows.n_samples:,} rows"
        return f"{seen}, so its scores on new rows may be worse"

    @property
    def scores(self) -> dict[str, float]:
        """The scores of the network."""
        return self.scored.scores

    @cached_property
    def baselines(self) -> dict[Baseline, Scored]:
        """The outputs and scores of the baselines."""
        if self.fitted_to is None or not self.has_baselines:
            return {}
        n_classes = TargetKind.of(self.predictor.classes).n_classes
        stride = ceil(self.fitted_to.n_samples / MAX_FITTED_ROWS)
        X = self._linear_inputs(self.fitted_to.X[::stride])
        y = self.predictor.targets(self.fitted_to.y[::stride])
        weight = self.fitted_to.weight
        if weight is not None:
            weight = weight[::stride]
        measured_X = self._linear_inputs(self.rows.X)
        baselines = {}
        for name in ("linear", "constant"):
            baseline = fit_baseline(
                name, X, y, sample_weight=weight, n_classes=n_classes, quantile=self.quantile
            )
            outputs = baseline.outputs(measured_X).astype(np.float64)
            baselines[baseline] = self._measure(outputs)
        return baselines

    def _linear_inputs(self, X: Any) -> FloatArray:
        """Return the inputs of the network, except the bins of numbers and dates.

        Numbers and dates are limited to the range of the bins, as for the network. Otherwise, a
        date such as 9999-12-31 would dominate the coefficient of its column, or the score.
        """
        preprocessing: Any = self.predictor.preprocessing
        dtype = self.predictor.network.dtype
        if not isinstance(preprocessing, TableEncoding):
            return preprocessing.transform(X, dtype)
        is_kept = ~preprocessing.are_bins
        blocks = []
        for start in range(0, len(X), ENCODED_ROWS):  # avoids all bins in memory at once
            encoded = preprocessing.transform(X[start : start + ENCODED_ROWS], dtype)
            blocks.append(encoded[:, is_kept])
        return np.concatenate(blocks)

    def _measure(self, outputs: FloatArray) -> Scored:
        """Convert the outputs of a model to the units of the target, and compute its scores."""
        self._check_targets()
        predictor = self.predictor
        n_outputs = predictor.network.n_outputs or 1
        # Of two classes, a baseline has both probabilities; a network may have only the second.
        network_outputs = outputs[:, -n_outputs:].astype(np.float64)
        targets = check_targets(
            predictor.targets(self.rows.y),
            len(network_outputs),
            network_outputs.shape[1],
            network_outputs.dtype,
        )
        weight = self.rows.weight
        scores = {"loss": self.loss_function.value(network_outputs, targets, weight)}
        of_classes = predictor.classes is not None
        predictions = predictor.in_units(outputs)
        if of_classes:
            predictions = class_probabilities(predictions)
        for name in (self.metric, *METRICS):
            if METRICS[name].of_classes == of_classes and name not in scores:
                threshold = self.predictor.threshold
                metric = METRICS[name]
                scores[name] = metric.at_threshold(predictions, self.targets, threshold, weight)
        return Scored(predictions, scores)

    @cached_property
    def targets(self) -> FloatArray:
        """The numbers, or the classes as rows of 0 and 1, shape (n_rows, n_outputs)."""
        if self.predictor.classes is None:
            return self.rows.y.reshape(-1, 1)
        return one_hot(self.rows.y, len(self.predictor.classes))

    @property
    def loss_function(self) -> Loss:
        """The loss of the training, or the default loss of the output activation."""
        card = self.predictor.card or ModelCard()
        loss: Any = card.settings.get("loss")
        return as_loss(loss, self.predictor.network.output_activation)

    @cached_property
    def quantile(self) -> float | None:
        """The fraction of targets below the prediction, if the model predicts a quantile."""
        loss = self.loss_function
        if isinstance(loss, Quantile) and not loss.levels:
            return loss.q
        return None

    @property
    def coverage(self) -> float | None:
        """The fraction of targets that are at most the prediction, if this is a quantile."""
        if self.quantile is None:
            return None
        is_covered = self.targets <= self.scored.outputs
        return weighted_mean(is_covered, self.rows.weight)

    def baselines_document(self) -> dict[str, Any]:
        """Return the baselines for a JSON document."""
        document: dict[str, Any] = {}
        for baseline, (_, scores) in self.baselines.items():
            document[baseline.name] = {
                "model": baseline.title,
                "rows": baseline.n_rows,
                **scores,
                "network_is_better": self._lead(scores) > 0,
            }
        return document

    def verdicts(self) -> Iterator[str]:
        """Compare each baseline with the network; a constant only if it isn't clearly worse."""
        name = self.compared_by
        if len(self.targets) < MIN_ROWS:
            yield f"Fewer than {MIN_ROWS} rows are too few to compare the models on."
            return
        if self.coverage is not None:
            quantile = self.quantile or 0.0
            share = f"{100 * self.coverage:.1f} % of the targets are at most the prediction"
            yield f"{share}; {100 * quantile:g} % are expected."
        for baseline, (outputs, scores) in self.baselines.items():
            margin = self._margin(self.scored.outputs, outputs)
            lead = self._lead(scores)
            verdict = "may be as good"
            if lead < -margin:
                verdict = "is better"
            elif lead > margin:
                verdict = "is worse"
            if baseline.name != "linear" and verdict == "is worse":
                continue
            difference = "the same"
            if lead:
                is_lower = (lead > 0) == is_maximized(name)
                sign = "−" if is_lower else "+"
                size = score_text(name, abs(lead))
                difference = f"{sign}{size} ± {score_text(name, margin)}"
            score = f"{self.compared_title} {score_text(name, scores[name])}"
            yield f"The {baseline.title} {verdict}: {score} ({difference})."

    def leak(self, option: str = "") -> str:
        """Describe the columns of the training rows that alone predict the target, if any do.

        If the user interface has an option that drops them, the sentence names it.
        """
        if self.fitted_to is None:
            return ""
        names = leaking_columns(self.fitted_to, self.predictor.preprocessing)
        if not names:
            return ""
        leak = describe_leak(names, self.predictor.target_name)
        return f"{leak} ({option})." if option else f"{leak}."

    @property
    def compared_by(self) -> str:
        """The main metric, or the next one if it is undefined, such as the AUC for one class.

        Quantiles are compared by their loss, as other metrics are those of a mean.
        """
        if self.quantile is not None:
            return "loss"
        for name, score in self.scores.items():
            if name != "loss" and isfinite(score):
                return name
        return self.metric

    @property
    def compared_title(self) -> str:
        """The title of the score that models are compared by."""
        return "quantile loss" if self.compared_by == "loss" else METRICS[self.compared_by].title

    def _lead(self, baseline: Mapping[str, float]) -> float:
        """Return the difference of the scores, which is positive if the network is better."""
        name = self.compared_by
        difference = self.scores[name] - baseline[name]
        return difference if is_maximized(name) else -difference

    def _margin(self, outputs: FloatArray, other_outputs: FloatArray) -> float:
        """Estimate half the 95 % interval of the difference of two scores by the bootstrap."""
        rng = np.random.default_rng(0)
        metric = self._compared_score()
        y = self.targets
        weight = self.rows.weight
        if weight is None:
            weight = np.ones(len(y))
        size = min(len(y), SAMPLE_SIZE)
        differences = []
        for _ in range(N_SAMPLES):
            drawn = rng.integers(0, len(y), size)
            score = metric(outputs[drawn], y[drawn], weight[drawn])
            difference = score - metric(other_outputs[drawn], y[drawn], weight[drawn])
            if isfinite(difference):
                differences.append(difference)
        if 2 * len(differences) <= N_SAMPLES:
            return nan
        deviation = float(np.std(differences))
        return 2 * deviation * np.sqrt(size / len(y))

    def _compared_score(self) -> Metric:
        """Return the function of outputs and targets, in their units, that models are compared by.

        The loss is that of scaled targets; a quantile loss is scaled as these are.
        """
        if self.compared_by != "loss":
            metric = METRICS[self.compared_by]
            threshold = self.predictor.threshold

            def score(outputs: FloatArray, y: FloatArray, weight: FloatArray) -> float:
                return metric.at_threshold(outputs, y, threshold, weight)

            return score
        factor = 1.0
        scaling = self.predictor.target_scaling
        if scaling is not None:
            factor = float(scaling.factor[0])
        loss = self.loss_function

        def scaled_loss(outputs: FloatArray, y: FloatArray, weight: FloatArray) -> float:
            return factor * loss.value(outputs, y, weight)

        return scaled_loss

    def confusion_matrix(self) -> NDArray[np.int64]:
        """Count the predicted classes of each class, shape (n_classes, n_classes)."""
        n_classes = self.targets.shape[1]
        predicted = predicted_classes(self.scored.outputs, self.predictor.threshold)
        pairs = self.rows.y * n_classes + predicted
        return np.bincount(pairs, minlength=n_classes**2).reshape(n_classes, n_classes)


def with_results(
    predictor: Predictor, history: History, measured: Mapping[str, Measurement]
) -> Predictor:
    """Add the history, the scores by kind of rows, and a summary of the training columns."""
    scores: dict[str, Mapping[str, float]] = {}
    for kind_of_rows, measurement in measured.items():
        finite = {}
        for name, value in measurement.scores.items():
            if isfinite(value):
                finite[name] = float(value)
        scores[kind_of_rows] = finite
    card = (predictor.card or ModelCard()).with_history(history)
    summaries = {}
    if measured:
        training = list(measured.values())[-1]  # the training rows, or a sample
        summaries = summarize_columns(predictor.preprocessing, training.rows)
    card = replace(
        card,
        scores={**scores, **card.scores},
        summaries=summaries,
        prediction_summary=_summarize_predictions(measured),
    )
    return replace(predictor, card=card)


def _summarize_predictions(measured: Mapping[str, Measurement]) -> Summary:
    """Summarize the predictions of the test rows, or if these are few, of the training rows.

    Predictions of training rows are nearer to their targets than those of new rows.
    """
    if not measured:
        return {}
    measurements = list(measured.values())
    chosen = measurements[0]
    if chosen.rows.n_samples < FEW_ROWS:
        chosen = measurements[-1]  # the training rows, or a sample
    values = prediction_values(chosen.predictor, chosen.scored.outputs)
    return {} if values is None else summarize(values)


def prediction_values(predictor: Predictor, outputs: FloatArray) -> NDArray[Any] | None:
    """Return predictions as the values of a column: class names or numbers; None for several."""
    if predictor.classes is not None:
        names = np.array(predictor.classes, object)
        return names[predicted_classes(outputs, predictor.threshold)]
    if outputs.shape[1] > 1:
        return None
    return outputs[:, 0].astype(np.float64)


def metric_title(name: str) -> str:
    """Return the title of a metric, or the name of any other score."""
    return name if name not in METRICS else METRICS[name].title
