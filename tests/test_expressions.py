"""Expressions: what NumPy computes, transposed and simplified; and those of every class."""

import ast
import re
from string import Formatter

import numpy as np
import pytest
from scipy import special

from barenet._expressions import OPERATIONS, Expression, check_formulas, declared
from barenet.activations import ACTIVATIONS, LeakyReLU, ReLU
from barenet.errors import ArgumentError
from barenet.losses import LOSSES
from barenet.model.losses import logits_form
from barenet.optimization._penalties import PENALTIES
from barenet.optimization.optimizers._optimizer import CLIPPINGS
from barenet.optimizers import OPTIMIZERS

#: Formulas that `explain` and the exports need.
NEEDED = {"formula", "backward_formula", "derivative_formula"}
#: What Python allows, and the formula of an activation does not.
UNSUPPORTED = [
    "[Z, Z]", "Z[0]", "lambda: Z", "Z and Z", "Z // 2", "Z @ Z", "Z.T", "cosh(Z)", "total(Z)",
    "max(0, Z, 1)", "clip(Z, min=0)", "2 * (Z > 0)", "Z if Z else 0", "1 < Z < 2", "Z + 'a'",
]  # fmt: skip

RNG = np.random.default_rng(0)
X, W, b = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 2)), RNG.normal(size=(1, 2))


def written(text, **numbers):
    return ast.unparse(Expression.parse(text, **numbers).tree)


@pytest.mark.parametrize(
    ("text", "numbers", "shown"),
    [
        ("factor * (A - Y)", {"factor": 1}, "A - Y"),
        ("2 * factor * (A - Y)", {"factor": 0.5}, "A - Y"),
        ("2 * factor * (A - Y)", {"factor": 1.5}, "3.0 * (A - Y)"),
        ("(A - Y) / n", {"n": 1}, "A - Y"),
        ("(A - Y) / n", {"n": 4}, "(A - Y) / 4"),
        ("sqrt(v) + eps + hat / sqrt(w)", {"hat": 0.0}, "sqrt(v) + eps"),
        ("(1 - q) * e", {"q": 0.25}, "0.75 * e"),
        ("clip(g, -c, c)", {"c": 2}, "clip(g, -2, 2)"),
    ],
)
def test_neutral_terms_are_simplified_away(text, numbers, shown):
    assert written(text, **numbers) == shown


def test_symbols_name_quantities():
    formula = Expression.parse("dA if Z > 0 else slope * exp(dA) + over_samples(W.T @ X)", slope=2)
    assert formula.names == {"dA", "Z", "W", "X"}
    assert formula.has_product and not Expression.parse("A * B").has_product


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("X @ W + b", X @ W + b),
        ("X.T @ (X @ W)", X.T @ (X @ W)),
        ("over_samples(X @ W)", (X @ W).sum(axis=0, keepdims=True)),
        ("over_outputs(X)", X.sum(axis=1, keepdims=True)),
        ("mean_samples(X)", X.mean(axis=0, keepdims=True)),
        ("mean_outputs(X**2)", (X**2).mean(axis=1, keepdims=True)),
        ("exp(X) / over_outputs(exp(X))", np.exp(X) / np.exp(X).sum(axis=1, keepdims=True)),
        ("-X if X > 0 else 0", np.where(X > 0, -X, 0)),
        ("total(abs(X))", np.abs(X).sum()),
        ("times_ln(0 * X, 0 * X)", 0 * X),
    ],
)
def test_formulas_evaluate_like_numpy(text, expected):
    formula = Expression.parse(text)
    np.testing.assert_allclose(formula.evaluate({"X": X, "W": W, "b": b}), expected)
    turned = formula.transposed()
    np.testing.assert_allclose(turned.evaluate({"X": X.T, "W": W.T, "b": b.T}), expected.T)
    again = turned.transposed()
    assert ast.unparse(again.tree) == ast.unparse(formula.tree) and again.samples_axis == 0


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        *((text, "is not supported; a formula may have") for text in UNSUPPORTED),
        ("slop * Z", "unknown name 'slop', did you mean 'slope'[?]; it may have Z, slope$"),
        ("tanh(Z", "'tanh.Z' is not an expression: '[(]' was never closed$"),
        ("tanh(Z)", "it differs from `forward`; correct one of them$"),
    ],
)
def test_a_wrong_formula_is_refused(text, problem):
    activation = type("Mine", (LeakyReLU,), {"formula": text})()
    with pytest.raises(ArgumentError, match=f"^model: `formula` of Mine: .*{problem}"):
        check_formulas(activation, "model", "formula")


