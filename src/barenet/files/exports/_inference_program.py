"""Program: the computation of an export, and the names of its inputs and outputs.

A network, a predictor and a fitted estimator all become one. Parts that no export can compute, such
as a user-defined layer, are refused here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from barenet.data._encoding import TableEncoding
from barenet.data._scaling import Scaling
from barenet.errors import ArgumentError
from barenet.files._fitted_pipeline import FittedPipeline, unwrap_pipeline
from barenet.files._predictor import Predictor
from barenet.files.exports._activation_code import has_expression
from barenet.files.exports._steps import (
    Affine,
    Apply,
    BinaryToTwoClass,
    Normalize,
    NormalizeRow,
    Scale,
    Step,
    Unscale,
)
from barenet.files.exports._table_encode_step import TableEncodeStep
from barenet.model._activations import Activation, Identity
from barenet.model._network import Network
from barenet.model.layers import ActivationLayer, BatchNorm, Dense, Dropout, Layer, LayerNorm

__all__ = ["Program", "program_of"]

#: The outputs: numbers, a probability for each class, or a probability for each of several labels
#: that are independent of each other.
Answer: TypeAlias = Literal["numbers", "class", "labels"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Program:
    """The steps from a raw row to an answer; unknown names are empty."""

    steps: tuple[Step, ...]
    dtype: np.dtype[Any]
    n_inputs: int
    n_outputs: int
    answer: Answer = "numbers"
    classes: tuple[str | int, ...] = ()
    feature_names: tuple[str, ...] = ()
    target_name: str = ""
    dataset: str = ""
    image_shape: tuple[int, int] | None = None
    #: The summary of the model card.
    card: dict[str, Any] = field(default_factory=dict)

    @property
    def n_numbers(self) -> int:
        """Count of the parameters of all steps."""
        arrays = (value for step in self.steps for value in vars(step).values())
        return sum(value.size for value in arrays if isinstance(value, np.ndarray))

    def outputs(self, X: NDArray[Any]) -> NDArray[Any]:
        """Compute all steps, in NumPy."""
        if not (self.steps and isinstance(self.steps[0], Scale | TableEncodeStep)):
            X = X.astype(self.dtype)
        for step in self.steps:
            X = step.forward(X)
        return X

    @property
    def table(self) -> TableEncodeStep | None:
        """The first step, if it reads rows of a table."""
        first = self.steps[0] if self.steps else None
        return first if isinstance(first, TableEncodeStep) else None

    @property
    def single_errors(self) -> NDArray[np.float64]:
        """The largest rounding error of each input in float32, in units of its spread if known."""
        first = self.steps[0] if self.steps else None
        if isinstance(first, Scale | TableEncodeStep):
            return np.nan_to_num(first.single_errors, nan=np.inf)
        return np.zeros(self.n_inputs)

    def sketch(self) -> str:
        """Write the steps in one line."""
        return " -> ".join([str(self.n_inputs), *map(_word, self.steps)])


def program_of(model: Any) -> Program:
    """Turn a model into the steps of a prediction."""
    if isinstance(model, Predictor):
        return _of_predictor(model)
    if isinstance(model, Network):
        return _of_network(model)
    if not hasattr(model, "fit"):
        raise ArgumentError.of(
            "model",
            model,
            "a Network, a Predictor, or a fitted MLPClassifier, MLPRegressor or pipeline of one",
        )
    return _of_fitted(unwrap_pipeline(model))


def _of_network(network: Network) -> Program:
    if network.n_inputs is None or network.n_outputs is None:
        raise ArgumentError("no layer fixes the number of inputs", argument="model", value=network)
    if not (np.isfinite(network.parameters).all() and np.isfinite(network.statistics).all()):
        raise ArgumentError("its parameters are not all finite", argument="model", value=network)
    return Program(
        steps=tuple(chain.from_iterable(map(_steps_of, network.layers))),
        dtype=network.dtype,
        n_inputs=network.n_inputs,
        n_outputs=network.n_outputs,
    )


def _of_predictor(predictor: Predictor) -> Program:
    program = replace(
        _of_network(predictor.network),
        n_inputs=len(predictor.feature_names),
        feature_names=predictor.feature_names,
        target_name=predictor.target_name,
        dataset=predictor.dataset,
        image_shape=predictor.image_shape,
        card={} if predictor.card is None else predictor.card.summary(),
    )
    steps = _around(program, predictor.preprocessing, predictor.target_scaling)
    program = replace(program, steps=steps)
    if predictor.classes is None or (labels := predictor.labels) is None:
        return program
    whole = labels.dtype.kind == "i"
    return _with_classes(program, tuple(labels.tolist()) if whole else predictor.classes)


def _around(
    program: Program, preprocessing: Scaling | TableEncoding | None, target_scaling: Scaling | None
) -> tuple[Step, ...]:
    """Add the preprocessing of raw rows before the steps, and that of answers after them."""
    if isinstance(preprocessing, TableEncoding):
        before: list[Step] = [TableEncodeStep(preprocessing, program.dtype)]
    else:
        before = [Scale(*parts, program.dtype) for parts in _parts(preprocessing)]
    return (*before, *program.steps, *(Unscale(*parts) for parts in _parts(target_scaling)))


def _parts(scaling: Scaling | None) -> Iterator[tuple[Any, Any]]:
    """Offset and factor of a scaling, unless it leaves the numbers as they are."""
    if scaling is not None and (scaling.offset.any() or (scaling.factor != 1).any()):
        yield scaling.offset, scaling.factor


def _of_fitted(fitted: FittedPipeline) -> Program:
    program = _of_network(fitted.estimator.network_)
    program = replace(
        program,
        steps=_around(program, fitted.preprocessing, fitted.target_scaling),
        n_inputs=len(fitted.feature_names) or program.n_inputs,
        feature_names=fitted.feature_names,
    )
    if (labels := fitted.classes) is None:
        return program
    classes = _names(labels.tolist())
    if fitted.is_multilabel:
        return replace(program, answer="labels", classes=classes)
    return _with_classes(program, classes)


def _names(labels: list[Any]) -> tuple[str | int, ...]:
    """Classes as integers if all are whole numbers, else as text."""
    if all(isinstance(label, int) or (type(label) is float and label % 1 == 0) for label in labels):
        return tuple(map(int, labels))
    return tuple(map(str, labels))


def _with_classes(program: Program, classes: tuple[str | int, ...]) -> Program:
    both: tuple[Step, ...] = (BinaryToTwoClass(),) if program.n_outputs == 1 else ()
    return replace(
        program,
        steps=(*program.steps, *both),
        n_outputs=len(classes),
        answer="class",
        classes=classes,
    )


def _steps_of(layer: Layer) -> list[Step]:
    """The steps of a layer in a prediction."""
    steps_of = _STEPS.get(type(layer))
    if steps_of is None:
        raise ArgumentError(
            f"{layer!r} is a user-defined layer, which no export can compute",
            argument="model",
            value=layer,
            remedy="write it in terms of barenet's layers, or export the layers before it",
        )
    return steps_of(layer)


def _apply(activation: Activation) -> list[Step]:
    if not has_expression(activation):
        raise ArgumentError(
            f"{activation!r} declares no formula, from which an export is written",
            argument="model",
            value=activation,
            remedy="give its class a `formula`",
        )
    return [] if isinstance(activation, Identity) else [Apply(activation)]


def _dense(layer: Any) -> list[Step]:
    return [Affine(layer.weights, layer.bias), *_apply(layer.activation)]


def _batch_norm(layer: Any) -> list[Step]:
    deviation = np.sqrt(layer.variance + layer.epsilon)
    return [Normalize(layer.mean, deviation, layer.gain, layer.bias)]


def _layer_norm(layer: Any) -> list[Step]:
    return [NormalizeRow(layer.gain, layer.bias, layer.epsilon)]


#: By the exact class: a subclass may compute something else.
_STEPS: dict[type[Layer], Callable[[Any], list[Step]]] = {
    Dense: _dense,
    ActivationLayer: lambda layer: _apply(layer.activation),
    Dropout: lambda layer: [],
    BatchNorm: _batch_norm,
    LayerNorm: _layer_norm,
}


def _word(step: Step) -> str:
    if step.name == Affine.name:
        return str(vars(step)["bias"].size)  # rounded or not
    return step.activation.name if isinstance(step, Apply) else step.name.replace("_", " ")
