"""Contributions of columns to single predictions, as `barenet.contributions` computes them."""

from barenet.insight.contributions._column_contributions import contributions
from barenet.insight.contributions._contributions import Contributions, Reason

__all__ = ["Contributions", "Reason", "contributions"]
