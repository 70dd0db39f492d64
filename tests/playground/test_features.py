from __future__ import annotations

import math

import numpy as np
import pytest

from barenet.playground._features import FEATURES

A, B = 0.7, -1.3
WORKED = {
    "x1": A,
    "x2": B,
    "x1^2": 0.49,
    "x2^2": 1.69,
    "x1*x2": -0.91,
    "sin(x1)": math.sin(A),
    "sin(x2)": math.sin(B),
}


@pytest.mark.parametrize("name", FEATURES)
def test_the_formula_and_its_python_are_what_the_name_says(name):
    u = np.array([[A, B]])
    feature = FEATURES[name]
    assert feature.formula(u[:, 0], u[:, 1])[0] == pytest.approx(WORKED[name])
    assert eval(feature.code, {"np": np, "u": u})[0] == pytest.approx(WORKED[name])
    assert feature.n_columns == (2 if "x2" in name else 1)
