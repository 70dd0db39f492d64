"""Permutation importance: the drop of a trained network's score when one column is shuffled.

A column of a table is shuffled with all the inputs that it is encoded into.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet._constraints import check_count
from barenet._display import write_display, write_table
from barenet._metrics import METRICS, is_maximized, main_metric, score_text
from barenet.data._encoding import TableEncoding
from barenet.data._target import known_targets
from barenet.data._to_frame import as_frame
from barenet.errors import ArgumentError, count_of
from barenet.files._predictor import Predictor
from barenet.model._arrays import FloatArray, one_hot

#: Maximum number of bars in a notebook.
MAX_BARS = 30


@dataclass(frozen=True, eq=False)
class Importance:
    """The drop of a score when a column is shuffled, for each column.

    Attributes
    ----------
    names : tuple of str
        Names of the columns.
    metric : str
        The score, a name from `METRICS`.
    score : float
        The score without shuffling.
    drops : ndarray of shape (n_columns, n_repeats), float64
        The drop of the score in each repeat, or the rise of an error; negative where the shuffled
        column did better by chance.

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
        mean, std, shown = self.mean, self.std, self.order[:MAX_BARS]
        largest = max(mean.max(initial=0), 1e-300)
        rows = [
            [self.names[at], f"{mean[at]:.4f} ± {std[at]:.4f}", ("", float(mean[at] / largest))]
            for at in shown
        ]
        score = f"{METRICS[self.metric].title} {score_text(self.metric, self.score)}"
        title = f"Permutation importance: {len(shown)} of {count_of(len(mean), 'column')}, {score}"
        return write_display(title, write_table(["column", "drop", ""], rows))


