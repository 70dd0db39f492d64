"""Explain one step of training: every number, and the formula that it comes from."""

import re
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from barenet._constraints import check_count, check_number
from barenet._registry import lookup, spec_of
from barenet.engines import Job
from barenet.errors import ArgumentError
from barenet.insight.explain._document import Note
from barenet.insight.explain._explanation import Explanation
from barenet.insight.explain._neuron import Neuron, find_neuron, steps_of
from barenet.insight.explain._number_format import SMALL_ARRAY_ENTRIES
from barenet.insight.explain._passes import explain_passes
from barenet.insight.explain._quantity_table import QuantityTable
from barenet.insight.explain._recorded_step import Differences, record_step
from barenet.insight.explain._update_step import explain_update
from barenet.model._network import Network
from barenet.model.layers import BatchNorm
from barenet.model.losses import Loss
from barenet.optimization._clipping import Clipping
from barenet.optimization._penalties import Penalty
from barenet.optimization.optimizers import LBFGS, Optimizer
from barenet.training._loop import check_full_batch
from barenet.training._train import make_job

#: The start of a text, of a Markdown file and of a document, by which a file is recognized.
EXPLANATION_MARK = re.compile(
    rb"\A(?:# |<!doctype html>.*?<title>)?"
    rb"(?:One|Neuron \d+ of layer \d+ in one) training step of\s+Network\(",
    re.DOTALL,
)

#: Layouts of the samples.
NOTATIONS = ("rows", "columns")

#: Parameters up to which a network is small, and its arrays are shown whole.
SMALL_NETWORK_PARAMETERS = 32

#: Entries up to which an array of a larger network is shown whole.
SUMMARY_ENTRIES = 4

#: Significant digits of a float64.
MOST_DIGITS = 17


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

    The step is the one that `train` would take next with all these rows in one mini-batch, from
    the current state of the network and the optimizer. The reference engine takes it on copies;
    the arguments and results of the layers, the loss and the optimizer are recorded. Each gradient
    is checked with finite differences of the loss, computed in float64.

    Parameters
    ----------
    network : Network
        A small one is shown whole; a larger one by shapes, statistics and its largest entries,
        unless `limit` is higher.
    X : array-like of shape (n_samples, n_inputs)
        The samples of the step, one a row.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Targets: numbers, or class indices from 0.
    loss : str or Loss, optional
        The loss function; by default the one that goes with the output activation.
    optimizer : str, Optimizer or LBFGS, default="sgd"
        The optimizer. An instance that has taken steps continues with its moments.
    penalty : str, Penalty, or a sequence of them, optional
        Regularization terms.
    clip : str or Clipping, optional
        Gradient clipping.
    sample_weight : array-like of shape (n_samples,), optional
        The weight of each sample in the loss.
    seed : int, default=0
        Seed of the dropout.
    step : int, default=0
        Steps that the run has taken before. Together with the seed it fixes the dropout, and
        nothing else: a bias correction, as Adam's, counts the optimizer's own steps.
    neuron : tuple of two int, optional
        The layer and the number of one neuron, both counted from 1, to show its part alone.
    notation : {"rows", "columns"}, default="rows"
        Whether samples are rows, as in the code, with Z = X W + b; or columns, as in many books,
        with Z = W X + b and every matrix transposed.
    precision : int, default=6
        Significant digits that are shown.
    limit : int, optional
        Entries up to which an array is shown whole; of a larger one, statistics and the largest
        entries are. By default 64, or 4 in a network of more than 32 parameters if no neuron is
        given. In arrays of up to 64 entries, or up to the limit, every gradient is checked; in
        larger ones the 5 largest are.
    feature_names : sequence of str, optional
        Names of the inputs, shown beside the numbers of a sample; of more than 16 inputs, and of
        more than the limit, those with the largest numbers.
    class_names : sequence of str, optional
        Names of the classes, in the order of their indices.

    Returns
    -------
    Explanation
        Printed, it is a text, and in a notebook it is typeset; ``to_html`` and ``to_markdown``
        write it in other formats.

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
    >>> page["dW1"], page.max_error < 1e-9
    (array([[-6.]]), True)
    """
    lookup(dict.fromkeys(NOTATIONS), notation, "notation")
    digits = int(check_number(precision, "precision", ge=1, le=MOST_DIGITS, integer=True))
    first_step = int(check_number(step, "step", ge=0, integer=True))
    job = make_job(network, X, y, sample_weight, 1.0, loss, optimizer, penalty, clip, seed)
    _check(job)
    notes = _notes(job, digits, limit, feature_names, class_names)
    place = None if neuron is None else find_neuron(network, neuron)
    explanation = _explain(job, first_step, place, digits, limit).with_notes(notes)
    return explanation if notation == "rows" else explanation.transposed()


def _explain(
    job: Job, first_step: int, neuron: Neuron | None, precision: int, limit: int | None
) -> Explanation:
    """Take the step, and write it with samples as rows."""
    small = job.network.parameters.size <= SMALL_NETWORK_PARAMETERS or neuron is not None
    usual = SMALL_ARRAY_ENTRIES if small else SUMMARY_ENTRIES
    most = usual if limit is None else check_count(limit, "limit")
    # As in a training, overflows are found in the numbers, and NumPy need not warn of them.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        recorded = record_step(job, first_step)
        differences = Differences(recorded, max(most, SMALL_ARRAY_ENTRIES), neuron)
        table = QuantityTable(recorded, differences)
        steps = (*explain_passes(table), *explain_update(table))
    title = f"training step of {job.network!r}"
    return Explanation(
        title=f"One {title}" if neuron is None else f"{neuron.title} in one {title}",
        facts=_facts(job),
        steps=steps if neuron is None else tuple(steps_of(steps, neuron)),
        precision=precision,
        limit=most,
        neuron=neuron and (neuron.layers[0] + 1, neuron.column + 1),
    )


def _notes(
    job: Job,
    precision: int,
    limit: int | None,
    feature_names: Sequence[str] | None,
    class_names: Sequence[str] | None,
) -> dict[str, Note]:
    """Name the inputs and the classes."""
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
    """Check the number of names."""
    texts = [] if isinstance(names, str) or not hasattr(names, "__iter__") else list(names)
    if len(texts) != number or not all(isinstance(text, str) for text in texts):
        raise ArgumentError.of(argument, names, f"{number} texts")
    return texts


def _check(job: Job) -> None:
    """Refuse jobs that `train` refuses."""
    check_full_batch(job, None)
    normed = any(isinstance(layer, BatchNorm) for layer in job.network.layers)
    if normed and len(job.rows.X) == 1:
        raise ArgumentError("a batch norm needs 2 rows or more, got 1", argument="X")
    for penalty in job.penalties:
        penalty.expand(job.network.layout, job.network.dtype)


def _facts(job: Job) -> tuple[str, ...]:
    """The settings that the numbers depend on."""
    rows = len(job.rows.X)
    parts = [job.loss, job.optimizer, *job.penalties, job.clipping]
    settings = [f"{part.role} {spec_of(part)}" for part in parts if part is not None]
    return (f"{rows} sample{'s' * (rows != 1)}", *settings, f"in {job.network.dtype.name}")