def test_a_formula_of_another_shape_is_refused():
    """An export would return one number for a whole row."""

    class Most(LeakyReLU):
        formula = "max_outputs(Z)"

        def forward(self, Z):
            return np.repeat(Z.max(axis=1, keepdims=True), Z.shape[1], axis=1)

    with pytest.raises(ArgumentError, match="`formula` of Most: it differs from `forward`"):
        check_formulas(Most(), "model", "formula")


@pytest.mark.parametrize(
    ("name", "oracle"),
    {
        **{name: getattr(special, name) for name in ("erf", "erfc", "expm1", "log1p")},
        "clip": lambda x: np.clip(x, 0, 0.8),
        "density": lambda x: np.exp(-x * x / 2) / np.sqrt(2 * np.pi),
        "normal": special.ndtr,
        "sigmoid": special.expit,
        "sign": np.sign,
        "softplus": lambda x: np.logaddexp(x, 0),
    }.items(),
)
def test_function_definitions(name, oracle):
    x, text = np.linspace(-0.9, 3, 30), "clip(x, 0, 0.8)" if name == "clip" else f"{name}(x)"
    found = Expression.parse(text).expanded({"normal" if name == "erf" else "erf"})
    np.testing.assert_allclose(found.evaluate({"x": x}), oracle(x), atol=1e-15)
    assert OPERATIONS[name].definition


EVERY = [
    *ACTIVATIONS.values(), *LOSSES.values(), *PENALTIES.values(), *CLIPPINGS.values(),
    *(kind for name, kind in OPTIMIZERS.items() if name != "lbfgs"),
    *dict.fromkeys(
        type(logits_form(loss(), f())[0]) for loss in LOSSES.values() for f in ACTIVATIONS.values()
    ),
]  # fmt: skip


def test_every_class_declares_its_formulas():
    for kind in EVERY:
        needed = [name for name in vars(kind.__mro__[1]) if name in NEEDED]
        for name in needed:
            assert vars(kind).get(name), f"{kind.__name__} has no `{name}`; add it"


def test_formulas_of_an_activation():
    for kind in ACTIVATIONS.values():
        check_formulas(kind(), "activation", "formula", "backward_formula", "stable_formula")


@pytest.mark.parametrize("name", sorted(OPTIMIZERS.keys() - {"lbfgs", "muon"}))
def test_symbols_of_an_optimizer(name):
    """But of those that describe their steps in words, which are no formula of each weight."""
    kind = OPTIMIZERS[name]
    updates, settings, text = kind.formula
    moments = [letter for letter in updates if letter != "theta"]
    assert len(moments) == len(kind.moment_names) == len(updates) - 1
    assert all(hasattr(kind, option) for option in settings.values())
    assert {field for _, field, _, _ in Formatter().parse(text) if field} == settings.keys()
    assert set(moments) <= set(re.findall(r"\b\w\b", text)) and text.endswith(".")


def test_overridden_methods_lose_the_inherited_formula():
    class Doubled(ReLU):
        def forward(self, Z):
            return 2 * super().forward(Z)

    class Renamed(ReLU):
        name = "renamed"

    assert declared(Doubled(), "formula") is None
    assert declared(Renamed(), "formula") == ReLU.formula
