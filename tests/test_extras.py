"""A missing extra is one line with the command that installs it."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from barenet._extras import EXTRAS, require
from barenet.errors import BarenetError, MissingExtraError

PROJECT = Path(__file__).parents[1] / "pyproject.toml"


@pytest.mark.parametrize("extra", EXTRAS)
def test_what_is_missing_is_said_with_the_command(extra):
    with pytest.raises(MissingExtraError) as error:
        require("barenet_has_no_such_module", extra=extra, purpose="a picture")
    assert str(error.value) == (f"a picture needs {EXTRAS[extra]}: pip install 'barenet[{extra}]'")
    assert isinstance(error.value, BarenetError)
    assert isinstance(error.value, ImportError)


def test_the_extras_are_those_that_the_package_declares():
    declared = tomllib.loads(PROJECT.read_text("utf-8"))["project"]["optional-dependencies"]
    for extra, module in EXTRAS.items():
        assert any(requirement.startswith(module) for requirement in declared[extra])


def test_no_extra_is_imported_before_it_is_needed():
    script = (
        "import sys, barenet\n"
        "from barenet._extras import EXTRAS\n"
        "print([module for module in EXTRAS.values() if module in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")
