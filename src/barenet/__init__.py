"""barenet: feed-forward neural networks you can read, watch and ship.

These are the public names, together with those of the modules listed last. All other modules are
private and may change without notice.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

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
from barenet.data.dataset import Dataset
from barenet.data.datasets import load_dataset
from barenet.data.scaling import Scaling
from barenet.engines import CompiledNetwork
from barenet.files.checkpoint import Checkpoint
from barenet.insight.gradient_check import GradientReport, ParameterReport, check_gradients
from barenet.model.network import Network
from barenet.model.targets import one_hot
from barenet.training.batches import batches
from barenet.training.history import History
from barenet.training.metrics import METRICS
from barenet.training.train import train
from barenet.version import __version__ as __version__

if TYPE_CHECKING:
    from barenet.data.encoding import TableEncoding
    from barenet.data.fingerprint import fingerprint
    from barenet.data.frame import Frame
    from barenet.data.table_loading import load_table
    from barenet.estimators import (
        MLPClassifier,
        MLPRegressor,
        TablePreprocessor,
        register_onnx_converters,
    )
    from barenet.files.exports import Exported, export
    from barenet.files.model_card import ModelCard
    from barenet.files.model_io import load, load_network, load_predictor, save
    from barenet.files.predictor import Predictor
    from barenet.insight.baselines import Baseline, fit_baseline
    from barenet.insight.explain import Explanation, explain
    from barenet.insight.permutation_importance import Importance, permutation_importance

__all__ = [  # noqa: RUF022
    # Networks and their training
    "Network",
    "CompiledNetwork",
    "train",
    "batches",
    "one_hot",
    "History",
    "Checkpoint",
    "METRICS",
    # Data
    "Dataset",
    "Frame",
    "Scaling",
    "TableEncoding",
    "load_dataset",
    "load_table",
    "fingerprint",
    # scikit-learn
    "MLPClassifier",
    "MLPRegressor",
    "TablePreprocessor",
    "register_onnx_converters",
    # Files
    "save",
    "load",
    "load_network",
    "load_predictor",
    "Predictor",
    "ModelCard",
    "export",
    "Exported",
    # Insight
    "check_gradients",
    "GradientReport",
    "ParameterReport",
    "explain",
    "Explanation",
    "fit_baseline",
    "Baseline",
    "permutation_importance",
    "Importance",
    # Modules
    "activations",
    "callbacks",
    "errors",
    "initializers",
    "layers",
    "losses",
    "optimizers",
    "penalties",
    "plots",
    "schedules",
]

#: Names whose modules are slow to import, such as those that need scikit-learn.
_LAZY = {
    **dict.fromkeys(
        ("MLPClassifier", "MLPRegressor", "TablePreprocessor", "register_onnx_converters"),
        "barenet.estimators",
    ),
    "Frame": "barenet.data.frame",
    "TableEncoding": "barenet.data.encoding",
    "fingerprint": "barenet.data.fingerprint",
    "load_table": "barenet.data.table_loading",
    "ModelCard": "barenet.files.model_card",
    "Predictor": "barenet.files.predictor",
    **dict.fromkeys(("load", "load_network", "load_predictor", "save"), "barenet.files.model_io"),
    **dict.fromkeys(("Exported", "export"), "barenet.files.exports"),
    **dict.fromkeys(("Baseline", "fit_baseline"), "barenet.insight.baselines"),
    **dict.fromkeys(("Explanation", "explain"), "barenet.insight.explain"),
    **dict.fromkeys(
        ("Importance", "permutation_importance"), "barenet.insight.permutation_importance"
    ),
}


def __getattr__(name: str) -> Any:
    """Import a name of a slow module when it is used."""
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
