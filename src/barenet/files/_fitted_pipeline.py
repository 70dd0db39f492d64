"""A fitted estimator, alone or in a pipeline of scikit-learn, as the parts of a predictor.

Scalers of scikit-learn are recognized by their class and converted; their code is not stored.
"""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._registry import plain, spec_of
from barenet.data import Scaling, TableEncoding
from barenet.data._parsing import class_labels, class_name
from barenet.engines import Model
from barenet.errors import ArgumentError, brief, some
from barenet.files._model_card import ModelCard
from barenet.model._activations import Sigmoid
from barenet.training._history import History

#: Parameters that do not affect the network.
IRRELEVANT = ("callbacks", "threads", "verbose", "warm_start")

#: The remedy for other pipelines.
SKL2ONNX = "skl2onnx converts other pipelines, after barenet.register_onnx_converters()"

#: The remedy for an ensemble with another step, or in a `TransformedTargetRegressor`.
REMEDY = "fit it on the raw table and target, alone"

#: The remedy where the network is inside another object in a pipeline.
REMEDIES = {
    "Pipeline": "put its steps into the one pipeline",
    "TransformedTargetRegressor": "put it around the whole pipeline",
}


def predictor_parts(model: Any, scores: Mapping[str, Mapping[str, float]]) -> dict[str, Any]:
    """The arguments of a predictor but the names of the target and the data."""
    estimator, preprocessing, names, target_scaling = _unwrapped(model)
    network, classes = estimator.network_.copy(), getattr(estimator, "classes_", None)
    if classes is not None and len(classes) == 1:
        raise _refused(f"was trained on the single class {classes.tolist()[0]!r}")
    sigmoids = network.n_outputs > 1 and isinstance(network.output_activation, Sigmoid)
    if classes is not None and sigmoids:
        problem = "predicts several labels of a row, and a predictor one class"
        raise _refused(problem, "save() or export() its network, model.network_")
    return {
        "network": network,
        "preprocessing": preprocessing,
        "target_scaling": target_scaling,
        "residuals": getattr(estimator, "residuals_", None),
        "feature_names": names,
        "card": _card(estimator, scores),
        **_class_names(classes),
    }


def _card(estimator: Any, scores: Mapping[str, Mapping[str, float]]) -> ModelCard:
    """The card of an estimator, with scores besides those of the validation rows."""
    history = estimator.history_
    if len(history) != len(estimator.loss_curve_):  # after several calls
        history = History(engine=history.engine)
    parameters = estimator.get_params(deep=False).items()
    settings = {n: _setting(v) for n, v in parameters if v is not None and n not in IRRELEVANT}
    return ModelCard(
        settings={"estimator": type(estimator).__name__, **settings},
        rows=dict(estimator._n_rows) if len(history) else {},
        scores={
            **_validation_scores(history),
            **getattr(estimator, "_scores", {}),
            **ModelCard(scores=scores).scores,
        },
    ).with_history(history)


def _unwrapped(model: Any) -> tuple[Any, Scaling | TableEncoding, tuple[str, ...], Scaling | None]:
    """The estimator of a model, its preprocessing, the features' names, the target's scaling."""
    model, target = getattr(model, "best_estimator_", model), None
    if hasattr(model, "regressor_") and hasattr(model, "transformer_"):
        target = _as_scaling(model.transformer_, "transformer")
        model = model.regressor_
    *steps, (last, estimator) = getattr(model, "steps", None) or [("", model)]
    if not isinstance(getattr(estimator, "network_", None), Model):
        raise _without_network(last, estimator)
    steps = [(name, step) for name, step in steps if step not in (None, "passthrough")]
    if len(steps) > 1:
        names = ", ".join(f"{name!r}" for name, _ in steps)
        raise _refused(f"expected one step before the network, got {names}", SKL2ONNX)
    (name, first) = steps[0] if steps else ("", None)
    encoding = getattr(first, "encoding_", None)
    if own := getattr(estimator, "encoding_", None):
        if first is not None or target is not None:
            raise _refused(f"{type(estimator).__name__} encodes rows and targets itself", REMEDY)
        encoding, target = own, getattr(estimator, "target_scaling_", None)
    if isinstance(encoding, TableEncoding):
        return estimator, encoding, encoding.feature_names, target
    width = estimator.network_.n_inputs
    scaling = Scaling("none", np.zeros(width), np.ones(width))
    if first is not None:
        scaling = _as_scaling(first, f"step {name!r}")
    columns = getattr(estimator if first is None else first, "feature_names_in_", ())
    features = tuple(map(str, columns)) or tuple(f"x{at}" for at in range(width))
    return estimator, scaling, features, target


