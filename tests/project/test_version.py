"""One version, told three times: to pip, to Python and to the reader of the change log."""

import re
import tomllib
from pathlib import Path

import barenet

ROOT = Path(__file__).parents[2]
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]


def test_python_tells_the_version_of_the_project():
    assert barenet.__version__ == VERSION


def test_the_change_log_has_a_section_for_the_version():
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.M)
    assert VERSION in headings
