"""Note: the names of inputs and classes, printed below a quantity."""

from collections.abc import Sequence
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from barenet.insight.explain._number_format import LARGEST_ENTRIES, digits

#: Inputs that are named; of more, those with the largest numbers are.
MOST_NAMES = 16


class Note(NamedTuple):
    """Words below a quantity.

    Examples
    --------
    >>> str(Note.of_inputs(np.array([[-1.5, 1.0]]), ["age", "sex=f"], 3, ["17", ""]))
    'age = 17 → -1.5, sex=f 1'
    >>> str(Note.of_classes(np.array([[0.0, 1.0]]), ["no", "yes"], 3))
    'yes'
    """

    #: Groups of words that are not broken over two lines.
    parts: tuple[str, ...]
    #: Whether it has the largest entries, so that a summary need not list them.
    has_numbers: bool = False

    def __str__(self) -> str:
        return ", ".join(self.parts)

    @classmethod
    def of_inputs(
        cls,
        X: NDArray[Any],
        names: Sequence[str],
        precision: int,
        raw: Sequence[str] = (),
        limit: int | None = None,
    ) -> Self:
        """Name the inputs; of many, those with the largest numbers."""
        places, lead = list(range(len(names))), ""
        if len(names) > max(MOST_NAMES, limit or 0):
            order = np.argsort(-np.abs(X).max(axis=0), kind="stable")
            places, lead = order[:LARGEST_ENTRIES].tolist(), "largest: "
        if len(X) > 1:
            first, *others = (names[place] for place in places)
            return cls((f"{lead or 'in order '}{first}", *others))
        numbers = [digits(number, precision) for number in X[0]]
        before = raw or [""] * len(names)
        first, *others = (_entry(names[at], before[at], numbers[at]) for at in places)
        return cls((lead + first, *others), has_numbers=True)

    @classmethod
    def of_classes(
        cls, Y: NDArray[Any], names: Sequence[str], precision: int, target: str = ""
    ) -> Self:
        """Name the target class."""
        probabilities = np.column_stack([1 - Y, Y]) if Y.shape[1] == 1 else Y
        one_hot = np.count_nonzero(probabilities, axis=1) == 1
        if len(Y) == 1 and one_hot.all():
            parts: tuple[str, ...] = (names[int(probabilities.argmax())],)
        elif Y.shape[1] == 1:
            parts = (f"0 is {names[0]}", f"1 is {names[1]}")
        else:
            parts = cls.of_inputs(Y, names, precision).parts
        return cls((f"{target}: {parts[0]}" if target else parts[0], *parts[1:]))


def _entry(name: str, raw: str, number: str) -> str:
    """Write an input's name, its raw value and its number."""
    if not raw:
        return f"{name} {number}"
    return f"{name} = {raw}" if raw == number else f"{name} = {raw} → {number}"
