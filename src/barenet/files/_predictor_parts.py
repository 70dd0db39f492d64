"""The parts of a predictor: whether they fit together, and their description in words."""

import math
from typing import Any

from barenet.datasets._target_kind import n_classes_of
from barenet.engines import Model, networks_of
from barenet.errors import ArgumentError, brief, count_of, printable, some
from barenet.files._model_card import ModelCard, describe_rows
from barenet.model.layers import Dense
from barenet.tables._scaling import Scaling


def check_parts(predictor: Any) -> None:  # a `Predictor`, whose module imports this one
    """Refuse parts that don't fit each other."""
    width = predictor.network.n_inputs
    n_outputs = predictor.network.n_outputs
    if width is None or n_outputs is None:
        raise ArgumentError("has no layer that fixes the number of inputs", argument="network")
    preprocessing = predictor.preprocessing
    names = predictor.feature_names
    if isinstance(preprocessing, Scaling):
        _check_number("feature_names", len(names), width, "inputs")
    elif names != preprocessing.feature_names:
        raise ArgumentError("are not those of the preprocessing", argument="feature_names")
    _check_number("preprocessing", preprocessing.n_outputs, width, "inputs")
    if predictor.classes is not None:
        _check_classes(predictor.classes, n_outputs)
    if predictor.target_scaling is not None:
        _check_number("target_scaling", predictor.target_scaling.n_outputs, n_outputs, "outputs")
        if predictor.classes is not None:
            raise ArgumentError("classes are not scaled", argument="target_scaling")
    if predictor.residuals is not None:
        _check_number("residuals", len(predictor.residuals.added_spread), n_outputs, "outputs")
        if predictor.classes is not None or not hasattr(predictor.network, "mean_and_spread"):
            raise ArgumentError("are of an ensemble that predicts numbers", argument="residuals")
    shape = predictor.image_shape
    if shape is not None and (len(shape) != 2 or math.prod(shape) != width):
        raise ArgumentError.of("image_shape", shape, f"height and width, of {width} pixels")


def _check_classes(classes: tuple[str, ...], n_outputs: int) -> None:
    _check_number("classes", len(classes), n_classes_of(n_outputs), "classes of the network")
    if len(set(classes)) < len(classes) or "" in classes:
        raise ArgumentError("expected different names, none of them empty", argument="classes")
    for name in classes:
        if name != name.strip():
            effect = "which are removed where a table is read, so no row would match it"
            problem = f"{brief(name)} has spaces around it, {effect}"
            remedy = "remove them before the training"
            raise ArgumentError(problem, argument="classes", remedy=remedy)


def _check_number(argument: str, n_entries: int, needed: int, purpose: str) -> None:
    if n_entries != needed:
        raise ArgumentError(f"has {n_entries} entries for {needed} {purpose}", argument=argument)


#: Maximum number of names or layers that are listed.
MAX_NAMES = 8


def describe_parts(predictor: Any) -> dict[str, str]:  # a `Predictor`, whose module imports this
    """Texts by their headings."""
    predicted = "numbers"
    if predictor.network.n_outputs == 1:
        predicted = "a number"
    if predictor.classes is not None:
        classes = predictor.classes
        predicted = f"one of {len(classes)}: {some(classes, MAX_NAMES)}"
    names = predictor.feature_names
    inputs = f"{count_of(len(names), 'feature')}: {some(names, MAX_NAMES)}"
    if predictor.image_shape:
        inputs = "images of {} × {} pixels".format(*predictor.image_shape)
    scaling = getattr(predictor.preprocessing, "name", "column by column")
    if predictor.target_scaling:
        scaling += f", and the target: {predictor.target_scaling.name}"
    card = predictor.card or ModelCard()
    origin = []
    if predictor.dataset:
        origin.append(printable(predictor.dataset))
    if card.rows:
        origin.append(describe_rows(card.rows))
    training = ""
    if card.log:
        training = card.log.description()
    lines = {
        "predicts": f"{printable(predictor.target_name)}, {predicted}",
        "from": inputs,
        "scaling": scaling,
        "network": _describe_model(predictor.network),
        "trained on": ": ".join(origin),
        "trained for": training,
    }
    description = {}
    for heading, text in lines.items():
        if text:
            description[heading] = text
    return description


def _describe_model(model: Model) -> str:
    """The sizes and activations of a network in a line, without the middle of many layers."""
    networks = networks_of(model)
    network = networks[0]
    steps = [str(network.n_inputs)]
    for layer in network.layers:
        step = layer.name
        if isinstance(layer, Dense):
            step = str(layer.n_out)
        if layer.activation is not None:
            step += f" {layer.activation.name}"
        steps.append(step)
    if len(steps) > MAX_NAMES:
        steps[MAX_NAMES // 2 : -1] = [f"… ({len(network.layers)} layers)"]
    sizes = " → ".join(steps)
    if len(networks) > 1:
        sizes = f"{len(networks)} networks of {sizes}"
    return f"{sizes}, {model.n_parameters:,} parameters of {model.dtype}"
