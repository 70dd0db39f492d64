"""What is done to the inputs before a network sees them: one offset and one factor a feature.

Measured on the training rows alone, and kept with the model, so that every later row is treated
as the training rows were.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from barenet.errors import DataError, brief
from barenet.model.validation import numeric_array
from barenet.registry import lookup

__all__ = ["KINDS", "LEAST", "NAMES", "Scaling"]

Kind = Literal["none", "standardize", "minmax", "robust"]

#: The least that numbers may be multiplied or divided by: below it a float64 loses its digits.
LEAST = float(np.finfo(np.float64).tiny)

#: Rows scaled at a time: the intermediate float64 rows stay in the processor's cache.
_BLOCK = 1024


@dataclass(frozen=True, eq=False)
class Scaling:
    """An affine map of each feature: ``(X - offset) * factor``.

    Attributes
    ----------
    name : {"none", "standardize", "minmax", "robust", "affine"}
        How it was measured; ``"affine"`` where it is none of what `fit` measures.
    offset : ndarray of shape (n_features,), float64
        Subtracted first.
    factor : ndarray of shape (n_features,), float64
        Multiplied then.

    Raises
    ------
    ValueError
        If the name is unknown, or the numbers are not finite, a factor is nearer to 0 than 2e-308,
        or they are not one for each feature.

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
            if not isinstance(part, np.ndarray) or part.dtype != np.float64 or part.ndim != 1:
                raise ValueError(
                    f"scaling: expected one float64 for each feature, got {brief(part)}"
                )
            if not np.isfinite(part).all():
                raise ValueError("scaling: its offset and factor are not all finite numbers")
        if len(self.offset) != len(self.factor) or (abs(self.factor) < LEAST).any():
            raise ValueError("scaling: expected an offset and a factor, not 0, for each feature")

    @classmethod
    def fit(cls, kind: Kind, X: ArrayLike) -> Scaling:
        """Measure the offset and the factor on the training rows.

        Parameters
        ----------
        kind : {"none", "standardize", "minmax", "robust"}
            ``"none"`` leaves the numbers alone; ``"standardize"`` gives each feature mean 0 and
            standard deviation 1, with the population's formula (the sum over n, not n - 1);
            ``"robust"`` gives it median 0 and quartiles that are 1 apart, which outliers do not
            move; ``"minmax"`` maps the smallest number to 0 and the largest to 1. Images of type
            uint8 are divided by 255 by ``"minmax"``, whatever they hold: the type's range is known,
            is one for all pixels, and keeps the pictures as they look.
        X : array-like of shape (n_samples, n_features)
            The training rows.

        Returns
        -------
        Scaling
            A constant feature is only shifted, to 0.

        Raises
        ------
        ValueError
            If the kind is unknown, or X is no matrix of numbers with a row or more.
        DataError
            If a feature's spread is beyond what float64 can hold.
        """
        measure = lookup(KINDS, kind, "scaling")
        X = _matrix(X)
        if X.size == 0:
            raise ValueError(f"X: there is nothing in it, its shape is {X.shape}")
        offset, spread = measure(X)
        with np.errstate(divide="ignore", over="ignore"):
            factor = np.where(spread == 0, 1.0, 1.0 / spread)
        wrong = np.flatnonzero(~np.isfinite(offset) | ~np.isfinite(factor) | (abs(factor) < LEAST))
        if wrong.size:
            raise DataError(
                f"scaling: {kind} is beyond float64 for the numbers of feature {wrong[0]} "
                f"(from {X[:, wrong[0]].min():g} to {X[:, wrong[0]].max():g})"
            )
        return cls(kind, offset, factor)

    @property
    def n_outputs(self) -> int:
        """How many numbers a row becomes: as many as it has."""
        return len(self.offset)

    def transform(self, X: ArrayLike, dtype: DTypeLike = np.float64) -> NDArray[Any]:
        """Scale rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            The rows, of any real type; they are not changed.
        dtype : dtype, default float64
            Type of the result; the arithmetic is float64's.

        Returns
        -------
        ndarray of shape (n_samples, n_features)
            The scaled rows.

        Raises
        ------
        ValueError
            If the rows are not numbers, or do not have the features that were measured.
        """
        X = _matrix(X)
        if X.shape[1] != len(self.offset):
            raise ValueError(f"X: expected shape (n, {len(self.offset)}), got {X.shape}")
        scaled = np.empty(X.shape, dtype)
        for start in range(0, len(X), _BLOCK):
            rows = slice(start, start + _BLOCK)
            scaled[rows] = (X[rows] - self.offset) * self.factor
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
            The rows as they were.
        """
        return X / self.factor + self.offset


def _matrix(X: ArrayLike) -> NDArray[Any]:
    """Take rows of real numbers, of whatever type."""
    array = numeric_array(X, "X")
    if array.ndim != 2:
        raise ValueError(f"X: expected shape (n_samples, n_features), got {array.shape}")
    return array


def _none(X: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Leave the numbers alone."""
    return np.zeros(X.shape[1]), np.ones(X.shape[1])


def _standardize(X: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Measure mean and standard deviation."""
    with np.errstate(over="ignore", invalid="ignore"):
        mean, std = X.mean(axis=0, dtype=np.float64), X.std(axis=0, dtype=np.float64)
    # A mean is rounded: a constant feature's deviation is tiny, and need not be 0.
    constant = (X[0] == X).all(axis=0)
    return np.where(constant, X[0], mean), np.where(constant, 0.0, std)


def _minmax(X: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Measure the smallest and the spread."""
    if X.dtype == np.uint8:
        return np.zeros(X.shape[1]), np.full(X.shape[1], 255.0)
    smallest, largest = X.min(axis=0).astype(np.float64), X.max(axis=0).astype(np.float64)
    with np.errstate(over="ignore"):
        return smallest, largest - smallest


def _robust(X: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Measure the median and the distance of the quartiles."""
    with np.errstate(over="ignore", invalid="ignore"):
        lower, median, upper = np.quantile(X.astype(np.float64), (0.25, 0.5, 0.75), axis=0)
        return median, upper - lower


#: What measures each kind: a function of X that returns the offset and the spread.
KINDS = {"none": _none, "standardize": _standardize, "minmax": _minmax, "robust": _robust}

#: What a scaling may be called: how it was measured, or that nothing is known of that.
NAMES = (*KINDS, "affine")
