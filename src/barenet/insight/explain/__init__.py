"""One training step explained: every number, and the formula that it comes from."""

from barenet.insight.explain._document import Equation, Quantity, Step
from barenet.insight.explain._explanation import NOTATIONS, Explanation, explain

__all__ = ["NOTATIONS", "Equation", "Explanation", "Quantity", "Step", "explain"]
