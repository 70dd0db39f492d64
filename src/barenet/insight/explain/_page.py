"""Page: an explanation as titles, paragraphs, quantities and equations, for all formats."""

import ast
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

import numpy as np

from barenet.insight.explain._document import Equation, Quantity, Step
from barenet.insight.explain._equation_block import EquationBlock
from barenet.insight.explain._name import Name
from barenet.insight.explain._number_format import ERROR_DIGITS, SMALL_ARRAY_ENTRIES, digits

#: Functions that a beginner may not know.
_FUNCTIONS = {
    "sigmoid": "σ(x) is 1 / (1 + exp(−x)).",
    "normal": "Φ is the distribution function of the normal distribution.",
    "density": "φ is the density of the normal distribution.",
    "clip": "clip(x, a, b) is x, but not below a and not above b.",
    "sign": "sign(x) is 1, 0 or −1, as x is above, at or below 0.",
}


class Section(NamedTuple):
    """One step of the explanation."""

    number: int
    step: Step
    #: The text of the step, unless it was there before.
    text: str
    #: The quantities that the step starts from.
    given: list[EquationBlock]
    equations: list[EquationBlock]
    #: A sentence for the equations like those above.
    alike_text: str
    #: Whether large quantities stand close together.
    is_compact: bool


@dataclass(frozen=True, eq=False, repr=False)
class Page:
    """The fields of an `Explanation`, and the paragraphs and sections that are printed of it."""

    title: str
    facts: tuple[str, ...]
    steps: tuple[Step, ...]
    notation: Literal["rows", "columns"] = "rows"
    precision: int = 6
    limit: int = SMALL_ARRAY_ENTRIES
    neuron: tuple[int, int] | None = None

    @property
    def quantities(self) -> list[Quantity]:
        """All quantities in their order; one that changes is there each time."""
        return [quantity for step in self.steps for quantity in step.quantities]

    @property
    def equations(self) -> list[Equation]:
        """All equations in their order."""
        return [equation for step in self.steps for equation in step.equations]

    @property
    def is_summary(self) -> bool:
        """Whether it is about a whole network, with arrays that are larger than the limit."""
        return self.neuron is None and self._largest > self.limit

    @property
    def max_error(self) -> float:
        """The greatest absolute difference between a gradient and its finite differences."""
        errors = (each.max_error for each in self.equations)
        return max((each for each in errors if not math.isnan(each)), default=0.0)

    @property
    def disagreeing(self) -> list[str]:
        """Gradients that differ from their finite differences by more than rounding explains."""
        return [each.result.name.text for each in self.equations if not each.agrees]

    @property
    def agrees(self) -> bool:
        """Whether all gradients equal finite differences of the loss."""
        return not self.disagreeing

    @property
    def paragraphs(self) -> list[str]:
        """The facts, and how to read the notation."""
        trees = (each.formula.tree for each in self.equations if each.formula)
        nodes = (node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call))
        called = {ast.unparse(node.func) for node in nodes}
        sentences = [
            f"Samples are {self.notation}; the number below a letter is that of its layer. Two "
            "matrices side by side are a product of matrices, and ᵀ swaps rows and columns; ⊙, / "
            "and functions work entry by entry; a bias is added to every sample. dW is short for "
            "∂L/∂W, how the loss L changes with W. Numbers are computed with all digits, and shown "
            f"with {self.precision}: where a sum nearly cancels, those shown give fewer.",
            *(sentence for function, sentence in _FUNCTIONS.items() if function in called),
            *(self._neuron_names() if self.neuron else ()),
        ]
        return ["; ".join(self.facts), " ".join(sentences)]

    @property
    def hint(self) -> str:
        """How to print all numbers of a summary."""
        return self.is_summary * (
            f"This is a summary: of more than {self.limit} entries, only the largest are shown, at "
            f"their [row, column] from 0. limit={self._largest} (--limit {self._largest}) shows "
            "all, neuron=(1, 1) (--neuron 1.1) all of a neuron."
        )

    @property
    def sections(self) -> Iterator[Section]:
        """The steps; a text that was there before is left out."""
        texts = {""}
        for number, step in enumerate(self.steps, 1):
            text = "" if step.text in texts else step.text
            texts.add(step.text)
            given = self._blocks(map(Equation, step.given))
            equations, alike = self._split_alike(step.equations)
            compact = self.is_summary or not text
            shown = self._blocks(equations)
            yield Section(number, step, text, given, shown, alike, compact)

    @property
    def verdict(self) -> str:
        """Whether the gradients agree with finite differences of the loss."""
        error = digits(self.max_error, ERROR_DIGITS)
        differences = (
            "finite differences of the loss, (L(θ + h) − L(θ − h)) / 2h with a small h, in float64"
        )
        if self.agrees:
            return f"The gradients agree with {differences}, to within {error}."
        known = not all(np.isnan(each.max_error) for each in self.equations if not each.agrees)
        most = f"by up to {error}" if known else "as the numbers overflow"
        return f"The gradients DIFFER from {differences}, {most}: {', '.join(self.disagreeing)}."

    @property
    def _largest(self) -> int:
        """Entries of the largest array."""
        return max(each.value.size for each in self.quantities)

    def _neuron_names(self) -> Iterator[str]:
        """Explain the names of the parts of a neuron."""
        names = [each.name for each in self.quantities]
        if Name("A", "0") in names:
            yield "A₀ is the input X."
        if column := next((name for name in names if "," in name.index), None):
            whole = replace(column, index=column.index.partition(",")[0])
            yield f"{column.text} is the neuron's part of {whole.text}."
        if row := next((name for name in names if "←" in name.index), None):
            yield f"{row.text} are the weights from the neuron to the next layer."

    def _blocks(self, equations: Iterable[Equation]) -> list[EquationBlock]:
        return [EquationBlock.of(each, self.precision, self.limit) for each in equations]

    def _split_alike(self, equations: Sequence[Equation]) -> tuple[Sequence[Equation], str]:
        """With large moments, only the first update, and a sentence for the others."""
        sizes = [each.result.value.size for each in equations if each.result.name.of]
        if not self.is_summary or max(sizes, default=0) <= self.limit:
            return equations, ""
        names = [each.result.name for each in equations]
        shown = next(number for number, name in enumerate(names, 1) if not name.of)
        others = ", ".join(name.text for name in names[shown:] if not name.of)
        return equations[:shown], others and f"The same is done to {others}."
