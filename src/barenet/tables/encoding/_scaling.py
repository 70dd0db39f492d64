"""The scaling of features: one offset and one factor for each.

It is fitted only on the training rows, and saved with the model, so that later rows are scaled in
the same way.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from barenet._registry import lookup
from barenet.errors import ArgumentError, DataError
from barenet.model._arrays import FloatArray, Weights, check_sample_weight, numeric_array

#: Minimum absolute value of a factor or divisor, below which a float64 loses digits.
MIN_SCALE = float(np.finfo(np.float64).tiny)
#: Relative rounding error of a float64.
EPSILON = float(np.finfo(np.float64).eps)

#: Standard deviation below which the squares of deviations lose digits, or are 0.
SMALL_SPREAD = float(np.sqrt(MIN_SCALE / EPSILON))

#: Rows scaled at a time, so that the intermediate float64 rows stay in the processor's cache.
_BLOCK = 1024


@dataclass(frozen=True, eq=False)
class Scaling:
    """An affine map of each feature: ``(X - offset) * factor``.

    Attributes
    ----------
    name : {"none", "standardize", "minmax", "robust", "affine"}
        The kind that was passed to `fit`, or ``"affine"`` for any other map.
    offset : ndarray of shape (n_features,), float64
        Numbers that are subtracted first.
    factor : ndarray of shape (n_features,), float64
        Factors that are multiplied afterwards.

    Raises
    ------
    ValueError
        If the name is unknown, a number is not finite, a factor is closer to 0 than 2e-308, or
        there is not one offset and one factor for each feature.

    Examples
    --------
    >>> scaling = Scaling.fit("standardize", np.array([[1.0], [3.0]]))
    >>> scaling.transform(np.array([[1.0], [2.0], [5.0]]))
    array([[-1.], [ 0.], [ 3.]])
    """

    name: str
    offset: NDArray[np.float64]
    factor: NDArray[np.float64]

    def __post_init__(self) -> None:
        lookup(dict.fromkeys(NAMES), self.name, "scaling")
        for part in (self.offset, self.factor):
            are_numbers = isinstance(part, np.ndarray) and part.dtype == np.float64
            if not are_numbers or part.ndim != 1 or not np.isfinite(part).all():
                raise ArgumentError.of("scaling", part, "a finite float64 for each feature")
        has_small_factor = (abs(self.factor) < MIN_SCALE).any()
        if len(self.offset) != len(self.factor) or has_small_factor:
            expected = "an offset and a factor, not 0, for each feature"
            raise ArgumentError.of("scaling", self.factor, expected)

    @classmethod
    def fit(cls, kind: str, X: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Fit the offset and the factor to the training rows.

        Parameters
        ----------
        kind : {"none", "standardize", "minmax", "robust"}
            ``"none"`` does not scale; ``"standardize"`` scales each feature to mean 0 and standard
            deviation 1, that of the population (the sum over n, not n - 1); ``"robust"`` scales to
            median 0 and an interquartile range of 1, which outliers do not affect; ``"minmax"``
            maps the minimum to 0 and the maximum to 1. ``"minmax"`` always divides uint8 images by
            255, so that all pixels have the same scale.
        X : array-like of shape (n_samples, n_features)
            The training rows.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows in the mean and standard deviation; only for ``"standardize"``.

        Returns
        -------
        Scaling
            The fitted scaling; a constant feature is only shifted, to 0.

        Raises
        ------
        ValueError
            If the kind is unknown, X is not a matrix of numbers with at least one row, or the
            weights are invalid, or given for a kind that takes none.
        DataError
            If the range of a feature is beyond float64.
        """
        measure = lookup(KINDS, kind, "scaling")
        X = _matrix(X)
        if X.size == 0:
            raise ArgumentError(f"is empty, its shape is {X.shape}", argument="X")
        if sample_weight is None:
            offset, spread = measure(X)
        elif measure is _standardize:
            weight = check_sample_weight(sample_weight, len(X), np.dtype(np.float64))
            X = X[weight > 0]
            offset, spread = _standardize(X, weight[weight > 0])
        else:
            raise ArgumentError(f"{kind} has no weights", argument="sample_weight")
        with np.errstate(divide="ignore", over="ignore"):
            factor = np.where(spread == 0, 1.0, 1.0 / spread)
        is_finite = np.isfinite(offset) & np.isfinite(factor)
        wrong = np.flatnonzero(~is_finite | (abs(factor) < MIN_SCALE))
        if wrong.size:
            column = X[:, wrong[0]]
            problem = f"{kind} is beyond float64 for the numbers of feature {wrong[0]} "
            problem += f"(from {column.min():g} to {column.max():g})"
            raise DataError(problem, argument="scaling")
        return cls(kind, offset, factor)

    @property
    def n_inputs(self) -> int:
        """Number of features, each of which is an input of the network."""
        return len(self.offset)

    @property
    def n_outputs(self) -> int:
        """Deprecated name of `n_inputs`."""
        problem = "Scaling.n_outputs is deprecated and will be removed: use n_inputs"
        warnings.warn(problem, FutureWarning, stacklevel=2)
        return self.n_inputs

    def transform(self, X: ArrayLike, dtype: DTypeLike = np.float64) -> NDArray[Any]:
        """Scale rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows, of any real type.
        dtype : dtype, default=float64
            Type of the result; the arithmetic is in float64.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            The scaled rows.

        Raises
        ------
        ValueError
            If the rows are not numbers, or have another number of features.
        """
        X = _matrix(X)
        if X.shape[1] != len(self.offset):
            problem = f"expected shape (n, {len(self.offset)}), got {X.shape}"
            raise ArgumentError(problem, argument="X")
        scaled = np.empty(X.shape, dtype)
        for start in range(0, len(X), _BLOCK):
            rows = slice(start, start + _BLOCK)
            shifted = X[rows] - self.offset
            np.multiply(shifted, self.factor, out=scaled[rows], casting="unsafe")
        return scaled

    def inverse_transform(self, X: NDArray[Any]) -> NDArray[Any]:
        """Undo `transform`.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_features)
            Scaled rows.

        Returns
        -------
        ndarray of shape (n_samples, n_features), float64
            The rows in their original units.
        """
        return X / self.factor + self.offset


