"""Explanation: a step of training with every number, to be read in a terminal, a browser, a lesson.

It is data, and nothing is computed here: `explain` has put all numbers in.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from barenet.insight.explain.document import Equation, Quantity, Step
from barenet.insight.explain.limits import SMALL_ARRAY_ENTRIES
from barenet.insight.explain.note import Note
from barenet.insight.explain.part import Part
from barenet.model.arrays import FloatArray

__all__ = ["Explanation"]


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """A training step, in the order in which a hand would write it; printed, it is a text.

    A notebook shows it with its formulas typeset.

    Attributes
    ----------
    title : str
        What is explained.
    facts : tuple of str
        What else there is to know: the loss, the optimizer, the precision.
    steps : tuple of Step
        From the input to the new parameters.
    notation : {"rows", "columns"}
        What a sample is.
    precision : int
        Significant digits that are shown.
    limit : int
        Entries of an array that are all shown; of a larger one there are statistics.
    neuron : tuple of two int, optional
        The one whose part alone is here: its layer and its number, counted from 1.

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

    title: str
    facts: tuple[str, ...]
    steps: tuple[Step, ...]
    notation: Literal["rows", "columns"] = "rows"
    precision: int = 6
    limit: int = SMALL_ARRAY_ENTRIES
    neuron: tuple[int, int] | None = None

    def __getitem__(self, name: str) -> FloatArray:
        """Look a quantity up, such as ``"Z1"``, ``"dW2"`` or ``"L"``, as it is in the end."""
        found = {each.name.key: each for each in self.quantities}
        if name not in found:
            raise KeyError(f"{name!r}; there are {', '.join(found)}")
        quantity = found[name]
        return quantity.value.reshape(quantity.shape)

    @property
    def quantities(self) -> list[Quantity]:
        """All quantities in their order; one that changes stands there as often as it does."""
        return [
            quantity
            for step in self.steps
            for quantity in (*step.given, *(equation.result for equation in step.equations))
        ]

    @property
    def equations(self) -> list[Equation]:
        """All equations in their order."""
        return [equation for step in self.steps for equation in step.equations]

    @property
    def is_summary(self) -> bool:
        """Whether it is of a whole network, with arrays that are larger than the limit."""
        return self.neuron is None and any(each.value.size > self.limit for each in self.quantities)

    @property
    def parts(self) -> list[Part]:
        """What is told of each step: words once, and in a summary also what is alike."""
        texts = [step.text for step in self.steps]
        limit = self.limit if self.is_summary else math.inf
        return [Part.of(step, texts[:place], limit) for place, step in enumerate(self.steps)]

    @property
    def apart(self) -> float:
        """The greatest distance of a gradient from what differences of the loss say."""
        distances = (each.furthest for each in self.equations)
        return max((each for each in distances if not math.isnan(each)), default=0.0)

    @property
    def disagreeing(self) -> list[str]:
        """The gradients that are not what differences say, by more than rounding explains."""
        return [each.result.name.text for each in self.equations if not each.agrees]

    @property
    def agrees(self) -> bool:
        """Whether all gradients are what differences of the loss say."""
        return not self.disagreeing

    def transposed(self) -> Explanation:
        """Write the same with samples as columns, where they are rows, and the other way round.

        Returns
        -------
        Explanation
            The numbers are the same; every matrix is transposed, and every formula with it.
        """
        other: Literal["rows", "columns"] = "columns" if self.notation == "rows" else "rows"
        steps = tuple(step.transposed() for step in self.steps)
        return replace(self, steps=steps, notation=other)

    def noted(self, notes: Mapping[str, Note]) -> Explanation:
        """Put words below quantities that are given.

        Parameters
        ----------
        notes : mapping of str to Note
            By the quantities' names, such as ``"A0"``; those that are not given here are passed
            over.

        Returns
        -------
        Explanation
            With the same numbers.
        """

        def noted(each: Quantity) -> Quantity:
            return each._replace(note=notes.get(each.name.key, each.note))

        steps = (replace(step, given=tuple(map(noted, step.given))) for step in self.steps)
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
        from barenet.insight.explain.text import write_text

        return write_text(self, width)

    def to_html(self) -> str:
        """Write it for a browser, as a page that needs no network and no scripts.

        Returns
        -------
        str
            A whole document, in light or dark as the reader's system is.
        """
        from barenet.insight.explain.html import write_page

        return write_page(self)

    def to_markdown(self) -> str:
        """Write it for a lesson, with formulas in LaTeX.

        Returns
        -------
        str
            Markdown as GitHub and notebooks show it.
        """
        from barenet.insight.explain.markdown import write_markdown

        return write_markdown(self)

    def to_dict(self) -> dict[str, Any]:
        """Write it for programs.

        Returns
        -------
        dict
            Plain data: text, numbers, lists and dictionaries.
        """
        from barenet.insight.explain.record import write_record

        return write_record(self)

    def __repr__(self) -> str:
        """Say what it is of; `print` shows all of it."""
        return f"<{self.title}: {len(self.steps)} parts, samples are {self.notation}>"

    def __str__(self) -> str:
        """Write it for a terminal of 80 columns."""
        return self.to_text()

    def _repr_html_(self) -> str:
        """Write it for a notebook."""
        from barenet.insight.explain.html import write_section

        return write_section(self)
