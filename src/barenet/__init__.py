"""barenet: feed-forward neural networks you can read, watch and ship.

The public names, all in one place. What is not listed here may change without notice.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from barenet.data.dataset import Dataset
from barenet.data.datasets import load_dataset
from barenet.data.scaling import Scaling
from barenet.engines import CompiledNetwork
from barenet.errors import (
    BarenetError,
    DataError,
    DivergenceError,
    MissingExtraError,
    ModelFileError,
)
from barenet.files.checkpoint import Checkpoint
from barenet.insight.gradient_check import GradientReport, ParameterReport, check_gradients
from barenet.insight.plots import (
    plot_boundary,
    plot_confusion,
    plot_digits,
    plot_fit,
    plot_fit_at_epochs,
    plot_history,
    plot_importance,
    plot_weights,
    save_figure,
)
from barenet.insight.progress import Progress
from barenet.model.activations import ACTIVATIONS, Activation
from barenet.model.initializers import INITIALIZERS, Initializer
from barenet.model.layers import (
    LAYERS,
    ActivationLayer,
    BatchNorm,
    Dense,
    Dropout,
    Layer,
    LayerNorm,
)
from barenet.model.losses import (
    LOSSES,
    AbsoluteError,
    BinaryCrossEntropy,
    BinaryFocal,
    CategoricalCrossEntropy,
    CategoricalFocal,
    Huber,
    Loss,
    Poisson,
    Quantile,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
    SquaredError,
)
from barenet.model.network import Network
from barenet.model.targets import one_hot
from barenet.optimization.clipping import ClipNorm, Clipping, ClipValue
from barenet.optimization.optimizers import (
    LBFGS,
    OPTIMIZERS,
    SGD,
    AdaGrad,
    Adam,
    AdamW,
    Momentum,
    Nesterov,
    Optimizer,
    RMSProp,
)
from barenet.optimization.penalties import L1, L2, Penalty
from barenet.optimization.schedules import (
    SCHEDULES,
    Constant,
    Cosine,
    ExponentialDecay,
    InverseScaling,
    OneCycle,
    ReduceOnPlateau,
    Schedule,
    StepDecay,
)
from barenet.training.batches import batches
from barenet.training.callbacks import Callback, EarlyStopping, LambdaCallback, TimeLimit
from barenet.training.history import History
from barenet.training.metrics import METRICS
from barenet.training.run import Run
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
    from barenet.insight.live_plot import LivePlot
    from barenet.insight.permutation_importance import Importance, permutation_importance

__all__ = [
    "ACTIVATIONS",
    "INITIALIZERS",
    "L1",
    "L2",
    "LAYERS",
    "LBFGS",
    "LOSSES",
    "METRICS",
    "OPTIMIZERS",
    "SCHEDULES",
    "SGD",
    "AbsoluteError",
    "Activation",
    "ActivationLayer",
    "AdaGrad",
    "Adam",
    "AdamW",
    "BarenetError",
    "Baseline",
    "BatchNorm",
    "BinaryCrossEntropy",
    "BinaryFocal",
    "Callback",
    "CategoricalCrossEntropy",
    "CategoricalFocal",
    "Checkpoint",
    "ClipNorm",
    "ClipValue",
    "Clipping",
    "CompiledNetwork",
    "Constant",
    "Cosine",
    "DataError",
    "Dataset",
    "Dense",
    "DivergenceError",
    "Dropout",
    "EarlyStopping",
    "Explanation",
    "ExponentialDecay",
    "Exported",
    "Frame",
    "GradientReport",
    "History",
    "Huber",
    "Importance",
    "Initializer",
    "InverseScaling",
    "LambdaCallback",
    "Layer",
    "LayerNorm",
    "LivePlot",
    "Loss",
    "MLPClassifier",
    "MLPRegressor",
    "MissingExtraError",
    "ModelCard",
    "ModelFileError",
    "Momentum",
    "Nesterov",
    "Network",
    "OneCycle",
    "Optimizer",
    "ParameterReport",
    "Penalty",
    "Poisson",
    "Predictor",
    "Progress",
    "Quantile",
    "RMSProp",
    "ReduceOnPlateau",
    "Run",
    "Scaling",
    "Schedule",
    "SigmoidCrossEntropy",
    "SoftmaxCrossEntropy",
    "SquaredError",
    "StepDecay",
    "TableEncoding",
    "TablePreprocessor",
    "TimeLimit",
    "batches",
    "check_gradients",
    "explain",
    "export",
    "fingerprint",
    "fit_baseline",
    "load",
    "load_dataset",
    "load_network",
    "load_predictor",
    "load_table",
    "one_hot",
    "permutation_importance",
    "plot_boundary",
    "plot_confusion",
    "plot_digits",
    "plot_fit",
    "plot_fit_at_epochs",
    "plot_history",
    "plot_importance",
    "plot_weights",
    "register_onnx_converters",
    "save",
    "save_figure",
    "train",
]


#: What takes its time to import, as scikit-learn does, and where it is when it is asked for.
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
    "LivePlot": "barenet.insight.live_plot",
}


def __getattr__(name: str) -> Any:
    """Import what takes its time when it is asked for."""
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