def permutation_importance(
    predictor: Any,
    X: Any,
    y: ArrayLike,
    *,
    n_repeats: int = 10,
    metric: str | None = None,
    seed: int = 0,
    progress: Callable[[Sequence[int]], Iterable[int]] = iter,
) -> Importance:
    """Measure the permutation importance of each column.

    Parameters
    ----------
    predictor : Predictor, estimator or another model
        The network with its preprocessing; a fitted estimator or pipeline, of scikit-learn, too; or
        anything else with the method ``predict``, such as a `Network`.
    X : array-like of shape (n_samples, n_columns), Frame, DataFrame or mapping
        Raw rows, preferably held out from training.
    y : array-like of shape (n_samples,)
        Class indices, or of an estimator the classes that it was fitted to; or numbers in their own
        units.
    n_repeats : int, default=10
        Number of shuffles of each column.
    metric : str, optional
        The score: "accuracy" (by default), "auc", "f1", "balanced_accuracy" or "log_loss" for
        classes, "r2" (by default), "rmse" or "mae" for numbers.
    seed : int, default=0
        Seed of the shuffles, which are those of scikit-learn's function with the same seed.
    progress : callable, default=iter
        Wraps the indices of the columns, such as a progress bar.

    Returns
    -------
    Importance
        The drop of the score for each column.

    Raises
    ------
    ValueError
        If the rows do not fit the network, it has several targets, or can't predict.

    Notes
    -----
    After L. Breiman, "Random Forests" (2001), section 10; A. Fisher, C. Rudin and F. Dominici, "All
    Models are Wrong, but Many are Useful" (2019). If two columns are correlated, shuffling either
    alone may change the score little.

    Examples
    --------
    >>> from barenet import Network
    >>> from barenet.layers import Dense
    >>> from barenet.data._scaling import Scaling
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
    model = _encoded(predictor, X, y) or _raw(predictor, X, y)
    n_rows, codes, classes = len(model.rows), model.codes, model.classes
    if codes.shape != (n_rows,):
        problem = f"expected one for each of {n_rows} rows, got {codes.size}"
        raise ArgumentError(problem, argument="y")
    usual = "r2" if classes is None else "accuracy"
    name = main_metric(metric or usual, codes, classes).name
    targets: FloatArray = np.asarray(codes, np.float64).reshape(-1, 1)
    if classes is not None:
        targets = one_hot(codes, len(classes))

    def measure(rows: Any) -> float:
        output = model.predict(rows).reshape(n_rows, -1)
        return METRICS[name](output, targets[:, -output.shape[1] :])

    score, drops = measure(model.rows), np.empty((len(model.names), n_repeats))
    sign, ends = 1 if is_maximized(name) else -1, np.cumsum([0, *model.widths]).tolist()
    shuffles = int(np.random.RandomState(seed).randint(np.iinfo(np.int32).max + 1))
    for at in progress(range(len(drops))):
        shuffled = _shuffled(model.rows, slice(ends[at], ends[at + 1]), shuffles)
        for repeat in range(n_repeats):
            drops[at, repeat] = sign * (score - measure(next(shuffled)))
    return Importance(tuple(map(str, model.names)), name, score, drops)


def _shuffled(rows: Any, columns: slice, seed: int) -> Iterator[Any]:
    """Copy a matrix or a data frame, and shuffle some of its columns again and again."""
    copied, order, rng = rows.copy(), np.arange(len(rows)), np.random.RandomState(seed)
    is_frame = hasattr(rows, "iloc")
    cells = copied.iloc if is_frame else copied
    while True:
        rng.shuffle(order)
        column = cells[order, columns]
        cells[:, columns] = column.set_axis(rows.index) if is_frame else column
        yield copied


class _Model(NamedTuple):
    """A model, and the rows that it predicts."""

    names: Sequence[Any]
    #: For each name, the number of columns of the rows.
    widths: list[int]
    rows: Any
    #: Targets: class indices, or numbers.
    codes: NDArray[Any]
    classes: Sequence[str] | None
    predict: Callable[[Any], NDArray[Any]]


def _encoded(predictor: Any, X: Any, y: ArrayLike) -> _Model | None:
    """A network's inputs, which are encoded once; None for a model that has none."""
    codes = np.asarray(y)
    if not isinstance(predictor, Predictor):
        try:
            predictor = Predictor.from_estimator(predictor)
        except ArgumentError:
            return None
        codes = known_targets(as_frame({"y": y}), "y", predictor.classes)
    network, encoding = predictor.network, predictor.preprocessing
    if predictor.classes is None and (network.n_outputs or 1) > 1:
        raise ArgumentError(f"expected one target, got {network.n_outputs:,}", argument="predictor")
    widths = [1] * len(predictor.feature_names)
    if isinstance(encoding, TableEncoding):
        widths = [len(column.outputs) for column in encoding.used]
    return _Model(
        *(predictor.feature_names, widths, predictor.inputs(X), codes, predictor.classes),
        predict=lambda rows: predictor.in_units(network.predict(rows)),
    )


def _raw(model: Any, X: Any, y: ArrayLike) -> _Model:
    """The columns as they are, for a model that need not be a network."""
    if not callable(getattr(model, "predict", None)):
        expected = "a Predictor, or a model with the method `predict`"
        raise ArgumentError.of("predictor", model, expected)
    classes, kind = getattr(model, "classes_", None), getattr(model, "output_activation", None)
    if kind is not None and kind.name in ("softmax", "sigmoid"):
        classes = np.arange(max(2, model.n_outputs))
    labels = None if classes is None else tuple(map(str, classes))
    rows = X if hasattr(X, "iloc") else np.asarray(X)
    if len(rows.shape) != 2:
        raise ArgumentError(f"expected a matrix, got shape {rows.shape}", argument="X")

    def predict(rows: Any) -> NDArray[Any]:
        if classes is None:
            return np.asarray(model.predict(rows))
        output = np.asarray(getattr(model, "predict_proba", model.predict)(rows))
        if output.ndim == 1:  # classes without probabilities
            return one_hot(np.searchsorted(classes, output), len(classes))
        return output

    names = getattr(X, "columns", [f"x{at}" for at in range(rows.shape[1])])
    codes = known_targets(as_frame({"y": y}), "y", labels)
    return _Model(names, [1] * rows.shape[1], rows, codes, labels, predict)
