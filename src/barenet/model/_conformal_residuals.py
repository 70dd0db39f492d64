"""Prediction intervals of an ensemble, from its errors on left-out rows."""

import math
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import check_number
from barenet.errors import ArgumentError
from barenet.model._activations import Activation, Exponential
from barenet.model._arrays import FloatArray

#: Maximum number of residuals that are kept; more are reduced to this number of quantiles.
MOST = 999

#: Added to each spread, in units of the root mean square of all spreads, because the spread of few
#: networks is uncertain. The factor affects the lengths of the intervals, but hardly their
#: coverage.
ADDED_SPREAD = 2.0


@dataclass(frozen=True, eq=False)
class ConformalResiduals:
    """The absolute errors on left-out rows, relative to the spread of the networks.

    An error is divided by √(s² + c²), with the spread s of the networks for its row and a constant
    c. The interval for a new row is the mean ± the same root for its own spread, times a quantile
    of these ratios. After Papadopoulos, Gammerman and Vovk, "Normalized nonconformity measures for
    regression conformal prediction" (2008), and Vovk, "Cross-conformal predictors" (2015).

    Attributes
    ----------
    ratios : ndarray of shape (n_residuals, n_outputs), float64
        The relative sizes, in ascending order.
    added_spread : ndarray of shape (n_outputs,), float64
        The constant c.

    Raises
    ------
    ValueError
        If a number is invalid, or their shapes do not fit each other.

    Examples
    --------
    >>> errors, spread = np.array([[-1.0], [3.0], [2.0]]), np.zeros((3, 1))
    >>> residuals = ConformalResiduals.fit(errors, spread, np.full(3, 1 / 3))
    >>> residuals.half_width(spread[:1], coverage=0.5)  # of 3 residuals, the second of 4 quarters
    array([[2.]])
    """

    ratios: NDArray[np.float64]
    added_spread: NDArray[np.float64]

    def __post_init__(self) -> None:
        if not self._are_valid():
            expected = "ascending numbers of shape (n, n_outputs), and one above 0 for each output"
            raise ArgumentError.of("residuals", (self.ratios, self.added_spread), expected)

    def _are_valid(self) -> bool:
        """Return whether the numbers are finite, ascending and above 0, with shapes that fit."""
        ratios = self.ratios
        added = self.added_spread
        if ratios.ndim != 2 or ratios.size == 0:
            return False
        if ratios.shape[1:] != added.shape:
            return False
        ascend = np.diff(ratios, axis=0, prepend=0) >= 0
        are_positive = added > 0
        are_finite = np.isfinite([ratios[-1], added])
        return bool(ascend.all() and are_positive.all() and are_finite.all())

    @classmethod
    def fit(cls, errors: FloatArray, spread: FloatArray, weight: FloatArray) -> Self:
        """Relate errors, of shape (n_rows, n_outputs), to spreads; weights have the sum 1."""
        mean_square = weight @ np.square(spread, dtype=np.float64)
        added = ADDED_SPREAD * np.sqrt(mean_square)
        added = np.where(added > 0, added, 1.0)
        counted = weight > 0
        widths = np.hypot(spread, added)  # √(s² + c²)
        ratios = (np.abs(errors) / widths)[counted]
        n_ratios = len(ratios)
        count = min(n_ratios, MOST)
        numbers = np.arange(1, count + 1)
        ranks = np.ceil(numbers * (n_ratios + 1) / (count + 1))
        middle = (ranks - 0.5) / n_ratios  # the middle of each step avoids rounding at its ends
        options: dict[str, Any] = {"weights": weight[counted], "method": "inverted_cdf"}
        quantiles = np.quantile(ratios, middle, axis=0, **options)
        return cls(quantiles, added)

    def interval(
        self, mean: FloatArray, spread: FloatArray, coverage: float, activation: Activation
    ) -> tuple[FloatArray, FloatArray]:
        """Compute the ends of the intervals around the means that networks predict.

        An exponential output predicts targets of 0 or more, so no interval begins below 0.
        """
        half = self.half_width(spread, coverage)
        lower = mean - half
        upper = mean + half
        if isinstance(activation, Exponential):
            lower = np.maximum(lower, 0)
        return lower, upper

    def half_width(self, spread: FloatArray, coverage: float) -> FloatArray:
        """Compute half the width of the intervals that contain a fraction of the targets."""
        coverage = check_number(coverage, "coverage", gt=0, lt=1)
        n = len(self.ratios)
        rank = max(1, math.ceil((n + 1) * coverage - 1e-9))
        if rank > n:
            expected = f"at most {n}/{n + 1}, with {n} residuals"
            raise ArgumentError.of("coverage", coverage, expected)
        width = np.hypot(spread, self.added_spread)
        return self.ratios[rank - 1] * width
