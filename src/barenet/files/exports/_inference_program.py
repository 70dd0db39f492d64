"""Program: the computation of an export, and the names of its inputs and outputs.

A network, a predictor and a fitted estimator all become one. Parts that no export can compute, such
as a user-defined layer, are refused here.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from barenet._expressions import declared
from barenet.data._encoding import TableEncoding
from barenet.data._scaling import Scaling
from barenet.errors import ArgumentError
from barenet.files._fitted_pipeline import FittedPipeline, unwrap_pipeline
from barenet.files._predictor import Predictor
from barenet.files.exports import _steps as kinds
from barenet.model._activations import Activation, Identity
from barenet.model._network import Network
from barenet.model.layers import ActivationLayer, BatchNorm, Dense, Dropout, Layer, LayerNorm

Classes = tuple[str | int, ...]

#: Attributes of a predictor that its program has, too.
NAMES = ("feature_names", "target_name", "dataset", "image_shape")


@dataclass(frozen=True, eq=False, kw_only=True)
class Program:
    """The steps from a raw row to an answer; unknown names are empty."""

    steps: tuple[kinds.Step, ...]
    dtype: np.dtype[Any]
    n_inputs: int
    n_outputs: int
    #: The outputs: numbers, a probability for each class, or a probability for each of several
    #: labels that are independent of each other.
    answer: Literal["numbers", "class", "labels"] = "numbers"
    classes: Classes = ()
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

    def outputs(self, X: Any) -> NDArray[Any]:
        """Compute all steps, in NumPy."""
        if not (self.steps and isinstance(self.steps[0], kinds.Scale | kinds.TableEncodeStep)):
            X = X.astype(self.dtype)
        for step in self.steps:
            X = step.forward(X)
        return X

    def numbered(self) -> Iterator[tuple[int, kinds.Step]]:
        """The steps; those with the parameters of a layer are counted, from 1."""
        number = 0
        for step in self.steps:
            number += hasattr(step, "bias")
            yield number, step

    @property
    def table(self) -> kinds.TableEncodeStep | None:
        """The first step, if it reads rows of a table."""
        first = self.steps[0] if self.steps else None
        return first if isinstance(first, kinds.TableEncodeStep) else None

    @property
    def single_errors(self) -> NDArray[np.float64]:
        """The largest rounding error of each input in float32, in units of its spread if known."""
        first = self.steps[0] if self.steps else None
        if isinstance(first, kinds.Scale | kinds.TableEncodeStep):
            return np.nan_to_num(first.single_errors, nan=np.inf)
        return np.zeros(self.n_inputs)

    def sketch(self) -> str:
        """Write the steps in one line."""
        return " -> ".join([str(self.n_inputs), *map(_word, self.steps)])


def program_of(model: Any) -> Program:
    """Turn a model into the steps of a prediction."""
    if isinstance(model, Network):
        return _assemble(model, model)
    if isinstance(model, Predictor):
        names = {name: getattr(model, name) for name in NAMES}
        card = {} if model.card is None else model.card.summary()
        return _assemble(model.network, model, _classes_of(model), **names, card=card)
    if not hasattr(model, "fit"):
        expected = "a Network, a Predictor, or a fitted MLPClassifier, MLPRegressor or pipeline"
        raise ArgumentError.of("model", model, f"{expected} of one")
    fitted = unwrap_pipeline(model)
    classes = () if fitted.classes is None else _names(fitted.classes.tolist())
    program = _assemble(
        fitted.estimator.network_, fitted, classes, feature_names=fitted.feature_names
    )
    return replace(program, answer="labels") if fitted.is_multilabel else program


def _assemble(
    network: Network,
    model: Network | Predictor | FittedPipeline,
    classes: Classes = (),
    feature_names: tuple[str, ...] = (),
    **names: Any,
) -> Program:
    """The steps of a network, and those of its model before and after them."""
    if network.n_inputs is None or network.n_outputs is None:
        raise ArgumentError("no layer fixes the number of inputs", argument="model", value=network)
    if not (np.isfinite(network.parameters).all() and np.isfinite(network.statistics).all()):
        raise ArgumentError("its parameters are not all finite", argument="model", value=network)
    parts = list(chain.from_iterable(map(_steps_of, network.layers)))
    before, after = (getattr(model, name, None) for name in ("preprocessing", "target_scaling"))
    if isinstance(before, TableEncoding):
        parts.insert(0, kinds.TableEncodeStep(before, network.dtype))
    elif before is not None and _changes(before):
        parts.insert(0, kinds.Scale(before.offset, before.factor, network.dtype))
    if after is not None and _changes(after):
        parts.append(kinds.Unscale(after.offset, after.factor))
    if classes and network.n_outputs == 1:
        parts.append(kinds.BinaryToTwoClass())
    return Program(
        steps=tuple(parts),
        dtype=network.dtype,
        n_inputs=len(feature_names) or network.n_inputs,
        n_outputs=len(classes) or network.n_outputs,
        answer="class" if classes else "numbers",
        classes=classes,
        feature_names=feature_names,
        **names,
    )


def _changes(scaling: Scaling) -> bool:
    """Whether a scaling does not leave the numbers as they are."""
    return bool(scaling.offset.any() or (scaling.factor != 1).any())


def _classes_of(predictor: Predictor) -> Classes:
    labels = predictor.labels
    whole = labels is not None and labels.dtype.kind == "i"
    return tuple(labels.tolist()) if whole else predictor.classes or ()  # type: ignore[union-attr]


def _names(labels: list[Any]) -> Classes:
    """Classes as integers if all are whole numbers, else as text."""
    if all(isinstance(label, int) or (type(label) is float and label % 1 == 0) for label in labels):
        return tuple(map(int, labels))
    return tuple(map(str, labels))


def _steps_of(layer: Layer) -> list[kinds.Step]:
    """The steps of a layer in a prediction."""
    steps_of = _STEPS.get(type(layer))
    if steps_of is None:
        problem = f"{layer!r} is a user-defined layer, which no export can compute"
        remedy = "write it in terms of barenet's layers, or export the layers before it"
        raise ArgumentError(problem, argument="model", remedy=remedy)
    return steps_of(layer)


def _apply(activation: Activation) -> list[kinds.Step]:
    if not declared(activation, "formula"):
        problem = f"{activation!r} declares no formula, from which an export is written"
        raise ArgumentError(problem, argument="model", remedy="give its class a `formula`")
    return [] if isinstance(activation, Identity) else [kinds.Apply(activation)]


def _batch_norm(layer: Any) -> list[kinds.Step]:
    deviation = np.sqrt(layer.variance + layer.epsilon)
    return [kinds.Normalize(layer.mean, deviation, layer.gain, layer.bias)]


#: By the exact class: a subclass may compute something else.
_STEPS: dict[type[Layer], Callable[[Any], list[kinds.Step]]] = {
    Dense: lambda layer: [kinds.Affine(layer.weights, layer.bias), *_apply(layer.activation)],
    ActivationLayer: lambda layer: _apply(layer.activation),
    Dropout: lambda layer: [],
    BatchNorm: _batch_norm,
    LayerNorm: lambda layer: [kinds.NormalizeRow(layer.gain, layer.bias, layer.epsilon)],
}


def _word(step: kinds.Step) -> str:
    if step.name == kinds.Affine.name:
        return str(vars(step)["bias"].size)  # rounded or not
    return step.activation.name if isinstance(step, kinds.Apply) else step.name.replace("_", " ")
