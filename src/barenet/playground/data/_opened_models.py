"""Models that the playground was started with, or that were uploaded on its page."""

import contextlib
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from barenet import Predictor, load
from barenet._registry import spec_of
from barenet.errors import ModelFileError
from barenet.model._ensemble import Ensemble
from barenet.model.layers import Dense, Dropout
from barenet.optimization.optimizers import Optimizer
from barenet.playground.state._network_layout import check_size, dense_layers
from barenet.playground.state._page_state import HIDDEN_ACTIVATIONS, LOSSES, NetworkSettings
from barenet.playground.state._wire_format import decode
from barenet.settings._run_config import RunConfig

#: The training settings of a model file without a run folder.
UNKNOWN = RunConfig()
UNKNOWN_SETTINGS = (
    "The settings of its training are not in the file: it continues with those chosen here, and "
    "its test rows may have been training rows."
)
CONTINUED = (
    "It continues with the optimizer, learning rate, batch size, loss and penalty of its training, "
    "as far as the page has them, and without other settings or the threshold of the model."
)


@dataclass(frozen=True, eq=False, kw_only=True)
class Model:
    """A model, with the settings of its network and of its training, to continue it."""

    #: The predictor, with a float32 network.
    predictor: Predictor
    settings: NetworkSettings
    #: The settings of its training, as far as they are known.
    config: RunConfig

    @property
    def required_columns(self) -> list[str]:
        """The columns that a table needs so that the model can continue to learn from it."""
        return [*self.predictor.feature_names, self.predictor.target_name]

    @property
    def description(self) -> str:
        """Description of the origin of the training settings."""
        return CONTINUED if self.config.set_fields() else UNKNOWN_SETTINGS


def open_model(path: Path, config: RunConfig = UNKNOWN) -> Model:
    """Load a model for the page to draw and train."""
    predictor = load(path, Predictor)
    problem = ""
    if isinstance(predictor.network, Ensemble):
        problem = f"it is an ensemble of {len(predictor.network.networks)} networks"
    elif predictor.classes is None and predictor.network.sizes[-1] > 1:
        problem = f"it predicts {predictor.network.sizes[-1]} numbers for each row"
    if problem:
        raise ModelFileError(
            f"{path}: cannot be drawn here: {problem}; `barenet report` describes it"
        )
    try:
        settings = _network_settings(predictor, config)
    except ValueError as error:
        raise ModelFileError(f"{path}: cannot be drawn here: {error}") from None
    with np.errstate(over="ignore"):
        network = predictor.first_network.copy("float32")
    if not np.isfinite(network.parameters).all():
        raise ModelFileError(
            f"{path}: cannot be drawn here: some of its weights are too large for float32, "
            "which the page learns in; train it again with a smaller learning rate"
        )
    # Intervals and a threshold are for the weights of the file, which learn on.
    predictor = replace(predictor, network=network, residuals=None, threshold=None)
    return Model(predictor=predictor, settings=settings, config=config)


def _network_settings(predictor: Predictor, config: RunConfig) -> NetworkSettings:
    """Derive the settings from the layers of a network and its training."""
    network = predictor.first_network
    layer_types = {type(layer) for layer in network.layers}
    if not layer_types <= {Dense, Dropout}:
        remedy = "`barenet report` describes it"
        raise ValueError(f"it is not all dense layers and dropout: {network!r}; {remedy}")
    check_size(network)
    activations = [spec_of(dense.activation) for dense in dense_layers(network)[:-1]]
    for name in activations:
        if name not in HIDDEN_ACTIVATIONS:
            choices = ", ".join(HIDDEN_ACTIVATIONS)
            raise ValueError(f"the page has no activation {name}; it has {choices}")
    rates = [layer.rate for layer in network.layers if isinstance(layer, Dropout)]
    losses = LOSSES["regression"]
    if predictor.classes:
        losses = LOSSES["classification"]
    settings = {
        "hidden": network.sizes[1:-1],
        "activations": activations,
        "dropout": max(rates, default=0.0),
        **_training(config, losses),
    }
    return decode(NetworkSettings, settings, "network")


def _training(config: RunConfig, losses: Collection[str]) -> dict[str, Any]:
    """Return settings to continue the training, as far as they are known and the page has them."""
    settings: dict[str, Any] = {}
    with contextlib.suppress(ValueError):  # a model card may have any optimizer
        if config.optimizer is not None:
            optimizer = config.make_optimizer()
            if isinstance(optimizer, Optimizer):  # the page has a separate learning rate
                settings["learning_rate"] = optimizer.learning_rate
                optimizer.learning_rate = type(optimizer).learning_rate
            settings["optimizer"] = spec_of(optimizer)
    if config.batch_size == "full":
        settings["batch_size"] = 0
    elif config.batch_size is not None:
        settings["batch_size"] = config.batch_size
    with contextlib.suppress(ValueError):
        for penalty in config.make_penalties():
            if isinstance(penalty.strength, int | float):  # the page has one for all layers
                settings["penalty"] = penalty.name
                settings["penalty_rate"] = float(penalty.strength)
    if config.loss in losses:
        settings["loss"] = config.loss
    return settings
