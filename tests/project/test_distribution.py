"""The wheel and the sdist: built, checked as PyPI does, installed and used elsewhere."""

import email
import json
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import urllib.request
import venv
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from filelock import FileLock
from packaging.requirements import Requirement

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "barenet"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
VERSION = PROJECT["version"]


def run(*command: object, folder: Path) -> str:
    """Run a command outside of the repository, and return its output."""
    names = os.environ.keys() - {"PYTHONPATH", "VIRTUAL_ENV"}
    done = subprocess.run(
        [*map(str, command)], cwd=folder, env={name: os.environ[name] for name in names},
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def built(tmp_path_factory, worker_id) -> Path:
    """A folder with the sdist, and the wheel made from it; the build needs no network."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "dist"
    with FileLock(f"{folder}.lock"):  # one worker builds for all
        if not folder.exists():
            build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", f"{folder}.part"]
            run(*build, ROOT, folder=base)
            Path(f"{folder}.part").rename(folder)
    return folder


@pytest.fixture(scope="session")
def wheel(built) -> Path:
    return built / f"barenet-{VERSION}-py3-none-any.whl"


@pytest.fixture(scope="session")
def sdist(built) -> Path:
    return built / f"barenet-{VERSION}.tar.gz"


def test_the_wheel_has_every_file_of_the_package_and_no_other(wheel):
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    files = [path for path in PACKAGE.rglob("*.*") if path.parent.name != "__pycache__"]
    assert names == {path.relative_to(PACKAGE.parent).as_posix() for path in files}
    assert "barenet/py.typed" in names


def test_the_sdist_can_be_built_and_tested(sdist):
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    needed = {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "src/barenet/py.typed"}
    assert needed <= names
    parts = {name.partition("/")[0] for name in names}
    assert parts & {".venv", ".venv-lower", "dist", "build", "runs", ".git"} == set()


@pytest.mark.case(225)
def test_the_texts_of_all_licenses_are_in_both(wheel, sdist):
    files = set()
    for pattern in PROJECT["license-files"]:
        files.update(path.relative_to(ROOT).as_posix() for path in ROOT.glob(pattern))
    folder = f"barenet-{VERSION}.dist-info"
    with zipfile.ZipFile(wheel) as archive:
        names = {*archive.namelist()}
        message = email.message_from_bytes(archive.read(f"{folder}/METADATA"))
    assert message["License-Expression"] == PROJECT["license"]
    assert {*message.get_all("License-File")} == files
    assert {f"{folder}/licenses/{name}" for name in files} <= names
    with tarfile.open(sdist) as archive:
        assert {f"barenet-{VERSION}/{name}" for name in files} <= {*archive.getnames()}


def test_the_files_pass_the_checks_of_pypi(wheel, sdist, tmp_path):
    run(sys.executable, "-m", "twine", "check", "--strict", wheel, sdist, folder=tmp_path)


def test_the_page_on_pypi_links_to_the_files_of_its_version(wheel):
    metadata = zipfile.ZipFile(wheel).read(f"barenet-{VERSION}.dist-info/METADATA")
    message = email.message_from_bytes(metadata)
    links = re.findall(r"\]\(([^)]+)\)|(?:src|srcset|href)=\"([^\"]+)\"", message.get_payload())
    addresses = [first or second for first, second in links]
    assert [each for each in addresses if not each.startswith(("https://", "#"))] == []
    assert "<!-- test:" not in message.get_payload()
    base = re.escape(PROJECT["urls"]["Source"])
    files = [
        re.fullmatch(rf"{base}/(blob|raw)/v{VERSION}/([^#]+)(#.*)?", each) for each in addresses
    ]
    paths = {match[2] for match in files if match}
    assert len(paths) > 10 and [path for path in paths if not (ROOT / path).exists()] == []


def commands(python: Path, folder: Path) -> None:
    """Use an installed barenet as its reader would first."""
    shell = python.with_name(f"barenet{python.suffix}")
    assert run(shell, "--version", folder=folder) == f"{VERSION}\n"
    where = run(python, "-c", "import barenet; print(barenet.__file__)", folder=folder)
    assert not Path(where.strip()).is_relative_to(ROOT)
    scores = run(shell, "train", "iris", "--epochs", 3, folder=folder)
    assert "confusion matrix" in scores
    assert (folder / "runs" / "iris" / "model.safetensors").exists()
    model, page = folder / "runs" / "iris", folder / "page.html"
    assert "setosa" in run(shell, "info", model, folder=folder)
    run(shell, "explain", "iris", "--out", page, folder=folder)
    assert page.stat().st_size > 10_000


def install(wheel: Path, folder: Path, *options: str) -> tuple[Path, Path]:
    """Install the wheel in an environment of its own: its Python, the folder of its packages."""
    venv.create(folder / "venv", with_pip=False)
    windows = os.name == "nt"
    python = folder / "venv" / ("Scripts/python.exe" if windows else "bin/python")
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet"]
    run(*pip, *options, wheel, folder=folder)
    program = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return python, Path(run(python, "-c", program, folder=folder).strip())


def test_the_wheel_works_outside_of_the_repository(wheel, tmp_path, monkeypatch):
    """Its dependencies are those of the tests, so it needs no network."""
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")  # the kernels would be compiled anew
    python, site = install(wheel, tmp_path, "--no-index", "--no-deps")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    commands(python, tmp_path)


SERVICE = ROOT / "examples" / "service"
PREDICT = """
import json, sys
from barenet import load
model = load(sys.argv[1])
record = {name: [value] for name, value in json.loads(sys.argv[2]).items()}
print(json.dumps(model.predict_proba(record).tolist()))
"""


def packages(requirements: list[str]) -> dict[str, metadata.Distribution]:
    """The installed packages that satisfy requirements, and those that these need."""
    found: dict[str, metadata.Distribution] = {}
    needed = [Requirement(line) for line in requirements]
    while needed:
        each = needed.pop()
        if each.name not in found and (each.marker is None or each.marker.evaluate({"extra": ""})):
            found[each.name] = metadata.distribution(each.name)
            assert each.specifier.contains(found[each.name].version)
            needed += map(Requirement, found[each.name].requires or [])
    return found


def test_the_container_of_the_service_needs_its_few_packages_alone(wheel, tmp_path):
    """Its command runs with them, and writes no file; the packages here need no network."""
    python, site = install(wheel, tmp_path, "--no-index", "--no-deps")
    lines = (SERVICE / "requirements.txt").read_text("utf-8").splitlines()
    for each in packages([line for line in lines if not line.startswith("#")]).values():
        for name in {path.parts[0] for path in each.files or []} - {".."}:
            target = Path(each.locate_file(name))
            if target.exists() and not (site / name).exists():
                (site / name).symlink_to(target)
    assert not any((site / name).exists() for name in ("numba", "scipy", "sklearn"))
    (command,) = re.findall(r"^CMD (\[.*\])$", (SERVICE / "Dockerfile").read_text("utf-8"), re.M)
    table, home = tmp_path / "table.csv", tmp_path / "home"
    table.write_text("size,town,kind\n" + "1,Rome,a\n2,Bern,b\n3,Rome,a\n4,Bern,b\n" * 20)
    options = ["--target", "kind", "--no-plots", "--out", tmp_path / "run"]
    run(sys.executable, "-m", "barenet", "train", table, *options, folder=tmp_path)
    model, token = tmp_path / "run" / "model.safetensors", tmp_path / "token"
    token.write_text("secret")
    token.chmod(0o400)
    home.mkdir()
    places = {"/model.safetensors": str(model), "/run/secrets/token": str(token),
              "barenet": str(python.with_name("barenet"))}  # fmt: skip
    arguments = [places.get(each, each) for each in json.loads(command)]
    free = {name: str(home) for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME")}
    service = subprocess.Popen(
        [*arguments, "--port", "0"], cwd=home, env=free, stdout=subprocess.PIPE, text=True
    )
    with service:
        try:
            port = service.stdout.readline().rpartition(":")[2].strip("/\n")
            record = json.dumps({"size": 2.5, "town": "Rome"})
            address, headers = (
                f"http://127.0.0.1:{port}/predict",
                {"Authorization": "Bearer secret"},
            )
            request = urllib.request.Request(address, record.encode(), headers)
            with urllib.request.urlopen(request, timeout=30) as answer:
                found = json.load(answer)
        finally:
            service.terminate()
    assert service.returncode == 143 and not [*home.iterdir()]
    expected = json.loads(run(sys.executable, "-c", PREDICT, model, record, folder=tmp_path))
    assert [*found["probabilities"].values()] == pytest.approx(expected[0], abs=1e-6)


@pytest.mark.slow  # it downloads NumPy, SciPy, scikit-learn and Numba, and compiles all kernels
def test_the_wheel_installs_its_dependencies(wheel, tmp_path):
    python, _ = install(wheel, tmp_path)
    commands(python, tmp_path)
