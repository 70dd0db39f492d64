"""Names, quantities, equations and steps: the content of an explanation."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from barenet._expressions import Expression
from barenet.insight._gradient_check import SMALLEST_SCALE
from barenet.insight.explain._number_format import LARGEST_ENTRIES, digits
from barenet.model._arrays import FloatArray


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(Path(__file__).with_name(name).read_text("utf-8"))


#: The symbols of every notation.
SYMBOLS = _read("symbols.toml")
#: The sentences.
SENTENCES = _read("sentences.toml")

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


@dataclass(frozen=True)
class Name:
    """The name of a quantity.

    Examples
    --------
    >>> Name("W", "1", d=True).text
    'dW₁'
    >>> Name("m", of=Name("W", "2")).text
    'm[W₂]'
    """

    #: The letter, such as ``"W"`` or ``"eta"``.
    base: str
    #: The number of the layer.
    index: str = ""
    #: The parameter that a moment of the optimizer belongs to.
    of: Name | None = None
    #: Whether it is a derivative of the loss.
    d: bool = False

    @property
    def derivative(self) -> Name:
        """The derivative of the loss with respect to it."""
        return replace(self, d=True)

    @property
    def key(self) -> str:
        """The name in Python code."""
        below = f"_{self.of.key}" if self.of is not None else self.index
        return f"{self._prefix}{self.base}{below}"

    @property
    def text(self) -> str:
        """The name in a terminal."""
        below = self.index.translate(_SUBSCRIPTS)
        if self.of is not None:
            below = f"[{self.of.text}]"
        return f"{self._prefix}{self.letters[0]}{below}"

    @property
    def _prefix(self) -> str:
        """The d of a derivative."""
        return "d" if self.d else ""

    @property
    def letters(self) -> list[str]:
        """The symbol in text, in LaTeX and in MathML."""
        latex = rf"\mathit{{{self.base}}}" if len(self.base) != 1 else self.base
        latex = latex.replace("_", r"\_")
        letters = SYMBOLS["letters"].get(self.base, [self.base, latex])
        return [*letters, f"<mi>{escape(letters[0])}</mi>"]


#: The greatest relative error of a correct gradient in float64.
EXACT = 1e-6
#: The same in float32.
ROUNDED = 1e-3

Phase = Literal["forward", "backward", "update"]

#: Maximum number of inputs that are named; if there are more, those with the largest numbers.
MAX_NAMES = 16


class Note(NamedTuple):
    """Words below a quantity.

    Examples
    --------
    >>> str(Note.of_inputs(np.array([[-1.5, 1.0]]), ["age", "sex=f"], 3, ["17", ""]))
    'age = 17 → -1.5, sex=f 1'
    >>> str(Note.of_classes(np.array([[0.0, 1.0]]), ["no", "yes"], 3))
    'yes'
    """

    #: Groups of words that are not split over two lines.
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
        """Name the inputs, or those with the largest numbers if there are many."""
        is_single = len(X) == 1
        lead = "" if is_single else "in order "
        places: Sequence[int] = range(len(names))
        if len(names) > max(MAX_NAMES, limit or 0):
            lead = "largest: "
            largest = np.abs(X).max(axis=0)
            order = np.argsort(-largest, kind="stable")
            places = order[:LARGEST_ENTRIES].tolist()
        words = []
        for place in places:
            word = names[place]
            if is_single:
                raw_value = raw[place] if raw else ""
                number = digits(X[0, place], precision)
                word = _entry(word, raw_value, number)
            words.append(word)
        words[0] = lead + words[0]
        return cls(tuple(words), has_numbers=is_single)

    @classmethod
    def of_classes(
        cls, Y: NDArray[Any], names: Sequence[str], precision: int, target: str = ""
    ) -> Self:
        """Name the target class."""
        probabilities = np.column_stack([1 - Y, Y]) if Y.shape[1] == 1 else Y
        one_hot = np.count_nonzero(probabilities, axis=1) == 1
        if len(Y) == 1 and one_hot.all():
            words = [names[int(probabilities.argmax())]]
        elif Y.shape[1] == 1:
            words = [f"0 is {names[0]}", f"1 is {names[1]}"]
        else:
            words = list(cls.of_inputs(Y, names, precision).parts)
        if target:
            words[0] = f"{target}: {words[0]}"
        return cls(tuple(words))


def _entry(name: str, raw: str, number: str) -> str:
    """Write an input's name, its raw value and its number."""
    if not raw:
        return f"{name} {number}"
    if raw == number:
        return f"{name} = {raw}"
    return f"{name} = {raw} → {number}"


