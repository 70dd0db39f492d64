"""Baselines: two simple models to compare a network's score with.

A network that is no better than a linear model is not needed; one that is no better than a constant
has learned nothing. Both are networks without a hidden layer: for ten classes of 100,000 rows, Adam
is as good as scikit-learn's logistic regression, in a tenth of the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet._constraints import check_number
from barenet._registry import lookup
from barenet._train import train
from barenet.datasets._target_kind import TargetKind
from barenet.errors import ArgumentError
from barenet.model._array_dataset import class_probabilities
from barenet.model._arrays import FloatArray, check_inputs, check_sample_weight, check_targets
from barenet.model._network import Network
from barenet.optimization._penalties import L2
from barenet.tables.encoding._scaling import Scaling

#: Maximum number of rows times weights for which L-BFGS fits a linear model faster than Adam.
MAX_LBFGS_PRODUCTS = 2**20
#: Total number of multiplications in all epochs of Adam.
ADAM_MULTIPLICATIONS = 2**29
#: The fixed cost of a row, in multiplications.
ROW_OVERHEAD = 1000

Kind = Literal["constant", "linear"]
BASELINES: tuple[Kind, ...] = ("constant", "linear")


@dataclass(frozen=True, eq=False)
class Baseline:
    """A simple model to compare a network with.

    Attributes
    ----------
    name : {"constant", "linear"}
        The kind of model.
    n_rows : int
        Number of rows that it was fitted to.
    n_classes : int or None
        Number of classes; None for a regression.
    network : Network
        The fitted model: one dense layer, whose weights are 0 for a constant.
    classes : ndarray of int or None
        The classes that occur in the training rows, in the order of the network's outputs.
    quantile : float, optional
        The fraction of the training targets below the prediction, if it is a quantile.

    Examples
    --------
    >>> line = fit_baseline("linear", [[0.0], [1.0], [2.0]], [0.0, 1.0, 2.0])
    >>> line.title, line.n_rows, line.outputs([[1.5]])  # y = ⅔ x + ⅓: the penalty flattens it
    ('linear model', 3, array([[1.33333333]]))
    """

    name: Kind
    n_rows: int
    n_classes: int | None
    network: Network
    classes: NDArray[Any] | None
    quantile: float | None = None

    @property
    def title(self) -> str:
        """A description of the model."""
        if self.name == "linear":
            return "linear model"
        if self.quantile is not None:
            return f"{self.quantile:g}-quantile"
        if self.n_classes is None:
            return "mean"
        return "most frequent class"

    def outputs(self, X: ArrayLike) -> FloatArray:
        """Predict rows, as a network would.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows, preprocessed like the training rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes), or (n_samples, 1) for a regression
            Probabilities, or numbers.
        """
        output = self.network.predict(X)
        if self.n_classes is None or self.classes is None:
            return output
        probabilities = np.zeros((len(output), self.n_classes), output.dtype)
        if len(self.classes) == 1:
            probabilities[:, self.classes] = 1.0
        else:
            probabilities[:, self.classes] = class_probabilities(output)
        return probabilities


def fit_baseline(
    name: Kind,
    X: ArrayLike,
    y: ArrayLike,
    *,
    sample_weight: ArrayLike | None = None,
    n_classes: int | None = None,
    seed: int = 0,
    quantile: float | None = None,
) -> Baseline:
    """Fit a baseline to the training rows of a network.

    Parameters
    ----------
    name : {"constant", "linear"}
        "constant" predicts the class frequencies or the mean. "linear" is a logistic or ridge
        regression, with scikit-learn's default penalty. A logistic regression is fitted by L-BFGS
        to few rows, and by one or more epochs of Adam to many.
    X : array-like of shape (n_samples, n_features)
        Rows, prepared as for the network. float32 is kept where the numbers are of the order of 1;
        everything else is computed in float64.
    y : array-like of shape (n_samples,)
        Class indices, or numbers.
    sample_weight : array-like of shape (n_samples,), optional
        The weights of the rows, of which the penalty does not depend on the scale.
    n_classes : int, optional
        Number of classes; by default `y` are numbers.
    seed : int, default=0
        Determines the order of the rows in each epoch of Adam.
    quantile : float, optional
        Predict a quantile of numbers: the baseline is shifted so that this fraction of the training
        targets are below the prediction.

    Returns
    -------
    Baseline
        The fitted model.

    Raises
    ------
    ValueError
        If there is no such baseline, X is not finite, or y is not of finite numbers or class
        indices.

    Examples
    --------
    >>> X, y = [[0.0], [1.0], [2.0], [3.0]], [0, 0, 0, 1]
    >>> constant = fit_baseline("constant", X, y, n_classes=2)
    >>> constant.title, constant.outputs([[7.0]])
    ('most frequent class', array([[0.75, 0.25]]))
    """
    lookup(dict.fromkeys(BASELINES), name, "name")
    X = np.asarray(X)
    n_rows = len(X)
    if name == "constant":
        X = X[:1]  # enough to count the features
    dtype: np.dtype[Any] = np.dtype(np.float64)
    if X.dtype == np.float32 and _is_scaled(X):
        dtype = np.dtype(np.float32)
    X = check_inputs(X, dtype, None)
    target_kind = TargetKind(n_classes)
    float64 = np.dtype(np.float64)
    targets: NDArray[Any] = check_targets(y, n_rows, target_kind.n_columns, float64)
    weight: NDArray[Any] = np.ones(n_rows)
    if sample_weight is not None:
        weight = check_sample_weight(sample_weight, n_rows, float64)
        weight /= weight.mean()
    classes = None
    if target_kind.of_classes:  # the network has outputs only for classes that occur
        classes = np.flatnonzero(targets.any(axis=0))
        targets = targets[:, classes].argmax(axis=1)
        target_kind = TargetKind(len(classes))
    sizes = [X.shape[1], target_kind.n_outputs]
    output = target_kind.output_activation()
    network = Network.dense(sizes, output=output, init="zeros", dtype=X.dtype)
    if name == "constant" or (classes is not None and len(classes) == 1):
        _fit_constant(network, np.ravel(targets), weight)
    elif classes is None:
        _fit_ridge(network, X, np.ravel(targets), weight)
    else:
        _fit_logistic(network, X, targets, weight, seed)
    if quantile is not None:
        quantile = check_number(quantile, "quantile", gt=0, lt=1)
        if classes is not None:
            problem = "classes have no quantiles"
            raise ArgumentError(problem, argument="quantile", remedy="leave it out")
        residuals = np.ravel(targets) - np.ravel(network.predict(X))
        network.layers[0].bias += weighted_quantile(residuals, quantile, weight)
    return Baseline(name, n_rows, n_classes, network, classes, quantile)


def _is_scaled(X: NDArray[Any]) -> bool:
    """Return whether the inputs of a thousand rows are suitable for Adam and float32."""
    sample = X[:: len(X) // 1000 + 1]
    largest = np.abs(sample).max(initial=0)
    return bool(0.1 <= largest <= 10)


def weighted_quantile(values: NDArray[np.float64], q: float, weight: NDArray[np.float64]) -> float:
    """Return the quantile of values, interpolated if they have equal weights."""
    if np.ptp(weight) == 0:
        return float(np.quantile(values, q))
    return float(np.quantile(values, q, weights=weight, method="inverted_cdf"))


def _fit_constant(network: Network, y: NDArray[Any], weight: NDArray[np.float64]) -> None:
    """Set the bias to the mean, or so that the outputs are the class frequencies."""
    bias = network.layers[0].bias
    if network.output_activation.name == "identity":
        bias[:] = np.average(y, weights=weight)
    else:
        counts = np.bincount(y, weight)
        logits = np.log(counts / counts[0])
        bias[:] = logits[-len(bias) :]  # a sigmoid is the probability of the second class


def _fit_logistic(
    network: Network, X: FloatArray, y: NDArray[Any], weight: NDArray[np.float64], seed: int
) -> None:
    """Fit a logistic regression, with an L2 penalty of ½‖W‖² on the sum of the rows' losses."""
    scaling: Scaling | None = None
    if X.size * (network.n_outputs or 1) <= MAX_LBFGS_PRODUCTS:
        options: dict[str, Any] = {"optimizer": "lbfgs:tolerance=1e-6", "epochs": 200}
        mean = X.mean(axis=0, dtype=np.float64)
        scaling = Scaling("affine", mean, np.ones(X.shape[1]))
    else:
        row_cost = network.n_parameters + ROW_OVERHEAD
        options = {"optimizer": "adam:learning_rate=0.02", "schedule": "cosine"}
        options["epochs"] = max(1, ADAM_MULTIPLICATIONS // (len(X) * row_cost))
        options["batch_size"] = min(64, len(X))
        if not _is_scaled(X):
            scaling = Scaling.fit("standardize", X)
    inputs = scaling.transform(X, network.dtype) if scaling is not None else X
    penalty = L2(1 / len(X))
    if np.ptp(weight) > 0:
        options["sample_weight"] = weight
    train(network, inputs, y, penalty=penalty, seed=seed, progress=False, **options)
    if scaling is not None:  # w (x − offset) factor, as weights and bias for x
        layer = network.layers[0]
        layer.weights *= scaling.factor[:, None].astype(network.dtype)
        layer.bias -= scaling.offset @ layer.weights


def _fit_ridge(
    network: Network, X: FloatArray, y: NDArray[np.float64], weight: NDArray[np.float64]
) -> None:
    """Fit a ridge regression in float64, with the same penalty."""
    from sklearn.linear_model import Ridge

    sample_weight = weight if np.ptp(weight) > 0 else None
    ridge = Ridge(copy_X=False).fit(X.astype(np.float64), y, sample_weight)
    layer = network.layers[0]
    layer.weights[:, 0] = ridge.coef_
    layer.bias[:] = ridge.intercept_