def _matrix(X: ArrayLike) -> NDArray[Any]:
    """Convert to a matrix of real numbers of any type."""
    array = numeric_array(X, "X")
    if array.ndim != 2:
        problem = f"expected shape (n_samples, n_features), got {array.shape}"
        raise ArgumentError(problem, argument="X")
    return array


def _standardize(X: NDArray[Any], weight: Weights = None) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation, or 0 where that is a rounding error, as in scikit-learn."""
    with np.errstate(over="ignore", invalid="ignore"):
        if weight is None:
            mean = X.mean(axis=0, dtype=np.float64)
            std = X.std(axis=0, dtype=np.float64)
        else:
            mean = np.average(X, axis=0, weights=weight)
            variance = np.average((X - mean) ** 2, axis=0, weights=weight)
            std = np.sqrt(variance)
    constant = (X[0] == X).all(axis=0)
    small = np.flatnonzero((std < SMALL_SPREAD) & ~constant)
    if small.size:
        deviations = X[:, small] - mean[small]
        std[small] = small_deviation(deviations, weight)
    rounding_error = len(X) * EPSILON * np.abs(mean)
    is_rounding = std <= rounding_error
    offset = np.where(constant, X[0], mean)
    spread = np.where(constant | is_rounding, 0.0, std)
    return offset, spread


def small_deviation(deviations: NDArray[Any], weight: Weights = None) -> FloatArray:
    """Compute the root mean square of deviations whose squares may underflow to 0."""
    largest = np.abs(deviations).max(axis=0)
    squares = np.square(deviations / largest)
    return largest * np.sqrt(np.average(squares, axis=0, weights=weight))


def _minmax(X: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Minimum and range."""
    if X.dtype == np.uint8:
        return np.zeros(X.shape[1]), np.full(X.shape[1], 255.0)
    smallest = X.min(axis=0).astype(np.float64)
    largest = X.max(axis=0).astype(np.float64)
    with np.errstate(over="ignore"):
        return smallest, largest - smallest


def _robust(X: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Median and interquartile range, or 0 where that is a rounding error."""
    with np.errstate(over="ignore", invalid="ignore"):
        numbers = X.astype(np.float64)
        lower, median, upper = np.quantile(numbers, (0.25, 0.5, 0.75), axis=0)
        spread = upper - lower
    # As in scikit-learn, except that a small spread of small numbers is not a rounding error.
    size = np.maximum(np.abs(lower), np.abs(upper))
    is_rounding = (spread < 10 * EPSILON) & (spread <= 10 * EPSILON * size)
    return median, np.where(is_rounding, 0.0, spread)


def no_scaling(n_columns: int) -> Scaling:
    """Return a scaling that changes nothing."""
    return Scaling("none", np.zeros(n_columns), np.ones(n_columns))


def _none(X: NDArray[Any]) -> tuple[FloatArray, FloatArray]:
    """No offset, and a spread of 1."""
    return np.zeros(X.shape[1]), np.ones(X.shape[1])


#: The kinds: functions of X that return the offset and the spread of each feature.
KINDS: dict[str, Callable[[NDArray[Any]], tuple[Any, Any]]] = {
    "none": _none,
    "standardize": _standardize,
    "minmax": _minmax,
    "robust": _robust,
}

#: The names that a scaling may have.
NAMES = (*KINDS, "affine")
