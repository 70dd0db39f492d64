"""A line search, which chooses the length of a step along a direction.

From Moré and Thuente, "Line search algorithms with guaranteed sufficient decrease" (1994). SciPy's
public line search is another one, and L-BFGS with it doesn't take the same steps as scikit-learn's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

#: The strong Wolfe conditions: the loss falls by at least this fraction of what the slope at the
#: start promises, and the slope at the end of the step is at most this fraction of it.
DECREASE = 1e-3
CURVATURE = 0.9
#: The search also ends in an interval whose ends differ by less than this fraction.
PRECISION = 0.1
#: An interval is halved if the last two trials have not made it shorter by this factor.
SHRINKAGE = 0.66
#: Maximum number of evaluations of the loss.
EVALUATIONS = 20


class Trial(NamedTuple):
    """The loss after a step of some length, and its slope along the direction."""

    step: float
    loss: float
    slope: float

    def above(self, slope: float) -> Trial:
        """Measure the loss above a line of this slope through the start."""
        return Trial(self.step, self.loss - slope * self.step, self.slope - slope)


def search_along(
    evaluate: Callable[[float], Trial], start: Trial, first_step: float
) -> Trial | None:
    """Try steps until one meets the strong Wolfe conditions, and return it; None if none does."""
    required_slope = DECREASE * start.slope
    best = start  # the trial of the least loss
    bound = start  # the other end of the interval that contains a minimum, once there is one
    is_bracketed = False
    seeks_decrease = True  # until the loss is low enough where it no longer falls
    low = 0.0
    high = 5 * first_step
    widths = [np.inf, np.inf]  # of the last two intervals
    step = first_step
    for _ in range(EVALUATIONS):
        trial = evaluate(step)
        if not np.isfinite(trial.loss):
            return None
        is_low = trial.loss <= start.loss + required_slope * step
        if is_low and abs(trial.slope) <= -CURVATURE * start.slope:
            return trial
        if is_bracketed and not _can_narrow(step, low, high):
            return trial
        if is_low and trial.slope >= 0:
            seeks_decrease = False
        # At first, the losses are compared above the line that they must fall below.
        line = required_slope if seeks_decrease and best.loss >= trial.loss and not is_low else 0.0
        with np.errstate(divide="ignore", invalid="ignore"):  # the loss of a step of NaN is NaN
            step = _next_step(
                best.above(line), bound.above(line), trial.above(line), is_bracketed, low, high
            )
        is_worse = trial.above(line).loss > best.above(line).loss
        has_crossed = trial.above(line).slope * best.above(line).slope < 0
        if is_worse:
            bound = trial
        else:
            if has_crossed:
                bound = best
            best = trial
        is_bracketed = is_bracketed or is_worse or has_crossed
        if not is_bracketed:
            low = step + 1.1 * (step - best.step)
            high = step + 4 * (step - best.step)
            continue
        width = abs(bound.step - best.step)
        if width >= SHRINKAGE * widths[0]:
            step = (best.step + bound.step) / 2
        widths = [widths[1], width]
        low = min(best.step, bound.step)
        high = max(best.step, bound.step)
        if not _can_narrow(step, low, high):
            step = best.step
    return None


def _can_narrow(step: float, low: float, high: float) -> bool:
    """Return whether a step is inside an interval that is worth dividing."""
    return low < step < high and high - low > PRECISION * high


def _next_step(
    best: Trial, bound: Trial, trial: Trial, is_bracketed: bool, low: float, high: float
) -> float:
    """Choose the next step from a cubic and a parabola through the trials: section 4 of the paper.

    A parabola is fitted to the slopes of two trials, or in the first case to their losses, too.
    """
    length = trial.step - best.step
    if trial.loss > best.loss:  # the minimum is between them
        cubic = best.step + _minimum(best, trial) * length
        curvature = (best.loss - trial.loss) / length + best.slope
        parabola = best.step + best.slope / curvature / 2 * length
        if abs(cubic - best.step) <= abs(parabola - best.step):
            return cubic
        return (cubic + parabola) / 2
    falls_more = trial.slope * best.slope >= 0 and abs(trial.slope) >= abs(best.slope)
    if falls_more and is_bracketed:
        return trial.step + _minimum(trial, bound) * (bound.step - trial.step)
    if falls_more:
        return high if length > 0 else low
    share = _minimum(trial, best)
    cubic = trial.step - share * length
    parabola = trial.step - trial.slope / (trial.slope - best.slope) * length
    is_cubic_closer = abs(cubic - trial.step) < abs(parabola - trial.step)
    if trial.slope * best.slope < 0:  # the minimum is between them, and closer to the trial
        return parabola if is_cubic_closer else cubic
    # The slope falls less: the minimum is beyond the trial.
    if share >= 0:
        cubic = high if length > 0 else low
        is_cubic_closer = abs(cubic - trial.step) < abs(parabola - trial.step)
    if not is_bracketed:
        return float(np.clip(parabola if is_cubic_closer else cubic, low, high))
    limit = trial.step + SHRINKAGE * (bound.step - trial.step)
    closer = cubic if is_cubic_closer else parabola
    return min(limit, closer) if length > 0 else max(limit, closer)


def _minimum(first: Trial, second: Trial) -> float:
    """Find the minimum of the cubic through two trials: 0 is at the first, and 1 at the second.

    Infinity if the cubic has none.
    """
    length = second.step - first.step
    theta = 3 * (first.loss - second.loss) / length + first.slope + second.slope
    scale = max(abs(theta), abs(first.slope), abs(second.slope))
    square = (theta / scale) ** 2 - first.slope / scale * (second.slope / scale)
    if square <= 0:
        return np.inf
    root = np.copysign(scale * np.sqrt(square), length)
    return float((root - first.slope + theta) / (2 * root - first.slope + second.slope))
