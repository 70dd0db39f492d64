"""Blueprint: from a design and material to the network itself, and the task of training it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.data.column_types import NumberColumn
from barenet.data.encoding import TableEncoding
from barenet.files.predictor import Predictor
from barenet.model.network import Network
from barenet.optimization.penalties import L1, L2, Penalty
from barenet.playground.blocks import MOST_PARAMETERS, blocks
from barenet.playground.design import Design
from barenet.playground.material import Material
from barenet.playground.reading import check_choice
from barenet.playground.sets import LOSSES

__all__ = ["Task", "blocks", "build", "check_fit", "fitting", "penalties", "predictor", "task_of"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Task:
    """All that a trainer needs to know.

    Attributes
    ----------
    network : Network
        With its initial weights.
    training, held_out : tuple of ndarray
        X and y, as the network takes them.
    metric : str
        What is measured besides the loss.
    design : Design
        How it learns.
    only_shown : bool
        Whether no rows can come for it to learn from.
    """

    network: Network
    training: tuple[NDArray[np.float32], NDArray[Any]]
    held_out: tuple[NDArray[np.float32], NDArray[Any]]
    metric: str
    design: Design
    only_shown: bool = False


def build(design: Design, material: Material) -> Network:
    """Make the network with its initial weights."""
    if material.model is not None and design.with_same_network_as(material.model.design):
        return material.model.predictor.network.copy()
    n_outputs, output = _output(material)
    sizes = [material.inputs.n_features, *design.hidden, n_outputs]
    n_weights = sum(a * b for a, b in pairwise(sizes))
    if n_weights > MOST_PARAMETERS:
        raise ValueError(f"hidden: {n_weights:,} weights are more than {MOST_PARAMETERS:,}")
    return Network.dense(
        sizes,
        hidden=design.activations,
        output=output,
        batch_norm=design.batch_norm,
        dropout=design.dropout,
        seed=design.seed,
    )


def fitting(design: Design, material: Material) -> Design:
    """Take the usual loss, where the one chosen before is of the other kind of task.

    Examples
    --------
    >>> from barenet.playground.material import prepare
    >>> from barenet.playground.scene import Scene
    >>> fitting(Design(loss="huber"), prepare(Scene(data="xor"), {})).loss
    ''
    """
    known = {name for losses in LOSSES.values() for name in losses}
    if design.loss in known - LOSSES[material.dataset.task].keys():
        return design.copy(loss="")
    return design


def check_fit(design: Design, material: Material) -> None:
    """Refuse what could not be trained, before anything is changed."""
    check_choice(design.loss, tuple(LOSSES[material.dataset.task]), "loss")
    if design.optimizer == "lbfgs" and design.dropout > 0:
        raise ValueError("optimizer: L-BFGS cannot be used with dropout, which changes every step")
    if design.optimizer == "lbfgs" and design.schedule != "constant":
        raise ValueError("schedule: L-BFGS chooses the length of its steps itself")
    n_rows, size = material.training.n_samples, batch_size(design, material)
    if design.batch_norm and size == 1:
        raise ValueError("batch_size: batch norm needs batches of 2 rows or more")
    if design.batch_norm and n_rows and n_rows % size == 1:
        raise ValueError("batch_size: it leaves a last batch of 1 row, and batch norm needs 2")


def batch_size(design: Design, material: Material) -> int:
    """Say how many rows a step takes."""
    n_rows = material.training.n_samples
    full = design.batch_size == 0 or design.optimizer == "lbfgs"
    return n_rows if full else min(design.batch_size, n_rows)


def task_of(design: Design, material: Material, network: Network) -> Task:
    """Write down what a trainer is to do."""
    return Task(
        network=network,
        training=material.rows(material.training),
        held_out=material.rows(material.held_out),
        metric="accuracy" if material.classes else "r2",
        design=design,
        only_shown=material.model is not None and bool(material.model.outputs),
    )


def penalties(design: Design) -> list[Penalty]:
    """Make the penalty that a design names."""
    if design.penalty == "none" or design.penalty_rate == 0:
        return []
    return [L1(design.penalty_rate) if design.penalty == "l1" else L2(design.penalty_rate)]


def predictor(network: Network, material: Material) -> Predictor:
    """Give a network what it takes to be used on rows that are not scaled."""
    if material.model is not None:
        return replace(material.model.predictor, network=network)
    inputs = material.inputs
    return Predictor(
        network=network,
        preprocessing=_encoding(material) or material.scaling,
        target_scaling=material.target_scaling,
        classes=inputs.classes,
        feature_names=inputs.feature_names,
        target_name=inputs.target_name,
        dataset=inputs.name,
        image_shape=inputs.image_shape,
    )


def _encoding(material: Material) -> TableEncoding | None:
    """Write the scaling and what fills the holes column by column; formulas have no such record."""
    if not material.fills or not set(material.features) <= {"x1", "x2"}:
        return None
    pairs = zip(material.scaling.offset.tolist(), material.scaling.factor.tolist(), strict=True)
    return TableEncoding(
        tuple(
            NumberColumn(name, material.fills[name], offset, 1 / factor, indicator=False)
            for name, (offset, factor) in zip(material.inputs.feature_names, pairs, strict=True)
        )
    )


def _output(material: Material) -> tuple[int, str]:
    """The outputs that go with the data."""
    n_classes = len(material.classes or ())
    if n_classes == 0:
        return 1, "identity"
    return (1, "sigmoid") if n_classes == 2 else (n_classes, "softmax")
