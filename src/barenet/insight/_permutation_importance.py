"""Permutation importance: the drop of a trained network's score when one column is shuffled.

A column of a table is shuffled together with all the inputs that it is encoded into.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet._constraints import check_count
from barenet._display import write_display, write_table
from barenet._messages import count_of
from barenet._metrics import METRICS, is_maximized, main_metric, score_text
from barenet._registry import canonical
from barenet.datasets._dataset import Dataset
from barenet.datasets._target_kind import TargetKind
from barenet.errors import ArgumentError
from barenet.files._predictor import Predictor
from barenet.insight._models import predictor_and_targets, targets_of_rows
from barenet.model._arrays import FloatArray, one_hot
from barenet.tables.encoding._encoding import TableEncoding

#: Maximum number of bars in a notebook.
MAX_BARS = 30


@dataclass(frozen=True, eq=False)
class Importance:
    """The drop in a score when a column is shuffled, for each column.

    Attributes
    ----------
    names : tuple of str
        Names of the columns.
    metric : str
        The score, a name from `METRICS`.
    score : float
        The score without shuffling.
    drops : ndarray of shape (n_columns, n_repeats), float64
        The drop in the score in each repeat, or the increase of an error; negative where the
        shuffled column did better by chance.

    Examples
    --------
    >>> drops = np.array([[0.0, 0.1], [0.4, 0.6]])
    >>> result = Importance(("age", "sex"), "accuracy", 0.9, drops)
    >>> {result.names[at]: result.mean[at].item() for at in result.order}
    {'sex': 0.5, 'age': 0.05}
    """

    names: tuple[str, ...]
    metric: str
    score: float
    drops: NDArray[np.float64]

    @property
    def mean(self) -> NDArray[np.float64]:
        """The mean over the repeats, shape (n_columns,)."""
        return self.drops.mean(axis=1)

    @property
    def std(self) -> NDArray[np.float64]:
        """The standard deviation over the repeats, shape (n_columns,)."""
        return self.drops.std(axis=1)

    @property
    def order(self) -> NDArray[np.intp]:
        """The columns' indices, the most important first, shape (n_columns,)."""
        return np.argsort(-self.mean, kind="stable")

    def _repr_html_(self) -> str:
        """Draw the most important columns as bars, for a notebook."""
        mean = self.mean
        std = self.std
        shown = self.order[:MAX_BARS]
        largest = max(mean.max(initial=0), 1e-300)
        rows = []
        for column in shown:
            drop = f"{mean[column]:.4f} ± {std[column]:.4f}"
            bar = ("", float(mean[column] / largest))
            rows.append([self.names[column], drop, bar])
        score = score_text(self.metric, self.score)
        columns = f"{len(shown)} of {count_of(len(mean), 'column')}"
        score_title = METRICS[self.metric].title
        title = f"Permutation importance: {columns}, {score_title} {score}"
        table = write_table(["column", "drop", ""], rows)
        return write_display(title, table)


