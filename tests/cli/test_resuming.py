"""``--resume``: a run that was ended in any way continues, and ends with the same model."""

import json
import re
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import barenet as package
from barenet import Checkpoint, Network, load
from barenet._messages import count_of
from barenet.cli._run_folder import RunFolder
from barenet.files._model_file import write_model
from barenet.settings._task_settings import HEADER

#: With dropout, another order in each epoch, and validation rows that decide when to stop.
RUN = ["iris", "--dropout", 0.1, "--patience", 2000, "--epochs", 3000]
FINISHED = ["history.jsonl", "model.safetensors", "settings.toml"]
OFTEN = ["--no-plots", "--checkpoint-every", "10ms"]

posix = pytest.mark.skipif(sys.platform == "win32", reason="these signals are POSIX'")
pytestmark = [pytest.mark.integration, posix]


@pytest.fixture(scope="module")
def undisturbed(train) -> Path:
    """The folder of the run whose files the others must have at the end."""
    return train(*RUN)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def curves(folder: Path) -> list[dict[str, float]]:
    lines = (folder / "history.jsonl").read_text().splitlines()
    return [{**json.loads(line), "seconds": 0} for line in lines]


def assert_same(folder: Path, undisturbed: Path) -> None:
    assert names(folder) == FINISHED
    for name in ("model.safetensors", "settings.toml"):
        assert (folder / name).read_bytes() == (undisturbed / name).read_bytes()
    assert curves(folder) == curves(undisturbed)


@pytest.mark.case(68, 69)
@pytest.mark.promise(15)
@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)],
    ids=["fault_68_sigint", "fault_69_sigterm", "fault_70_sigkill"],
)
def test_a_stopped_run_resumes(process, barenet, tmp_path, undisturbed, number, status):
    folder = tmp_path / "runs" / "iris"
    started = process("train", *RUN, *OFTEN)
    while not (folder / "checkpoint.safetensors").exists():
        assert started.poll() is None, started.communicate()[1]
        time.sleep(0.002)
    started.send_signal(number)
    _, err = started.communicate(timeout=100)
    assert started.returncode == status and "Traceback" not in err, err
    state = Checkpoint(folder).read()
    done_before = len(state["run"].get("curve_loss", ()))
    assert state["run"]["batch"] > 0 and done_before < 3000
    assert (folder / "model.safetensors").exists() == (number != signal.SIGKILL)
    if number != signal.SIGKILL:
        assert re.search(r"^stopped after \d+ of 3000 epochs: interrupted(; kept|$)", err, re.M)
        assert err.endswith("to resume it: barenet train --resume runs/iris\n")
    done = barenet("train", "--resume", "runs/iris", "--no-plots").ok()
    steps = count_of(state["run"]["batch"], "step")
    assert f"resuming after {count_of(done_before, 'epoch')} and {steps}\n" in done.err
    assert_same(folder, undisturbed)


def test_a_run_whose_time_is_over_is_resumed_with_another_limit(barenet, undisturbed):
    limited = barenet("train", *RUN, "--time-limit", "0.1s", "--no-plots").ok()
    reason = "the time limit of 0.1 s was reached"
    assert re.search(rf"^stopped after \d+ of 3000 epochs: {reason}(; kept|$)", limited.err, re.M)
    assert limited.err.endswith("to resume it: barenet train --resume runs/iris\n")
    assert (Path("runs/iris") / "model.safetensors").exists()
    barenet("train", "--resume", "runs/iris", "--time-limit", "1h", "--no-plots").ok()
    model = Path("runs/iris/model.safetensors").read_bytes()
    assert model == (undisturbed / "model.safetensors").read_bytes()
    assert names(Path("runs/iris")) == FINISHED


class Killed(BaseException):
    """The end of a run: no code after its checkpoint runs."""


