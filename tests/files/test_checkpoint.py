"""Checkpoints: there is a complete one at any moment, and other files are refused."""

import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import warnings
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

import barenet
from barenet import Checkpoint, Network, train
from barenet.callbacks import Callback
from barenet.errors import ArgumentError, ModelFileError
from barenet.files._checkpoint import FILE_NAME, parse_interval, read_notes
from barenet.files._model_file import write_model
from barenet.layers import Dense

ROOT = Path(__file__).parents[2]
X = np.random.default_rng(0).normal(size=(40, 3))
Y = (X[:, 0] > 0).astype(int)


def network(seed=1):
    return Network.dense([3, 4, 2], output="softmax", dropout=0.1, seed=seed)


def learn(checkpoint, *callbacks, net=None, **more):
    settings = {"epochs": 6, "batch_size": 10, **more}
    return train(net or network(), X, Y, checkpoint=checkpoint, callbacks=callbacks, **settings)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


class Interrupt(Callback):
    def __init__(self, epoch=3):
        self.epoch = epoch

    def on_chunk(self, run):
        if run.epoch == self.epoch:
            run.stop("interrupted", resumable=True)


class Recording(Checkpoint):
    """Record the batches after which the state is saved."""

    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        self.saved = []

    def save(self, run, state):
        self.saved.append((run.epoch, run.batch))
        super().save(run, state)


class BatchByBatch(Callback):
    def on_start(self, run):
        run.chunk_limit = 1


class Look(Callback):
    """Record the file on the disk after each epoch."""

    def __init__(self, path):
        self.path, self.seen = path, []

    def on_start(self, run):
        self.seen.append(names(self.path.parent))

    def on_epoch(self, run):
        state = Checkpoint(self.path).read()
        self.seen.append(None if state is None else len(state["run"].get("curve_loss", ())))


FIRST_AT_ONCE = {"saved_at": -np.inf}
SAVED = [
    *((every, {}, [(2, 4), (4, 4), (6, 4)]) for every in (2, "2", np.int64(2))),
    ("never", FIRST_AT_ONCE, [(1, 1), (6, 4)]),  # the last one, as there is an earlier one
    (4, FIRST_AT_ONCE, [(1, 1), (4, 4), (6, 4)]),
    (".000001ms", {}, [(epoch, batch) for epoch in range(1, 7) for batch in range(1, 5)]),
]


@pytest.mark.parametrize(("every", "options", "saved"), SAVED)
def test_states_are_saved_at_intervals(tmp_path, every, options, saved):
    checkpoint = Recording(tmp_path, every=every, **options)
    learn(checkpoint, BatchByBatch())
    assert sorted({*checkpoint.saved}) == saved and checkpoint.saved[-1] == (6, 4)
    assert names(tmp_path) == [FILE_NAME]  # a folder is where the file of the usual name goes


@pytest.mark.parametrize("raises", [True, False])
def test_an_error_of_the_last_save_is_raised_or_kept(tmp_path, raises):
    checkpoint = Checkpoint(tmp_path / "kept", every="never", raises_at_end=raises)

    def block(run):
        if run.epoch == 3:
            (tmp_path / "kept").mkdir()

    with pytest.raises(OSError, match="is a folder") if raises else nullcontext():
        assert learn(checkpoint, block, Interrupt(4)).stop_reason == "interrupted"
        assert "is a folder" in str(checkpoint.error)


@pytest.mark.parametrize("every", ["30s", "never", 7])
def test_within_an_interval_only_an_interrupt_saves(tmp_path, every):
    learn(Checkpoint(tmp_path / "kept", every=every))
    assert names(tmp_path) == []
    learn(Checkpoint(tmp_path / "kept", every=every), Interrupt())
    assert names(tmp_path) == ["kept"]


@pytest.mark.parametrize("every", ["never", 1])
def test_ctrl_c_leaves_the_last_state_of_an_interval(tmp_path, every):
    def interrupt(run):
        if run.epoch == 3:
            raise KeyboardInterrupt

    whole, part = network(), network()
    learn(None, net=whole)
    with pytest.raises(KeyboardInterrupt):
        learn(Checkpoint(tmp_path / "kept", every=every), interrupt, net=part)
    assert names(tmp_path) == (["kept"] if every == 1 else [])
    learn(Checkpoint(tmp_path / "kept"), net=(again := network()), resume=True)
    np.testing.assert_array_equal(again.parameters, whole.parameters)


def test_time_intervals_are_parsed():
    intervals = {
        "30s": 30,
        "5m": 300,
        "1.5h": 5400,
        "10min": 600,
        "250ms": 0.25,
        " 2 s ": 2,
        ".5s": 0.5,
    }
    assert [parse_interval(text) for text in intervals] == [(s, np.inf) for s in intervals.values()]


