"""Explanation: one step of training with every number, for a terminal, a browser or a lesson."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike

from barenet._constraints import check_count, check_names, check_number
from barenet._registry import lookup, spec_of
from barenet._train import make_job
from barenet.datasets._target_kind import n_classes_of
from barenet.engines import Job
from barenet.errors import ArgumentError
from barenet.insight.explain._document import Note, Quantity, Step
from barenet.insight.explain._explained_step import explain_step
from barenet.insight.explain._html import write_fragment, write_html
from barenet.insight.explain._markdown import write_markdown
from barenet.insight.explain._number_format import SMALL_ARRAY_ENTRIES
from barenet.insight.explain._page import Page
from barenet.insight.explain._recorded_step import QuantityTable, record_step
from barenet.insight.explain._sketch import columns_of
from barenet.insight.explain._text import write_text
from barenet.model._arrays import FloatArray
from barenet.model._network import Network
from barenet.model.layers import BatchNorm
from barenet.model.losses import Loss
from barenet.optimization._penalties import Penalty
from barenet.optimization.optimizers import LBFGS, Clipping, Optimizer
from barenet.training._loop import check_full_batch

#: Layouts of the samples.
NOTATIONS = ("rows", "columns")

#: Maximum number of parameters of a small network, whose arrays are shown in full.
SMALL_NETWORK_PARAMETERS = 32

#: Maximum number of entries of an array of a larger network that is shown in full.
SUMMARY_ENTRIES = 4

#: Significant digits of a float64.
MAX_DIGITS = 17


class Explanation(Page):
    """A training step in the order of a calculation by hand; `print` shows it as text.

    A notebook displays it with typeset formulas.

    Attributes
    ----------
    title : str
        The network and the kind of step.
    facts : tuple of str
        The number of samples, the loss, the optimizer, the precision.
    steps : tuple of Step
        From the input to the new parameters.
    notation : {"rows", "columns"}
        Whether samples are rows or columns.
    precision : int
        Significant digits that are shown.
    limit : int
        Maximum number of entries of an array that is shown in full; larger arrays are summarized.
    columns : tuple of tuple
        For the input and the output of each layer: the letter, the number of units, and the
        activation or layer.
    losses : tuple of two float
        The loss of the samples before and after the step, with penalties; NaN for L-BFGS.

    Examples
    --------
    >>> from barenet import Network, explain
    >>> network = Network.dense([2, 1], init="zeros", output="sigmoid", dtype="float64")
    >>> page = explain(network, [[1.0, 2.0]], [1.0], optimizer="sgd:learning_rate=0.1")
    >>> page["A1"], page["dW1"].ravel(), page["W1"].ravel()  # which is after the step
    (array([[0.5]]), array([-0.5, -1. ]), array([0.05, 0.1 ]))
    >>> print(page)  # doctest: +ELLIPSIS
    One training step of Network([Dense(2, 1, 'sigmoid')], dtype='float64')
    ...
    """

    def __getitem__(self, name: str) -> FloatArray:
        """Look up the final value of a quantity, such as ``"Z1"``, ``"dW2"`` or ``"L"``."""
        quantities = {quantity.name.key: quantity for quantity in self.quantities}
        if name not in quantities:
            raise KeyError(f"{name!r}; there are {', '.join(quantities)}")
        quantity = quantities[name]
        return quantity.value.reshape(quantity.shape)

    def transposed(self) -> Self:
        """Swap the layout: samples as columns instead of rows, or vice versa.

        Returns
        -------
        Explanation
            The numbers are the same; every matrix is transposed, and every formula with it.
        """
        notation: Literal["rows", "columns"] = "rows"
        if self.notation == "rows":
            notation = "columns"
        steps = tuple(step.transposed() for step in self.steps)
        return replace(self, steps=steps, notation=notation)

    def with_notes(self, notes: Mapping[str, Note]) -> Self:
        """Add notes to given quantities.

        Parameters
        ----------
        notes : mapping of str to Note
            By the names of the quantities, such as ``"A0"``; unknown names are ignored.

        Returns
        -------
        Explanation
            A copy with the notes; the numbers are the same.
        """
        steps = []
        for step in self.steps:
            quantities: list[Quantity] = []
            for quantity in step.given:
                note = notes.get(quantity.name.key, quantity.note)
                quantities.append(quantity._replace(note=note))
            steps.append(replace(step, given=tuple(quantities)))
        return replace(self, steps=tuple(steps))

    def to_text(self, width: int = 80) -> str:
        """Write it for a terminal.

        Parameters
        ----------
        width : int, default=80
            Columns of the terminal.

        Returns
        -------
        str
            Many lines.
        """
        return write_text(self, width)

    def to_html(self) -> str:
        """Write it for a browser, as a page without scripts or network access.

        Returns
        -------
        str
            A complete document, light or dark according to the reader's system.
        """
        return write_html(self)

    def to_markdown(self) -> str:
        """Write it for a lesson, with formulas in LaTeX.

        Returns
        -------
        str
            Markdown for GitHub and notebooks.
        """
        return write_markdown(self)

    def __repr__(self) -> str:
        """Summarize it in one line; `print` shows all of it."""
        return f"<{self.title}: {len(self.steps)} parts, samples are {self.notation}>"

    def __str__(self) -> str:
        """Write it for a terminal of 80 columns."""
        return self.to_text()

    def _repr_html_(self) -> str:
        """Write it for a notebook."""
        return write_fragment(self)


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
    notation: Literal["rows", "columns"] = "rows",
    precision: int = 6,
    limit: int | None = None,
    feature_names: Sequence[str] | None = None,
    class_names: Sequence[str] | None = None,
) -> Explanation:
    """Show a training step with every number, and the formula that it comes from.

    The step is the one that `train` would take next with all these rows in one mini-batch, from the
    current state of the network and the optimizer. The reference engine takes it on copies, and
    records the arguments and results of the layers, the loss and the optimizer. Each gradient is
    checked against finite differences of the loss, which are computed in float64.

    Parameters
    ----------
    network : Network
        The network. A small one is shown in full; a larger one by shapes, statistics and its
        largest entries, unless `limit` is higher.
    X : array-like of shape (n_samples, n_inputs)
        The samples of the step, one a row.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Targets: numbers, or class indices from 0.
    loss : str or Loss, optional
        The loss function; the default depends on the output activation.
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
        Number of earlier steps of the run. Together with the seed, it determines the dropout and
        nothing else: a bias correction, such as Adam's, counts the optimizer's own steps.
    notation : {"rows", "columns"}, default="rows"
        Whether samples are rows, as in the code, with Z = X W + b; or columns, as in many books,
        with Z = W X + b and every matrix transposed.
    precision : int, default=6
        Significant digits that are shown.
    limit : int, optional
        Maximum number of entries of an array that is shown in full; larger arrays are shown by
        statistics and their largest entries. By default 64, or 4 in a network of more than 32
        parameters. In arrays of up to 64 entries, or up to the limit, every gradient is checked; in
        larger arrays, the 5 largest.
    feature_names : sequence of str, optional
        Names of the inputs, shown beside the numbers of a sample. If there are more than 16 inputs,
        and more than the limit, only those with the largest numbers are named.
    class_names : sequence of str, optional
        Names of the classes, in the order of their indices.

    Returns
    -------
    Explanation
        The explanation, which is printed as text and typeset in a notebook; ``to_html`` and
        ``to_markdown`` write it in other formats.

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
    digits = int(check_number(precision, "precision", ge=1, le=MAX_DIGITS, integer=True))
    first_step = int(check_number(step, "step", ge=0, integer=True))
    job = make_job(
        network,
        X,
        y,
        sample_weight=sample_weight,
        scale=1.0,
        loss=loss,
        optimizer=optimizer,
        penalty=penalty,
        clip=clip,
        seed=seed,
    )
    _check(job)
    notes = _notes(job, digits, limit, feature_names, class_names)
    if limit is not None:
        most = check_count(limit, "limit")
    elif network.parameters.size <= SMALL_NETWORK_PARAMETERS:
        most = SMALL_ARRAY_ENTRIES
    else:
        most = SUMMARY_ENTRIES
    steps, losses = _take_step(job, first_step, most)
    explanation = Explanation(
        title=f"One training step of {network!r}",
        facts=_facts(job),
        steps=steps,
        notation="rows",
        precision=digits,
        limit=most,
        columns=columns_of(job.network, job.rows.X.shape[1]),
        losses=losses,
    )
    explanation = explanation.with_notes(notes)
    if notation == "columns":
        explanation = explanation.transposed()
    return explanation


