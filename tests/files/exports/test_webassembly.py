"""WebAssembly: the command and the script of the documentation, run in Node.js."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from barenet import MLPClassifier, export, load_dataset

PAGE = (Path(__file__).parents[3] / "docs" / "export.md").read_text("utf-8")
SECTION = PAGE.partition("## WebAssembly\n")[2].partition("\n## ")[0]

#: Node.js has no files in `fetch`, as a browser has.
FETCH = """
import { readFileSync } from "node:fs";
const type = { headers: { "content-type": "application/wasm" } };
globalThis.fetch = async (name) => new Response(readFileSync(name), type);
"""

IRIS = load_dataset("iris")


def node():
    """The path of Node.js, which comes with Playwright."""
    if found := shutil.which("node"):
        return found
    playwright = pytest.importorskip("playwright", reason="there is no Node.js here")
    return Path(playwright.__file__).parent / "driver" / "node"


def compiled(folder):
    """Run the command of the documentation."""
    text = re.search(r"^clang .*?[^\\]\n", SECTION, re.DOTALL | re.MULTILINE)[0]
    command = shlex.split(text.replace("\\\n", ""))
    probe = [*command[:3], "-include", "math.h", "-E", "-"]
    if not shutil.which("clang") or subprocess.run(probe, input=b"").returncode:
        libraries = "clang lld wasi-libc libclang-rt-dev-wasm32"
        pytest.skip(f"this needs {libraries} of Debian, which .ci/run installs")
    subprocess.run(command, cwd=folder, check=True)


@pytest.mark.integration
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("options", [{}, {"arithmetic": "int8", "calibration": IRIS.X}])
def test_the_script_of_the_documentation_predicts_like_the_model(tmp_path, options):
    model = MLPClassifier(8, max_iter=50, random_state=0).fit(IRIS.X, IRIS.y)
    export(model, tmp_path / "iris.c", **options)
    compiled(tmp_path)
    script = re.search("```js\n(.*)```", SECTION, re.DOTALL)[1]
    one = script[script.index("x.set") :]
    rows = [one.replace("5.1, 3.5, 1.4, 0.2", ", ".join(map(str, row))) for row in IRIS.X]
    (tmp_path / "it.mjs").write_text(FETCH + script.replace(one, "\n".join(rows)), "utf-8")
    command = [node(), "it.mjs"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    found = np.array([line.split() for line in done.stdout.splitlines()], float)
    tolerance = 0.03 if options else 1e-6
    np.testing.assert_allclose(found, model.predict_proba(IRIS.X), atol=tolerance)
    assert (tmp_path / "iris.wasm").stat().st_size < 8_000
