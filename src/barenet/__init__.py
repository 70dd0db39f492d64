"""barenet: feed-forward neural networks you can read, watch and ship.

These are the public names, along with the public names of the modules listed last. Modules whose
names begin with an underscore are private and may change without notice.
"""

import importlib
from typing import TYPE_CHECKING, Any

from barenet._unknown_names import unknown_name
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
        typing,
    )
    from barenet._metrics import METRICS
    from barenet._train import train
    from barenet.datasets._dataset_loading import load_dataset
    from barenet.estimators import (
        MLPClassifier,
        MLPEnsembleClassifier,
        MLPEnsembleRegressor,
        MLPRegressor,
        TablePreprocessor,
    )
    from barenet.files._checkpoint import Checkpoint
    from barenet.files._model_card import ModelCard
    from barenet.files._model_io import load, save
    from barenet.files._predictor import Predictor
    from barenet.files.exports import export
    from barenet.insight._evaluation import evaluate
    from barenet.insight._gradient_check import check_gradients
    from barenet.insight._permutation_importance import permutation_importance
    from barenet.insight.contributions import contributions
    from barenet.insight.explain import explain
    from barenet.model._arrays import one_hot
    from barenet.model._network import Network
    from barenet.population._cross_validation import cross_validate
    from barenet.population._search import search
    from barenet.population._train_many import train_many
    from barenet.settings._run_config import RunConfig
    from barenet.tables.encoding._encoding import TableEncoding
    from barenet.tables.encoding._scaling import Scaling
    from barenet.tasks._column_drift import drift
    from barenet.tasks._task import Task
    from barenet.training._epoch import batches

__all__ = [  # noqa: RUF022
    # Networks and their training
    "Network", "train", "train_many", "cross_validate", "search", "batches", "one_hot",
    "Checkpoint", "METRICS",
    # Tasks
    "Task", "RunConfig", "drift",
    # Data
    "Scaling", "TableEncoding", "load_dataset",
    # scikit-learn
    "MLPClassifier", "MLPRegressor", "MLPEnsembleClassifier", "MLPEnsembleRegressor",
    "TablePreprocessor",
    # Files
    "save", "load", "Predictor", "ModelCard", "export",
    # Insight
    "check_gradients", "contributions", "evaluate", "explain", "permutation_importance",
    # Modules
    "activations", "callbacks", "errors", "initializers", "layers", "losses", "optimizers",
    "penalties", "plots", "schedules", "typing",
]  # fmt: skip

#: The modules of the other public names, which are imported on first use.
_MODULES = {
    "_metrics": ("METRICS",),
    "datasets._dataset_loading": ("load_dataset",),
    "estimators": (
        "MLPClassifier",
        "MLPEnsembleClassifier",
        "MLPEnsembleRegressor",
        "MLPRegressor",
        "TablePreprocessor",
    ),
    "files._checkpoint": ("Checkpoint",),
    "files._model_card": ("ModelCard",),
    "files._model_io": ("load", "save"),
    "files._predictor": ("Predictor",),
    "files.exports": ("export",),
    "insight._evaluation": ("evaluate",),
    "insight._gradient_check": ("check_gradients",),
    "insight._permutation_importance": ("permutation_importance",),
    "insight.contributions": ("contributions",),
    "insight.explain": ("explain",),
    "model._arrays": ("one_hot",),
    "population._cross_validation": ("cross_validate",),
    "population._search": ("search",),
    "population._train_many": ("train_many",),
    "settings._run_config": ("RunConfig",),
    "tables.encoding._encoding": ("TableEncoding",),
    "tables.encoding._scaling": ("Scaling",),
    "tasks._column_drift": ("drift",),
    "tasks._task": ("Task",),
    "training._epoch": ("batches",),
    "_train": ("Network", "train"),  # a new network is usually trained next
}

if not TYPE_CHECKING:  # type checkers only know the names above

    def __getattr__(name: str) -> Any:
        """Import a public name on first use, and the engines, which networks predict with."""
        if name not in __all__:
            raise unknown_name(__name__, name, __all__)
        importlib.import_module("barenet.engines")
        for module, names in _MODULES.items():
            if name in names:
                imported = importlib.import_module(f"barenet.{module}")
                for public_name in names:
                    globals()[public_name] = getattr(imported, public_name)
                return globals()[name]
        return importlib.import_module(f"barenet.{name}")


def __dir__() -> list[str]:
    """List the names that a notebook completes."""
    return sorted([*__all__, "__doc__", "__version__"])
