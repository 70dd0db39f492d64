"""``--resume``: whatever has ended a run, it goes on and comes to the same model."""

import json
import re
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import barenet as package
from barenet import Network, load_predictor
from barenet.cli._main import main
from barenet.cli._run_settings import HEADER
from barenet.files._checkpoint import Checkpoint
from barenet.files._model_file import write_model

#: With dropout, another order in each epoch, and rows set aside that decide when to stop.
RUN = ["iris", "--dropout", 0.1, "--patience", 4000, "--epochs", 6000, "--no-plots"]
FINISHED = ["history.jsonl", "model.safetensors", "settings.toml"]
OFTEN = ["--checkpoint-every", "10ms"]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="these signals are POSIX'")


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> Path:
    """The folder of the run that the others have to come to."""
    folder = tmp_path_factory.mktemp("runs") / "iris"
    assert main(["train", *map(str, RUN), "--out", str(folder)]) == 0
    return folder


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def assert_same(folder: Path, undisturbed: Path) -> None:
    assert names(folder) == FINISHED
    for name in ("model.safetensors", "settings.toml"):
        assert (folder / name).read_bytes() == (undisturbed / name).read_bytes()
    curves = [
        [{**json.loads(line), "seconds": 0} for line in lines.splitlines()]
        for lines in ((run / "history.jsonl").read_text() for run in (folder, undisturbed))
    ]
    assert curves[0] == curves[1]


def wait_for(path: Path, process) -> None:
    while not path.exists():
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.002)


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)],
    ids=["fault_68_sigint", "fault_69_sigterm", "fault_70_sigkill"],
)
def test_fault_68_69_promise_15_a_run_that_was_ended_goes_on(
    process, barenet, tmp_path, undisturbed, number, status
):
    folder = tmp_path / "runs" / "iris"
    started = process("train", *RUN, *OFTEN)
    wait_for(folder / "checkpoint.safetensors", started)
    started.send_signal(number)
    _, err = started.communicate(timeout=20)
    assert started.returncode == status, err
    assert "Traceback" not in err
    state = Checkpoint(folder).read()
    done_before = len(state["run"].get("curve_loss", ()))
    assert state["run"]["batch"] > 0 and done_before < 6000
    assert (folder / "model.safetensors").exists() == (number != signal.SIGKILL)
    if number != signal.SIGKILL:
        assert re.search(r"^stopped after \d+ of 6000 epochs: interrupted(; kept|$)", err, re.M)
        assert err.endswith("to resume it: barenet train --resume runs/iris\n")
    done = barenet("train", "--resume", "runs/iris", "--no-plots")
    assert done.status == 0, done.err
    assert f"resuming after {done_before:,} epochs" in done.err
    assert_same(folder, undisturbed)


def test_promise_04_a_run_that_is_killed_again_and_again(process, tmp_path, undisturbed):
    folder, kills = tmp_path / "runs" / "iris", 0
    for wait in (0.0, 0.02, 0.1, None):
        whole = (folder / "checkpoint.safetensors").exists()
        arguments = ["--resume", folder, "--no-plots"] if whole else RUN
        started = process("train", *arguments, *OFTEN, "--verbose-epoch", 1)
        for line in started.stderr:
            if line.startswith("epoch") and wait is not None:
                break
        if wait is not None:
            time.sleep(wait)
            started.kill()
            kills += 1
        started.communicate()
    assert kills == 3 and started.returncode == 0
    (folder / "settings.toml").write_bytes((undisturbed / "settings.toml").read_bytes())
    assert_same(folder, undisturbed)


def kill_after_a_checkpoint(started, folder: Path) -> None:
    wait_for(folder / "checkpoint.safetensors", started)
    started.kill()
    started.communicate()


@pytest.fixture
def interrupted(process, barenet, tmp_path) -> Path:
    """The folder of a run on a table that was killed."""
    rows = "".join(f"{x},{x % 7},{'high' if x > 40 else 'low'}\n" for x in range(80))
    (tmp_path / "rows.csv").write_text("size,rest,label\n" + rows)
    run = ("train", "rows.csv", "--target", "label", "--epochs", 100_000)
    kill_after_a_checkpoint(process(*run, *OFTEN), tmp_path / "runs/rows")
    return tmp_path / "runs/rows"


