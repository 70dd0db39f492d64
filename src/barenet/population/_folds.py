"""Folds of cross-validation: row indices of training and test, and the scores on these rows."""

import time
from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from barenet._metrics import Metric
from barenet.errors import ArgumentError, in_a_line
from barenet.model._array_dataset import validate_arrays
from barenet.model._network import Network
from barenet.model.losses import as_loss
from barenet.population._population import Population

#: Indices of the training rows and of the test rows.
Fold: TypeAlias = tuple[NDArray[np.intp], NDArray[np.intp]]

#: Remedy for a class with too few rows.
TOO_FEW = "take fewer folds, or others; for numbers to predict, pass y as floats to search"


def make_folds(cv: Any, network: Network, X: Any, y: Any, loss: Any = None) -> list[Fold]:
    """Split the rows as scikit-learn does: stratified for classes, in order and not shuffled."""
    from sklearn.model_selection import check_cv

    inputs, targets, *_ = validate_arrays(network, as_loss(loss, network.output_activation), X, y)
    labels = _class_labels(network, targets)
    try:
        splitter = check_cv(cv, labels, classifier=labels is not None)
        pairs = list(splitter.split(inputs, targets if labels is None else labels))
    except (TypeError, ValueError) as error:
        problem, remedy = in_a_line(error).rstrip("."), TOO_FEW if "class" in str(error) else ""
        raise ArgumentError(problem, argument="cv", value=cv, remedy=remedy) from error
    if not pairs:
        raise ArgumentError.of("cv", cv, "one fold or more")
    return [_check_fold(number, pair, len(inputs), labels) for number, pair in enumerate(pairs, 1)]


def _class_labels(network: Network, targets: NDArray[Any]) -> NDArray[np.intp] | None:
    """The class of each row, if the outputs are probabilities of classes."""
    is_class = network.output_activation.name in ("softmax", "sigmoid")
    if not is_class or not np.isin(targets, (0, 1)).all():
        return None
    if targets.shape[1] == 1:
        return targets[:, 0].astype(np.intp)
    return targets.argmax(axis=1) if (targets.sum(axis=1) == 1).all() else None


def _check_fold(number: int, pair: Any, n_rows: int, labels: NDArray[np.intp] | None) -> Fold:
    """Convert indices or masks to indices, and check that every class is in the training rows."""
    try:
        train, test = (np.arange(n_rows)[part] for part in pair)
    except (TypeError, ValueError, IndexError) as error:
        reason = f"fold {number}: {in_a_line(error)}"
        raise ArgumentError(reason, argument="cv", remedy="pass pairs of row indices") from error
    if train.ndim != 1 or test.ndim != 1 or not train.size or not test.size:
        raise ArgumentError(f"fold {number} needs rows for training and the test", argument="cv")
    if labels is not None and len(missing := np.setdiff1d(labels, labels[train])):
        problem = f"fold {number}: class {missing[0]} is not in its training rows"
        raise ArgumentError(problem, argument="cv", remedy=TOO_FEW)
    return train, test


def measure_fold(
    population: Population, index: int, rows: NDArray[np.intp], metrics: Mapping[str, Metric]
) -> dict[str, float]:
    """Compute loss and metrics of a network in float64, NaN if it has failed, and the times."""
    started, run = time.perf_counter(), population.runs[index]
    values = dict.fromkeys(("loss", *metrics), np.nan)
    if run.error is None:
        engine = run.make_engine()
        data = run.job.rows._replace(selection=rows, sample_weight=None)
        values["loss"], output = engine.evaluate(data)
        engine.close()
        if np.isfinite(output).all():
            point = run.job.loss.point
            arrays = point(output).astype(np.float64), point(data.y[rows]).astype(np.float64)
            values |= {name: metric(*arrays) for name, metric in metrics.items()}
    values["fit_time"] = sum(run.history.curves.get("seconds", ()))
    return {**values, "score_time": time.perf_counter() - started}


def default_metric(network: Network) -> str:
    """Name of the metric by which networks are compared: the accuracy for classes, else R²."""
    return "accuracy" if network.output_activation.name in ("softmax", "sigmoid") else "r2"
