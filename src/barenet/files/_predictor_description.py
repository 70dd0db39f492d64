"""The description of a predictor and its origin in a few lines."""

from typing import Any

from barenet.engines import Model, networks_of
from barenet.errors import count_of, printable, some
from barenet.files._model_card import ModelCard, describe_rows
from barenet.model.layers import Dense

#: Maximum number of names or layers that are listed.
MAX_NAMES = 8


def describe_parts(predictor: Any) -> dict[str, str]:  # a `Predictor`, whose module imports this
    """Texts by their headings."""
    predicted = "a number" if predictor.network.n_outputs == 1 else "numbers"
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
    origin = predictor.dataset and printable(predictor.dataset), describe_rows(card.rows)
    lines = {
        "predicts": f"{printable(predictor.target_name)}, {predicted}",
        "from": inputs,
        "scaling": scaling,
        "network": _describe_model(predictor.network),
        "trained on": ": ".join(filter(None, origin)),
        "trained for": card.log.description() if card.log else "",
    }
    return {heading: text for heading, text in lines.items() if text}


def _describe_model(model: Model) -> str:
    """The sizes and activations of a network in a line, without the middle of many layers."""
    network, *others = networks_of(model)
    steps = [str(network.n_inputs)]
    for layer in network.layers:
        name = str(layer.n_out) if isinstance(layer, Dense) else layer.name
        steps.append(name if layer.activation is None else f"{name} {layer.activation.name}")
    if len(steps) > MAX_NAMES:
        steps[MAX_NAMES // 2 : -1] = [f"… ({len(network.layers)} layers)"]
    count = f"{len(others) + 1} networks of " if others else ""
    sizes = " → ".join(steps)
    return f"{count}{sizes}, {model.n_parameters:,} parameters of {model.dtype}"
