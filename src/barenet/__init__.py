"""barenet: feed-forward neural networks you can read, watch and ship.

The public names, all in one place. What is not listed here may change without notice.
"""

from __future__ import annotations

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
from barenet.files.model_file import load
from barenet.files.predictor import Predictor
from barenet.insight.gradient_check import GradientReport, ParameterReport, check_gradients
from barenet.insight.plots import (
    plot_boundary,
    plot_confusion,
    plot_digits,
    plot_fit,
    plot_fit_at_epochs,
    plot_history,
    plot_weights,
    save_figure,
)
from barenet.model.activations import ACTIVATIONS, Activation
from barenet.model.initializers import INITIALIZERS, Initializer
from barenet.model.layers import LAYERS, Activate, BatchNorm, Dense, Dropout, Layer, LayerNorm
from barenet.model.losses import (
    LOSSES,
    AbsoluteError,
    BinaryCrossEntropy,
    CategoricalCrossEntropy,
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
from barenet.training.callbacks import Callback, EachEpoch, EarlyStopping, StopAfter
from barenet.training.history import History
from barenet.training.metrics import METRICS
from barenet.training.progress import Progress
from barenet.training.run import Run
from barenet.training.train import train

if TYPE_CHECKING:
    from barenet.estimators import MLPClassifier, MLPRegressor
    from barenet.insight.explain import Explanation, explain

__version__ = "0.1.0"

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
    "Activate",
    "Activation",
    "AdaGrad",
    "Adam",
    "AdamW",
    "BarenetError",
    "BatchNorm",
    "BinaryCrossEntropy",
    "Callback",
    "CategoricalCrossEntropy",
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
    "EachEpoch",
    "EarlyStopping",
    "Explanation",
    "ExponentialDecay",
    "GradientReport",
    "History",
    "Huber",
    "Initializer",
    "InverseScaling",
    "Layer",
    "LayerNorm",
    "Loss",
    "MLPClassifier",
    "MLPRegressor",
    "MissingExtraError",
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
    "StopAfter",
    "batches",
    "check_gradients",
    "explain",
    "load",
    "load_dataset",
    "one_hot",
    "plot_boundary",
    "plot_confusion",
    "plot_digits",
    "plot_fit",
    "plot_fit_at_epochs",
    "plot_history",
    "plot_weights",
    "save_figure",
    "train",
]


def __getattr__(name: str) -> Any:
    """Import what takes its time when it is asked for: scikit-learn does, for the estimators."""
    if name in ("MLPClassifier", "MLPRegressor"):
        from barenet import estimators

        return getattr(estimators, name)
    if name in ("Explanation", "explain"):
        from barenet.insight import explain

        return getattr(explain, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