def test_fault_73_other_settings_are_refused_with_what_has_changed(interrupted, barenet):
    before = (interrupted / "checkpoint.safetensors").read_bytes()
    Path("other.toml").write_text("seed = 7\n")
    for said, message in [
        (["--epochs", 5], "epochs was 100000, and is 5"),
        (["--layers", 2, 3, 1], "layers was (2, 64, 32, 1), and is (2, 3, 1)"),
        (["--delimiter", ";"], "delimiter was nothing, and is ;"),
        (["--config", "other.toml"], "seed was 0, and is 7"),
        (["iris"], "rows.csv, and is iris"),
    ]:
        done = barenet("train", *said, "--resume", interrupted)
        assert done.status == 2
        assert "error: --resume: a run is resumed with its own settings: " in done.err
        assert message in done.err and done.err.count("\n") == 1
        assert f"--start-from {interrupted} starts a new run from its weights\n" in done.err
    done = barenet("train", "--resume", interrupted, "--out", "elsewhere")
    assert done.status == 2 and "out: a run is resumed in its own folder" in done.err
    assert (interrupted / "checkpoint.safetensors").read_bytes() == before


def test_fault_73_other_data_are_refused_with_what_has_changed(interrupted, barenet):
    before = (interrupted / "checkpoint.safetensors").read_bytes()
    table = Path("rows.csv").read_text()
    Path("rows.csv").write_text(table.replace("\n9,2,", "\n9,3,"))
    done = barenet("train", "--resume", interrupted)
    assert done.status == 2
    assert "resume: the checkpoint is of another run: X has other values" in done.err
    Path("rows.csv").write_text(table + "".join(f"{x},1,high\n" for x in range(80, 100)))
    done = barenet("train", "--resume", interrupted)
    assert done.status == 2 and "X was 64 × 2 of float32, and is 80 × 2 of float32" in done.err
    Path("rows.csv").unlink()
    assert barenet("train", "--resume", interrupted).status == 2
    assert (interrupted / "checkpoint.safetensors").read_bytes() == before


def test_a_finished_run_is_told(barenet, iris):
    before = {path.name: path.read_bytes() for path in iris.iterdir()}
    done = barenet("train", "--resume", iris)
    assert done.status == 0
    assert done.err == f"{iris}: the run is finished, and its model is {iris}/model.safetensors\n"
    done = barenet("train", "--resume", iris, "--json")
    assert done.json == {"finished": True, "model": f"{iris}/model.safetensors"}
    assert {path.name: path.read_bytes() for path in iris.iterdir()} == before


def test_a_finished_run_is_given_more_epochs_as_a_new_one_from_its_weights(barenet, iris):
    assert barenet("train", "--resume", iris, "--epochs", 20, "--verbose-epoch", 3).status == 0
    done = barenet("train", "--resume", iris, "--epochs", 40)
    options = f"--config {iris}/settings.toml --start-from {iris}"
    assert done.status == 2
    assert done.err == (
        "barenet train: error: --resume: the run is finished: epochs was 20, and is 40; "
        f"for others, {options} starts a new run from its weights\n"
    )
    losses = [
        json.loads(line)["loss"] for line in (iris / "history.jsonl").read_text().splitlines()
    ]
    done = barenet("train", *options.split(), "--epochs", 2, "--out", "more", "--json")
    assert done.json["history"]["loss"][0] < losses[0] / 2


def test_where_no_run_is_there_is_nothing_to_go_on_with(barenet):
    Path("empty").mkdir()
    for name in ("empty", "missing", "missing/checkpoint.safetensors"):
        done = barenet("train", "--resume", name)
        assert done.status == 2
        said = f"resume: no run found in {name}; start the run again without --resume\n"
        assert done.err.endswith(said)