@pytest.fixture
def killed(barenet, monkeypatch):
    """Train until the first checkpoint is written."""
    save = Checkpoint.save

    def save_and_end(self, run, state):
        save(self, run, state)
        raise Killed

    def train(*arguments: object) -> None:
        with monkeypatch.context() as patch, pytest.raises(Killed):
            patch.setattr(Checkpoint, "save", save_and_end)
            barenet("train", *arguments, "--checkpoint-every", 3)

    return train


@pytest.fixture
def interrupted(killed, tmp_path) -> Path:
    """The folder of a run on a table that was killed."""
    rows = "".join(f"{3 * x},{x % 7},{'high' if x > 40 else 'low'}\n" for x in range(80))
    (tmp_path / "rows.csv").write_text("size,rest,label\n" + rows)
    killed("rows.csv", "--target", "label", "--epochs", 100_000)
    assert names(tmp_path / "runs/rows") == ["checkpoint.safetensors", "unfinished.toml"]
    return tmp_path / "runs/rows"


@pytest.mark.case(73)
def test_other_settings_or_data_are_refused_with_the_changes(interrupted, barenet):
    before = (interrupted / "checkpoint.safetensors").read_bytes()
    Path("other.toml").write_text("seed = 7\n")
    for options, changed in [
        (["--epochs", 5], "epochs was 100000, and is 5"),
        (["--layers", 2, 3, 1], "layers was (2, 64, 32, 1), and is (2, 3, 1)"),
        (["--delimiter", ";"], "delimiter was nothing, and is ;"),
        (["--config", "other.toml"], "seed was 0, and is 7"),
        (["iris"], "rows.csv, and is iris"),
    ]:
        error = barenet("train", *options, "--resume", interrupted).error
        assert "error: --resume: a run is resumed with its own settings: " in error
        assert changed in error
        assert error.endswith(f"--start-from {interrupted} starts a new run from its weights")
    resume = ("train", "--resume", interrupted)
    assert "out: a run is resumed in its own folder" in barenet(*resume, "--out", "else").error
    table = Path("rows.csv").read_text()
    more = "".join(f"{3 * x},1,high\n" for x in range(80, 100))
    for content, expected in [
        (table.replace("\n27,2,", "\n27,3,"), "of a run with other data: X has other values"),
        (table + more, "X was 64 × 2 of float32, and is 80 × 2 of float32"),
    ]:
        Path("rows.csv").write_text(content)
        done = barenet(*resume)
        assert done.status == 2 and expected in done.err
    Path("rows.csv").unlink()
    assert barenet(*resume).status == 2
    assert (interrupted / "checkpoint.safetensors").read_bytes() == before


def test_a_finished_run_is_not_resumed(barenet, iris):
    before = {path.name: path.read_bytes() for path in iris.iterdir()}
    resume = ("train", "--resume", iris)
    done = barenet(*resume).ok()
    assert done.err == f"{iris}: the run is finished, and its model is {iris}/model.safetensors\n"
    document = {"finished": True, "model": f"{iris}/model.safetensors"}
    assert barenet(*resume, "--json").json == document
    assert {path.name: path.read_bytes() for path in iris.iterdir()} == before
    barenet(*resume, "--epochs", 20, "--verbose-epoch", 3).ok()
    options = f"--config {iris}/settings.toml --start-from {iris}"
    assert barenet(*resume, "--epochs", 40).error == (
        "barenet train: error: --resume: the run is finished: epochs was 20, and is 40; "
        f"for others, {options} starts a new run from its weights"
    )
    done = barenet("train", *options.split(), "--epochs", 2, "--out", "more", "--json")
    assert done.json["history"]["loss"][0] < curves(iris)[0]["loss"] / 2


