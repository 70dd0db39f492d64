"""Classes that functions return, for annotations and ``isinstance``; few are created directly."""

from barenet.datasets._dataset import Dataset
from barenet.engines import CompiledNetwork
from barenet.files.exports import Exported
from barenet.insight._baselines import Baseline
from barenet.insight._gradient_check import GradientReport, ParameterReport
from barenet.insight._permutation_importance import Importance
from barenet.insight.contributions import Contributions, Reason
from barenet.insight.explain import Explanation
from barenet.model._ensemble import Ensemble
from barenet.population._population import Population
from barenet.population._search_result import SearchResult
from barenet.streams._stream import Stream
from barenet.tables.frames._frame import Frame
from barenet.tasks._column_drift import Drift
from barenet.tasks._cross_validation_result import CrossValidationResult
from barenet.training._history import History

__all__ = [
    "Baseline", "CompiledNetwork", "Contributions", "CrossValidationResult", "Dataset", "Drift",
    "Ensemble", "Explanation", "Exported", "Frame", "GradientReport", "History", "Importance",
    "ParameterReport", "Population", "Reason", "SearchResult", "Stream",
]  # fmt: skip