def test_a_run_that_starts_anew_says_what_it_replaces(interrupted, barenet):
    # Its own checkpoint would be as good: the first run on other settings takes its place.
    options = ("rows.csv", "--target", "label", "--epochs", 2, "--no-plots")
    done = barenet("train", *options)
    assert done.status == 0
    assert "to resume that one instead: barenet train --resume runs/rows" in done.err
    assert not (interrupted / "checkpoint.safetensors").exists()
    assert "will replace an unfinished one" not in barenet("train", *options).err


def test_a_checkpoint_of_somebody_else_is_not_replaced(barenet):
    Path("mine").mkdir()
    network = package.Network.dense([1, 1])
    interrupt = package.callbacks.TimeLimit(1e-9)
    package.train(network, np.ones((4, 1)), np.ones(4), checkpoint="mine", callbacks=interrupt)
    before = Path("mine/checkpoint.safetensors").read_bytes()
    for content, message in [(before, "was not written by a run of"), (b"mine", "a damaged one")]:
        Path("mine/checkpoint.safetensors").write_bytes(content)
        for arguments in (["iris", "--epochs", 1, "--out"], ["--resume"]):
            done = barenet("train", *arguments, "mine")
            assert done.status == 2 and message in done.err, done.err
        assert Path("mine/checkpoint.safetensors").read_bytes() == content
    assert len(list(Path("mine").iterdir())) == 1


@pytest.mark.parametrize("settings", ['data = "', 'data = "iris"\nepochs = "many"', "", "# \ud800"])
def test_promise_17_damaged_settings_of_a_run_are_refused_and_named(barenet, settings):
    Path("run").mkdir()
    saved = {"version": 1, "state": {"run": {}}, "notes": {"settings": HEADER + settings}}
    checkpoint = Path("run/checkpoint.safetensors")
    write_model(checkpoint, Network.dense([1, 1]), {"checkpoint": saved}, {})
    done = barenet("train", "--resume", "run")
    assert done.status == 2 and done.err.count("\n") == 1
    assert f"error: {checkpoint}: its settings are damaged: " in done.err and "/tmp" not in done.err
    assert [path.name for path in Path("run").iterdir()] == [checkpoint.name]
    unfinished = Path("run/unfinished.toml")
    unfinished.write_bytes((HEADER + settings).encode(errors="surrogatepass"))
    done = barenet("train", "--resume", "run")
    assert done.status == 2 and done.err.count("\n") == 1 and str(unfinished) in done.err


@pytest.fixture
def kept(monkeypatch):
    """The epochs after which a checkpoint was written."""
    epochs, save = [], Checkpoint.save
    monkeypatch.setattr(
        Checkpoint,
        "save",
        lambda self, run, state: epochs.append(run.epoch) or save(self, run, state),
    )
    return epochs


def test_a_short_run_writes_no_checkpoint(barenet, kept):
    assert barenet("train", "iris", "--epochs", 20, "--no-plots").status == 0
    assert kept == []


def test_a_run_file_may_say_how_often(barenet, kept):
    Path("run.toml").write_text('data = "iris"\nepochs = 7\ncheckpoint_every = 3\nplots = false\n')
    assert barenet("train", "--config", "run.toml").status == 0
    assert kept == [3, 6, 7]
    assert not Path("runs/iris/checkpoint.safetensors").exists()


def test_fault_67_a_disk_that_is_full_leaves_the_checkpoint(interrupted, process, barenet):
    before = (interrupted / "checkpoint.safetensors").read_bytes()
    started = process("train", "--resume", interrupted, *OFTEN, largest_file=1000)
    _, err = started.communicate()
    assert started.returncode == 1 and "Traceback" not in err
    assert err.splitlines()[-1].endswith("checkpoint.safetensors: File too large")
    assert (interrupted / "checkpoint.safetensors").read_bytes() == before
    assert names(interrupted) == ["checkpoint.safetensors", "unfinished.toml"]


