"""Files that are written to addresses: in servers with the interfaces of S3 and Google's store."""

import os
import pickle
import subprocess
import sys
from pathlib import Path

import fsspec
import numpy as np
import pytest

from barenet import Checkpoint, Network, export, load, save, train, train_many
from barenet.callbacks import Callback, TimeLimit
from barenet.datasets._table_loading import load_table
from barenet.errors import BarenetError, DataError, MissingExtraError
from barenet.storage import _working_copy as working_copy
from barenet.storage._atomic_write import write_atomically
from barenet.streams._stream import stream

X = np.linspace(-1, 1, 50, dtype=np.float32).reshape(-1, 1)


class Interrupt(Callback):
    """Interrupts a run after an epoch."""

    def __init__(self, epoch):
        self.epoch = epoch

    def on_epoch(self, run):
        if len(run.history) == self.epoch:
            raise KeyboardInterrupt


def names(address):
    """The names of the files below an address."""
    system, place = fsspec.url_to_fs(address)
    system.invalidate_cache()
    return {name.strip("/").removeprefix(place.strip("/")) for name in system.find(place)}


def content(address):
    system, place = fsspec.url_to_fs(address)
    return system.cat_file(place)


def test_files_are_those_of_this_machine(bucket, tmp_path):
    network = Network.dense([2, 3, 1], seed=5)
    for start in (tmp_path, bucket):
        save(network, f"{start}/model.safetensors")
        export(network, f"{start}/net.c")
        write_atomically(Path(f"{start}/deep/folder/note.txt") if start == bucket else
                         tmp_path / "note.txt", b"text")  # fmt: skip
    for name in ("model.safetensors", "net.c", "net.h"):
        assert content(f"{bucket}/{name}") == (tmp_path / name).read_bytes()
    assert content(f"{bucket}/deep/folder/note.txt") == b"text"
    found = load(f"{bucket}/model.safetensors").parameters
    assert np.array_equal(found, network.parameters)
    expected = {"/model.safetensors", "/net.c", "/net.h", "/deep/folder/note.txt"}
    assert names(bucket) == expected  # and no temporary file


def test_tables_are_read(bucket):
    for part in range(3):
        text = "x,y\n" + "".join(f"{row + part},{row}\n" for row in range(9))
        write_atomically(f"{bucket}/parts/{part}.csv", text.encode())
    assert load_table(f"{bucket}/parts/1.csv", "y").X.ravel().tolist() == [*range(1, 10)]
    assert stream(f"{bucket}/parts/*.csv", "y").n_rows == 27
    with pytest.raises(DataError, match=rf"^{bucket}/none\.csv: no such file$"):
        load_table(f"{bucket}/none.csv", "y")
    with pytest.raises(DataError, match=rf"^{bucket}/none\*\.csv: no file matches this pattern"):
        stream(f"{bucket}/none*.csv", "y")


@pytest.mark.parametrize("name", ["run.safetensors", "folder/"])
def test_a_run_is_resumed_from_an_address(bucket, name):
    def part(epoch):
        saving = {"checkpoint": Checkpoint(f"{bucket}/{name}", every=5), "resume": True}
        network = Network.dense([1, 8, 1])  # and a copy of its own, as on another machine
        return network, train(network, X, X**2, epochs=40, callbacks=Interrupt(epoch), **saving)

    whole = Network.dense([1, 8, 1])
    train(whole, X, X**2, epochs=40)
    for epoch in (12, 23):
        with pytest.raises(KeyboardInterrupt):
            part(epoch)
    network, history = part(99)
    assert history.stop_reason == "completed"
    assert np.array_equal(network.parameters, whole.parameters)
    file = f"/{name}" if name.endswith("s") else f"/{name}checkpoint.safetensors"
    assert names(bucket) == {file}
    with pytest.raises(FileNotFoundError, match="there is no checkpoint"):
        train(network, X, X**2, epochs=40, resume=f"{bucket}/other.safetensors")


