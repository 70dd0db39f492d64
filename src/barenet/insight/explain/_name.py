"""The name of a quantity: in Python, in a terminal, in LaTeX and in MathML."""

from __future__ import annotations

from dataclasses import dataclass, replace
from html import escape

#: Letters whose symbols differ from their names, in text and in LaTeX.
_LETTERS: dict[str, tuple[str, str]] = {
    "alpha": ("α", r"\alpha"),
    "beta": ("β", r"\beta"),
    "beta1": ("β₁", r"\beta_1"),
    "beta2": ("β₂", r"\beta_2"),
    "eps": ("ε", r"\varepsilon"),
    "eta": ("η", r"\eta"),
    "gamma": ("γ", r"\gamma"),
    "l": ("ℓ", r"\ell"),
    "lam": ("λ", r"\lambda"),
    "mu": ("μ", r"\mu"),
    "mubar": ("μ̄", r"\bar{\mu}"),
    "norm": ("‖g‖", r"\lVert g \rVert"),
    "rho": ("ρ", r"\rho"),
    "rho1": ("ρ₁", r"\rho_1"),
    "rho2": ("ρ₂", r"\rho_2"),
    "theta": ("θ", r"\theta"),
    "Vbar": ("V̄", r"\bar{V}"),
}

_SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")

#: A bar over a letter, which is a character of its own in text.
_BAR = "\N{COMBINING MACRON}"


@dataclass(frozen=True)
class Name:
    """The name of a quantity.

    Examples
    --------
    >>> Name("W", "1", d=True).text
    'dW₁'
    >>> print(Name("W", "1", d=True).latex)
    \\mathrm{d}W_{1}
    >>> print(Name("m", of=Name("W", "2")).mathml)
    <msub><mi>m</mi><msub><mi>W</mi><mn>2</mn></msub></msub>
    """

    #: The letter, such as ``"W"`` or ``"eta"``.
    base: str
    #: The number of the layer, and for a neuron its own.
    index: str = ""
    #: The parameter that a moment of the optimizer belongs to.
    of: Name | None = None
    #: Whether it is a derivative of the loss.
    d: bool = False

    @property
    def derivative(self) -> Name:
        """The derivative of the loss with respect to it."""
        return replace(self, d=True)

    def indexed(self, suffix: str) -> Name:
        """Add to its index, or to that of the parameter that a moment belongs to."""
        if self.of is not None:
            return replace(self, of=self.of.indexed(suffix))
        return replace(self, index=(self.index + suffix).lstrip(","))

    @property
    def key(self) -> str:
        """As a name in Python."""
        below = self.index if self.of is None else f"_{self.of.key}"
        return f"{'d' if self.d else ''}{self.base}{below}"

    @property
    def text(self) -> str:
        """In a terminal."""
        below = self.index.translate(_SUBSCRIPTS) if self.of is None else f"[{self.of.text}]"
        return f"{'d' if self.d else ''}{self._letters[0]}{below}"

    @property
    def latex(self) -> str:
        """In LaTeX."""
        below = self.index if self.of is None else self.of.latex
        d = r"\mathrm{d}" if self.d else ""
        return f"{d}{self._letters[1]}" + (f"_{{{below}}}" if below else "")

    @property
    def mathml(self) -> str:
        """In MathML."""
        letter = self._letters[0]
        shown = f"<mi>{escape(letter)}</mi>"
        if letter[1:] in ("₁", "₂"):
            shown = f"<msub><mi>{letter[0]}</mi><mn>{self.base[-1]}</mn></msub>"
        elif letter[1:] == _BAR:
            shown = f"<mover><mi>{letter[0]}</mi><mo stretchy='false'>¯</mo></mover>"
        if self.index or self.of:
            below = self.of.mathml if self.of else f"<mn>{self.index}</mn>"
            shown = f"<msub>{shown}{below}</msub>"
        return f'<mrow><mi mathvariant="normal">d</mi>{shown}</mrow>' if self.d else shown

    @property
    def _letters(self) -> tuple[str, str]:
        """The symbol in text and in LaTeX."""
        word = self.base if len(self.base) == 1 else rf"\mathit{{{self.base}}}"
        return _LETTERS.get(self.base, (self.base, word.replace("_", r"\_")))
