"""Models that the playground was started with or that its page has uploaded."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from barenet._registry import lookup, spec_of
from barenet.data._run_config import RunConfig
from barenet.errors import ArgumentError, ModelFileError
from barenet.files._model_io import load_predictor
from barenet.files._predictor import Predictor
from barenet.model._activations import Softmax
from barenet.model._network import Network
from barenet.model.layers import ActivationLayer, BatchNorm, Dense, Dropout, layer_from
from barenet.model.losses import as_loss
from barenet.optimization.optimizers import OPTIMIZERS, as_optimizer
from barenet.playground._network_layout import MAX_PARAMETERS, neuron_layers
from barenet.playground._page_state import HIDDEN_ACTIVATIONS, NetworkSettings
from barenet.playground._presets import LOSSES
from barenet.playground._wire_format import decode

__all__ = ["UNKNOWN", "Model", "open_model"]

#: The training settings of a model file without its run folder.
UNKNOWN = RunConfig()


@dataclass(frozen=True, eq=False, kw_only=True)
class Model:
    """A model, with the settings of its network and of the training to continue."""

    #: With a network of float32.
    predictor: Predictor
    settings: NetworkSettings
    #: How it was trained, as far as that is known.
    config: RunConfig
    #: Names of the predicted numbers, if there are several: the page draws one of them.
    outputs: tuple[str, ...] = ()

    @property
    def required_columns(self) -> list[str]:
        """The columns of a table that the model can continue to learn from."""
        if self.outputs:
            return []
        return [*self.predictor.feature_names, self.predictor.target_name]

    def with_single_output(self, name: str) -> Model:
        """Remove all outputs but one; the others don't influence it."""
        if not self.outputs:
            return self
        names = {each: index for index, each in enumerate(self.outputs)}
        index = lookup(names, name or self.outputs[0], "target")
        network, scaling = self.predictor.network, self.predictor.target_scaling
        last = network.layers[-1]
        if not isinstance(last, Dense) or isinstance(last.activation, Softmax):
            raise ArgumentError(
                f"none of the {len(names)} outputs can be shown without the others",
                argument="target",
            )
        if scaling is not None:
            column = slice(index, index + 1)
            scaling = replace(scaling, offset=scaling.offset[column], factor=scaling.factor[column])
        predictor = replace(
            self.predictor,
            network=_single_output(network, index),
            target_scaling=scaling,
            target_name=self.outputs[index],
            card=None,
        )
        return replace(self, predictor=predictor)

    def ignored_settings(self) -> str:
        """Describe the settings of the model's training that the page does not use."""
        known, settings = self.config.set_fields(), self.settings
        activation = self.predictor.network.output_activation
        if not known:
            return (
                "The settings of its training are not in the file: it continues with those chosen "
                "here, and its test rows may have been training rows."
            )
        defaults = {"schedule": "constant", "shuffle": True, "patience": 0, "l1": 0.0, "l2": 0.0}
        used = {
            **defaults,
            "optimizer": settings.optimizer,
            "learning_rate": settings.learning_rate,
            "loss": spec_of(as_loss(settings.loss or None, activation)),
            settings.penalty: settings.penalty_rate,
        }
        if "loss" in known:
            with contextlib.suppress(ValueError):  # a file may name any loss
                known["loss"] = spec_of(as_loss(known["loss"], activation))
        names = ["optimizer", "learning_rate", "loss", *defaults, "clip_norm", "clip_value"]
        ignored = [name for name in names if name in known and known[name] != used.get(name)]
        if not ignored:
            return ""
        listed = ", ".join(f"{name} {known[name]}" for name in ignored)
        return f"It continues without some settings of its own training: {listed}."


