"""Explain: one step of training with every number, and the formula that it comes from."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from barenet.constraints import check_number
from barenet.engines import Job
from barenet.errors import brief
from barenet.insight.explain.differences import Differences
from barenet.insight.explain.document import Step
from barenet.insight.explain.explanation import Explanation
from barenet.insight.explain.layers import explain_backward, explain_forward
from barenet.insight.explain.limits import (
    MOST_DIGITS,
    SMALL_ARRAY_ENTRIES,
    SMALL_NETWORK_PARAMETERS,
    SUMMARY_ENTRIES,
)
from barenet.insight.explain.neuron import Neuron, find_neuron, steps_of
from barenet.insight.explain.note import Note
from barenet.insight.explain.objective import explain_loss, explain_rows
from barenet.insight.explain.sheet import Sheet
from barenet.insight.explain.trace import Trace, take_step
from barenet.insight.explain.update import explain_clipping, explain_penalties, explain_update
from barenet.model.layers import BatchNorm
from barenet.model.losses import Loss, as_loss
from barenet.model.network import Network
from barenet.model.rows import Rows, check_rows
from barenet.model.validation import check_count, check_seed
from barenet.optimization.clipping import Clipping, as_clipping
from barenet.optimization.optimizers import LBFGS, SGD, Optimizer, as_optimizer
from barenet.optimization.penalties import Penalty, as_penalties
from barenet.registry import lookup, spec_of
from barenet.training.train import check_full_batch

__all__ = ["NOTATIONS", "explain"]

#: What a sample may be.
NOTATIONS = ("rows", "columns")


def explain(
    network: Network,
    X: ArrayLike,
    y: ArrayLike,
    loss: str | Loss | None = None,
    *,
    optimizer: str | Optimizer | LBFGS = "sgd",
    penalty: str | Penalty | Sequence[str | Penalty] | None = None,
    clip: str | Clipping | None = None,
    sample_weight: ArrayLike | None = None,
    seed: int = 0,
    step: int = 0,
    neuron: tuple[int, int] | None = None,
    notation: Literal["rows", "columns"] = "rows",
    precision: int = 6,
    limit: int | None = None,
    feature_names: Sequence[str] | None = None,
    class_names: Sequence[str] | None = None,
) -> Explanation:
    """Show a training step with every number, and the formula that it comes from.

    The step is the one that `train` would take next with all these rows in one batch, from the
    network and the optimizer as they are; of a new optimizer, the first of a run. It is taken by
    the engine that is written to be read, and what goes through its layers, its loss and its
    optimizer is written down. All is done on copies: nothing is changed. Beside each gradient
    stands what differences of the loss say, computed in float64.

    Parameters
    ----------
    network : Network
        Small, to see all; a larger one is shown by shapes, statistics and its largest entries,
        or whole if `limit` says so.
    X : array-like of shape (n_samples, n_inputs)
        The samples of the step, one a row.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        What the network should say: numbers, or class indices from 0.
    loss : str or Loss, optional
        What is made small; by default the one that goes with the output activation.
    optimizer : str, Optimizer or LBFGS, default="sgd"
        How the gradient becomes a step. An instance that has taken steps goes on from its moments
        and their number.
    penalty : str, Penalty, or a sequence of them, optional
        A price on large weights.
    clip : str or Clipping, optional
        A limit to the gradient.
    sample_weight : array-like of shape (n_samples,), optional
        How much each row counts.
    seed : int, default=0
        Fixes the dropout.
    step : int, default=0
        Steps that the run has taken before. With the seed it fixes the dropout, and nothing else:
        a bias correction, as Adam's, counts the optimizer's own steps.
    neuron : tuple of two int, optional
        The layer of one neuron, and which of that layer's it is, both counted from 1: show its part
        alone, and of others what it needs.
    notation : {"rows", "columns"}, default="rows"
        Whether samples are rows, as in the code, with Z = X W + b; or columns, as in many books,
        with Z = W X + b and every matrix transposed.
    precision : int, default=6
        Significant digits that are shown.
    limit : int, optional
        Entries of an array that are all shown; of a larger one, statistics and the largest entries
        are. By default 64, or 4 in a network of more than 32 parameters, of which no neuron is
        asked for. In arrays of up to 64 entries, or up to the limit, every gradient is checked; in
        larger ones the 5 largest are.
    feature_names : sequence of str, optional
        What the inputs are called. Their names stand beside the numbers of a sample; of more than
        16, and than the limit if that is said, those of the largest do.
    class_names : sequence of str, optional
        What the classes are called, in the order of their indices.

    Returns
    -------
    Explanation
        Printed, a text; in a notebook, typeset; ``to_html`` and ``to_markdown`` write it for
        others.

    Raises
    ------
    ValueError
        If an argument can't be used; the message names it.

    Examples
    --------
    >>> from barenet import Network, explain
    >>> network = Network.dense([1, 1], init="zeros", bias_init="zeros", dtype="float64")
    >>> page = explain(network, [[2.0]], [3.0], optimizer="sgd:learning_rate=0.5")
    >>> print(page.to_text(width=60))  # doctest: +ELLIPSIS
    One training step of Network([Dense(1, 1, 'identity')], dtype='float64')
    ...
    >>> page["dW1"], page.apart < 1e-9
    (array([[-6.]]), True)
    """
    if not isinstance(network, Network):
        raise ValueError(f"network: expected a Network, got {network!r}")
    lookup(dict.fromkeys(NOTATIONS), notation, "notation")
    digits = int(check_number(precision, "precision", ge=1, le=MOST_DIGITS, integer=True))
    objective = as_loss(loss, network.output_activation)
    job = Job(
        network=network,
        rows=check_rows(network, objective, X, y, sample_weight),
        loss=objective,
        optimizer=as_optimizer(optimizer),
        penalties=as_penalties(penalty),
        clipping=as_clipping(clip),
        seed=check_seed(seed),
    )
    _check(job)
    notes = _notes(job, digits, limit, feature_names, class_names)
    first_step = int(check_number(step, "step", ge=0, integer=True))
    place = None if neuron is None else find_neuron(network, neuron)
    page = _page(job, first_step, place, digits, _limit(limit, network, place)).noted(notes)
    return page if notation == "rows" else page.transposed()


def _notes(
    job: Job,
    precision: int,
    limit: int | None,
    feature_names: Sequence[str] | None,
    class_names: Sequence[str] | None,
) -> dict[str, Note]:
    """Write down what the inputs and the classes are called, where that is said."""
    notes = {}
    if feature_names is not None:
        names = _names(feature_names, "feature_names", job.rows.X.shape[1])
        X = job.rows.inputs(job.network.dtype)
        notes["A0"] = Note.of_inputs(X, names, precision, limit=limit)
    if class_names is not None:
        names = _names(class_names, "class_names", max(2, job.rows.y.shape[1]))
        notes["Y"] = Note.of_classes(job.rows.y, names, precision)
    return notes


def _names(names: Sequence[str], argument: str, number: int) -> list[str]:
    """Take so many names, or say what came instead."""
    texts = [] if isinstance(names, str) or not hasattr(names, "__iter__") else list(names)
    if len(texts) != number or not all(isinstance(text, str) for text in texts):
        raise ValueError(f"{argument}: expected {number} texts, got {brief(names)}")
    return texts


def _limit(said: int | None, network: Network, neuron: Neuron | None) -> int:
    """Decide how much of an array is shown, where nobody has said it."""
    if said is not None:
        return check_count(said, "limit")
    small = network.parameters.size <= SMALL_NETWORK_PARAMETERS
    return SMALL_ARRAY_ENTRIES if small or neuron is not None else SUMMARY_ENTRIES


def _page(
    job: Job, first_step: int, neuron: Neuron | None, precision: int, limit: int
) -> Explanation:
    """Write it all down, with samples as rows."""
    what = f"training step of {job.network!r}"
    title = f"One {what}"
    # As in a training, what overflows is found in the numbers, and NumPy need not warn of it.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        steps = tuple(_steps(job, first_step, neuron, limit))
    place = None
    if neuron is not None:
        steps = tuple(steps_of(steps, neuron))
        place = neuron.layers[0] + 1, neuron.column + 1
        title = f"Neuron {place[1]} of layer {place[0]} in one {what}"
    return Explanation(
        title=title,
        facts=_facts(job),
        steps=steps,
        precision=precision,
        limit=limit,
        neuron=place,
    )


def _check(job: Job) -> None:
    """Refuse what `train` would refuse, too."""
    check_full_batch(job, None)
    normed = any(isinstance(layer, BatchNorm) for layer in job.network.layers)
    if normed and len(job.rows.X) == 1:
        raise ValueError("X: a batch norm needs 2 rows or more, got 1")
    for penalty in job.penalties:
        penalty.spread(job.network.layout, job.network.dtype)


def _facts(job: Job) -> tuple[str, ...]:
    """Say what else decides the numbers."""
    rows = len(job.rows.X)
    parts = [job.loss, job.optimizer, *job.penalties, job.clipping]
    said = [f"{part.role} {spec_of(part)}" for part in parts if part is not None]
    return (f"{rows} sample{'s' * (rows != 1)}", *said, f"in {job.network.dtype.name}")


def _steps(job: Job, first_step: int, neuron: Neuron | None, limit: int) -> Iterator[Step]:
    """Take the step, and write it down from the input to the new parameters."""
    trace = take_step(job, first_step)
    sheet = Sheet(job, trace, _differences(job, first_step, neuron, trace, limit))
    yield explain_rows(sheet)
    for layer in trace.layers:
        yield explain_forward(sheet, layer)
    yield explain_loss(sheet)
    for layer in reversed(trace.layers):
        if (step := explain_backward(sheet, layer)).equations:
            yield step
    yield from explain_penalties(sheet)
    yield from explain_clipping(sheet)
    yield explain_update(sheet)


def _differences(
    job: Job, first_step: int, neuron: Neuron | None, trace: Trace, limit: int
) -> Differences:
    """Prepare the differences, which need float64: those of float32 have no digit that is right."""
    if job.network.dtype != np.float64:
        network = job.network.copy("float64")
        rows = job.rows
        weights = None if rows.sample_weight is None else rows.sample_weight.astype(np.float64)
        wide = Rows(rows.inputs(network.dtype), rows.y.astype(np.float64), weights)
        # The optimizer may hold moments of float32, and has no part in the gradients.
        job = dataclasses.replace(job, network=network, rows=wide, optimizer=SGD(), clipping=None)
        trace = take_step(job, first_step)
    return Differences(job, trace, max(limit, SMALL_ARRAY_ENTRIES), first_step, neuron)
