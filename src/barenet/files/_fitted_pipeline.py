"""Conversion of a fitted estimator, alone or in a scikit-learn pipeline, to parts of a predictor.

The scalers of scikit-learn are recognized by their class and converted; no code is stored.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet._messages import brief, some
from barenet._registry import plain, spec_of
from barenet.errors import ArgumentError
from barenet.files._model_card import ModelCard
from barenet.inputs._monotonic_columns import settings_of_signs
from barenet.model._activations import Sigmoid
from barenet.model._ensemble import Model
from barenet.tables.encoding._encoding import TableEncoding
from barenet.tables.encoding._scaling import Scaling, no_scaling
from barenet.tables.frames._plain_values import class_name
from barenet.tables.reading._class_labels import class_labels
from barenet.training._history import History

#: Parameters that do not affect the network.
IRRELEVANT = ("callbacks", "threads", "verbose", "warm_start")

#: The remedy for other pipelines.
SKL2ONNX = "skl2onnx converts other steps, and onnx.compose joins them with the exported network"

#: The remedy for an ensemble with another step, or in a `TransformedTargetRegressor`.
REMEDY = "fit it on the raw table and target, alone"

#: The remedy for a network inside another object in a pipeline.
REMEDIES = {
    "Pipeline": "put its steps into the one pipeline",
    "TransformedTargetRegressor": "put it around the whole pipeline",
}


class UnwrappedModel(NamedTuple):
    """A fitted estimator, and the preprocessing of its rows and targets."""

    estimator: Any
    preprocessing: Scaling | TableEncoding
    feature_names: tuple[str, ...]
    target_scaling: Scaling | None


def classes_of(estimator: Any) -> tuple[tuple[str, ...] | None, bool]:
    """Return the names of the classes of an estimator, and whether their labels are text."""
    classes = getattr(estimator, "classes_", None)
    if classes is None:
        return None, False
    if len(classes) == 1:
        raise _refused(f"was trained on the single class {classes.tolist()[0]!r}")
    network = estimator.network_
    if network.n_outputs > 1 and isinstance(network.output_activation, Sigmoid):
        problem = "predicts several labels of a row, and a predictor one class"
        raise _refused(problem, "save() or export() its network, model.network_")
    return _class_names(classes)


def card_of(estimator: Any, scores: Mapping[str, Mapping[str, float]]) -> ModelCard:
    """Make the card of an estimator, with these scores and those of the validation rows."""
    history = estimator.history_
    if len(history) != len(estimator.loss_curve_):  # several calls trained it
        history = History(engine=history.engine)
    settings: dict[str, Any] = {"estimator": type(estimator).__name__}
    for name, value in estimator.get_params(deep=False).items():
        if value is not None and name not in IRRELEVANT:
            settings[name] = _setting(value)
    loss_of_ensemble = getattr(estimator, "_loss_spec", None)
    if loss_of_ensemble is not None:
        # The loss with its option, such as quantile:q=0.9, as `evaluate` computes it.
        settings["loss"] = loss_of_ensemble
        settings.pop("quantile", None)
        settings.pop("power", None)
    signs = getattr(estimator, "_monotonic", {})
    if signs:  # by name, as `description` reads them
        settings["monotonic"] = settings_of_signs(signs)
    n_rows: dict[str, int] = {}
    if len(history):
        n_rows = dict(estimator._n_rows)
    all_scores = _validation_scores(history)
    all_scores.update(getattr(estimator, "_scores", {}))
    all_scores.update(ModelCard(scores=scores).scores)
    card = ModelCard(settings=settings, rows=n_rows, scores=all_scores)
    return card.with_history(history)


def unwrapped_model(model: Any) -> UnwrappedModel:
    """Find the estimator of a search, of a pipeline, or with a transformed target."""
    model = getattr(model, "best_estimator_", model)
    target_scaling = None
    if hasattr(model, "regressor_") and hasattr(model, "transformer_"):
        target_scaling = _as_scaling(model.transformer_, "transformer")
        model = model.regressor_
    all_steps = getattr(model, "steps", None)
    if not all_steps:  # an estimator alone
        all_steps = [("", model)]
    last_name, estimator = all_steps[-1]
    if not isinstance(getattr(estimator, "network_", None), Model):
        raise _without_network(last_name, estimator)
    steps = [(name, step) for name, step in all_steps[:-1] if step not in (None, "passthrough")]
    if len(steps) > 1:
        names = ", ".join(repr(name) for name, _ in steps)
        raise _refused(f"expected one step before the network, got {names}", SKL2ONNX)
    first_name = ""
    first = None
    if steps:
        first_name, first = steps[0]
    encoding = getattr(first, "encoding_", None)
    ensemble_encoding = getattr(estimator, "encoding_", None)
    if ensemble_encoding:
        if first is not None or target_scaling is not None:
            raise _refused(f"{type(estimator).__name__} encodes rows and targets itself", REMEDY)
        encoding = ensemble_encoding
        target_scaling = getattr(estimator, "target_scaling_", None)
    if isinstance(encoding, TableEncoding):
        return UnwrappedModel(estimator, encoding, encoding.feature_names, target_scaling)
    width = estimator.network_.n_inputs
    if first is None:
        scaling = no_scaling(width)
        columns = getattr(estimator, "feature_names_in_", ())
    else:
        scaling = _as_scaling(first, f"step {first_name!r}")
        columns = getattr(first, "feature_names_in_", ())
    features = [str(column) for column in columns]
    if not features:
        features = [f"x{position}" for position in range(width)]
    return UnwrappedModel(estimator, scaling, tuple(features), target_scaling)


def _refused(problem: str, remedy: str = "") -> ArgumentError:
    return ArgumentError(problem, argument="model", remedy=remedy)


def _without_network(step: str, estimator: Any) -> ArgumentError:
    """Return the error for a model without a network."""
    type_name = type(estimator).__name__
    if type(estimator).__module__.startswith("barenet.") and hasattr(estimator, "fit"):
        return _refused(f"{type_name} has no network yet", "call fit first")
    expected = "expected a fitted MLPClassifier or MLPRegressor"
    if step:
        problem = f"step {step!r}: {expected}, got {type_name}"
    else:
        problem = f"{expected}, alone or as the last step of a pipeline, got {type_name}"
    if hasattr(estimator, "refit"):
        return _refused(problem, "fit a search over the whole pipeline, with refit=True")
    return _refused(problem, REMEDIES.get(type_name, SKL2ONNX))


def _class_names(classes: NDArray[Any]) -> tuple[tuple[str, ...], bool]:
    """Name the classes so that a predictor can convert the names back to the same classes.

    Also return whether the classes are text that looks like numbers or booleans.
    """
    labels = classes.tolist()
    is_text = all(isinstance(label, str) for label in labels)
    names = []
    for label in labels:
        if isinstance(label, float):
            names.append(class_name(label))
        else:
            names.append(str(label))
    restored = class_labels(tuple(names)).tolist() == labels
    if not is_text and not restored:
        raise _refused(f"classes {some(names, 5)}: a file can't store them", "use text")
    looks_like_values = is_text and not restored
    return tuple(names), looks_like_values


def _validation_scores(history: History) -> dict[str, Mapping[str, float]]:
    """Return the scores of the validation rows in the selected epoch."""
    scores = {}
    for name, curve in history.curves.items():
        selected_epoch = history.best_epoch
        if selected_epoch is None:
            selected_epoch = len(curve)
        score = curve[selected_epoch - 1]
        if name.startswith("validation_") and math.isfinite(score):
            scores[name.removeprefix("validation_")] = float(score)
    return {"validation": scores} if scores else {}


def _setting(value: Any) -> Any:
    """Convert a parameter for a model card."""
    value = plain(value)
    if isinstance(value, tuple):
        return tuple(_setting(item) for item in value)
    if isinstance(value, str | int):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if isinstance(value, float | Mapping):
        return brief(value)
    if isinstance(getattr(value, "name", None), str):
        return spec_of(value)
    return getattr(value, "__name__", type(value).__name__)


def _as_scaling(scaler: Any, step: str) -> Scaling:
    """Convert a scaler of scikit-learn."""
    type_name = type(scaler).__name__
    conversion = SCALERS.get(type_name) if type(scaler).__module__.startswith("sklearn.") else None
    if conversion is None or getattr(scaler, "clip", False):
        problem = f"{step}: expected TablePreprocessor, {', '.join(SCALERS)}, got {type_name}"
        if conversion is not None:
            problem += "(clip=True)"
        raise _refused(problem, SKL2ONNX)
    if not hasattr(scaler, "n_features_in_"):
        raise _refused(f"{step}: {type_name} is not fitted", "call fit first")
    offset, factor = conversion.offset_and_factor(scaler)
    zeros = np.zeros(scaler.n_features_in_)  # a common number becomes one for each column
    name = conversion.name if _has_default_options(scaler) else "affine"
    return Scaling(name, zeros + offset, zeros + factor)


def _has_default_options(scaler: Any) -> bool:
    """Return whether a scaler of scikit-learn has its default options, except "copy"."""
    options = scaler.get_params()
    defaults = type(scaler)().get_params()
    options["copy"] = defaults["copy"]
    return bool(options == defaults)


def _standard(scaler: Any) -> tuple[Any, Any]:
    """Return the offset and factor of a ``StandardScaler``."""
    offset = 0
    factor = 1
    if scaler.with_mean:
        offset = scaler.mean_
    if scaler.with_std:
        factor = 1 / scaler.scale_
    return offset, factor


def _min_max(scaler: Any) -> tuple[Any, Any]:
    """Return the offset and factor of a ``MinMaxScaler``: x · scale + min, for any range."""
    offset = scaler.data_min_ - scaler.feature_range[0] / scaler.scale_
    return offset, scaler.scale_


def _robust(scaler: Any) -> tuple[Any, Any]:
    """Return the offset and factor of a ``RobustScaler``."""
    offset = 0
    factor = 1
    if scaler.with_centering:
        offset = scaler.center_
    if scaler.with_scaling:
        factor = 1 / scaler.scale_
    return offset, factor


class _Conversion(NamedTuple):
    """The conversion of a scaler of scikit-learn."""

    #: The name of the scaling, if the scaler has its default options.
    name: str
    offset_and_factor: Callable[[Any], tuple[Any, Any]]


#: The scalers of scikit-learn that are converted, by the names of their classes.
SCALERS = {
    "StandardScaler": _Conversion("standardize", _standard),
    "MinMaxScaler": _Conversion("minmax", _min_max),
    "RobustScaler": _Conversion("robust", _robust),
}
