"""Evaluation: the scores of a trained model on rows, in one call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet._metrics import as_metrics, metrics_for
from barenet._registry import build
from barenet.datasets._dataset import Dataset
from barenet.datasets._target_kind import TargetKind
from barenet.errors import ArgumentError
from barenet.files._fitted_pipeline import unwrapped_model
from barenet.files._predictor import Predictor
from barenet.insight._models import predictor_and_targets, predictor_of, targets_of_rows
from barenet.insight._permutation_importance import metric_of
from barenet.model._arrays import as_finite, check_targets, one_hot
from barenet.model._ensemble import Model
from barenet.model.losses import LOSSES, Loss


def evaluate(
    model: Any, X: Any, y: ArrayLike | None = None, *, metrics: str | Sequence[str] | None = None
) -> dict[str, float]:
    """Score a trained network, predictor or estimator on rows.

    Parameters
    ----------
    model : Network, Ensemble, Predictor or estimator
        One or several networks alone, a network with its preprocessing, or a fitted estimator of
        barenet or a pipeline that ends with one.
    X : array-like of shape (n_samples, n_columns), Frame, DataFrame, mapping or Dataset
        Raw rows, preferably held out from training; for a network alone, its inputs. A data set has
        the targets, too.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs), optional
        The classes, or numbers in their own units. For a network alone, indices of the classes, or
        targets of the shape of its output.
    metrics : str or sequence of str, optional
        Names of metrics, such as ``"auc"`` or ``"rmse"``. By default, all those of classes or of
        numbers, starting with the metric of the training, or else with accuracy or R².

    Returns
    -------
    dict of str to float
        The scores by name.

    Raises
    ------
    ValueError
        If the rows or targets don't fit the model, or a metric does not fit the targets.

    See Also
    --------
    barenet.Task.evaluate : The same for the rows of a task, with the loss.

    Examples
    --------
    >>> import barenet
    >>> X = np.linspace(-1, 1, 50).reshape(-1, 1)
    >>> network = barenet.Network.dense([1, 1], seed=0)
    >>> _ = barenet.train(network, X, 3 * X + 1, epochs=50, optimizer='adam:learning_rate=0.1')
    >>> scores = barenet.evaluate(network, X, 3 * X + 1)
    >>> list(scores), scores["r2"] > 0.99
    (['r2', 'rmse', 'mae'], True)
    """
    weight = X.weight if isinstance(X, Dataset) else None
    X, y = targets_of_rows(model, X, y)
    threshold = None
    if isinstance(model, Model):
        output = np.asarray(model.predict(X), np.float64)
        kind = TargetKind.of_outputs(model.n_outputs or 1, model.output_activation.name)
        targets = check_targets(y, len(output), output.shape[1], output.dtype)
        main = kind.metric
        of_classes = kind.n_classes is not None
    else:
        predictor = predictor_of(model, X, "model")
        threshold = predictor.threshold
        main = metric_of(predictor)
        of_classes = predictor.classes is not None
        if predictor.classes is None:
            numbers = predictor.outputs(X) if model is predictor else model.predict(X)
            output = np.asarray(numbers, np.float64).reshape(len(numbers), -1)
            if np.ndim(y) < 2 or np.shape(y)[1] == 1:
                output = _point_prediction(model, predictor, output)
            targets = _targets_of_numbers(predictor, y, output.shape)
        else:
            _, codes = predictor_and_targets(model, X, y, "model")
            output = predictor.predict_proba(X).astype(np.float64)
            targets = one_hot(codes, len(predictor.classes), np.float64)
    accepted = metrics_for(of_classes)
    if metrics is None:
        metrics = [main, *accepted]
    scores = {}
    for name, metric in as_metrics(metrics, accepted).items():
        scores[name] = metric.at_threshold(output, targets, threshold, weight)
    return scores


def _point_prediction(
    model: Any, predictor: Predictor, output: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Select the prediction of one target among several outputs, such as the middle quantile.

    An estimator has its loss; a model file has only the name, which must be one of barenet's.
    """
    if output.shape[1] == 1 or predictor.card is None:
        return output
    loss: Any = str(predictor.card.settings.get("loss"))
    if model is not predictor:
        loss = getattr(unwrapped_model(model).estimator, "loss", loss)
    try:
        loss = build(Loss, LOSSES, loss, "loss")
    except ArgumentError:  # a user-defined loss of a model file
        return output
    return np.asarray(loss.point(output), np.float64)


def _targets_of_numbers(
    predictor: Predictor, y: ArrayLike, shape: tuple[int, ...]
) -> NDArray[np.float64]:
    """Read the targets of predictions of a shape: one or several numbers for each row."""
    _, n_numbers = shape
    if n_numbers == 1:
        _, targets = predictor_and_targets(predictor, None, y, "model")
        return np.asarray(targets, np.float64).reshape(-1, 1)
    if np.shape(y) != shape:
        problem = f"expected shape {shape}, as the model predicts {n_numbers} numbers for each row"
        raise ArgumentError(f"{problem}, got {np.shape(y)}", argument="y")
    return np.asarray(as_finite(y, np.dtype(np.float64), "y"), np.float64)
