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
from barenet._metrics import METRICS, is_maximized, main_metric, score_text
from barenet._registry import canonical
from barenet.datasets._dataset import Dataset
from barenet.datasets._target_kind import TargetKind
from barenet.engines import Model
from barenet.errors import ArgumentError, DataError, count_of
from barenet.files._predictor import Predictor
from barenet.model._arrays import FloatArray, one_hot
from barenet.tables.encoding._encoding import TableEncoding
from barenet.tables.encoding._scaling import no_scaling
from barenet.tables.frames._to_frame import as_frame
from barenet.tables.reading._target import known_targets

#: Maximum number of bars in a notebook.
MAX_BARS = 30
#: The names of scikit-learn's scores by their names here; scikit-learn negates errors.
SCORERS = {
    "accuracy": "accuracy", "auc": "roc_auc_ovr", "balanced_accuracy": "balanced_accuracy",
    "log_loss": "neg_log_loss", "r2": "r2", "rmse": "neg_root_mean_squared_error",
    "mae": "neg_mean_absolute_error",
}  # fmt: skip


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
        A network with its preprocessing, a fitted estimator or pipeline, or one or several networks
        alone. Estimators without a network are measured with scikit-learn's function.
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
    X, y = targets_of_rows(predictor, X, y)
    predictor_and_codes = as_predictor(predictor, X, y)
    if predictor_and_codes is None:
        return _by_scikit_learn(predictor, X, y, metric, n_repeats=n_repeats, seed=seed)
    predictor, codes = predictor_and_codes
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
        return METRICS[name](output, targets[:, -n_outputs:])

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


def targets_of_rows(model: Any, X: Any, y: ArrayLike | None) -> tuple[Any, Any]:
    """Separate a data set into rows and targets; for a network alone, classes are indices."""
    if not isinstance(X, Dataset):
        if y is None:
            raise ArgumentError("the rows have no targets", argument="y", remedy="pass them as y")
        return X, y
    if y is not None:
        problem = "the data set X has its own targets"
        raise ArgumentError(problem, argument="y", remedy="leave it out")
    if isinstance(model, Model):
        return X.X, X.y
    return X.X, X.targets


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


def predictor_of(model: Any, X: Any) -> Predictor:
    """Make the predictor of a network, which has no preprocessing, or of a fitted estimator."""
    if isinstance(model, Predictor):
        return model
    if not isinstance(model, Model):
        return Predictor.from_estimator(model)
    n_inputs = model.n_inputs or np.shape(X)[-1]
    classes = None
    predicted = TargetKind.of_outputs(model.n_outputs or 1, model.output_activation.name)
    if predicted.n_classes is not None:
        classes = _index_names(predicted.n_classes)
    return Predictor(
        network=model,
        preprocessing=no_scaling(n_inputs),
        classes=classes,
        feature_names=_column_names(X, n_inputs),
        target_name="y",
        dataset="",
    )


def as_predictor(model: Any, X: Any, y: ArrayLike) -> tuple[Predictor, NDArray[Any]] | None:
    """Make the predictor of a network or an estimator, and encode the targets for it."""
    has_indices = isinstance(model, Predictor)  # as targets
    try:
        model = predictor_of(model, X)
    except ArgumentError:
        return None
    try:
        targets = as_frame({"y": y})
        if has_indices and model.classes:
            for names in (model.classes, _index_names(len(model.classes))):
                try:
                    return model, known_targets(targets, "y", names)
                except DataError:  # some targets have other names
                    continue
        return model, known_targets(targets, "y", model.classes)
    except ArgumentError as error:
        raise error.renamed("y") from None


def _index_names(n_classes: int) -> tuple[str, ...]:
    """Return the indices of classes as names."""
    return tuple(str(index) for index in range(n_classes))


def _column_names(X: Any, n_columns: int) -> tuple[str, ...]:
    """Return the names of the columns of a data frame, or numbered names."""
    if hasattr(X, "columns"):
        return tuple(str(name) for name in X.columns)
    return tuple(f"x{index}" for index in range(n_columns))


def _by_scikit_learn(
    model: Any, X: Any, y: Any, metric: str | None, *, n_repeats: int, seed: int
) -> Importance:
    """Measure a model without a network, with scikit-learn's scores."""
    from sklearn import inspection, metrics
    from sklearn.base import is_classifier
    from sklearn.utils.validation import check_is_fitted

    if not callable(getattr(model, "predict", None)):
        expected = "a Predictor, a network, or an estimator with the method `predict`"
        raise ArgumentError.of("predictor", model, expected)
    check_is_fitted(model)
    if metric:
        name = metric
    elif is_classifier(model):
        name = "accuracy"
    else:
        name = "r2"
    if name not in SCORERS:
        expected = f"one of {', '.join(SCORERS)} for a model without a network"
        raise ArgumentError.of("metric", metric, expected)
    scorer = metrics.get_scorer(SCORERS[name])
    result = inspection.permutation_importance(
        model, X, y, scoring=scorer, n_repeats=n_repeats, random_state=seed
    )
    drops = result.importances
    score = scorer(model, X, y)
    if not is_maximized(name):
        score = -score  # scikit-learn maximizes the negative of an error
    return Importance(_column_names(X, len(drops)), name, float(score), drops)
