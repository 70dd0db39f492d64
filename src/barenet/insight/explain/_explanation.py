"""Explanation: one step of training with every number, for a terminal, a browser or a lesson."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal, Self

from barenet.insight.explain._document import Equation, Note, Quantity, Step
from barenet.insight.explain._html import write_fragment, write_html
from barenet.insight.explain._markdown import write_markdown
from barenet.insight.explain._notations import LATEX, UNICODE
from barenet.insight.explain._page import Page
from barenet.insight.explain._printer import print_formula
from barenet.insight.explain._text import write_text
from barenet.model._arrays import FloatArray


class Explanation(Page):
    """A training step in the order of a calculation by hand; printed, it is a text.

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
        Entries up to which an array is shown whole; a larger one is summarized.
    neuron : tuple of two int, optional
        The layer and the number of the neuron that is shown alone, both counted from 1.

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
        """Look up a quantity, such as ``"Z1"``, ``"dW2"`` or ``"L"``, as it is in the end."""
        found = {each.name.key: each for each in self.quantities}
        if name not in found:
            raise KeyError(f"{name!r}; there are {', '.join(found)}")
        quantity = found[name]
        return quantity.value.reshape(quantity.shape)

    def transposed(self) -> Self:
        """Write it with samples as columns, where they are rows, and the other way round.

        Returns
        -------
        Explanation
            The numbers are the same; every matrix is transposed, and every formula with it.
        """
        other: Literal["rows", "columns"] = "columns" if self.notation == "rows" else "rows"
        return replace(self, steps=tuple(step.transposed() for step in self.steps), notation=other)

    def with_notes(self, notes: Mapping[str, Note]) -> Self:
        """Add notes to given quantities.

        Parameters
        ----------
        notes : mapping of str to Note
            By the names of the quantities, such as ``"A0"``; unknown names are ignored.

        Returns
        -------
        Explanation
            With the same numbers.
        """

        def noted(each: Quantity) -> Quantity:
            return each._replace(note=notes.get(each.name.key, each.note))

        steps = tuple(replace(step, given=tuple(map(noted, step.given))) for step in self.steps)
        return replace(self, steps=steps)

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
        """Write it for a browser, as a page that needs no network and no scripts.

        Returns
        -------
        str
            A whole document, light or dark as the reader's system is.
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

    def to_dict(self) -> dict[str, Any]:
        """Write it for programs.

        Returns
        -------
        dict
            Plain data: text, numbers, lists and dictionaries.
        """
        return {
            "title": self.title,
            "facts": list(self.facts),
            "notation": self.notation,
            "agrees": self.agrees,
            "max_error": self.max_error,
            "steps": [_step_record(step) for step in self.steps],
        }

    def __repr__(self) -> str:
        """One line; `print` shows all of it."""
        return f"<{self.title}: {len(self.steps)} parts, samples are {self.notation}>"

    def __str__(self) -> str:
        """Write it for a terminal of 80 columns."""
        return self.to_text()

    def _repr_html_(self) -> str:
        """Write it for a notebook."""
        return write_fragment(self)


def _step_record(step: Step) -> dict[str, Any]:
    """Write a step as plain data."""
    return {
        "title": step.title,
        "text": step.text,
        "phase": step.phase,
        "given": [_quantity_record(each) for each in step.given],
        "equations": [_equation_record(each) for each in step.equations],
    }


def _quantity_record(quantity: Quantity) -> dict[str, Any]:
    value = quantity.value.reshape(quantity.shape).tolist()
    record = {"name": quantity.name.key, "shape": list(quantity.shape), "value": value}
    return record if quantity.note is None else {**record, "note": str(quantity.note)}


def _equation_record(equation: Equation) -> dict[str, Any]:
    """Write a formula as text and in LaTeX, with its result."""
    differences, shape = equation.differences, equation.result.shape
    return {
        **_quantity_record(equation.result),
        "assigns": equation.assigns,
        "formula": print_formula(UNICODE, equation),
        "latex": print_formula(LATEX, equation),
        "differences": None if differences is None else differences.reshape(shape).tolist(),
    }
