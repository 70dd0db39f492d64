"""Start: from the word after `barenet play` to what the page shows first."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from barenet.errors import ModelFileError
from barenet.files.predictor import Predictor
from barenet.model.layers import Activate, BatchNorm, Dense, Dropout
from barenet.model.network import Network
from barenet.playground.blueprint import blocks, build
from barenet.playground.design import HIDDEN_ACTIVATIONS, Design
from barenet.playground.material import prepare
from barenet.playground.scene import ALL_COLUMNS, Scene
from barenet.playground.sets import NAMED
from barenet.playground.state import State
from barenet.playground.tables import Tables
from barenet.registry import lookup, spec_of

__all__ = ["MODEL", "Start", "begin_with", "model_of"]

TABLES = (".csv", ".tsv", ".txt")
MODEL = "model.safetensors"


@dataclass(frozen=True, eq=False)
class Start:
    """What a page shows first.

    Attributes
    ----------
    state : State
        Data and designs.
    network : Network, optional
        The first network, where it comes from a model file.
    """

    state: State
    network: Network | None = None


def begin_with(said: str, target: str, tables: Tables) -> Start:
    """Find out what was named.

    Parameters
    ----------
    said : str
        A named data set, a table, a model file, the folder of a run, or nothing.
    target : str
        The column of a table that is to be predicted; empty for its last.
    tables : Tables
        Where a table is kept.

    Returns
    -------
    Start
        What the page shows first.

    Raises
    ------
    ValueError
        If there is no such thing, or it cannot be played with.
    """
    path = Path(said)
    if path.name.lower().removesuffix(".gz").endswith(TABLES):
        key = tables.open(path.name, path)
        scene = Scene(data=key, target=target)
        prepare(scene, tables.load(scene))
        return Start(State(scene=scene))
    if target:
        raise ValueError("target: only a .csv file has columns to choose from")
    if not said:
        return Start(State())
    if path.suffix == ".safetensors" or path.is_dir():
        return model_of(path / MODEL if path.is_dir() else path)
    lookup(dict.fromkeys(NAMED), said, "data")
    return Start(State(scene=Scene(data=said)))


def model_of(path: Path) -> Start:
    """Open a model with the data that it was trained on.

    Parameters
    ----------
    path : Path
        A model file.

    Returns
    -------
    Start
        With its network.

    Raises
    ------
    ModelFileError
        If it cannot be read, or has layers that cannot be drawn.
    ValueError
        If its data are not at hand.
    """
    predictor = Predictor.load(path)
    if predictor.dataset not in NAMED:
        raise ValueError(
            f"{path}: was trained on {predictor.dataset!r}, which is no named data set; "
            "the playground has no data to show it on"
        )
    network = predictor.network
    scene = Scene(data=predictor.dataset, test_size=0.2)
    material = prepare(scene, {})
    if material.inputs.feature_names != predictor.feature_names:
        scene = replace(scene, features=(ALL_COLUMNS,))
        material = prepare(scene, {})
    design = _design_of(network, path)
    if material.inputs.feature_names != predictor.feature_names:
        raise ValueError(f"{path}: takes other columns than {predictor.dataset} has")
    expected = build(design, material)
    if [repr(layer) for layer in expected.layers] != [repr(layer) for layer in network.layers]:
        raise ValueError(f"{path}: has layers that the playground cannot draw: {network!r}")
    return Start(State(scene=scene, designs=(design,)), network.copy("float32"))


def _design_of(network: Network, path: Path) -> Design:
    """Read a design off a network's layers."""
    kinds = {type(layer) for layer in network.layers}
    parts = blocks(network)
    if not kinds <= {Dense, BatchNorm, Activate, Dropout} or not isinstance(parts[0][0], Dense):
        raise ModelFileError(f"{path}: has layers that the playground cannot draw: {network!r}")
    hidden, activations, dropout = [], [], 0.0
    for block in parts[:-1]:
        hidden.append(block[0].n_out or 0)
        named = [layer.activation for layer in block if layer.activation is not None]
        activations.append(spec_of(named[-1]))
        dropout = max([dropout, *(each.rate for each in block if isinstance(each, Dropout))])
    if wrong := [name for name in activations if name not in HIDDEN_ACTIVATIONS]:
        raise ValueError(f"{path}: has an activation that the playground does not know: {wrong[0]}")
    return Design.read(
        {
            "hidden": hidden,
            "activations": activations,
            "dropout": dropout,
            "batch_norm": BatchNorm in kinds,
        }
    )
