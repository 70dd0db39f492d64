"""The same formula in a terminal, in LaTeX and in MathML."""

import itertools
from xml.etree import ElementTree

import numpy as np
import pytest

from barenet._expressions import FUNCTIONS, Expression
from barenet.activations import ACTIVATIONS
from barenet.insight.explain._document import Name
from barenet.insight.explain._notations import LATEX, MATHML, UNICODE, Notation, Printer
from barenet.insight.explain._text_block import TextBlock
from barenet.losses import LOSSES
from barenet.optimization._penalties import PENALTIES
from barenet.optimization.optimizers._optimizer import CLIPPINGS
from barenet.optimizers import OPTIMIZERS

SCALARS = frozenset({"eta", "beta1", "beta2", "t", "eps", "c", "norm", "lam"})


def printed(text: str, notation: Notation = UNICODE) -> str:
    expression = Expression.parse(text)
    letters = {each: notation.name(Name(each)) for each in expression.names}
    return str(Printer(notation, letters, SCALARS).show(expression))


@pytest.mark.parametrize(
    ("text", "in_text", "in_latex"),
    [
        ("X @ W + b", "X W + b", r"X\,W + b"),
        ("X.T @ Z", "Xᵀ Z", r"{X}^\top\,Z"),
        ("A * B * (1 - A)", "A ⊙ B ⊙ (1 − A)", r"A \odot B \odot \left(1-A\right)"),
        ("A * (B / C)", "A ⊙ (B / C)", r"A \odot \frac{B}{C}"),
        ("1 / (1 + exp(-Z))", "1 / (1 + exp(−Z))", r"\frac{1}{1 + e^{-Z}}"),
        ("0.5 * (A - Y)**2", "½ (A − Y)²", r"\tfrac{1}{2}\,{\left(A-Y\right)}^{2}"),
        ("g * 2 / norm", "g · 2 / ‖g‖", r"\frac{g \cdot 2}{\lVert g \rVert}"),
        ("sqrt(v + eps)", "√(v + ε)", r"\sqrt{v + \varepsilon}"),
        ("tanh(Z)", "tanh Z", r"\tanh Z"),
        ("ln(1 + Z)", "ln(1 + Z)", r"\ln\left(1 + Z\right)"),
        ("abs(A - Y)", "|A − Y|", r"\lvert A-Y \rvert"),
        ("max(0, Z)", "max(0, Z)", r"\max\left(0, Z\right)"),
        ("A if Z >= 0 else 0", "A if Z ≥ 0, else 0", None),
        ("over_samples(A * B)", "Σ_samples A ⊙ B", r"\sum_{\text{samples}} A \odot B"),
        ("over_samples(A) / 3", "Σ_samples A / 3", r"\frac{\sum_{\text{samples}} A}{3}"),
        ("A / over_samples(A)", "A / (Σ_samples A)", r"\frac{A}{\sum_{\text{samples}} A}"),
        ("lam * total(abs(W))", "λ (Σ |W|)", None),
        ("-times_ln(Y, A)", "−Y ⊙ ln A", r"-Y \odot \ln A"),
        ("A + 1e-05", "A + 1e−05", r"A + 10^{-5}"),
    ],
)
def test_brackets_are_printed_where_they_are_needed(text, in_text, in_latex):
    assert printed(text) == in_text
    if in_latex is not None:
        assert printed(text, LATEX) == in_latex


def test_printed_formulas_evaluate_to_their_value():
    """Parsed again as Python, it has the same value: no bracket is missing."""
    rng = np.random.default_rng(0)
    values = {name: rng.uniform(0.1, 1, size=(1, 2)) for name in "ABCD"}
    templates = "A{}(B{}C){}D A{}(B{}(C{}D)) (A{}B){}(C{}D) -(A{}B)**2{}-(C{}D)"
    for template in templates.split():
        for operators in itertools.product("+-*/", repeat=3):
            text = template.format(*operators)
            shown = printed(text).replace("⊙", "*").replace("−", "-").replace("²", "**2")
            again = Expression.parse(shown).evaluate(values)
            np.testing.assert_allclose(again, Expression.parse(text).evaluate(values), err_msg=text)


def all_formulas():
    yield from (f"{name}({', '.join('Z' * n)})" for name, n in FUNCTIONS.items())
    for registry in (ACTIVATIONS, LOSSES, PENALTIES, CLIPPINGS):
        for kind in registry.values():
            for attribute in ("formula", "backward_formula", "derivative_formula"):
                yield getattr(kind, attribute, None)
    for loss in LOSSES.values():  # and their forms on logits
        for form in loss.on_logits.values():
            yield from (form.formula, form.derivative_formula)
    for kind in OPTIMIZERS.values():
        yield from kind.formula.updates.values() if hasattr(kind, "formula") else ()


def test_every_formula_is_well_formed():
    for text in {*filter(None, all_formulas())}:
        assert len(ElementTree.fromstring(f"<math>{printed(text, MATHML)}</math>")), text
        source = printed(text, LATEX)
        assert source.count("{") == source.count("}"), text
        assert source.count(r"\left") - source.count(r"\left ") == source.count(r"\right"), text
        assert source.count(r"\begin") == source.count(r"\end"), text
        line = printed(text)
        assert "\n" not in line and line.count("(") == line.count(")"), text


def test_numbers_replace_symbols():
    matrix = TextBlock.of("[", TextBlock(("1 2", "3 4")), "]")
    column = TextBlock.of("[", TextBlock(("1", "3")), "]")
    operands = {"W": matrix, "x.T": column, "eta": "0.1"}
    printer = Printer(UNICODE, operands, frozenset({"eta"}), numeric=True)
    assert str(printer.show(Expression.parse("W - eta * (W @ x.T)"))).splitlines() == [
        "⎡1 2⎤ − 0.1 · ⎛⎡1 2⎤ ⎡1⎤⎞",
        "⎣3 4⎦         ⎝⎣3 4⎦ ⎣3⎦⎠",
    ]


def test_user_defined_names_are_printed_whole():
    assert Name("offset", "2").text == "offset₂"
    assert LATEX.name(Name("my_gain")) == r"\mathit{my\_gain}"
    assert MATHML.name(Name("a<b")) == "<mi>a&lt;b</mi>"
    assert Name("delta", "1", d=True).text == "ddelta₁"
    assert MATHML.name(Name("mubar", "2")).startswith("<msub><mover>")
    assert Name("m", of=Name("W", "12")).text == "m[W₁₂]"