@pytest.mark.parametrize(
    "every", [0, -1, 2.5, True, None, "", "0", "0s", "-1s", "1.5", "s", "10 epochs", "1e999s", "²s"]
)
def test_invalid_intervals_are_refused(every, refused):
    with refused("every"):
        Checkpoint("kept", every=every)


@pytest.mark.case(119)
def test_a_checkpoint_of_any_name_can_be_loaded_as_a_model(tmp_path):
    path = tmp_path / ("k" * 255)
    net, notes = network(), {"settings": 'data = "é"', "n": [1, 2.5, None]}
    learn(Checkpoint(path, notes=notes), Interrupt(), net=net)
    loaded = barenet.load(path)
    assert np.array_equal(loaded.parameters, net.parameters) and repr(loaded) == repr(net)
    assert read_notes(path) == notes and [*tmp_path.iterdir()] == [path]


def write_foreign_files(folder):
    """Write files that aren't checkpoints of a network, and return their names."""
    (folder / "prices.csv").write_text("size,price\n1,2\n")
    (folder / "notes.txt").write_text("mine")
    (folder / "long").write_bytes(b"\x10" + bytes(7) + b"[" * 16)
    barenet.save(network(), folder / "model.safetensors")
    barenet.export(network(), folder / "model.onnx")
    (folder / "cut.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:100])
    path = folder / "population"
    barenet.train_many([network()], X, Y, checkpoint=path, callbacks=Interrupt())
    (path / "00000.safetensors").rename(folder / "00000.safetensors")
    path.rmdir()
    return names(folder)


@pytest.mark.case(198)
@pytest.mark.parametrize("resume", [False, True])
def test_only_a_checkpoint_of_the_same_owner_is_replaced(tmp_path, refused, resume):
    foreign = write_foreign_files(tmp_path)
    before = {name: (tmp_path / name).read_bytes() for name in foreign}
    for name in foreign:
        with refused("checkpoint"):
            learn(tmp_path / name, resume=resume)
        with refused("checkpoint"):
            learn(Checkpoint(tmp_path / name, every=1), resume=resume)
    assert {name: (tmp_path / name).read_bytes() for name in names(tmp_path)} == before
    (tmp_path / "empty").touch()
    for name in ("new", "empty", "new", "empty"):
        learn(Checkpoint(tmp_path / name, every=1))
        assert read_notes(tmp_path / name) == {}


def test_a_checkpoint_of_another_owner_is_named(tmp_path, refused):
    write_foreign_files(tmp_path)
    with refused("checkpoint", "is a checkpoint of a population, not of a network; choose another"):
        learn(tmp_path / "00000.safetensors")


INVALID = [
    ({}, "a model, but not a checkpoint"),
    *(({"version": each}, "a checkpoint of another version") for each in (0, 2, "1", None)),
    *(({each: 7}, "not a valid checkpoint") for each in ("state", "notes")),
    ({"state": {"run": 7}}, "not a valid checkpoint"),
]


@pytest.mark.promise(10)
@pytest.mark.parametrize(("changes", "problem"), INVALID)
def test_invalid_checkpoints_are_refused(tmp_path, changes, problem):
    kept = {"version": 1, "state": {"run": {}}, "notes": {}, **changes}
    write_model(tmp_path / "kept", network(), {"checkpoint": kept} if changes else {}, {})
    with pytest.raises(ModelFileError, match=f"kept: {problem}"):
        learn(None, resume=tmp_path / "kept")


@pytest.mark.case(53, 54)
@pytest.mark.parametrize("count", [40, pytest.param(200, marks=pytest.mark.slow)])
def test_a_damaged_checkpoint_is_refused_and_not_replaced(tmp_path, count):
    path = tmp_path / "kept"
    learn(path, Interrupt())
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for at in rng.integers(0, len(whole), count):
        flipped = bytearray(whole)
        flipped[at] ^= 1 << rng.integers(8)
        for damaged in (bytes(flipped), whole[:at]):
            path.write_bytes(damaged)
            net = network()
            before = net.parameters.copy()
            with pytest.raises((ModelFileError, ArgumentError), match=str(path)):
                learn(path, net=net, resume=True)
            assert path.read_bytes() == damaged and np.array_equal(net.parameters, before)


@pytest.mark.case(63, 66)
def test_unwritable_checkpoints_are_found_before_training(tmp_path):
    class Own(Dense):
        name = "own"

    os.mkfifo(tmp_path / "pipe")
    own = Network([Own(3, 2, "softmax")])
    for name, net, problem in (
        ("pipe", None, r"checkpoint: .*pipe is not an ordinary file"),
        ("nowhere/kept", None, r"checkpoint: .*nowhere: there is no such folder"),
        ("kept", own, "is not one of barenet's layers"),
    ):
        look = Look(tmp_path / "kept")
        with pytest.raises((OSError, ValueError), match=problem):
            learn(tmp_path / name, look, net=net)
        assert look.seen == []
    assert names(tmp_path) == ["pipe"]


def error_of_run(path, how):
    """The error of a run in a process that may write only small files, or none."""
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        try:
            if how == "full":
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (3000, 3000))
            elif os.geteuid() == 0:
                os.setuid(65534)  # root may write everywhere
            learn(Checkpoint(path, every=1), engine="reference", resume=True)
        except OSError as error:
            text = f"{type(error).__name__}: {error.strerror} {error.filename}"
            os.write(writer, text.encode())
        finally:
            os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with os.fdopen(reader) as stream:
        return stream.read()


