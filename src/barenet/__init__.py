"""barenet: feed-forward neural networks you can read, watch and ship.

These are the public names, together with those of the modules listed last. Modules whose names
begin with an underscore are private and may change without notice.
"""

import importlib
from typing import TYPE_CHECKING, Any

from barenet._version import __version__ as __version__

if TYPE_CHECKING:
    from barenet import (
        activations,
        callbacks,
        errors,
        initializers,
        layers,
        losses,
        optimizers,
        penalties,
        plots,
        schedules,
    )
    from barenet._metrics import METRICS
    from barenet._train import train
    from barenet.datasets._dataset import Dataset
    from barenet.datasets._datasets import load_dataset
    from barenet.datasets._table_loading import load_table
    from barenet.engines import CompiledNetwork, Ensemble
    from barenet.estimators import (
        MLPClassifier,
        MLPEnsembleClassifier,
        MLPEnsembleRegressor,
        MLPRegressor,
        TablePreprocessor,
    )
    from barenet.estimators._onnx_converters import register_onnx_converters
    from barenet.files._checkpoint import Checkpoint
    from barenet.files._model_card import ModelCard
    from barenet.files._model_io import load, load_network, load_predictor, save
    from barenet.files._predictor import Predictor
    from barenet.files.exports import Exported, export
    from barenet.insight._baselines import Baseline, fit_baseline
    from barenet.insight._gradient_check import GradientReport, ParameterReport, check_gradients
    from barenet.insight._permutation_importance import Importance, permutation_importance
    from barenet.insight.explain import Explanation, explain
    from barenet.model._arrays import one_hot
    from barenet.model._network import Network
    from barenet.population._cross_validation import cross_validate
    from barenet.population._population import Population
    from barenet.population._search import search
    from barenet.population._search_result import SearchResult
    from barenet.population._train_many import train_many
    from barenet.settings._run_config import RunConfig
    from barenet.streams._stream import Stream, stream
    from barenet.tables._encoding import TableEncoding
    from barenet.tables._fingerprint import fingerprint
    from barenet.tables._frame import Frame
    from barenet.tables._scaling import Scaling
    from barenet.tasks._column_drift import Drift, drift
    from barenet.tasks._task import Task
    from barenet.training._epoch import batches
    from barenet.training._history import History

__all__ = [  # noqa: RUF022
    # Networks and their training
    "Network", "CompiledNetwork", "Ensemble", "train", "train_many", "Population",
    "cross_validate", "search", "SearchResult", "batches", "one_hot", "History", "Checkpoint",
    "METRICS",
    # Tasks
    "Task", "RunConfig", "drift", "Drift",
    # Data
    "Dataset", "Frame", "Scaling", "TableEncoding", "load_dataset", "load_table", "fingerprint",
    "stream", "Stream",
    # scikit-learn
    "MLPClassifier", "MLPRegressor", "MLPEnsembleClassifier", "MLPEnsembleRegressor",
    "TablePreprocessor", "register_onnx_converters",
    # Files
    "save", "load", "load_network", "load_predictor", "Predictor", "ModelCard", "export",
    "Exported",
    # Insight
    "check_gradients", "GradientReport", "ParameterReport", "explain", "Explanation",
    "fit_baseline", "Baseline", "permutation_importance", "Importance",
    # Modules
    "activations", "callbacks", "errors", "initializers", "layers", "losses", "optimizers",
    "penalties", "plots", "schedules",
]  # fmt: skip

#: The modules of the other public names, which are imported when one is used.
_MODULES = {
    "_metrics": "METRICS",
    "datasets._dataset": "Dataset",
    "datasets._datasets": "load_dataset",
    "datasets._table_loading": "load_table",
    "engines": "CompiledNetwork Ensemble",
    "estimators": "MLPClassifier MLPEnsembleClassifier MLPEnsembleRegressor MLPRegressor "
    "TablePreprocessor",
    "estimators._onnx_converters": "register_onnx_converters",
    "files._checkpoint": "Checkpoint",
    "files._model_card": "ModelCard",
    "files._model_io": "load load_network load_predictor save",
    "files._predictor": "Predictor",
    "files.exports": "Exported export",
    "insight._baselines": "Baseline fit_baseline",
    "insight._gradient_check": "GradientReport ParameterReport check_gradients",
    "insight._permutation_importance": "Importance permutation_importance",
    "insight.explain": "Explanation explain",
    "model._arrays": "one_hot",
    "population._cross_validation": "cross_validate",
    "population._population": "Population",
    "population._search": "search",
    "population._search_result": "SearchResult",
    "population._train_many": "train_many",
    "settings._run_config": "RunConfig",
    "streams._stream": "Stream stream",
    "tables._encoding": "TableEncoding",
    "tables._fingerprint": "fingerprint",
    "tables._frame": "Frame",
    "tables._scaling": "Scaling",
    "tasks._column_drift": "Drift drift",
    "tasks._task": "Task",
    "training._epoch": "batches",
    "training._history": "History",
    "_train": "Network train",  # a network that is made is trained next
}


if not TYPE_CHECKING:  # for a type checker, the names above are all that there are

    def __getattr__(name: str) -> Any:
        """Import a public name when it is used, and the engines, by which networks predict."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        importlib.import_module("barenet.engines")
        for module, names in _MODULES.items():
            if name in names.split():
                imported = importlib.import_module(f"barenet.{module}")
                for public_name in names.split():
                    globals()[public_name] = getattr(imported, public_name)
                return globals()[name]
        return importlib.import_module(f"barenet.{name}")


def __dir__() -> list[str]:
    """The names that a notebook completes."""
    return sorted({*globals(), *__all__})
