"""The visible cells of lessons and tutorials run for a reader who has installed barenet with pip.

They run from the top down in an empty folder, with a copy of the package that lies outside the
repository. Cells with a tag are hidden, at least in part, and left out, but for the solutions of
the exercises: each runs on a copy of the names that are visible above it.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import fields
from itertools import groupby
from pathlib import Path
from urllib.parse import parse_qsl

import pytest

import barenet
from barenet.playground.lessons._lessons import built_in_course
from barenet.playground.state._page_state import NAMED, PageState

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
FIRST = ROOT / "docs/install.md"
TUTORIALS, LESSONS = (
    sorted((ROOT / "docs" / folder).glob("*.md")) for folder in ("tutorials", "learn")
)
#: The build of the documentation executes them all in any case, as notebooks.
PAGES = [FIRST]
PAGES.extend(pytest.param(page, marks=pytest.mark.slow) for page in (*LESSONS, *TUTORIALS))
CELL = re.compile(
    r"^```\{code-cell\}[^\n]*\n(?P<tags>(?::[^\n]*\n)*)(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL
)
#: The question of a page that its script checks: the answer, and the largest error.
QUESTION = re.compile(r'<form class="self-check" data-answer="(.+?)" data-within="(.+?)" hidden>')
SECONDS = 240


def as_script(page: Path) -> str:
    """The visible cells as one program; those of bash stop it where a command fails."""
    cells = list(CELL.finditer(page.read_text("utf-8")))
    assert not all(":tags:" in match["tags"] for match in cells), f"{page} has no visible cell"
    lines = ["import subprocess"]
    for tags, code in ((match["tags"], match["code"].strip()) for match in cells):
        if "Solution" in tags:
            lines.append(f"exec({code!r}, dict(globals()))")
        elif ":tags:" in tags:
            continue
        elif code.startswith("%%bash"):
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


def run_outside(script: str, installed: Path, folder: Path) -> list[str]:
    """Run a program in a folder with the installed package; the lines that it prints."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    data = str(ROOT / "tests" / "data" / "mnist_slice")
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, timeout=SECONDS, text=True,
        env={**os.environ, "PATH": path, "PYTHONPATH": str(installed), "BARENET_DATA": data},
        stdin=subprocess.DEVNULL, capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in (FIRST, *LESSONS, *TUTORIALS)])
def test_the_visible_cells_run_outside_the_repository(page, installed, tmp_path):
    for download in re.findall(r"\]\((\w+\.csv)\)", page.read_text("utf-8")):
        shutil.copy(page.parent / download, tmp_path)
    printed = run_outside(as_script(page), installed, tmp_path)
    assert str(ROOT) not in as_script(page)
    marks = [line.split()[0] for line in printed if re.match("Not yet|Right", line)]
    exercises = page.read_text("utf-8").count("\n### Exercise ")
    assert exercises >= 3 or page not in LESSONS
    assert [mark for mark, _ in groupby(marks)] == ["Not", "Right."] * exercises
    if page in LESSONS:
        [(answer, within)] = QUESTION.findall(page.read_text("utf-8"))
        [computed] = [float(line.split()[1]) for line in printed if line.startswith("answer: ")]
        assert computed == pytest.approx(float(answer), abs=float(within) / 10)


#: Exercises whose check has messages of its own: answers, and what is printed for each.
ANSWERS = {
    ("neuron", "check_2"): {
        "0.25": "Right.",
        "0.251": "Right.",
        "0.5": "Not yet: the output there is 0.622, not 0.5.",
        "-0.25": "Not yet: the output there is 0.269, not 0.5.",
    },
    ("descent", "check_3"): {
        "0.8": "Right.",
        "0.795": "Right.",
        "0.0001": "Not yet: this is too small, a rate just above it still converges.",
        "0.78": "Not yet: this is too small, a rate just above it still converges.",
        "0.82": "Not yet: this is too large, a rate just below it already diverges.",
        "8": "Not yet: this is too large, a rate just below it already diverges.",
    },
}


@pytest.mark.parametrize(("lesson", "check"), ANSWERS, ids=[lesson for lesson, _ in ANSWERS])
def test_a_wrong_answer_is_explained(lesson, check, installed, tmp_path):
    answers = ANSWERS[lesson, check]
    calls = [f"{check}({answer})" for answer in answers]
    script = "\n".join([as_script(ROOT / "docs/learn" / f"{lesson}.md"), *calls])
    assert run_outside(script, installed, tmp_path)[-len(calls) :] == list(answers.values())


@pytest.mark.parametrize("page", LESSONS, ids=[page.stem for page in LESSONS])
def test_the_playgrounds_of_the_lessons_exist(page):
    addresses = re.findall(r'^barenet play "#(.*)"', page.read_text("utf-8"), re.MULTILINE)
    lesson, *others = (dict(parse_qsl(each, keep_blank_values=True, strict_parsing=True))
                       for each in addresses)  # fmt: skip
    assert f"/lesson-{lesson['lesson']}.png)" in page.read_text("utf-8")
    assert others and lesson["lesson"] in built_in_course()
    for words in others:
        assert words.pop("data") in NAMED
        state = PageState()
        known = {field.name for field in fields(state.data)}
        known |= {f"net.{field.name}" for field in fields(state.networks[0])}
        known |= {name.replace("net.", "b.net.") for name in known if name.startswith("net.")}
        assert set(words) <= known | {"pace", "networks", "tests"}