@pytest.mark.case(122)
def test_an_unfinished_run_is_not_replaced(interrupted, barenet):
    options = ("rows.csv", "--target", "label", "--model", "network", "--epochs", 2, "--no-plots")
    before = {path.name: path.read_bytes() for path in interrupted.iterdir()}
    beside = barenet("train", *options).ok().err
    holds = "holds an unfinished run, which `barenet train --resume runs/rows` resumes; "
    assert beside.startswith(f"warning: runs/rows {holds}this one is saved in runs/rows-2\n")
    options = (*options, "--out", "runs/rows")
    refused = barenet("train", *options).error
    assert f"--out: runs/rows {holds}choose another name with --out" in refused
    assert {path.name: path.read_bytes() for path in interrupted.iterdir()} == before


@pytest.mark.case(197)
def test_a_run_without_a_checkpoint_yet_is_not_replaced(barenet):
    Path("run").mkdir()
    settings = f'{HEADER}data = "iris"\nepochs = 3\n'
    Path("run/unfinished.toml").write_text(settings)
    error = barenet("train", "iris", "--out", "run").error
    assert "run holds an unfinished run, which `barenet train --resume run` resumes" in error
    assert Path("run/unfinished.toml").read_text() == settings
    assert [path.name for path in Path("run").iterdir()] == ["unfinished.toml"]


@pytest.mark.parametrize(
    "options",
    [("--layers", "4,8,7"), ("--optimizer", "adm"), ("--start-from", "none"), ("--split-by", "x")],
)
def test_a_refused_run_leaves_no_folder(barenet, options):
    assert barenet("train", "iris", *options, "--out", "run").status
    assert not Path("run").exists()


def test_a_foreign_checkpoint_is_not_replaced(barenet):
    Path("mine").mkdir()
    network = package.Network.dense([1, 1])

    def interrupt(run):
        run.stop("interrupted", resumable=True)

    package.train(network, np.ones((4, 1)), np.ones(4), checkpoint="mine", callbacks=interrupt)
    before = Path("mine/checkpoint.safetensors").read_bytes()
    of_network = "is a checkpoint of a network, not of a run of the command line"
    for content, message in [(before, of_network), (b"mine", "is damaged, or not a checkpoint")]:
        Path("mine/checkpoint.safetensors").write_bytes(content)
        for arguments in (["iris", "--epochs", 1, "--out"], ["--resume"]):
            assert message in barenet("train", *arguments, "mine").error
        assert Path("mine/checkpoint.safetensors").read_bytes() == content
    assert len(list(Path("mine").iterdir())) == 1


@pytest.mark.promise(10)
@pytest.mark.parametrize("settings", ['data = "', 'data = "iris"\nepochs = "many"', "", "# \ud800"])
def test_damaged_settings_are_refused_and_named(barenet, settings):
    Path("run").mkdir()
    saved = {"version": 1, "state": {"run": {}}, "notes": {"settings": HEADER + settings}}
    checkpoint = Path("run/checkpoint.safetensors")
    write_model(checkpoint, Network.dense([1, 1]), {"checkpoint": saved}, {})
    error = barenet("train", "--resume", "run").error
    assert "error: run/unfinished.toml: " in error and "/tmp" not in error
    checkpoint.unlink()
    assert barenet("train", "--resume", "run").error == error


def test_checkpoints_are_written_at_the_interval_of_a_run_file(barenet, monkeypatch):
    epochs, save = [], Checkpoint.save

    def record(self, run, state):
        epochs.append(run.epoch)
        save(self, run, state)

    monkeypatch.setattr(Checkpoint, "save", record)
    barenet("train", "iris", "--epochs", 20, "--no-plots").ok()
    assert epochs == []  # as it takes less than 30 s
    Path("run.toml").write_text('data = "iris"\nepochs = 7\ncheckpoint_every = 3\nplots = false\n')
    barenet("train", "--config", "run.toml").ok()
    assert epochs == [3, 6, 7]
    assert not Path("runs/iris-2/checkpoint.safetensors").exists()