@pytest.mark.filterwarnings("ignore:Sending a large body:ResourceWarning")  # of gcsfs
def test_a_population_is_resumed_from_an_address(bucket, monkeypatch):
    def networks():
        return [Network.dense([1, 4, 1], seed=seed) for seed in range(3)]

    monkeypatch.setattr(working_copy, "MAX_FILES", 2)  # of a run
    given = {"epochs": 1_000_000, "checkpoint": f"{bucket}/population"}
    stopped = train_many(networks(), X, X**2, callbacks=TimeLimit(0.1), **given)
    assert {each.stop_reason for each in stopped.histories} == {
        "the time limit of 0.1 s was reached"
    }
    saved = names(f"{bucket}/population")
    assert saved == {f"/0000{index}.safetensors" for index in range(3)}
    again = train_many(networks(), X, X**2, callbacks=TimeLimit(0.1), resume=True, **given)
    for before, after in zip(stopped.histories, again.histories, strict=True):
        assert after.loss[: len(before)] == before.loss and len(after) > len(before)
    given["epochs"] = 2
    train_many(networks(), X, X**2, **given)  # removes the files of the earlier one
    assert not names(f"{bucket}/population")


@pytest.mark.case(141)
@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("{}-none/x.safetensors", "cannot be "),
        ("http://127.0.0.1:9/x.safetensors", ""),
        ("htps://host/x.safetensors", "unknown protocol htps://, did you mean 'https'?"),
    ],
)
def test_a_place_that_takes_no_files_is_named_before_the_training(bucket, address, problem):
    if bucket.startswith("memory") and address.startswith("{}"):
        pytest.skip("memory makes its buckets")
    network = Network.dense([1, 2, 1])
    before = network.parameters.copy()
    with pytest.raises(DataError):
        train_many([network], X, X**2, epochs=2, checkpoint=address.format(bucket))
    with pytest.raises(DataError) as caught:
        train(network, X, X**2, epochs=2, checkpoint=address.format(bucket))
    assert str(caught.value).startswith(f"{address.format(bucket)}: {problem}")
    assert np.array_equal(network.parameters, before)


@pytest.mark.case(141)
def test_a_web_server_takes_no_files(web):
    network = Network.dense([1, 1])
    save(network, web.folder / "model.safetensors")
    secret = web.address.replace("://", "://me:secret@")
    place = f"{web.address.replace('://', '://…@')}/model.safetensors?…"
    for write in (save, lambda network, path: train(network, X, X, epochs=1, checkpoint=path)):
        with pytest.raises(DataError) as caught:
            write(network, f"{secret}/model.safetensors?token=secret")
        remedy = "name a file on this machine, or in an object store"
        assert str(caught.value) == f"{place}: nothing can be written to a web server; {remedy}"
    assert not [line for line in web.requests if not line.startswith(("GET", "HEAD"))]


def test_a_missing_package_is_named_before_anything_is_done(monkeypatch):
    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.delitem(sys.modules["fsspec.registry"]._registry, "s3", raising=False)
    with pytest.raises(MissingExtraError, match=r"^s3://bucket/x.txt needs s3fs: pip install s3fs"):
        write_atomically("s3://bucket/x.txt", b"")


@pytest.mark.integration
@pytest.mark.parametrize("bucket", ["s3"], indirect=True)
def test_what_cannot_be_sent_is_kept(bucket, tmp_path):
    code = f"""
from barenet import Network, save
save(Network.dense([2, 1]), "{bucket}-none/model.safetensors")
"""
    environment = {**os.environ, "TMPDIR": str(tmp_path), "TEMP": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, text=True, capture_output=True
    )
    (kept,) = (path for path in tmp_path.rglob("*") if path.is_file())
    assert done.stderr.rstrip().endswith(f"; the file is kept in {kept}")
    assert load(kept).n_parameters == 3


