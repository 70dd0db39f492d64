"""Command: what is on the page as ``barenet train``, and what that does otherwise."""

from __future__ import annotations

import shlex
from typing import Any

import numpy as np

from barenet.data.datasets import DATASETS
from barenet.data.generated import GENERATED
from barenet.data.run_config import RunConfig
from barenet.data.run_defaults import table_defaults
from barenet.errors import some
from barenet.model.losses import as_loss
from barenet.playground.blueprint import batch_size
from barenet.playground.design import Design
from barenet.playground.lane import Lane
from barenet.playground.material import Material
from barenet.playground.onward import horizon, is_of_the_horizon
from barenet.playground.scene import Scene
from barenet.playground.sets import noise_of
from barenet.playground.shelf import Shelf
from barenet.playground.tables import MOST_ROWS, PREFIX
from barenet.registry import spec_of

__all__ = ["differences", "write_command"]


def write_command(scene: Scene, lane: Lane, shelf: Shelf, epochs: int) -> str:
    """Write ``barenet train`` with every setting that matters."""
    design, material = lane.design, lane.material
    name = material.dataset.name
    words: list[Any] = ["barenet", "train", name]
    if scene.data.startswith(PREFIX):
        words += _table(scene, material, shelf)
    if name in GENERATED:
        words += ["--samples", scene.samples, "--noise", noise_of(scene.data, scene.noise)]
        words += ["--data-seed", scene.data_seed]
    words += ["--layers", _width(scene, material, shelf), *design.hidden]
    words += [lane.layout()[-1]["n_out"]]
    if design.hidden:
        words += ["--hidden", *design.activations]
    words += ["--output", lane.network.output_activation.name, *_learning(design, material)]
    words += ["--epochs", epochs, "--seed", design.seed, "--scaling", "standardize"]
    words += ["--test-size", scene.test_size, *_not_as_usual(lane)]
    return shlex.join(map(str, words))


def differences(scene: Scene, lane: Lane, shelf: Shelf, epochs: int) -> list[str]:
    """Say what the command does otherwise than the page."""
    material, design = lane.material, lane.design
    said = []
    given = some(material.features)
    if not set(material.features) <= {"x1", "x2"}:
        said.append(f"The command learns from the columns as they are, the page from {given}.")
    elif scene.data.startswith(PREFIX):
        said += _of_tables(scene, material, shelf)
    elif material.dataset.n_features > material.inputs.n_features:
        said.append("The command learns from all columns, the page from some of them.")
    if design.schedule.startswith("reduce_on_plateau"):
        said.append(
            "The command's schedule uses the validation loss, the page's the training loss."
        )
    elif is_of_the_horizon(design, epochs):
        said.append(
            f"The page spreads the schedule over {horizon(design):,} epochs, not over these."
        )
    if lane.latest.edits:
        said.append("Weights were changed by hand on the page; the command cannot do that.")
    return said


def _of_tables(scene: Scene, material: Material, shelf: Shelf) -> list[str]:
    """What else is done to a table of one's own."""
    said = []
    mixed = shelf.tables.is_mixed(scene.data, material.dataset.target_name)
    if mixed or _dropped(scene, material, shelf):
        said.append("The command scales columns by another formula: equal but for rounding.")
        X = material.inputs.X
        if any(set(np.unique(column)) <= {0.0, 1.0} for column in np.asarray(X).T):
            said.append("The command leaves columns of 0 and 1 as they are, the page scales them.")
        if shelf.tables.has_holes(scene.data, _own_columns(material)):
            said.append(
                "The command fills holes by the training rows, and tells the network where."
            )
    used = _own_columns(material)
    if [name for name in shelf.tables.columns(scene.data) if name in used] != used:
        said.append("The command takes the columns in the table's order.")
    if shelf.tables.is_cut(scene.data):
        said.append(f"The command learns from all rows, the page from {MOST_ROWS:,} of them.")
    return said


def _table(scene: Scene, material: Material, shelf: Shelf) -> list[Any]:
    """How a table of one's own is read."""
    words: list[Any] = ["--target", material.dataset.target_name]
    words += ["--task", material.dataset.task] if scene.task else []
    for option, value in shelf.tables.options(scene.data).items():
        words += [f"--{option}", value]
    dropped = _dropped(scene, material, shelf)
    return [*words, "--drop", *dropped] if dropped else words


def _dropped(scene: Scene, material: Material, shelf: Shelf) -> list[str]:
    """The columns that the page does not learn from; what has no name is left out anyway."""
    used = {*_own_columns(material), material.dataset.target_name, ""}
    return [name for name in shelf.tables.columns(scene.data) if name not in used]


def _own_columns(material: Material) -> list[str]:
    """The columns that the command learns from, where it can leave others out."""
    names = material.dataset.feature_names
    if not material.features:
        return list(names)
    places = {"x1": material.columns[0], "x2": material.columns[-1]}
    return [
        names[place]
        for axis, place in places.items()
        if any(axis in feature for feature in material.features)
    ]


def _width(scene: Scene, material: Material, shelf: Shelf) -> int:
    """How many numbers a row becomes for the command."""
    if not scene.data.startswith(PREFIX):
        return material.dataset.n_features
    names = _own_columns(material)
    return len(names) + shelf.tables.count_holed(scene, names)


def _not_as_usual(lane: Lane) -> list[Any]:
    """Undo what the data would bring of their own, and the page has not."""
    usual, design = _usual(lane.material), lane.design
    words: list[Any] = []
    if usual.init is not None:
        words += ["--init", "auto"]
    if usual.bias_init is not None:
        words += ["--bias-init", "zeros"]
    if usual.shuffle is False:
        words += ["--shuffle"]
    if usual.dtype is not None:
        words += ["--dtype", "float32"]
    if usual.loss is not None and not design.loss:
        words += ["--loss", spec_of(as_loss(None, lane.network.output_activation))]
    for penalty in ("l1", "l2"):
        if getattr(usual, penalty) and design.penalty != penalty:
            words += [f"--{penalty}", 0]
    if usual.patience:
        words += ["--patience", 0]
    return words


def _usual(material: Material) -> RunConfig:
    """What the data are trained with if nobody says."""
    named = DATASETS.get(material.dataset.name)
    return table_defaults(material.training.n_samples) if named is None else named.config


def _learning(design: Design, material: Material) -> list[Any]:
    words: list[Any] = ["--optimizer", design.optimizer]
    if design.optimizer != "lbfgs":
        words += ["--learning-rate", design.learning_rate]
        size = batch_size(design, material)
        words += ["--batch-size", "full" if size == material.training.n_samples else size]
    if design.loss:
        words += ["--loss", design.loss]
    if design.schedule != "constant":
        words += ["--schedule", design.schedule]
    if design.penalty != "none":
        words += [f"--{design.penalty}", design.penalty_rate]
    words += ["--batch-norm"] if design.batch_norm else []
    return [*words, "--dropout", design.dropout] if design.dropout else words
