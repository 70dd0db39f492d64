"""The visible cells of the tutorials run for a reader who has installed barenet with pip.

They run from the top down in an empty folder, with a copy of the package that lies outside the
repository. Cells with a tag are hidden, at least in part, and left out.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import barenet

ROOT = Path(__file__).parents[2]
FIRST, TUTORIALS = ROOT / "docs/first-network.md", sorted((ROOT / "docs/tutorials").glob("*.md"))
#: The build of the documentation executes them all in any case, as notebooks.
PAGES = [FIRST, *(pytest.param(page, marks=pytest.mark.slow) for page in TUTORIALS)]
CELL = re.compile(
    r"^```\{code-cell\}[^\n]*\n(?P<tags>:tags:[^\n]*\n)?(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
SECONDS = 240


def as_script(page: Path) -> str:
    """The visible cells as one program; those of bash stop it where a command fails."""
    cells = [match for match in CELL.finditer(page.read_text("utf-8")) if not match["tags"]]
    assert cells, f"{page} has no visible cell"
    lines = ["import subprocess"]
    for code in (match["code"].strip() for match in cells):
        if code.startswith("%%bash"):
            shell = ["bash", "-eu", "-o", "pipefail", "-c", code.removeprefix("%%bash")]
            lines.append(f"subprocess.run({shell!r}, check=True)")
        else:
            lines.append(code)
    return "\n".join(lines)


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A folder with the package as pip would install it."""
    source, site = Path(barenet.__file__).parent, tmp_path_factory.mktemp("site")
    shutil.copytree(source, site / "barenet")
    return site


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in (FIRST, *TUTORIALS)])
def test_the_visible_cells_run_outside_the_repository(page, installed, tmp_path):
    for download in re.findall(r"\]\((\w+\.csv)\)", page.read_text("utf-8")):
        shutil.copy(page.parent / download, tmp_path)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    data = str(ROOT / "tests" / "data" / "mnist_slice")
    done = subprocess.run(
        [sys.executable, "-c", as_script(page)], cwd=tmp_path, timeout=SECONDS, text=True,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(installed), "BARENET_DATA": data},
        stdin=subprocess.DEVNULL, capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert str(ROOT) not in as_script(page)
