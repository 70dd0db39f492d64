"""Part: what is told of a step, as much of a network is alike.

It is decided here for all forms: text, a page for a browser, Markdown.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from barenet.insight.explain.document import Equation, Step

__all__ = ["Part"]


class Part(NamedTuple):
    """A step, as a reader is told of it.

    Attributes
    ----------
    step : Step
        All of it.
    text : str
        What it says in words; nothing if a step before has said the same.
    equations : tuple of Equation
        Those that are shown.
    alike : tuple of Equation
        The others, which do to other arrays what these do to the first.

    Examples
    --------
    >>> Part.of(Step("Layer 2", "Sums."), {"Sums."}, 4).text
    ''
    """

    step: Step
    text: str
    equations: tuple[Equation, ...]
    alike: tuple[Equation, ...] = ()

    @classmethod
    def of(cls, step: Step, said: Collection[str], limit: float) -> Part:
        """Choose what to tell of a step."""
        text = "" if step.text in said else step.text
        moments = [each.result for each in step.equations if each.result.name.of]
        if all(each.value.size <= limit for each in moments):
            return cls(step, text, step.equations)
        first = next(n for n, each in enumerate(step.equations, 1) if not each.result.name.of)
        return cls(step, text, step.equations[:first], step.equations[first:])

    @property
    def note(self) -> str:
        """A sentence on the equations that are not shown, if there are any."""
        names = (each.result.name for each in self.alike)
        others = ", ".join(name.text for name in names if not name.of)
        return f"The same is done to {others}." if others else ""
