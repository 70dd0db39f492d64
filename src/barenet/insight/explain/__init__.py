"""One training step explained: every number, and the formula that it comes from."""

from __future__ import annotations

from barenet.insight.explain.document import Equation, Quantity, Step
from barenet.insight.explain.explanation import Explanation
from barenet.insight.explain.training_step import NOTATIONS, explain

__all__ = ["NOTATIONS", "Equation", "Explanation", "Quantity", "Step", "explain"]
