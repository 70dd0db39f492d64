"""Permutation importance: the drop of a trained network's score when one column is shuffled.

A column of a table is shuffled with all the inputs that it is encoded into.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

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
from barenet.model._array_dataset import one_hot
from barenet.model._arrays import FloatArray

#: Bars in a notebook at most.
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
    progress : callable
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
    Models are Wrong, but Many are Useful" (2019). Of two correlated columns, each alone can be
    shuffled with a small drop.

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
    if not isinstance(predictor, Predictor):
        try:
            found = Predictor.from_estimator(predictor)
        except ArgumentError:
            return _of_any_model(predictor, X, y, metric, n_repeats, seed)
        predictor, y = found, known_targets(as_frame({"y": y}), "y", found.classes)
    return _of_predictor(predictor, X, y, metric, n_repeats, seed, progress)


def _of_predictor(
    predictor: Predictor,
    X: Any,
    y: ArrayLike,
    metric: str | None,
    n_repeats: int,
    seed: int,
    progress: Callable[[Sequence[int]], Iterable[int]],
) -> Importance:
    """Shuffle the inputs of each column, which are encoded once."""
    count = predictor.network.n_outputs or 1
    if predictor.classes is None and count > 1:
        raise ArgumentError(f"expected one target, got {count:,}", argument="predictor")
    usual = "r2" if predictor.classes is None else "accuracy"
    name = main_metric(metric or usual, np.asarray(y), predictor.classes).name
    compute, sign = METRICS[name], 1 if is_maximized(name) else -1
    inputs, slices = predictor.inputs(X), _input_slices(predictor)
    if np.shape(y) != (len(inputs),):
        problem = f"expected one for each of {len(inputs)} rows, got {np.size(y)}"
        raise ArgumentError(problem, argument="y")
    shuffles = int(np.random.RandomState(seed).randint(np.iinfo(np.int32).max + 1))
    targets: FloatArray = np.asarray(y, np.float64).reshape(-1, 1)
    if predictor.classes is not None:
        targets = one_hot(y, len(predictor.classes))[:, -count:]

    def measure(rows: FloatArray) -> float:
        return compute(predictor.in_units(predictor.network.predict(rows)), targets)

    score, drops = measure(inputs), np.empty((len(slices), n_repeats))
    for column in progress(range(len(slices))):
        shuffled, order = inputs.copy(), np.arange(len(inputs))
        rng = np.random.RandomState(shuffles)
        for repeat in range(n_repeats):
            rng.shuffle(order)
            shuffled[:, slices[column]] = shuffled[order, slices[column]]
            drops[column, repeat] = sign * (score - measure(shuffled))
    return Importance(predictor.feature_names, name, score, drops)


def _of_any_model(
    model: Any, X: Any, y: ArrayLike, metric: str | None, n_repeats: int, seed: int
) -> Importance:
    """Shuffle the columns by scikit-learn's function, for a model that need not be a network."""
    from sklearn import config_context
    from sklearn.inspection import permutation_importance as of_columns

    if not callable(getattr(model, "predict", None)):
        expected = "a Predictor, or a model with the method `predict`"
        raise ArgumentError.of("predictor", model, expected)
    classes, kind = getattr(model, "classes_", None), getattr(model, "output_activation", None)
    if kind is not None and kind.name in ("softmax", "sigmoid"):
        classes = np.arange(max(2, model.n_outputs))
    labels = None if classes is None else tuple(map(str, classes))
    codes = known_targets(as_frame({"y": y}), "y", labels)
    usual = "r2" if classes is None else "accuracy"
    name = main_metric(metric or usual, codes, labels).name
    predict = model.predict if classes is None else getattr(model, "predict_proba", model.predict)

    def score(_: Any, rows: Any, codes: NDArray[Any]) -> float:
        output = np.asarray(predict(rows))
        if classes is None:
            value = METRICS[name](output.reshape(len(codes), -1), codes.reshape(len(codes), -1))
        else:
            if output.ndim == 1:  # classes without probabilities
                output = one_hot(np.searchsorted(classes, output), len(classes))
            value = METRICS[name](output, one_hot(codes, len(classes))[:, -output.shape[1] :])
        return value if is_maximized(name) else -value

    rows = X if hasattr(X, "shape") else np.asarray(X)
    options: dict[str, Any] = {"n_repeats": n_repeats, "random_state": seed}
    with config_context(skip_parameter_validation=True):  # a model without `fit` can predict, too
        found = of_columns(model, rows, codes, scoring=score, **options)
    names = getattr(X, "columns", [f"x{at}" for at in range(rows.shape[1])])
    best = score(model, rows, codes)
    best = best if is_maximized(name) else -best
    return Importance(tuple(map(str, names)), name, best, found.importances)


def _input_slices(predictor: Predictor) -> list[slice]:
    """The inputs that each column is encoded into."""
    encoding = predictor.preprocessing
    widths = [1] * len(predictor.feature_names)
    if isinstance(encoding, TableEncoding):
        widths = [len(column.outputs) for column in encoding.used]
    ends = np.cumsum(widths).tolist()
    return [slice(end - width, end) for width, end in zip(widths, ends, strict=True)]
