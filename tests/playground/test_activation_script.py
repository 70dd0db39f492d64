"""Activations in JavaScript: the values of NumPy, also for numbers that are infinite or none."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from barenet.activations import ACTIVATIONS
from barenet.playground._page_files import bundle
from barenet.playground.state._page_state import HIDDEN_ACTIVATIONS

#: Numbers beyond those that a network has, too; NaN is the name of the last one in JavaScript.
INPUTS = [*np.linspace(-9, 9, 37), -1000.0, 1000.0, -np.inf, np.inf, np.nan]

PRINT = """
const inputs = INPUTS.map(Number);
const values = {};
for (const [name, activation] of Object.entries($["network/activations.js"].ACTIVATIONS)) {
  values[name] = inputs.map((z) => String(activation(z)));
}
console.log(JSON.stringify(values));
"""


def node() -> Path:
    """The path of Node.js, which comes with Playwright."""
    found = shutil.which("node")
    if found is not None:
        return Path(found)
    playwright = pytest.importorskip("playwright", reason="there is no Node.js here")
    return Path(playwright.__file__).parent / "driver" / "node"


def values_in_javascript() -> dict[str, list[str]]:
    names = {np.inf: "Infinity", -np.inf: "-Infinity"}
    inputs = [names.get(number, repr(float(number))) for number in INPUTS]
    script = bundle("network/activations.js") + PRINT.replace("INPUTS", json.dumps(inputs))
    command = [node(), "--input-type=commonjs", "-"]
    done = subprocess.run(command, input=script, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_javascript_computes_what_numpy_computes():
    computed = values_in_javascript()
    for name in [*HIDDEN_ACTIVATIONS, "exponential"]:
        values = np.array(computed[name], float)
        with np.errstate(all="ignore"):
            expected = ACTIVATIONS[name]().forward(np.array([INPUTS]))
        tolerance = 1e-15
        if name == "gelu":  # whose normal distribution is an approximation
            tolerance = 1e-6
        np.testing.assert_allclose(values, expected[0], rtol=1e-12, atol=tolerance, err_msg=name)