@pytest.mark.integration
@pytest.mark.parametrize("bucket", ["s3"], indirect=True)
def test_a_training_goes_on_when_a_checkpoint_cannot_be_sent(bucket):
    system, name = fsspec.url_to_fs(bucket)
    saving = {"checkpoint": Checkpoint(f"{bucket}/run.safetensors", every=5), "resume": True}

    def outage(run):
        if len(run.history) == 3:
            system.rmdir(name)
        elif len(run.history) == 12:
            system.mkdir(name)
        elif len(run.history) == 17:
            raise KeyboardInterrupt

    network, whole = (Network.dense([1, 8, 1]) for _ in range(2))
    train(whole, X, X**2, epochs=40)
    with (
        pytest.warns(UserWarning, match="; the training continues"),
        pytest.raises(KeyboardInterrupt),
    ):
        train(network, X, X**2, epochs=40, callbacks=outage, **saving)
    assert names(bucket) == {"/run.safetensors"}
    assert len(train(network, X, X**2, epochs=40, **saving)) == 40
    assert np.array_equal(network.parameters, whole.parameters)


def test_a_checkpoint_works_in_another_process(bucket):
    address = f"{bucket}/run.safetensors"
    checkpoint = pickle.loads(pickle.dumps(Checkpoint(address, every=1)))
    with pytest.raises(KeyboardInterrupt):
        train(Network.dense([1, 8, 1]), X, X**2, callbacks=Interrupt(3), checkpoint=checkpoint)
    assert names(bucket) == {"/run.safetensors"}
    found = Checkpoint(address)  # made before another process saves
    before = found.read()["run"]["epoch"]
    with pytest.raises(KeyboardInterrupt):
        saving = {"checkpoint": Checkpoint(address, every=1), "resume": True}
        train(Network.dense([1, 8, 1]), X, X**2, callbacks=Interrupt(9), **saving)
    assert found.read()["run"]["epoch"] > before


@pytest.mark.parametrize("name", ["edge.c", "edge.h"])
def test_an_export_replaces_no_file_of_others(bucket, name):
    write_atomically(f"{bucket}/{name}", b"int mine;")
    with pytest.raises(ValueError, match=rf"{name} was not written by barenet"):
        export(Network.dense([2, 1]), f"{bucket}/edge.c")
    assert names(bucket) == {f"/{name}"} and content(f"{bucket}/{name}") == b"int mine;"


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("run?x=1", "expected an address without a question mark, as files are written there"),
        ("z/..", "expected the address of a file or a folder"),
        (".", "expected the address of a file or a folder"),
        ("folder", "is a folder, expected a file"),
    ],
)
def test_a_place_that_is_none_of_a_file_is_refused(bucket, name, problem):
    write_atomically(f"{bucket}/folder/run", b"1")
    with pytest.raises(DataError, match=problem):
        save(Network.dense([2, 1]), f"{bucket}/{name}")
    assert names(bucket) == {"/folder/run"}


def test_no_error_has_a_password(bucket):
    address = bucket.replace("://", "://me:secret-word@") + "/none.safetensors?token=secret-word"
    write = (
        lambda: save(Network.dense([2, 1]), address),
        lambda: train(Network.dense([1, 1]), X, X, epochs=1, resume=address),
    )
    for each in write:
        with pytest.raises((BarenetError, OSError)) as caught:
            each()
        assert "secret-word" not in str(caught.value)


def test_a_folder_of_many_files_is_not_copied(bucket, monkeypatch):
    monkeypatch.setattr(working_copy, "MAX_FILES", 3)
    for index in range(4):
        write_atomically(f"{bucket}/files/{index}", b"12345")
    with pytest.raises(DataError) as caught:
        Checkpoint(f"{bucket}/files")
    problem = "holds 4 files of 20 bytes, more than a run has; name a folder of its own, or a file"
    assert str(caught.value) == f"{bucket}/files: {problem}"


@pytest.mark.integration
def test_the_copies_are_removed_when_the_process_ends(bucket, tmp_path):
    code = f"""
import glob
from barenet import Checkpoint, Network, save
save(Network.dense([2, 1]), "{bucket}/model.safetensors")
assert not glob.glob("{tmp_path}/*")
checkpoint = Checkpoint("{bucket}/model.safetensors")
print(glob.glob("{tmp_path}/*/*"))
"""
    environment = {**os.environ, "TMPDIR": str(tmp_path), "TEMP": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, text=True, capture_output=True
    )
    assert done.stdout.startswith("['") and done.returncode == 0, done
    assert not any(tmp_path.iterdir())
