"""The function `cross_validate`: trains a copy of a network for each fold, all at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from barenet._constraints import check_arguments
from barenet._train import as_metrics
from barenet.errors import ArgumentError
from barenet.model._network import Network
from barenet.population._folds import default_metric, make_folds, measure_fold
from barenet.population._train_many import KNOWN, train_many


def cross_validate(
    network: Network,
    X: ArrayLike,
    y: ArrayLike,
    *,
    cv: Any = 5,
    metrics: str | Sequence[str] | None = None,
    **arguments: Any,
) -> dict[str, Any]:
    """Train a copy of a network for each fold, and score it on the fold's test rows.

    The folds are trained at the same time, and share one X.

    Parameters
    ----------
    network : Network
        The network; each copy starts from its current parameters, and it stays as it is.
    X : array-like of shape (n_samples, n_inputs)
        The samples.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        The targets.
    cv : int, splitter of scikit-learn, or iterable, default=5
        Number of folds, which are those of scikit-learn: stratified if the outputs are
        probabilities of classes, and not shuffled; or a splitter such as
        ``KFold(5, shuffle=True)``; or pairs of indices of the training and of the test rows.
    metrics : str or sequence of str, optional
        Names from `METRICS`; by default the accuracy if the output is softmax or sigmoid, else R².
    **arguments
        Arguments of `train`, the same for all folds, and `client` as in `train_many`. A progress
        bar shows them all.

    Returns
    -------
    dict of str to ndarray of shape (n_folds,)
        ``fit_time`` and ``score_time`` in seconds, ``epochs``, ``test_loss``, ``train_loss``, and
        for each metric ``test_accuracy`` and ``train_accuracy``, all of the final parameters and
        without sample weights; NaN for a fold whose training diverged.

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
    measures = as_metrics(default_metric(network) if metrics is None else metrics)
    folds = make_folds(cv, network, X, y, arguments.get("loss"))
    arguments = {k: tuple(v) if isinstance(v, list) else v for k, v in arguments.items()}
    rows = [train for train, _ in folds]
    population = train_many([network.copy() for _ in folds], X, y, rows=rows, **arguments)
    if len(population.errors) == len(folds):
        raise population.errors[0]
    tests = [measure_fold(population, k, test, measures) for k, (_, test) in enumerate(folds)]
    trained = [measure_fold(population, k, train, measures) for k, train in enumerate(rows)]
    result: dict[str, Any] = {name: [t[name] for t in tests] for name in ("fit_time", "score_time")}
    result["epochs"] = [len(history) for history in population.histories]
    for name in ("loss", *measures):
        result[f"test_{name}"] = [fold[name] for fold in tests]
        result[f"train_{name}"] = [fold[name] for fold in trained]
    return {name: np.array(values) for name, values in result.items()}
