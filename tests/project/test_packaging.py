"""The package: its version, what importing it costs, and its extras."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import barenet
from barenet._extras import EXTRAS, require
from barenet.errors import BarenetError, MissingExtraError

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
SLOW = {"sklearn", "scipy", "numba", "matplotlib", "pyarrow"}


def test_the_version_is_that_of_the_project_and_of_the_change_log():
    changes = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert barenet.__version__ == PROJECT["version"]
    assert barenet.__version__ in re.findall(r"^## \[(.+?)\]", changes, re.MULTILINE)


@pytest.mark.integration
@pytest.mark.parametrize(
    ("command", "needed", "slow"),
    [
        (["-c", "import barenet"], "barenet", {*SLOW, *EXTRAS.values(), "rich", "numpy"}),
        ([str(Path(sys.executable).with_name("barenet")), "--help"], "cyclopts", SLOW),
    ],
    ids=["import", "help"],
)
def test_packages_that_are_slow_to_import_are_imported_when_they_are_needed(command, needed, slow):
    """Packages are counted, not milliseconds: a count is the same on a busy machine."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", *command], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    packages = {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}
    assert packages & {needed, *slow} == {needed}


def test_a_notebook_completes_every_public_name():
    program = "import barenet; print(*set(barenet.__all__) - set(dir(barenet)))"
    assert subprocess.check_output([sys.executable, "-c", program], text=True).split() == []


@pytest.mark.parametrize("extra", EXTRAS)
def test_a_missing_extra_is_one_line_with_the_command_that_installs_it(extra):
    with pytest.raises(MissingExtraError) as error:
        require("barenet_has_no_such_module", extra=extra, purpose="a picture")
    command = f"pip install '.[{extra}]', in a copy of the repository"
    assert str(error.value) == f"a picture needs {EXTRAS[extra]}: {command}"
    assert isinstance(error.value, BarenetError)
    assert isinstance(error.value, ImportError)


@pytest.mark.case(225)
def test_every_file_of_others_is_in_the_notices_with_its_license():
    """The project draws and writes its own files as text; binary files of the package are data."""
    notices = (ROOT / "NOTICES.md").read_text("utf-8")
    rows = re.findall(r"^\| `(.+?)` \|.*\| \[(.+?)\]\((.+?)\) \|$", notices, re.MULTILINE)
    named = {path for path, _, _ in rows}
    binary = [
        path
        for path in (ROOT / "src" / "barenet").rglob("*.*")
        if "__pycache__" not in path.parts and b"\0" in path.read_bytes()
    ]
    assert len(binary) > 5
    assert {path.relative_to(ROOT).as_posix() for path in binary} <= named
    assert [path for path in named if not (ROOT / path).exists()] == []
    licenses = {name for _, name, _ in rows}
    assert PROJECT["license"].split(" AND ") == ["MIT", *sorted(licenses)]
    shipped = set()
    for pattern in PROJECT["license-files"]:
        files = [path.relative_to(ROOT).as_posix() for path in ROOT.glob(pattern)]
        assert files != []
        shipped.update(files)
    assert {"LICENSE", "NOTICES.md"} | {text for _, _, text in rows} == shipped


@pytest.mark.case(177)
def test_no_command_installs_from_an_index_without_a_release():
    """Until the first release, `barenet[onnx]` on an index is missing, or somebody else's."""
    folder = Path(__file__).parents[2]
    listed = subprocess.check_output(["git", "ls-files"], cwd=folder, text=True).splitlines()
    wrong = []
    for name in listed:
        path = folder / name
        is_text = path.suffix in (".py", ".md", ".js", ".html", ".toml", ".yml", ".ipynb")
        # The steps of a release come after it, and old entries of the changelog stay.
        if is_text and path.exists() and path.name not in ("RELEASING.md", "CHANGELOG.md"):
            text = path.read_text("utf-8")
            wrong.extend(
                f"{name}: {command}"
                for command in re.findall(r"pip install [^`\n]*", text)
                if re.search(r"""['" ]barenet(\[|['"]? |==|$)""", command)
            )
    assert wrong == []


#: Platforms by the values of environment markers, with a Python that has a wheel of this Numba.
WHEELS = [
    ("linux", "x86_64", "CPython", "3.14", "0.68.1"),
    ("linux", "aarch64", "CPython", "3.14", "0.68.1"),
    ("darwin", "arm64", "CPython", "3.14", "0.68.1"),
    ("darwin", "x86_64", "CPython", "3.13", "0.62.1"),
    ("win32", "AMD64", "CPython", "3.14", "0.68.1"),
    ("win32", "ARM64", "CPython", "3.14", "0.68.1"),
    ("darwin", "x86_64", "CPython", "3.14", None),
    ("linux", "armv7l", "CPython", "3.13", None),
    ("linux", "ppc64le", "CPython", "3.13", None),
    ("linux", "riscv64", "CPython", "3.13", None),
    ("linux", "s390x", "CPython", "3.13", None),
    ("linux", "x86_64", "PyPy", "3.11", None),
    ("emscripten", "wasm32", "CPython", "3.13", None),
]


@pytest.mark.parametrize(("system", "machine", "implementation", "python", "version"), WHEELS)
def test_numba_is_required_where_it_has_a_wheel(system, machine, implementation, python, version):
    environment = {
        "sys_platform": system,
        "platform_machine": machine,
        "platform_python_implementation": implementation,
        "python_version": python,
    }
    specifiers = []
    for text in PROJECT["dependencies"]:
        requirement = Requirement(text)
        if requirement.name == "numba" and requirement.marker.evaluate(environment):
            specifiers.append(requirement.specifier)
    if version is None:
        assert specifiers == []
    else:
        [specifier] = specifiers
        assert version in specifier


def test_the_extras_are_those_that_the_package_declares():
    for extra, module in EXTRAS.items():
        declared = PROJECT["optional-dependencies"][extra]
        assert any(requirement.startswith(module) for requirement in declared)