class Quantity(NamedTuple):
    """A named array: a matrix, in which a vector is a row or a column, or a single number.

    Examples
    --------
    >>> import numpy as np
    >>> Quantity.of(Name("b", "1"), np.array([0.5, 1.0])).transposed().shape
    (2, 1)
    """

    name: Name
    value: FloatArray
    #: Shape of the array in the code; with samples as columns, the shape of `value`.
    shape: tuple[int, ...]
    note: Note | None = None

    @classmethod
    def of(cls, name: Name, value: Any, *, by_sample: bool = False) -> Self:
        """Create one from an array of the code, where samples are rows."""
        array = np.array(value)
        shape = array.shape
        if array.ndim == 1 and by_sample:
            array = array[:, None]
        elif array.ndim == 1:
            array = array[None, :]
        array.flags.writeable = False
        return cls(name, array, shape)

    @property
    def is_setting(self) -> bool:
        """Whether it is a number that applies to all layers, such as a learning rate."""
        return self.value.ndim == 0 and not self.name.index

    def transposed(self) -> Self:
        """Swap rows and columns."""
        return self._replace(value=self.value.T, shape=self.value.T.shape)


@dataclass(frozen=True, eq=False)
class Equation:
    """The computation of a quantity from others.

    Examples
    --------
    >>> import numpy as np
    >>> x, y = (Quantity.of(Name(name), 2.0 * n) for n, name in enumerate("xy", 1))
    >>> equation = Equation(y, Expression.parse("2 * x"), {"x": x})
    >>> float(equation.evaluate()) == float(y.value)
    True
    """

    result: Quantity
    #: None for user-defined layers and activations.
    formula: Expression | None = None
    #: Quantities by the letters in the formula.
    operands: Mapping[str, Quantity] = field(default_factory=dict)
    #: Finite differences of the loss, for a gradient; NaN where they were not computed.
    differences: NDArray[np.float64] | None = None

    @property
    def scalars(self) -> frozenset[str]:
        """The letters in the formula that stand for single numbers."""
        scalars = set()
        for letter, quantity in self.operands.items():
            if quantity.value.ndim == 0:
                scalars.add(letter)
        return frozenset(scalars)

    @property
    def errors(self) -> FloatArray:
        """Absolute differences between a gradient and its finite differences; NaN without any."""
        differences: Any = np.nan
        if self.differences is not None:
            differences = self.differences
        gradient = self.result.value.astype(np.float64)
        errors: FloatArray = np.abs(gradient - differences)
        return errors

    @property
    def max_error(self) -> float:
        """The largest error; NaN if there is none."""
        return float(np.fmax.reduce(self.errors, axis=None))

    @property
    def agrees(self) -> bool:
        """Whether a gradient equals its finite differences, within the limits of its precision."""
        if self.differences is None:
            return True
        is_checked = ~np.isnan(self.differences)
        if not is_checked.any():
            return False
        tolerance = EXACT if self.result.value.dtype == np.float64 else ROUNDED
        norm = float(np.linalg.norm(self.result.value[is_checked]))
        numeric_norm = float(np.linalg.norm(self.differences[is_checked]))
        error = np.linalg.norm(self.errors[is_checked])
        return bool(error <= tolerance * max(norm, numeric_norm, SMALLEST_SCALE))

    def evaluate(self) -> NDArray[Any]:
        """Compute the result with the formula."""
        if self.formula is None:
            raise ValueError(f"{self.result.name.text} has no formula")
        values = {letter: quantity.value for letter, quantity in self.operands.items()}
        return self.formula.evaluate(values)

    def transposed(self) -> Self:
        """Return it with samples along the other axis."""
        formula = self.formula
        if formula is not None:
            formula = formula.transposed()
        operands = {letter: quantity.transposed() for letter, quantity in self.operands.items()}
        differences = self.differences
        if differences is not None:
            differences = differences.T
        return replace(
            self,
            result=self.result.transposed(),
            formula=formula,
            operands=operands,
            differences=differences,
        )


@dataclass(frozen=True, eq=False)
class Step:
    """Equations that belong together, such as the forward pass of a layer."""

    title: str
    text: str
    #: Quantities that are not results of earlier equations.
    given: tuple[Quantity, ...] = ()
    equations: tuple[Equation, ...] = ()
    phase: Phase = "forward"

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """All quantities in their order."""
        quantities = list(self.given)
        quantities.extend(equation.result for equation in self.equations)
        return tuple(quantities)

    def transposed(self) -> Self:
        """Return it with samples along the other axis."""
        operands = tuple(quantity.transposed() for quantity in self.given)
        equations = tuple(equation.transposed() for equation in self.equations)
        return replace(self, given=operands, equations=equations)