@pytest.mark.case(66, 67)
@pytest.mark.promise(11)
@pytest.mark.parametrize(
    ("how", "problem"),
    [("full", "OSError: File too large"), ("forbidden", "PermissionError: Permission den")],
)
def test_a_failed_save_keeps_the_old_file(how, problem):
    with tempfile.TemporaryDirectory() as place:  # pytest's own are closed to others
        folder = Path(place) / "folder"
        folder.mkdir()
        learn(folder / "kept", Interrupt(), engine="reference")
        before = (folder / "kept").read_bytes()
        assert len(before) > 3000
        for path in (Path(place), folder / "kept"):
            path.chmod(0o755)
        folder.chmod(0o555 if how == "forbidden" else 0o755)
        error = error_of_run(folder / "kept", how)
        folder.chmod(0o755)
        assert error.startswith(problem) and str(folder) in error
        assert (folder / "kept").read_bytes() == before
        assert names(folder) == ["kept"]
        resumed = learn(folder / "kept", resume=True, engine="reference")
        assert resumed.stop_reason == "completed"


@pytest.mark.case(70)
def test_leftovers_of_a_killed_save_are_removed(tmp_path):
    learn(tmp_path / "kept", Interrupt())
    before = (tmp_path / "kept").read_bytes()
    for name in (".kept.0123456789abcdef.tmp", ".kept.lock", ".kept.mine", ".other.abc123.tmp"):
        (tmp_path / name).write_bytes(before[:100])
    look = Look(tmp_path / "kept")
    learn(tmp_path / "kept", look, resume=True)
    assert look.seen[0] == [".kept.lock", ".kept.mine", ".other.abc123.tmp", "kept"]
    assert names(tmp_path) == [".kept.mine", ".other.abc123.tmp", "kept"]


@pytest.mark.case(72)
def test_a_second_run_is_refused(tmp_path):
    refused = []

    def second(run):
        try:
            learn(tmp_path / "kept")
        except OSError as error:
            refused.append(str(error))

    def in_another_thread(run):
        thread = threading.Thread(target=second, args=(run,))
        thread.start()
        thread.join()

    learn(tmp_path / "kept", second, in_another_thread, epochs=1)
    assert refused == [f"{tmp_path}: another run is writing there"] * 2
    learn(tmp_path / "other", epochs=1)
    learn(tmp_path / "kept", epochs=1)


def test_a_diverging_state_is_not_saved(tmp_path):
    class Spoil(Callback):
        def on_chunk(self, run):
            if run.epoch == 3:
                run.network.layers[0].bias = np.inf

    look = Look(tmp_path / "kept")
    with pytest.raises(barenet.errors.DivergenceError), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        learn(Checkpoint(look.path, every=".000001ms"), look, Spoil())
    state = Checkpoint(look.path).read()
    assert len(state["run"]["curve_loss"]) == 2
    assert np.isfinite(state["run"]["parameters"]).all()


@pytest.mark.promise(4)
@pytest.mark.integration
@pytest.mark.parametrize("kills", [8, pytest.param(60, marks=pytest.mark.slow)])
def test_a_run_killed_at_any_moment_loses_one_interval_at_most(kills):
    """Runs that are each ended a few times by kill -9, a signal or a full disk; see `make soak`."""
    script = ROOT / "tests" / "soak" / "soak.py"
    command = [sys.executable, script, "--kills", str(kills), "--minutes", "2", "--seed", "0"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = re.findall(r"^ *([\d,]+)  (.+)$", done.stdout, re.MULTILINE)
    counts = {name: int(count.replace(",", "")) for count, name in lines}
    assert counts["lost"] == 0 and counts["kills"] >= kills
    assert counts["runs compared"] >= kills // 10 and counts["checkpoints read"] >= kills / 2
