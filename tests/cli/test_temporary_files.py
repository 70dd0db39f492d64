"""Commands leave nothing in the folder of temporary files, also when they are interrupted."""

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

ROWS = "".join(f"{n % 13 / 3},{'ab'[n % 2]},{n % 13 + n % 2}\n" for n in range(120))
TABLE = "size,town,price\n" + ROWS
QUICK = ("--target", "price", "--model", "network", "--epochs", "2", "--no-baselines")


@pytest.fixture
def temporary(tmp_path):
    """An empty folder for the temporary files of a process."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


@pytest.fixture
def environment(temporary):
    """The environment of a process with that folder."""
    return dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(temporary))


@pytest.mark.slow
@pytest.mark.case(187)
def test_commands_leave_no_temporary_files(process, environment, temporary, tmp_path):
    (tmp_path / "prices.csv").write_text(TABLE)
    remote = (tmp_path / "store").as_uri()
    commands = [
        ("train", (tmp_path / "prices.csv").as_uri(), *QUICK, "--out", f"{remote}/run"),
        ("predict", f"{remote}/run", "prices.csv", "--out", f"{remote}/scores.csv"),
        ("report", f"{remote}/run"),
        ("export", f"{remote}/run", "--to", "c", "--out", f"{remote}/edge/"),
        ("predict", f"{remote}/none", "prices.csv"),
    ]
    statuses = []
    for command in commands:
        running = process(*command, environment=environment)
        running.communicate(timeout=300)
        statuses.append(running.returncode)
        assert list(temporary.iterdir()) == [], command
    assert statuses[:-1] == [0] * (len(commands) - 1), "they have worked"
    assert statuses[-1] != 0, "there is no such run"


@pytest.mark.case(187)
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to send to a process")
def test_an_interrupted_command_leaves_no_temporary_files(
    process, environment, temporary, tmp_path
):
    (tmp_path / "prices.csv").write_text(TABLE)
    run = f"{(tmp_path / 'store').as_uri()}/run"
    source = (tmp_path / "prices.csv").as_uri()
    options = (
        "--target",
        "price",
        "--model",
        "network",
        "--epochs",
        "10000000",
        "--verbose-epoch",
        "1",
    )
    running = process("train", source, *options, "--out", run, environment=environment)
    for line in running.stderr:
        if line.strip().startswith("epoch"):
            break
    assert list(temporary.iterdir()), "its copies are there"
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=300)
    assert running.returncode == 143
    assert list(temporary.iterdir()) == []


TESTS = """
    import tempfile
    from pathlib import Path

    def test_a_folder_that_stays():
        assert Path(tempfile.mkdtemp(prefix="barenet-")).exists()
"""


@pytest.mark.case(187)
def test_tests_leave_no_temporary_files(environment, temporary, tmp_path):
    """In a worker of pytest-xdist."""
    project = tmp_path / "project"
    project.mkdir()
    conftest = Path(__file__).parents[1] / "conftest.py"
    (project / "conftest.py").write_text(conftest.read_text("utf-8"), "utf-8")
    (project / "test_it.py").write_text(textwrap.dedent(TESTS))
    (project / "pytest.ini").write_text("[pytest]\n")
    command = [sys.executable, "-m", "pytest", "-q", "-n", "1"]
    done = subprocess.run(
        [*command, "--basetemp", str(tmp_path / "base")],
        cwd=project,
        env={**os.environ, **environment},
        text=True,
        capture_output=True,
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr
    assert list(temporary.iterdir()) == []