def open_model(path: Path, config: RunConfig = UNKNOWN) -> Model:
    """Load a model that the page can draw and train."""
    predictor = load_predictor(path)
    try:
        settings = _network_settings(predictor, config)
    except ValueError as error:
        raise ModelFileError(f"{path}: cannot be drawn here: {error}") from None
    with np.errstate(over="ignore"):
        network = predictor.network.copy("float32")
    if not all(np.isfinite(each).all() for each in (network.parameters, network.statistics)):
        raise ModelFileError(
            f"{path}: cannot be drawn here: some of its weights are too large for float32, "
            "which the page learns in; train it again with a smaller learning rate"
        )
    predictor = replace(predictor, network=network)
    outputs = _output_names(predictor)
    return Model(predictor=predictor, settings=settings, config=config, outputs=outputs)


def _output_names(predictor: Predictor) -> tuple[str, ...]:
    count = predictor.network.n_outputs or 1
    if predictor.classes is not None or count == 1:
        return ()
    return tuple(f"{predictor.target_name} {number}" for number in range(1, count + 1))


def _network_settings(predictor: Predictor, config: RunConfig) -> NetworkSettings:
    """Derive the settings from a network's layers and its training."""
    network = predictor.network
    kinds = {type(layer) for layer in network.layers}
    parts = neuron_layers(network)
    if not kinds <= {Dense, BatchNorm, ActivationLayer, Dropout} or not isinstance(
        parts[0][0], Dense
    ):
        raise ValueError(f"it is not all dense layers, batch norm and dropout: {network!r}")
    if network.n_parameters > MAX_PARAMETERS:
        raise ValueError(f"{network.n_parameters:,} weights are more than {MAX_PARAMETERS:,}")
    hidden, activations, rates = [], [], [0.0]
    for part in parts[:-1]:
        hidden.append(part[0].n_out or 0)
        named = [layer.activation for layer in part if layer.activation is not None]
        activations.append(spec_of(named[-1]))
        rates += [layer.rate for layer in part if isinstance(layer, Dropout)]
    if unknown := [name for name in activations if name not in HIDDEN_ACTIVATIONS]:
        known = ", ".join(HIDDEN_ACTIVATIONS)
        raise ValueError(f"the page does not know the activation {unknown[0]}; it knows {known}")
    architecture = {
        "hidden": hidden,
        "activations": activations,
        "dropout": max(rates),
        "batch_norm": BatchNorm in kinds,
    }
    return decode(NetworkSettings, {**architecture, **_training(predictor, config)}, "network")


def _training(predictor: Predictor, config: RunConfig) -> dict[str, Any]:
    """Settings to continue the training, as far as they are known and the page has them."""
    settings: dict[str, Any] = {}
    with contextlib.suppress(ValueError):  # a model card may name any optimizer
        if config.optimizer is not None:
            as_optimizer(config.optimizer)
            settings["optimizer"] = config.optimizer
            name = config.optimizer.partition(":")[0]
            rate = config.learning_rate or getattr(OPTIMIZERS[name], "learning_rate", None)
            settings |= {"learning_rate": rate} if isinstance(rate, float) else {}
    if config.batch_size is not None:
        settings["batch_size"] = 0 if config.batch_size == "full" else config.batch_size
    for penalty in ("l1", "l2"):
        if strength := getattr(config, penalty):
            settings |= {"penalty": penalty, "penalty_rate": strength}
    if config.loss in LOSSES["classification" if predictor.classes else "regression"]:
        settings["loss"] = config.loss
    return settings


def _single_output(network: Network, column: int) -> Network:
    """Copy a network with a single neuron in its last layer."""
    configs = [layer.config() for layer in network.layers]
    configs[-1] |= {"n_out": 1}
    single = Network([layer_from(config) for config in configs], dtype=network.dtype)
    new, old = (each.layout.views(each.parameters) for each in (single, network))
    old[-1] = {name: array[..., [column]] for name, array in old[-1].items()}
    for target, source in zip(new, old, strict=True):
        for name, array in source.items():
            target[name][...] = array
    single.statistics[:] = network.statistics
    return single
