"""What scikit-learn's conventions say of a fitted model: what an export and a predictor need of it.

A network alone does not know the classes, the names of the columns, and the scaling that a pipeline
does before it. Steps are known by what they measure; what they would compute is not asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.data.encoding import TableEncoding
from barenet.data.labels import class_labels, class_name
from barenet.data.scaling import Scaling
from barenet.errors import brief, some
from barenet.model.activations import Sigmoid
from barenet.model.network import Network

__all__ = ["Fitted", "take_apart"]

#: What to do with a model that is none of barenet's.
OTHERWISE = (
    "other pipelines of scikit-learn's go to ONNX by skl2onnx, after "
    "barenet.register_onnx_converters()"
)


class Fitted(NamedTuple):
    """A fitted model, taken apart.

    Attributes
    ----------
    estimator : estimator
        What has a network.
    preprocessing : Scaling or TableEncoding, optional
        What is done to raw rows first.
    feature_names : tuple of str
        Names of the columns; empty if nobody has said.
    target_scaling : Scaling, optional
        What was done to the target.
    """

    estimator: Any
    preprocessing: Scaling | TableEncoding | None
    feature_names: tuple[str, ...]
    target_scaling: Scaling | None

    @property
    def classes(self) -> NDArray[Any] | None:
        """What it tells apart, in the order of the outputs; None for numbers."""
        classes = getattr(self.estimator, "classes_", None)
        if classes is not None and len(classes) == 1:
            only = classes.tolist()[0]
            raise ValueError(f"model: knows the one class {only!r}, so there is nothing to tell")
        return classes

    @property
    def has_labels(self) -> bool:
        """Whether a row may have several of the classes at once."""
        network = self.estimator.network_
        several = isinstance(network.output_activation, Sigmoid) and network.n_outputs > 1
        return several and hasattr(self.estimator, "classes_")

    def predictor_parts(self) -> dict[str, Any]:
        """Find what a predictor is made of, but for the names and the card."""
        network = self.estimator.network_.copy()
        if self.has_labels:
            raise ValueError(
                "model: a row may have several labels, and a predictor tells one class of each; "
                "save the network with barenet.save(model.network_, path), or export() the model"
            )
        width = network.n_inputs
        names = self.feature_names or tuple(f"x{at}" for at in range(width))
        _check_apart(names)
        return {
            "network": network,
            "preprocessing": self.preprocessing or Scaling("none", np.zeros(width), np.ones(width)),
            "target_scaling": self.target_scaling,
            "feature_names": names,
            **_named(self.classes),
        }


def take_apart(model: Any) -> Fitted:
    """Find the network in a fitted model, and what is done before it and after it."""
    model, target = getattr(model, "best_estimator_", model), None
    if hasattr(model, "regressor_") and hasattr(model, "transformer_"):
        target = _scaling_of(model.transformer_, "transformer")
        model = model.regressor_
    *steps, (last, estimator) = getattr(model, "steps", None) or [("", model)]
    if not isinstance(getattr(estimator, "network_", None), Network):
        raise ValueError(_without_network(last, estimator))
    _check_own(estimator, "predict", "predict_proba")
    steps = [(name, step) for name, step in steps if step not in (None, "passthrough")]
    if len(steps) > 1:
        names = ", ".join(f"{name!r}" for name, _ in steps)
        raise ValueError(f"model: expected one step before the network, got {names}; {OTHERWISE}")
    (name, first) = steps[0] if steps else ("", None)
    encoding = getattr(first, "encoding_", None)
    if isinstance(encoding, TableEncoding):
        _check_own(first, "transform")
        return Fitted(estimator, encoding, encoding.feature_names, target)
    named = getattr(estimator if first is None else first, "feature_names_in_", ())
    before = None if first is None else _scaling_of(first, f"step {name!r}")
    return Fitted(estimator, before, tuple(map(str, named)), target)


def _without_network(step: str, estimator: Any) -> str:
    """Say why there is no network to be found."""
    kind = type(estimator).__name__
    known = type(estimator).__module__.startswith("barenet.")
    if known and hasattr(estimator, "fit") and hasattr(estimator, "predict"):
        return f"model: {kind} has no network yet; call fit first"
    is_search = hasattr(estimator, "refit")
    if is_search and not step and not hasattr(estimator, "best_estimator_"):
        how = "is not fitted; call fit first" if estimator.refit else "needs refit=True"
        return f"model: {kind} has no best model: it {how}"
    where = f"step {step!r}: " if step else ""
    there = "" if step else ", alone or as the last step of a pipeline"
    remedy = "search over the whole pipeline" if is_search else _REMEDIES.get(kind, OTHERWISE)
    return (
        f"model: {where}expected a fitted MLPClassifier or MLPRegressor{there}, got {kind}; "
        f"{remedy}"
    )


def _check_own(part: Any, *methods: str) -> None:
    """Refuse a subclass that computes by code of its own."""
    for method in methods:
        where = next((kind for kind in type(part).__mro__ if method in vars(kind)), None)
        if where is not None and not where.__module__.startswith("barenet."):
            raise ValueError(
                f"model: {type(part).__name__} has a {method} of its own ({where.__qualname__}), "
                "which a file can't say; use barenet's own class, and do the rest around it"
            )


def _named(classes: NDArray[Any] | None) -> dict[str, Any]:
    """Write classes as names, from which the same classes come back."""
    if classes is None:
        return {"classes": None}
    labels = classes.tolist()
    is_text = all(isinstance(label, str) for label in labels)
    names = tuple(class_name(label) if isinstance(label, float) else str(label) for label in labels)
    if is_text:
        return {"classes": names, "text_classes": class_labels(names).tolist() != labels}
    if class_labels(names).tolist() != labels:
        raise ValueError(f"model: classes {some(names, 5)}: a file can't say them; use text")
    return {"classes": names}


def _check_apart(names: Sequence[str]) -> None:
    """Refuse columns that would be one in a table, which is read without spaces around names."""
    seen: dict[str, str] = {}
    for name in names:
        if (other := seen.setdefault(name.strip(), name)) != name:
            raise ValueError(
                f"model: columns {brief(other)} and {brief(name)} differ by spaces around them, "
                "which are taken off where a table is read; rename one before the fit"
            )


def _scaling_of(scaler: Any, what: str) -> Scaling:
    """Say a scaler of scikit-learn's as barenet's own."""
    known = _SCALERS.get(type(scaler).__name__)
    own = type(scaler).__module__.startswith("sklearn.")
    if known is None or not own or getattr(scaler, "clip", False):
        how = "(clip=True)" if known is not None and own else ""
        raise ValueError(
            f"model: {what}: {type(scaler).__name__}{how} can't be said in a file; what can is "
            f"TablePreprocessor, {', '.join(_SCALERS)}; {OTHERWISE}"
        )
    if not hasattr(scaler, "n_features_in_"):
        raise ValueError(f"model: {what}: {type(scaler).__name__} is not fitted; call fit first")
    name, usual, measured = known
    offset, factor = (np.zeros(scaler.n_features_in_) + part for part in measured(scaler))
    as_fit = all(getattr(scaler, option) == value for option, value in usual.items())
    return Scaling(name if as_fit else "affine", offset, factor)


def _standard(scaler: Any) -> tuple[Any, Any]:
    return scaler.mean_ if scaler.with_mean else 0, 1 / scaler.scale_ if scaler.with_std else 1


def _robust(scaler: Any) -> tuple[Any, Any]:
    offset = scaler.center_ if scaler.with_centering else 0
    return offset, 1 / scaler.scale_ if scaler.with_scaling else 1


def _minmax(scaler: Any) -> tuple[Any, Any]:
    """Turn x · scale + min around; scaled to other limits than 0 and 1, the offset is another."""
    return scaler.data_min_ - scaler.feature_range[0] / scaler.scale_, scaler.scale_


#: What to do with what is around a network inside a pipeline.
_REMEDIES = {
    "Pipeline": "put its steps into the one pipeline",
    "TransformedTargetRegressor": "put it around the whole pipeline",
}

#: Of a robust scaler, what `Scaling.fit` does.
_QUARTILES = {
    "with_centering": True,
    "with_scaling": True,
    "quantile_range": (25.0, 75.0),
    "unit_variance": False,
}

#: The scalers that a file can say: what barenet calls each, with which options that is true, and
#: its offset and factor.
_SCALERS: dict[str, tuple[str, dict[str, Any], Callable[[Any], tuple[Any, Any]]]] = {
    "StandardScaler": ("standardize", {"with_mean": True, "with_std": True}, _standard),
    "MinMaxScaler": ("minmax", {"feature_range": (0, 1)}, _minmax),
    "RobustScaler": ("robust", _QUARTILES, _robust),
}
