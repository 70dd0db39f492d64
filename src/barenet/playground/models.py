"""Models: the model files that the page was started with or has sent, to be watched there.

A model brings its network, and what is done to rows before the network sees them. The rows that it
was trained on are those of a named data set, or a table, if that is here; without any it is seen,
and can be asked, and cannot learn.
"""

from __future__ import annotations

import contextlib
from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from barenet.data.run_config import RunConfig
from barenet.errors import ModelFileError
from barenet.files.model_io import load_predictor
from barenet.files.predictor import Predictor
from barenet.model.layers import ActivationLayer, BatchNorm, Dense, Dropout
from barenet.model.losses import as_loss
from barenet.optimization.optimizers import OPTIMIZERS
from barenet.playground.blocks import MOST_PARAMETERS, blocks
from barenet.playground.design import CHECKS, HIDDEN_ACTIVATIONS, Design
from barenet.playground.outputs import output_names
from barenet.playground.sets import LOSSES
from barenet.registry import spec_of

__all__ = ["MODEL_PREFIX", "Model", "Models", "settings_words"]

#: How the name of a model starts among the data sets.
MODEL_PREFIX = "model:"
MOST_MODELS = 16

NOTHING_KNOWN = RunConfig()


@dataclass(frozen=True, eq=False, kw_only=True)
class Model:
    """A model, as the page knows it.

    Attributes
    ----------
    predictor : Predictor
        Its network, of float32, and all that goes with it.
    design : Design
        What the network is made of, and how it goes on learning.
    config : RunConfig
        How it was trained, as far as that is known.
    outputs : tuple of str
        The numbers that it predicts, where there are several: it is only shown then.
    """

    predictor: Predictor
    design: Design
    config: RunConfig
    outputs: tuple[str, ...] = ()


class Models:
    """Models, by a key that the page calls them by."""

    def __init__(self) -> None:
        self.kept: OrderedDict[str, Model] = OrderedDict()
        self.count = 0

    def open(self, path: Path, config: RunConfig = NOTHING_KNOWN) -> str:
        """Take a model file; the oldest is forgotten where there are too many."""
        predictor = load_predictor(path)
        try:
            design = _design_of(predictor, config)
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
        outputs = output_names(predictor)
        model = Model(predictor=predictor, design=design, config=config, outputs=outputs)
        self.count += 1
        key = f"{MODEL_PREFIX}{self.count}-{Path(predictor.dataset).stem[:40]}"
        self.kept[key] = model
        if len(self.kept) > MOST_MODELS:
            self.kept.popitem(last=False)
        return key

    def find(self, key: str) -> Model:
        """Find a model."""
        if key not in self.kept:
            raise ValueError(
                f"data: the model {key.removeprefix(MODEL_PREFIX)!r} is not here; open it again"
            )
        return self.kept[key]


def settings_words(model: Model) -> str:
    """Describe the settings of a model's own training that the page does not use."""
    said, design = model.config.set_fields(), model.design
    activation = model.predictor.network.output_activation
    if not said:
        return (
            "The settings of its training are not in the file: it continues with those chosen "
            "here, and its test rows may have been training rows."
        )
    usual = {"schedule": "constant", "shuffle": True, "patience": 0, "l1": 0.0, "l2": 0.0}
    here = {
        **usual,
        "optimizer": design.optimizer,
        "learning_rate": design.learning_rate,
        "loss": spec_of(as_loss(design.loss or None, activation)),
        design.penalty: design.penalty_rate,
    }
    if "loss" in said:
        with contextlib.suppress(ValueError):  # a file may name any loss
            said["loss"] = spec_of(as_loss(said["loss"], activation))
    names = ["optimizer", "learning_rate", "loss", *usual, "clip_norm", "clip_value"]
    others = [name for name in names if name in said and said[name] != here.get(name)]
    if not others:
        return ""
    given = ", ".join(f"{name} {said[name]}" for name in others)
    return f"It continues without some settings of its own training: {given}."


def _design_of(predictor: Predictor, config: RunConfig) -> Design:
    """Read a design off a network's layers, and how it learned off what is known of that."""
    network = predictor.network
    kinds = {type(layer) for layer in network.layers}
    parts = blocks(network)
    if not kinds <= {Dense, BatchNorm, ActivationLayer, Dropout} or not isinstance(
        parts[0][0], Dense
    ):
        raise ValueError(f"it is not all dense layers, batch norm and dropout: {network!r}")
    if network.n_parameters > MOST_PARAMETERS:
        raise ValueError(f"{network.n_parameters:,} weights are more than {MOST_PARAMETERS:,}")
    hidden, activations, dropout = [], [], 0.0
    for block in parts[:-1]:
        hidden.append(block[0].n_out or 0)
        named = [layer.activation for layer in block if layer.activation is not None]
        activations.append(spec_of(named[-1]))
        dropout = max([dropout, *(each.rate for each in block if isinstance(each, Dropout))])
    if wrong := [name for name in activations if name not in HIDDEN_ACTIVATIONS]:
        known = ", ".join(HIDDEN_ACTIVATIONS)
        raise ValueError(f"the page does not know the activation {wrong[0]}; it knows {known}")
    network_said = {
        "hidden": hidden,
        "activations": activations,
        "dropout": dropout,
        "batch_norm": BatchNorm in kinds,
    }
    return Design.read({**network_said, **_learning(predictor, config)})


def _learning(predictor: Predictor, config: RunConfig) -> dict[str, Any]:
    """Go on as it was trained, as far as that is known and the page can say it."""
    said: dict[str, Any] = {}
    if config.optimizer is not None and _is_optimizer(config.optimizer):
        said["optimizer"] = config.optimizer
        usual = getattr(OPTIMIZERS[config.optimizer.partition(":")[0]], "learning_rate", None)
        rate = usual if config.learning_rate is None else config.learning_rate
        said |= {"learning_rate": rate} if isinstance(rate, float) else {}
    if config.batch_size is not None:
        said["batch_size"] = 0 if config.batch_size == "full" else config.batch_size
    for penalty in ("l1", "l2"):
        if strength := getattr(config, penalty):
            said |= {"penalty": penalty, "penalty_rate": strength}
    if config.loss in LOSSES["classification" if predictor.classes else "regression"]:
        said["loss"] = config.loss
    return said


def _is_optimizer(spec: str) -> bool:
    """Tell if the page knows an optimizer; a card may say anything."""
    try:
        CHECKS["optimizer"](spec, "optimizer")
    except ValueError:
        return False
    return True
