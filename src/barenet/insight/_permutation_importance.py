"""Permutation importance: the drop of a trained network's score when one column is shuffled.

A column of a table is shuffled with all the inputs that it is encoded into.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet._constraints import check_count
from barenet._display import write_display, write_table
from barenet._metrics import METRICS, is_maximized, main_metric, score_text
from barenet.data._encoding import TableEncoding
from barenet.data._scaling import Scaling
from barenet.data._target import known_targets
from barenet.data._to_frame import as_frame
from barenet.engines import Model
from barenet.errors import ArgumentError, DataError, count_of
from barenet.files._predictor import Predictor
from barenet.model._arrays import FloatArray, one_hot

#: Maximum number of bars in a notebook.
MAX_BARS = 30
#: Scores of scikit-learn by their names here; errors have their signs changed there.
SCORERS = {
    "accuracy": "accuracy", "auc": "roc_auc_ovr", "balanced_accuracy": "balanced_accuracy",
    "log_loss": "neg_log_loss", "r2": "r2", "rmse": "neg_root_mean_squared_error",
    "mae": "neg_mean_absolute_error",
}  # fmt: skip


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
    predictor : Predictor, estimator, Network or Ensemble
        The network with its preprocessing, a fitted estimator or pipeline, or one network or
        several alone. Estimators without a network are measured by scikit-learn's function.
    X : array-like of shape (n_samples, n_columns), Frame, DataFrame or mapping
        Raw rows, preferably held out from training.
    y : array-like of shape (n_samples,)
        The classes, or of a predictor or a network also their indices, where not all of these are
        classes; or numbers in their own units.
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
    known = _as_predictor(predictor, X, y)
    if known is None:
        return _by_scikit_learn(predictor, X, y, metric, n_repeats=n_repeats, random_state=seed)
    predictor, codes = known
    network, names, classes = predictor.network, predictor.feature_names, predictor.classes
    if classes is None and (network.n_outputs or 1) > 1:
        raise ArgumentError(f"expected one target, got {network.n_outputs:,}", argument="predictor")
    rows = np.array(predictor.inputs(X))
    if codes.shape != (len(rows),):
        problem = f"expected one for each of {len(rows)} rows, got {codes.size}"
        raise ArgumentError(problem, argument="y")
    usual = "r2" if classes is None else "accuracy"
    name = main_metric(metric or usual, codes, classes).name
    targets: FloatArray = np.asarray(codes, np.float64).reshape(-1, 1)
    if classes is not None:
        targets = one_hot(codes, len(classes))

    def measure() -> float:
        output = predictor.in_units(network.predict(rows)).reshape(len(rows), -1)
        return METRICS[name](output, targets[:, -output.shape[1] :])

    score, drops = measure(), np.empty((len(names), n_repeats))
    sign, ends = 1 if is_maximized(name) else -1, np.cumsum([0, *_widths(predictor)]).tolist()
    for at in progress(range(len(names))):
        columns = slice(ends[at], ends[at + 1])
        shuffled = _shuffled_scores(measure, rows, columns, n_repeats, seed)
        drops[at] = [sign * (score - each) for each in shuffled]
    return Importance(names, name, score, drops)


def _widths(predictor: Predictor) -> list[int]:
    """The number of inputs that each column is encoded into."""
    encoding = predictor.preprocessing
    if isinstance(encoding, TableEncoding):
        return [len(column.outputs) for column in encoding.used]
    return [1] * len(predictor.feature_names)


def _shuffled_scores(
    measure: Callable[[], float], rows: FloatArray, columns: slice, n_repeats: int, seed: int
) -> Iterator[float]:
    """Yield the score of rows in which some columns are shuffled, again and again."""
    shuffles = int(np.random.RandomState(seed).randint(np.iinfo(np.int32).max + 1))
    rng, order = np.random.RandomState(shuffles), np.arange(len(rows))
    before = rows[:, columns].copy()
    for _ in range(n_repeats):
        rng.shuffle(order)
        rows[:, columns] = rows[order, columns]
        yield measure()
    rows[:, columns] = before


def _as_predictor(model: Any, X: Any, y: ArrayLike) -> tuple[Predictor, NDArray[Any]] | None:
    """The predictor of a network or an estimator, and the targets as it has them."""
    has_indices = isinstance(model, Predictor)  # as targets
    if isinstance(model, Model):
        n_inputs, output = model.n_inputs or np.shape(X)[-1], model.output_activation.name
        names = tuple(map(str, getattr(X, "columns", [f"x{at}" for at in range(n_inputs)])))
        classes = tuple(map(str, range(max(2, model.n_outputs or 1))))
        model = Predictor(
            network=model, preprocessing=Scaling.fit("none", np.zeros((1, n_inputs))),
            classes=classes if output in ("softmax", "sigmoid") else None,
            feature_names=names, target_name="y", dataset="",
        )  # fmt: skip
    elif not has_indices:
        try:
            model = Predictor.from_estimator(model)
        except ArgumentError:
            return None
    indices = tuple(map(str, range(len(model.classes or ()))))
    try:
        targets = as_frame({"y": y})
        for names in (model.classes, indices) if has_indices and indices else ():
            with suppress(DataError):
                return model, known_targets(targets, "y", names)
        return model, known_targets(targets, "y", model.classes)
    except ArgumentError as error:
        raise error.renamed("y") from None


def _by_scikit_learn(model: Any, X: Any, y: Any, metric: str | None, **options: Any) -> Importance:
    """Measure a model that has no network, by the scores of scikit-learn."""
    from sklearn import inspection, metrics
    from sklearn.base import is_classifier
    from sklearn.utils.validation import check_is_fitted

    if not callable(getattr(model, "predict", None)):
        expected = "a Predictor, a network, or an estimator with the method `predict`"
        raise ArgumentError.of("predictor", model, expected)
    check_is_fitted(model)
    name = metric or ("accuracy" if is_classifier(model) else "r2")
    if name not in SCORERS:
        expected = f"one of {', '.join(SCORERS)} for a model without a network"
        raise ArgumentError.of("metric", metric, expected)
    scorer = metrics.get_scorer(SCORERS[name])
    drops = inspection.permutation_importance(model, X, y, scoring=scorer, **options).importances
    names = getattr(X, "columns", [f"x{at}" for at in range(len(drops))])
    score = scorer(model, X, y) * (1 if is_maximized(name) else -1)
    return Importance(tuple(map(str, names)), name, float(score), drops)
