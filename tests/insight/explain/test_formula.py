from __future__ import annotations

import ast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barenet.insight.explain.formula import Formula

RNG = np.random.default_rng(0)
X, W, b = RNG.normal(size=(4, 3)), RNG.normal(size=(3, 2)), RNG.normal(size=(1, 2))


def written(text, **numbers):
    return ast.unparse(Formula.parse(text, **numbers).tree)


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
def test_what_numbers_make_superfluous_is_left_out(text, numbers, shown):
    assert written(text, **numbers) == shown


def test_names_are_those_of_quantities():
    formula = Formula.parse("dA if Z > 0 else slope * exp(dA) + over_samples(W.T @ X)", slope=2)
    assert formula.names == {"dA", "Z", "W", "X"}
    assert formula.has_product and not Formula.parse("A * B").has_product


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
    ],
)
def test_a_formula_is_what_numpy_computes(text, expected):
    formula = Formula.parse(text)
    np.testing.assert_allclose(formula.evaluate({"X": X, "W": W, "b": b}), expected)
    turned = formula.transposed()
    np.testing.assert_allclose(turned.evaluate({"X": X.T, "W": W.T, "b": b.T}), expected.T)
    again = turned.transposed()
    assert ast.unparse(again.tree) == ast.unparse(formula.tree) and again.samples_axis == 0


@given(st.lists(st.sampled_from(["@ B", "@ C.T", "+ A", "* A"]), max_size=6))
def test_any_chain_of_products_is_transposed(parts):
    """(A B)ᵀ = Bᵀ Aᵀ, however they are nested."""
    text = "A"
    for part in parts:
        text = f"({text}) {part}"
    values = {name: RNG.normal(size=(3, 3)) for name in "ABC"}
    turned = {name: value.T for name, value in values.items()}
    formula = Formula.parse(text)
    np.testing.assert_allclose(
        formula.transposed().evaluate(turned), formula.evaluate(values).T, rtol=1e-9
    )


def test_the_logarithm_of_nothing_times_nothing_is_nothing():
    zero, one = np.zeros((1, 1)), np.ones((1, 1))
    formula = Formula.parse("times_ln(y, p)")
    assert formula.evaluate({"y": zero, "p": zero}) == 0
    assert formula.evaluate({"y": one, "p": one}) == 0


@pytest.mark.parametrize("text", ["[1, 2]", "x[0]", "lambda: 1", "x and y"])
def test_what_is_no_formula_is_said(text):
    with pytest.raises(ValueError, match="is more than it can hold"):
        Formula.parse(text).evaluate({"x": X, "y": X})
