"""Widths of intervals: by hand, by the formula of conformal prediction, and by many draws."""

import numpy as np
import pytest

from barenet.errors import ArgumentError
from barenet.model._conformal_residuals import ADDED_SPREAD, MOST, ConformalResiduals

RNG = np.random.default_rng(0)


def fit(errors, spread=None, weight=None):
    errors = np.asarray(errors, float).reshape(len(errors), -1)
    spread = np.zeros_like(errors) if spread is None else spread.reshape(errors.shape)
    weight = np.ones(len(errors)) if weight is None else np.asarray(weight, float)
    return ConformalResiduals.fit(errors, spread, weight / weight.sum())


@pytest.mark.parametrize(
    ("coverage", "width"), [(0.8, 8), (0.79, 8), (0.81, 9), (0.05, 1), (0.9, 9)]
)
def test_errors_from_one_to_nine(coverage, width):
    """Of 9 residuals and a new one, each of the 10 ranks has the same probability."""
    residuals = fit([-5, 1, 9, -3, 7, 4, -8, 2, 6])
    assert residuals.half_width(np.zeros((1, 1)), coverage) == width


def test_a_coverage_that_the_residuals_do_not_allow():
    with pytest.raises(ArgumentError, match=r"at most 9/10, with 9 residuals, got 0\.91") as found:
        fit(range(9)).half_width(np.zeros((1, 1)), 0.91)
    assert found.value.argument == "coverage"
    for coverage in (0, 1, -0.1, 90, float("nan"), "0.9", None, True):
        with pytest.raises(ArgumentError, match="coverage: expected a number between 0 and 1"):
            fit(range(9)).half_width(np.zeros((1, 1)), coverage)


def test_widths_follow_the_spread_as_in_the_formula():
    errors, spread, new = RNG.normal(size=(200, 2)), RNG.random((200, 2)), RNG.random((7, 2))
    found = fit(errors, spread).half_width(new, 0.9)
    for output in range(2):
        c = ADDED_SPREAD * np.mean(spread[:, output] ** 2) ** 0.5
        scores = np.abs(errors[:, output]) / (spread[:, output] ** 2 + c**2) ** 0.5
        quantile = np.sort(scores)[181 - 1]  # ⌈201 · 0.9⌉
        np.testing.assert_allclose(found[:, output], quantile * (new[:, output] ** 2 + c**2) ** 0.5)


def test_many_residuals_are_thinned_out_on_the_safe_side():
    errors = RNG.exponential(size=20_000)
    residuals = fit(errors)
    assert len(residuals.ratios) == MOST
    for coverage in (0.1, 0.5, 0.9, 0.999):
        covered = np.mean(errors <= residuals.half_width(np.zeros((1, 1)), coverage))
        assert coverage <= covered <= coverage + 2 / MOST


def test_weights_are_those_of_repeated_rows():
    errors, weight = RNG.normal(size=30), RNG.integers(0, 4, 30)
    weighted, repeated = fit(errors, weight=weight), fit(np.repeat(errors, weight))
    for coverage in (0.2, 0.5, 0.8):
        width, own = (each.half_width(np.zeros((1, 1)), coverage) for each in (weighted, repeated))
        near = np.sort(np.abs(errors[weight > 0]))
        assert abs(np.searchsorted(near, width) - np.searchsorted(near, own)) <= 1
    assert len(weighted.ratios) == np.count_nonzero(weight)
    counted = weight > 0
    assert np.array_equal(weighted.ratios, fit(errors[counted], weight=weight[counted]).ratios)


@pytest.mark.integration
def test_the_coverage_over_many_draws():
    """With n exchangeable residuals it is ⌈(n + 1) c⌉ / (n + 1) exactly, of any distribution."""
    inside = []
    for _ in range(1_000):
        *errors, new = RNG.standard_t(2, size=15)
        inside.append(abs(new) <= fit(errors).half_width(np.zeros((1, 1)), 0.7)[0, 0])
    assert np.mean(inside) == pytest.approx(11 / 15, abs=4 * (0.25 / 1_000) ** 0.5)