def _refused(problem: str, remedy: str = "") -> ArgumentError:
    return ArgumentError(problem, argument="model", remedy=remedy)


def _without_network(step: str, estimator: Any) -> ArgumentError:
    """The error for a model without a network."""
    kind = type(estimator).__name__
    if type(estimator).__module__.startswith("barenet.") and hasattr(estimator, "fit"):
        return _refused(f"{kind} has no network yet", "call fit first")
    where = f"step {step!r}: " if step else ""
    position = "" if step else ", alone or as the last step of a pipeline"
    problem = f"{where}expected a fitted MLPClassifier or MLPRegressor{position}, got {kind}"
    if hasattr(estimator, "refit"):
        return _refused(problem, "fit a search over the whole pipeline, with refit=True")
    return _refused(problem, REMEDIES.get(kind, SKL2ONNX))


def _class_names(classes: NDArray[Any] | None) -> dict[str, Any]:
    """Names of the classes, which a predictor converts back to the same classes."""
    if classes is None:
        return {"classes": None}
    labels = classes.tolist()
    is_text = all(isinstance(label, str) for label in labels)
    names = tuple(class_name(label) if isinstance(label, float) else str(label) for label in labels)
    restored = class_labels(names).tolist() == labels
    if not is_text and not restored:
        raise _refused(f"classes {some(names, 5)}: a file can't store them", "use text")
    return {"classes": names, "text_classes": is_text and not restored}


def _validation_scores(history: History) -> dict[str, dict[str, float]]:
    """The scores of the validation rows in the selected epoch."""
    selected = (history.best_epoch or 0) - 1  # the last one, if none was the best
    scores = {
        name.removeprefix("validation_"): float(curve[selected])
        for name, curve in history.curves.items()
        if name.startswith("validation_") and math.isfinite(curve[selected])
    }
    return {"validation": scores} if scores else {}


def _setting(value: Any) -> Any:
    """Convert a parameter for a card."""
    value = plain(value)
    if isinstance(value, tuple):
        return tuple(map(_setting, value))
    if isinstance(value, str | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, float | Mapping):
        return brief(value)
    if isinstance(getattr(value, "name", None), str):
        return spec_of(value)
    return getattr(value, "__name__", type(value).__name__)


def _as_scaling(scaler: Any, step: str) -> Scaling:
    """Convert a scaler of scikit-learn."""
    kind = type(scaler).__name__
    known = SCALERS.get(kind) if type(scaler).__module__.startswith("sklearn.") else None
    if known is None or getattr(scaler, "clip", False):
        options = "" if known is None else "(clip=True)"
        problem = f"{step}: expected TablePreprocessor, {', '.join(SCALERS)}, got {kind}{options}"
        raise _refused(problem, SKL2ONNX)
    if not hasattr(scaler, "n_features_in_"):
        raise _refused(f"{step}: {kind} is not fitted", "call fit first")
    name, parameters = known
    offset, factor = (np.zeros(scaler.n_features_in_) + part for part in parameters(scaler))
    is_default = {**scaler.get_params(), "copy": True} == type(scaler)().get_params()
    return Scaling(name if is_default else "affine", offset, factor)


#: Scalers of scikit-learn: barenet's name with default options, and the offset and factor.
SCALERS: dict[str, tuple[str, Callable[[Any], tuple[Any, Any]]]] = {
    "StandardScaler": (
        "standardize",
        lambda s: (s.mean_ if s.with_mean else 0, 1 / s.scale_ if s.with_std else 1),
    ),
    # x · scale + min, which scales to any range
    "MinMaxScaler": ("minmax", lambda s: (s.data_min_ - s.feature_range[0] / s.scale_, s.scale_)),
    "RobustScaler": (
        "robust",
        lambda s: (s.center_ if s.with_centering else 0, 1 / s.scale_ if s.with_scaling else 1),
    ),
}
