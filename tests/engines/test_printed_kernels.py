"""Formulas in terms of lanes; the tests of the engines compute with those of each activation."""

import pytest

from barenet.engines.kernels._activations import lanes_code


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("relu", "max(0, Z)", "where(z <= 0, 0, z)"),
        ("relu", "Z / (1 + abs(Z))", "z / (1 + absolute(z))"),
        ("relu", "dA * (1 - abs(A))**2", "(1 - absolute(a)) * (1 - absolute(a))"),
        ("relu", "Z**3 + exp(-Z)", "z * z * z + exp(-z)"),
        ("elu", "dA if Z > 0 else dA * (A + alpha)", "where(z > 0, 1, a + c)"),
        ("elu", "Z if Z > 0 else alpha * expm1(min(0, Z))", "where(z > 0, z, c * expm1(z))"),
        ("mish", "Z * tanh(softplus(Z))", "z * mish_gate(z)"),
        ("relu", "sign(Z)", "where(z > 0, 1, where(z < 0, -1, 0))"),
        ("relu", "clip(Z, 0, 6)", "where(where(z <= 0, 0, z) >= 6, 6, where(z <= 0, 0, z))"),
    ],
)
def test_a_formula_in_terms_of_lanes(name, text, code):
    assert lanes_code(name, text) == code