@pytest.mark.case(67)
def test_a_model_is_saved_where_the_disk_has_no_room_for_more(interrupted, process):
    kept = interrupted / "checkpoint.safetensors"
    before = kept.read_bytes()
    most = len(before) - 1000  # which is room for the model
    never = ("--verbose-epoch", 400, "--no-plots", "--checkpoint-every", "never")
    started = process("train", "--resume", interrupted, *never, largest_file=most)
    while not next(started.stderr).startswith("epoch 401"):
        pass
    started.send_signal(signal.SIGINT)
    _, err = started.communicate(timeout=100)
    assert started.returncode == 1 and "Traceback" not in err
    assert err.splitlines()[-1] == (
        f"barenet train: error: the model is saved in {interrupted}, but not "
        "checkpoint.safetensors, history.jsonl: File too large; once that is corrected, "
        f"`barenet train --resume {interrupted}` completes the run"
    )
    assert names(interrupted) == ["checkpoint.safetensors", *FINISHED[1:], "unfinished.toml"]
    assert kept.read_bytes() == before
    assert load(interrupted / "model.safetensors").card.log.n_epochs >= 400


@pytest.mark.case(70)
def test_leftovers_of_killed_runs_are_removed(barenet, tmp_path):
    folder = tmp_path / "runs" / "iris"
    barenet("train", "iris", "--epochs", 1, "--no-plots").ok()
    token = "0123456789abcdef"
    left = [".checkpoint.safetensors.lock"]
    left.extend(
        f".{name}.{token}.tmp"
        for name in ("model.safetensors", "settings.toml", "history.png", "checkpoint.safetensors")
    )
    for name in (*left, ".notes.txt.0123456789abcdef.tmp"):
        (folder / name).write_bytes(b"half")
    (folder / "settings.toml").rename(folder / "unfinished.toml")
    barenet("train", "--resume", folder, "--no-plots").ok()
    assert names(folder) == [".notes.txt.0123456789abcdef.tmp", *FINISHED]


@pytest.mark.case(72)
def test_two_runs_cannot_share_a_folder(interrupted, barenet):
    with RunFolder(interrupted).locked(resuming=True):
        for arguments in (["--resume"], ["rows.csv", "--target", "label", "--out"]):
            done = barenet("train", *arguments, interrupted)
            expected = f"barenet train: error: {interrupted}: another run is writing there\n"
            assert (done.status, done.err) == (1, expected)


def test_the_initial_weights_of_a_run_may_be_removed(killed, barenet):
    options = ["iris", "--no-plots", "--start-from", "first", "--epochs", 20]
    barenet("train", "iris", "--epochs", 3, "--no-plots", "--out", "first").ok()
    barenet("train", *options, "--out", "whole").ok()
    killed(*options, "--out", "parts")
    Path("first/model.safetensors").unlink()
    barenet("train", "--resume", "parts", "--no-plots").ok()
    assert_same(Path("parts"), Path("whole"))


@pytest.mark.case(68)
def test_a_signal_while_kernels_compile_ends_the_process(process, tmp_path, barenet):
    """There is no progress to save yet, so the resumed run starts at epoch 1."""
    environment = {"NUMBA_CACHE_DIR": str(tmp_path / "kernels")}
    run = ("train", "sine", "--epochs", 3, "--no-plots", "--no-baselines")
    started = process(*run, environment=environment)
    assert any("parameters of" in line for line in started.stderr)
    time.sleep(0.3)
    started.send_signal(signal.SIGINT)
    _, err = started.communicate(timeout=100)
    assert started.returncode == 130
    assert err.endswith("barenet train: error: interrupted\n")
    assert "Traceback" not in err and "SystemExit" not in err
    assert names(tmp_path / "runs/sine") == ["unfinished.toml"]
    barenet("train", "--resume", "runs/sine", "--no-plots").ok()
    barenet(*run, "--out", "whole").ok()
    assert_same(tmp_path / "runs/sine", Path("whole"))
