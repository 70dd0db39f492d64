"""Blueprint: from a design and material to the network itself, and the task of training it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.data.columns import NumberColumn
from barenet.data.encoding import TableEncoding
from barenet.files.predictor import Predictor
from barenet.model.network import Network
from barenet.optimization.penalties import L1, L2, Penalty
from barenet.playground.wire_format import check_choice
from barenet.playground.network_layout import MAX_PARAMETERS
from barenet.playground.page_state import NetworkSettings
from barenet.playground.prepared_data import PreparedData
from barenet.playground.presets import LOSSES

__all__ = ["Task", "blocks", "build", "check_fit", "fitting", "penalties", "predictor", "task_of"]


@dataclass(frozen=True, eq=False, kw_only=True)
class TrainingTask:
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
    test: tuple[NDArray[np.float32], NDArray[Any]]
    metric: str
    settings: NetworkSettings
    only_shown: bool = False


def build_network(settings: NetworkSettings, prepared: PreparedData) -> Network:
    """Make the network with its initial weights."""
    if prepared.model is not None and settings.with_same_network_as(prepared.model.settings):
        return prepared.model.predictor.network.copy()
    n_outputs, output = _output(prepared)
    sizes = [prepared.inputs.n_features, *settings.hidden, n_outputs]
    n_weights = sum(a * b for a, b in pairwise(sizes))
    if n_weights > MAX_PARAMETERS:
        raise ValueError(f"hidden: {n_weights:,} weights are more than {MAX_PARAMETERS:,}")
    return Network.dense(
        sizes,
        hidden=settings.activations,
        output=output,
        batch_norm=settings.batch_norm,
        dropout=settings.dropout,
        seed=settings.seed,
    )


def with_fitting_loss(settings: NetworkSettings, prepared: PreparedData) -> NetworkSettings:
    """Take the usual loss, where the one chosen before is of the other kind of task.

    Examples
    --------
    >>> from barenet.playground.prepared_data import prepare
    >>> from barenet.playground.page_state import Scene
    >>> fitting(Design(loss="huber"), prepare(Scene(source="xor"), {})).loss
    ''
    """
    known = {name for losses in LOSSES.values() for name in losses}
    if settings.loss in known - LOSSES[prepared.dataset.task].keys():
        return settings.copy(loss="")
    return settings


def check_settings(settings: NetworkSettings, prepared: PreparedData) -> None:
    """Refuse what could not be trained, before anything is changed."""
    check_choice(settings.loss, tuple(LOSSES[prepared.dataset.task]), "loss")
    if settings.optimizer == "lbfgs" and settings.dropout > 0:
        raise ValueError("optimizer: L-BFGS cannot be used with dropout, which changes every step")
    if settings.optimizer == "lbfgs" and settings.schedule != "constant":
        raise ValueError("schedule: L-BFGS chooses the length of its steps itself")
    n_rows, size = prepared.training.n_samples, batch_size(settings, prepared)
    if settings.batch_norm and size == 1:
        raise ValueError("batch_size: batch norm needs batches of 2 rows or more")
    if settings.batch_norm and n_rows and n_rows % size == 1:
        raise ValueError("batch_size: it leaves a last batch of 1 row, and batch norm needs 2")


def batch_size(settings: NetworkSettings, prepared: PreparedData) -> int:
    """Say how many rows a step takes."""
    n_rows = prepared.training.n_samples
    full = settings.batch_size == 0 or settings.optimizer == "lbfgs"
    return n_rows if full else min(settings.batch_size, n_rows)


def make_task(settings: NetworkSettings, prepared: PreparedData, network: Network) -> TrainingTask:
    """Write down what a trainer is to do."""
    return TrainingTask(
        network=network,
        training=prepared.rows(prepared.training),
        test=prepared.rows(prepared.test),
        metric="accuracy" if prepared.classes else "r2",
        settings=settings,
        only_shown=prepared.model is not None and bool(prepared.model.outputs),
    )


def penalties(settings: NetworkSettings) -> list[Penalty]:
    """Make the penalty that a design names."""
    if settings.penalty == "none" or settings.penalty_rate == 0:
        return []
    return [L1(settings.penalty_rate) if settings.penalty == "l1" else L2(settings.penalty_rate)]


def predictor(network: Network, prepared: PreparedData) -> Predictor:
    """Give a network what it takes to be used on rows that are not scaled."""
    if prepared.model is not None:
        return replace(prepared.model.predictor, network=network)
    inputs = prepared.inputs
    return Predictor(
        network=network,
        preprocessing=_encoding(prepared) or prepared.scaling,
        target_scaling=prepared.target_scaling,
        classes=inputs.classes,
        feature_names=inputs.feature_names,
        target_name=inputs.target_name,
        dataset=inputs.name,
        image_shape=inputs.image_shape,
    )


def _encoding(prepared: PreparedData) -> TableEncoding | None:
    """Write the scaling and what fills the holes column by column; formulas have no such record."""
    if not prepared.fills or not set(prepared.features) <= {"x1", "x2"}:
        return None
    pairs = zip(prepared.scaling.offset.tolist(), prepared.scaling.factor.tolist(), strict=True)
    return TableEncoding(
        tuple(
            NumberColumn(name, prepared.fills[name], offset, 1 / factor, indicator=False)
            for name, (offset, factor) in zip(prepared.inputs.feature_names, pairs, strict=True)
        )
    )


def _output(prepared: PreparedData) -> tuple[int, str]:
    """The outputs that go with the data."""
    n_classes = len(prepared.classes or ())
    if n_classes == 0:
        return 1, "identity"
    return (1, "sigmoid") if n_classes == 2 else (n_classes, "softmax")