def permutation_importance(
    predictor: Any,
    X: Any,
    y: ArrayLike | None = None,
    *,
    n_repeats: int = 10,
    metric: str | None = None,
    seed: int = 0,
    progress: Callable[[Sequence[int]], Iterable[int]] = iter,
) -> Importance:
    """Measure the permutation importance of each column.

    Parameters
    ----------
    predictor : Predictor, estimator, Network or Ensemble
        A network with its preprocessing, a fitted estimator of barenet or a pipeline that ends with
        one, or one or several networks alone.
    X : array-like of shape (n_samples, n_columns), Frame, DataFrame, mapping or Dataset
        Raw rows, preferably held out from training. A data set has the targets, too.
    y : array-like of shape (n_samples,), optional
        The classes, or numbers in their own units. For a predictor or a network, also the indices
        of the classes, unless all indices are themselves classes.
    n_repeats : int, default=10
        Number of shuffles of each column.
    metric : str, optional
        The score: "accuracy", "auc", "f1", "balanced_accuracy" or "log_loss" for classes, "r2",
        "rmse" or "mae" for numbers. The default is the main metric of the training, such as
        "auc" for rare classes, if the predictor has one that is defined for these rows; otherwise
        "accuracy" or "r2".
    seed : int, default=0
        Seed of the shuffles, which are the same as in scikit-learn's function with this seed.
    progress : callable, default=iter
        Wraps the indices of the columns, such as a progress bar.

    Returns
    -------
    Importance
        The drop in the score for each column.

    Raises
    ------
    ValueError
        If the rows do not fit the network, or it has several targets or can't predict.

    Notes
    -----
    After L. Breiman, "Random Forests" (2001), section 10; A. Fisher, C. Rudin and F. Dominici, "All
    Models are Wrong, but Many are Useful" (2019). If two columns are correlated, shuffling only one
    of them may hardly change the score.

    Examples
    --------
    >>> from barenet import Network
    >>> from barenet.layers import Dense
    >>> from barenet.tables.encoding._scaling import Scaling
    >>> sums = Predictor(
    ...     network=Network([Dense(2, 1, init="zeros")]),
    ...     preprocessing=Scaling.fit("none", [[0.0, 0.0]]),
    ...     classes=None, feature_names=("a", "b"), target_name="sum", dataset="sums",
    ... )
    >>> sums.network.parameters[0] = 1  # a is the sum; b has no weight
    >>> result = permutation_importance(sums, [[3, 0], [5, 0], [9, 0]], [3, 5, 9])
    >>> result.score, (result.mean > 0).tolist()
    (1.0, [True, False])
    """
    n_repeats = check_count(n_repeats, "n_repeats")
    if isinstance(metric, str):
        metric = canonical(METRICS, metric)
    weight = X.weight if isinstance(X, Dataset) else None
    X, y = targets_of_rows(predictor, X, y)
    predictor, codes = predictor_and_targets(predictor, X, y)
    network = predictor.network
    names = predictor.feature_names
    classes = predictor.classes
    if classes is None and (network.n_outputs or 1) > 1:
        raise ArgumentError(f"expected one target, got {network.n_outputs:,}", argument="predictor")
    rows = np.array(predictor.inputs(X))
    if codes.shape != (len(rows),):
        problem = f"expected one for each of {len(rows)} rows, got {codes.size}"
        raise ArgumentError(problem, argument="y")
    if classes is None:
        targets: FloatArray = np.asarray(codes, np.float64).reshape(-1, 1)
    else:
        targets = one_hot(codes, len(classes))
    name = main_metric(metric or metric_of(predictor), codes, classes).name

    def measure() -> float:
        if isinstance(predictor.preprocessing, TableEncoding):
            predictor.preprocessing.set_pairs(rows)  # those of the shuffled column
        output = predictor.in_units(network.predict(rows))
        output = output.reshape(len(rows), -1)
        n_outputs = output.shape[1]  # 1 for two classes, too: the probability of the second
        of_outputs = targets[:, -n_outputs:]
        return METRICS[name].at_threshold(output, of_outputs, predictor.threshold, weight)

    score = measure()
    if metric is None and not np.isfinite(score):  # such as the AUC of a single class
        name = TargetKind.of(classes).metric
        score = measure()
    drops = np.empty((len(names), n_repeats))
    ends = np.cumsum([0, *inputs_per_column(predictor)]).tolist()
    for column in progress(range(len(names))):
        inputs = slice(ends[column], ends[column + 1])
        shuffled_scores = _shuffled_scores(measure, rows, inputs, n_repeats, seed)
        for repeat, shuffled_score in enumerate(shuffled_scores):
            drop = score - shuffled_score
            if not is_maximized(name):
                drop = -drop  # the increase of an error
            drops[column, repeat] = drop
    return Importance(names, name, score, drops)


def metric_of(predictor: Predictor) -> str:
    """Return the main metric of the training, or the usual one of the target."""
    usual = TargetKind.of(predictor.classes).metric
    return usual if predictor.card is None else predictor.card.metric or usual


def inputs_per_column(predictor: Predictor) -> list[int]:
    """Count the inputs that each column is encoded into."""
    encoding = predictor.preprocessing
    if isinstance(encoding, TableEncoding):
        return [len(column.inputs) for column in encoding.used]
    return [1 for _ in predictor.feature_names]


def _shuffled_scores(
    measure: Callable[[], float], rows: FloatArray, columns: slice, n_repeats: int, seed: int
) -> Iterator[float]:
    """Yield the scores of rows in which some columns are shuffled, repeatedly."""
    # scikit-learn draws the seed of the shuffles, the same for each column, from its own seed.
    seeds = np.random.RandomState(seed)
    n_seeds = np.iinfo(np.int32).max + 1
    shuffle_seed = int(seeds.randint(n_seeds))
    rng = np.random.RandomState(shuffle_seed)
    order = np.arange(len(rows))
    before = rows[:, columns].copy()
    for _ in range(n_repeats):
        rng.shuffle(order)
        rows[:, columns] = rows[order, columns]
        yield measure()
    rows[:, columns] = before