def _take_step(
    job: Job, first_step: int, limit: int
) -> tuple[tuple[Step, ...], tuple[float, float]]:
    """Take the step, and write it with samples as rows; also return the losses around it."""
    # As in training, overflows are detected in the numbers, so NumPy need not warn of them.
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        recorded = record_step(job, first_step)
        table = QuantityTable(recorded, max(limit, SMALL_ARRAY_ENTRIES))
        steps = tuple(explain_step(table))
        losses = recorded.losses
    return steps, losses


def _notes(
    job: Job, precision: int, limit: int | None, features: object, classes: object
) -> dict[str, Note]:
    """Check the names of the inputs and the classes, and write them."""
    rows = job.rows.take(dtype=job.network.dtype)
    X = np.asarray(rows.X)
    y = rows.y
    notes = {}
    if features is not None:
        names = check_names(features, "feature_names", X.shape[1], "input")
        notes["A0"] = Note.of_inputs(X, names, precision, limit=limit)
    if classes is not None:
        names = check_names(classes, "class_names", n_classes_of(y.shape[1]), "class")
        notes["Y"] = Note.of_classes(y, names, precision)
    return notes


def _check(job: Job) -> None:
    """Reject jobs that `train` rejects, and frozen layers."""
    check_full_batch(job, None)
    if job.frozen:
        problem = "some of its layers are not trainable, and the step of all layers is explained"
        remedy = "explain a copy whose layers have trainable = True"
        raise ArgumentError(problem, argument="network", remedy=remedy)
    for layer in job.network.layers:
        if isinstance(layer, BatchNorm) and len(job.rows.X) == 1:
            raise ArgumentError("a batch norm needs 2 rows or more, got 1", argument="X")


def _facts(job: Job) -> tuple[str, ...]:
    """The settings that the numbers depend on."""
    n_samples = len(job.rows.X)
    samples = "1 sample" if n_samples == 1 else f"{n_samples} samples"
    facts = [samples]
    facts.extend(
        f"{part.role} {spec_of(part)}"
        for part in [job.loss, job.optimizer, *job.penalties, job.clipping]
        if part is not None
    )
    facts.append(f"in {job.network.dtype.name}")
    return tuple(facts)
