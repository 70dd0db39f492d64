"""Cross-validation: folds, the scores on their rows, and the function `cross_validate`."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, TypeAlias, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet._constraints import check_arguments, lists_options
from barenet._messages import in_a_line
from barenet._metrics import Metric, as_metrics
from barenet.datasets._target_kind import TargetKind
from barenet.errors import ArgumentError
from barenet.model._array_dataset import validate_arrays
from barenet.model._network import Network
from barenet.model.losses import as_loss
from barenet.population._population import Population
from barenet.population._population_checkpoint import PopulationCheckpoint
from barenet.population._run_factory import TrainArguments
from barenet.population._train_many import KNOWN, train_many

if TYPE_CHECKING:
    from barenet._extras import Client

#: Indices of the training rows and of the test rows.
Fold: TypeAlias = tuple[NDArray[np.intp], NDArray[np.intp]]

#: Remedy for a class with too few rows.
TOO_FEW = "take fewer folds, or others; for numbers to predict, pass y as floats to search"


class FoldOptions(TrainArguments, total=False):
    """The arguments of `train` and of `train_many` for all folds, whose rows `cv` chooses."""

    scale: float
    threads: int | None
    after_slice: Callable[[Population], object] | None
    slice_epochs: int | tuple[int, ...]
    progress: bool | None
    checkpoint: str | PathLike[str] | PopulationCheckpoint | None
    resume: bool
    client: Client | None


@lists_options(FoldOptions)
def cross_validate(
    network: Network,
    X: ArrayLike,
    y: ArrayLike,
    *,
    cv: Any = 5,
    metrics: str | Sequence[str] | None = None,
    **arguments: Unpack[FoldOptions],
) -> dict[str, Any]:
    """Train a copy of a network for each fold, and score it on the fold's test rows.

    The folds are trained at the same time, and share one X.

    Parameters
    ----------
    network : Network
        The network, which is not changed. Each copy starts from its current parameters.
    X : array-like of shape (n_samples, n_inputs)
        The samples.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        The targets.
    cv : int, splitter of scikit-learn, or iterable, default=5
        Number of folds, made as in scikit-learn: stratified if the outputs are probabilities of
        classes, and not shuffled. Or a splitter such as ``KFold(5, shuffle=True)``, or pairs of the
        indices of training and test rows.
    metrics : str or sequence of str, optional
        Names from `METRICS`; by default the accuracy if the output is softmax or sigmoid, else R².
    **arguments
        Arguments of `train`, the same for all folds, and `client` as in `train_many`. One progress
        bar shows all folds.

    Returns
    -------
    dict of str to ndarray of shape (n_folds,)
        ``fit_time`` and ``score_time`` in seconds, ``epochs``, ``test_loss``, ``train_loss``, and
        for each metric ``test_accuracy`` and ``train_accuracy``, all computed from the final
        parameters and without sample weights; NaN for a fold whose training diverged.

    Raises
    ------
    ValueError
        If an argument can't be used; the message names it.
    DivergenceError
        If the training diverged in all folds.
    WorkersError
        If the workers of `client` can't be used.

    Warns
    -----
    RuntimeWarning
        If the training diverged in some folds.

    See Also
    --------
    search : Cross-validate many settings, and return the best.

    Examples
    --------
    >>> from barenet import Network, cross_validate, load_dataset
    >>> data = load_dataset("iris")
    >>> X = (data.X - data.X.mean(axis=0)) / data.X.std(axis=0)
    >>> network = Network.dense([4, 16, 3], output="softmax", seed=0)
    >>> scores = cross_validate(network, X, data.y, cv=3, epochs=100, batch_size=8)
    >>> (scores["test_accuracy"] > 0.9).tolist()
    [True, True, True]
    """
    check_arguments("cross_validate", arguments, KNOWN - {"networks", "rows"})
    if not isinstance(network, Network):
        raise ArgumentError.of("network", network, "a Network")
    if metrics is None:
        metrics = default_metric(network)
    measures = as_metrics(metrics)
    folds = make_folds(cv, network, X, y, arguments.get("loss"))
    shared: dict[str, Any] = {}
    for name, value in arguments.items():
        if isinstance(value, list):
            shared[name] = tuple(value)  # a list would have an item for each fold
        else:
            shared[name] = value
    networks = []
    train_rows = []
    for train, _ in folds:
        networks.append(network.copy())
        train_rows.append(train)
    population = train_many(networks, X, y, rows=train_rows, **shared)
    if len(population.errors) == len(folds):
        raise population.errors[0]
    test_scores = []
    for index, (_, test) in enumerate(folds):
        test_scores.append(measure_fold(population, index, test, measures))
    train_scores = []
    for index, rows in enumerate(train_rows):
        train_scores.append(measure_fold(population, index, rows, measures))
    result = {
        "fit_time": _column(test_scores, "fit_time"),
        "score_time": _column(test_scores, "score_time"),
        "epochs": np.array([len(history) for history in population.histories]),
    }
    for name in ("loss", *measures):
        result[f"test_{name}"] = _column(test_scores, name)
        result[f"train_{name}"] = _column(train_scores, name)
    return result


def _column(scores: list[dict[str, float]], name: str) -> NDArray[Any]:
    """Collect one score of all folds."""
    return np.array([fold[name] for fold in scores])


def make_folds(cv: Any, network: Network, X: Any, y: Any, loss: Any) -> list[Fold]:
    """Split the rows like scikit-learn: stratified for classes, in order and not shuffled."""
    from sklearn.model_selection import check_cv

    loss = as_loss(loss, network.output_activation)
    inputs, targets, *_ = validate_arrays(network, loss, X, y)
    labels = _class_labels(network, targets)
    strata: NDArray[Any] = targets
    if labels is not None:
        strata = labels
    try:
        splitter = check_cv(cv, labels, classifier=labels is not None)
        pairs = list(splitter.split(inputs, strata))
    except (TypeError, ValueError) as error:
        problem = in_a_line(error).rstrip(".")
        remedy = TOO_FEW if "class" in str(error) else ""
        if "groups" in problem:
            remedy = "pass pairs of indices: list(splitter.split(X, y, groups))"
        raise ArgumentError(problem, argument="cv", value=cv, remedy=remedy) from error
    if not pairs:
        raise ArgumentError.of("cv", cv, "one fold or more")
    folds = []
    for number, pair in enumerate(pairs, 1):
        folds.append(check_fold(number, pair, len(inputs), labels))
    return folds


def _class_labels(network: Network, targets: NDArray[Any]) -> NDArray[np.intp] | None:
    """Return the class of each row, if the outputs are probabilities of classes."""
    target_kind = TargetKind.of_outputs(targets.shape[1], network.output_activation.name)
    if not target_kind.of_classes or not np.isin(targets, (0, 1)).all():
        return None
    if targets.shape[1] == 1:
        return targets[:, 0].astype(np.intp)
    if (targets.sum(axis=1) == 1).all():
        return targets.argmax(axis=1)
    return None  # a row may have several classes


def check_fold(number: int, pair: Any, n_rows: int, labels: NDArray[np.intp] | None) -> Fold:
    """Convert indices or masks to indices, and check that every class is in the training rows."""
    try:
        train_part, test_part = pair
        numbers = np.arange(n_rows)
        train = numbers[train_part]
        test = numbers[test_part]
    except (TypeError, ValueError, IndexError) as error:
        reason = f"fold {number}: {in_a_line(error)}"
        raise ArgumentError(reason, argument="cv", remedy="pass pairs of row indices") from error
    for indices in (train, test):
        if indices.ndim != 1 or not indices.size:
            problem = f"fold {number} needs rows for training and the test"
            raise ArgumentError(problem, argument="cv")
    if labels is not None:
        missing = np.setdiff1d(labels, labels[train])
        if len(missing):
            problem = f"fold {number}: class {missing[0]} is not in its training rows"
            raise ArgumentError(problem, argument="cv", remedy=TOO_FEW)
    return train, test


def measure_fold(
    population: Population,
    index: int,
    rows: NDArray[np.intp],
    metrics: Mapping[str, Metric],
    weight: NDArray[Any] | None = None,
) -> dict[str, float]:
    """Compute the loss and metrics in float64, NaN if the network has failed, and the times.

    `weight` are the weights of all rows in the metrics, if they have any.
    """
    started = time.perf_counter()
    run = population.runs[index]
    values = dict.fromkeys(("loss", *metrics), np.nan)
    if run.error is None:
        engine = run.make_engine()
        data = run.job.rows._replace(selection=rows, sample_weight=None)
        values["loss"], output = engine.evaluate(data)
        engine.close()
        if np.isfinite(output).all():
            point = run.job.loss.point
            predictions = point(output).astype(np.float64)
            targets = point(data.y[rows]).astype(np.float64)
            weights = () if weight is None else (weight[rows],)
            for name, metric in metrics.items():
                values[name] = metric(predictions, targets, *weights)
    values["fit_time"] = sum(run.history.get("seconds", ()))
    values["score_time"] = time.perf_counter() - started
    return values


def default_metric(network: Network) -> str:
    """Return the metric that networks are compared by: accuracy for classes, else R²."""
    n_outputs = network.n_outputs or 1
    target_kind = TargetKind.of_outputs(n_outputs, network.output_activation.name)
    return target_kind.metric