def test_fault_67_what_does_not_fit_beside_the_model_does_not_cost_it(interrupted, process):
    kept = interrupted / "checkpoint.safetensors"
    before = kept.read_bytes()
    most = len(before) - 1000  # which is room for the model
    started = process("train", "--resume", interrupted, "--verbose-epoch", 400, "--no-plots",
                      "--checkpoint-every", "never", largest_file=most)  # fmt: skip
    while not next(started.stderr).startswith("epoch 401"):
        pass
    started.send_signal(signal.SIGINT)
    _, err = started.communicate(timeout=20)
    assert started.returncode == 1 and "Traceback" not in err
    assert err.splitlines()[-1] == (
        f"barenet train: error: the model is saved in {interrupted}, but not history.jsonl, "
        "checkpoint.safetensors: File too large; once that is corrected, "
        f"`barenet train --resume {interrupted}` completes the run"
    )
    assert names(interrupted) == ["checkpoint.safetensors", *FINISHED[1:], "unfinished.toml"]
    assert kept.read_bytes() == before
    assert load_predictor(interrupted / "model.safetensors").card.log.n_epochs >= 400


def test_fault_70_what_killed_runs_have_left_is_taken_away(barenet, iris, tmp_path):
    folder = tmp_path / "runs" / "iris"
    assert barenet("train", "iris", "--epochs", 1, "--no-plots").status == 0
    left = [".model.safetensors.a1b2.tmp", ".settings.toml.a1b2.tmp", ".history.png.a1b2.tmp",
             ".checkpoint.safetensors.a1b2.tmp", ".checkpoint.safetensors.lock"]  # fmt: skip
    for name in left:
        (folder / name).write_bytes(b"half")
    (folder / ".saving-a1b2").mkdir()
    (folder / ".saving-a1b2" / "model.safetensors").write_bytes(b"half")
    (folder / ".notes.txt.a1b2.tmp").write_text("mine")
    assert barenet("train", "iris", "--epochs", 1, "--no-plots").status == 0
    assert names(folder) == [".notes.txt.a1b2.tmp", *FINISHED]


def test_fault_72_a_run_is_resumed_once(interrupted, process, barenet):
    first = process("train", "--resume", interrupted, "--verbose-epoch", 1)
    assert any(line.startswith("epoch") for line in first.stderr)
    second = barenet("train", "--resume", interrupted)
    assert second.status == 1
    assert second.err == f"barenet train: error: {interrupted}: another run is writing there\n"
    assert first.poll() is None


def test_the_weights_that_a_run_began_with_need_not_be_there_any_more(process, barenet, tmp_path):
    options = ["iris", "--no-plots", "--start-from", "first", "--epochs", 6000]
    assert barenet("train", "iris", "--epochs", 3, "--no-plots", "--out", "first").status == 0
    assert barenet("train", *options, "--out", "whole").status == 0
    kill_after_a_checkpoint(process("train", *options, "--out", "parts", *OFTEN), Path("parts"))
    Path("first/model.safetensors").unlink()
    assert barenet("train", "--resume", "parts", "--no-plots").status == 0
    for name in ("model.safetensors", "settings.toml"):
        assert Path("parts", name).read_bytes() == Path("whole", name).read_bytes()


def test_fault_74_a_folder_of_kernels_that_cannot_be_written(process):
    environment = {"NUMBA_CACHE_DIR": "/proc/nowhere"}
    done = process("train", "iris", "--epochs", 1, "--no-plots", environment=environment)
    _, err = done.communicate()
    assert done.returncode == 0 and "Traceback" not in err, err


def test_fault_68_a_signal_while_kernels_are_built_ends_it_at_once(process, tmp_path, barenet):
    """Nothing is learned yet that could be saved; resumed, the run starts."""
    environment = {"NUMBA_CACHE_DIR": str(tmp_path / "kernels")}
    started = process("train", "iris", "--no-plots", environment=environment)
    for line in started.stderr:
        if "parameters of" in line:
            break
    time.sleep(0.3)
    started.send_signal(signal.SIGINT)
    _, err = started.communicate(timeout=30)
    assert started.returncode == 130
    assert "Traceback" not in err and "SystemExit" not in err
    assert names(tmp_path / "runs/iris") == ["unfinished.toml"]
    assert barenet("train", "--resume", "runs/iris", "--no-plots").status == 0
    assert barenet("train", "iris", "--no-plots", "--out", "whole").status == 0
    models = [Path(run, "model.safetensors").read_bytes() for run in ("runs/iris", "whole")]
    assert models[0] == models[1]
