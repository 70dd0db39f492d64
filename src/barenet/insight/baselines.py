"""Baselines: what is reached without a network, so that its score means something.

A constant, which looks at no feature, and a linear model. A network that is no better than the
second is not needed; one that is no better than the first has learned nothing.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet.model.validation import check_inputs
from barenet.registry import lookup

__all__ = ["BASELINES", "Baseline", "fit_baseline"]

#: Rows × features × outputs that a linear model is fitted to, and passes over them: some seconds.
MOST_ENTRIES = 30_000_000
MOST_PASSES = 200
#: Rows that it has in any case.
LEAST_ROWS = 100

Kind = Literal["constant", "linear"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Baseline:
    """A model to hold a network against.

    Attributes
    ----------
    name : {"constant", "linear"}
        Which one.
    title : str
        What it is, in words.
    n_rows : int
        Rows that it was fitted to.
    n_classes : int or None
        Columns of probabilities that it gives; None for numbers.
    model : scikit-learn estimator
        Fitted.

    Examples
    --------
    >>> line = fit_baseline("linear", [[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0])
    >>> line.name, line.title, line.n_rows, line.model
    ('linear', 'linear model', 3, Ridge())
    """

    name: str
    title: str
    n_rows: int
    n_classes: int | None
    model: Any

    def outputs(self, X: ArrayLike) -> NDArray[np.float64]:
        """Answer as a network does.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows, prepared as those that it was fitted to.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or (n_samples, 1) for numbers, float64
            Probabilities, or numbers.
        """
        X = check_inputs(X, np.dtype(np.float64), None)
        if self.n_classes is None:
            return np.asarray(self.model.predict(X), np.float64).reshape(len(X), 1)
        shares = np.zeros((len(X), self.n_classes))
        shares[:, self.model.classes_] = self.model.predict_proba(X)
        return shares


def fit_baseline(
    name: Kind, X: ArrayLike, y: ArrayLike, *, n_classes: int | None = None, seed: int = 0
) -> Baseline:
    """Fit a baseline to the rows that a network learns from.

    Parameters
    ----------
    name : {"constant", "linear"}
        The most frequent class or the mean; or scikit-learn's LogisticRegression or Ridge. Many
        rows cost a linear model seconds, and give it little: of so many, some are taken.
    X : array-like of shape (n_samples, n_features)
        Rows, prepared as for the network.
    y : array-like of shape (n_samples,)
        Class indices, or numbers.
    n_classes : int, optional
        How many classes there are; by default `y` are numbers.
    seed : int, default=0
        Fixes which rows are taken, where they are too many.

    Returns
    -------
    Baseline
        Fitted.

    Raises
    ------
    ValueError
        If there is no such baseline, or the rows are no finite numbers.

    Examples
    --------
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [0, 0, 0, 1]
    >>> always = fit_baseline("constant", X, y, n_classes=2)
    >>> always.title, always.outputs([[7.0]])
    ('most frequent class', array([[0.75, 0.25]]))
    """
    fit, titles = lookup(BASELINES, name, "name")
    X, y = np.asarray(X), np.asarray(y)
    if name == "linear" and (most := _most_rows(X, n_classes)) < len(X):
        rows = np.random.default_rng(seed).permutation(len(X))[:most]
        X, y = X[rows], y[rows]
    model = fit(check_inputs(X, np.dtype(np.float64), None), y, n_classes is not None)
    title = titles[n_classes is None]
    return Baseline(name=name, title=title, n_rows=len(X), n_classes=n_classes, model=model)


def _most_rows(X: NDArray[Any], n_classes: int | None) -> int:
    """Tell how many rows a linear model is fitted to."""
    return max(LEAST_ROWS, MOST_ENTRIES // (X[0].size * (n_classes or 1))) if len(X) else 0


def _constant(X: NDArray[np.float64], y: NDArray[Any], is_classes: bool) -> Any:
    from sklearn.dummy import DummyClassifier, DummyRegressor

    return (DummyClassifier() if is_classes else DummyRegressor()).fit(X, y)


def _linear(X: NDArray[np.float64], y: NDArray[Any], is_classes: bool) -> Any:
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression, Ridge

    if not is_classes:
        return Ridge().fit(X, y)
    if len(np.unique(y)) == 1:
        return _constant(X, y, is_classes)
    with warnings.catch_warnings():
        # A baseline that is nearly at its best will do.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return LogisticRegression(max_iter=MOST_PASSES).fit(X, y)


#: What fits a baseline, and its title for classes and for numbers.
BASELINES: dict[str, tuple[Any, tuple[str, str]]] = {
    "constant": (_constant, ("most frequent class", "mean")),
    "linear": (_linear, ("linear model", "linear model")),
}
