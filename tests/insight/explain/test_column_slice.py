"""One column of an equation is what the whole has there, by a formula that gives it."""

from __future__ import annotations

import numpy as np
import pytest

from barenet._expressions import Expression
from barenet.insight.explain._document import Equation, Quantity
from barenet.insight.explain._name import Name
from barenet.insight.explain._neuron import column_slice

RNG = np.random.default_rng(0)
SHAPES = {"X": (5, 3), "W": (3, 4), "b": (4,), "dZ": (5, 4), "V": (4, 2), "dA": (5, 2)}


def equation(text: str, shape: tuple[int, ...] | None = None, **numbers: float) -> Equation:
    formula = Expression.parse(text, **numbers)
    operands = {
        name: Quantity.of(Name(name, "1"), RNG.normal(size=SHAPES[name]))
        for name in sorted(formula.names)
    }
    value = formula.evaluate({name: each.value for name, each in operands.items()})
    return Equation(
        Quantity.of(Name("R", "1"), value.reshape(shape or value.shape)), formula, operands
    )


@pytest.mark.parametrize("column", range(4))
@pytest.mark.parametrize(
    ("text", "shape"),
    [
        ("X @ W + b", None),
        ("dA @ V.T", None),
        ("X.T @ dZ", None),
        ("over_samples(dZ)", (4,)),
        ("(dZ - mean_samples(dZ)) / 2", None),
        ("dZ if dZ > 0 else 0.1 * exp(dZ)", None),
        ("b - 0.1 * b**2", (4,)),
    ],
)
def test_a_column_by_itself(text, shape, column):
    whole = equation(text, shape)
    mine = column_slice(whole, column)
    expected = whole.result.value[:, [column]].reshape(mine.result.value.shape)
    np.testing.assert_array_equal(mine.result.value, expected)
    np.testing.assert_allclose(mine.evaluate().reshape(expected.shape), expected, rtol=1e-14)
    assert mine.result.shape == whole.result.shape[:-1]
    assert mine.result.name.text == f"R₁,{'₁₂₃₄'[column]}"


def test_what_is_needed_of_each_operand():
    forward = column_slice(equation("X @ W + b"), 2).operands
    sizes = {name: each.shape for name, each in forward.items()}
    assert sizes == {"X": (5, 3), "W": (3,), "b": ()}
    back = column_slice(equation("dA @ V.T"), 2).operands
    assert back["V"].name.text == "V₁←₃" and back["V"].shape == (1, 2)


@pytest.mark.parametrize("text", ["exp(dZ) / over_outputs(exp(dZ))", "over_outputs(dZ)"])
def test_what_needs_its_neighbours_stays_whole(text):
    whole = equation(text)
    assert column_slice(whole, 1) is whole


def test_differences_are_cut_too():
    whole = equation("X @ W + b")
    differences = RNG.normal(size=(5, 4))
    given = Equation(whole.result, whole.formula, whole.operands, differences=differences)
    np.testing.assert_array_equal(column_slice(given, 3).differences, differences[:, [3]])
