"""Files at addresses: read as those on this machine, from a real web server and from memory."""

import os
import socket
import subprocess
import sys
import traceback
from pathlib import Path

import fsspec
import numpy as np
import pandas as pd
import pytest

from barenet import Network, Task, load, load_dataset, save
from barenet.datasets._table_loading import load_table
from barenet.errors import ArgumentError, DataError, MissingExtraError, ModelFileError
from barenet.storage import _remote_file as remote_file
from barenet.streams._stream import stream

TABLE = pd.DataFrame({"x": np.sqrt(np.arange(300)), "kind": ["a", "b", "c"] * 100})
TABLE["y"] = TABLE["x"] / 7 + (TABLE["kind"] == "a")


@pytest.fixture
def memory():
    """The file system memory://, which is empty."""
    system = fsspec.filesystem("memory")
    system.store.clear()
    yield system
    system.store.clear()


@pytest.fixture
def files(web):
    """The web server, with a table in all formats."""
    TABLE.to_csv(web.folder / "rows.csv", index=False)
    TABLE.to_csv(web.folder / "rows.csv.gz", index=False)
    TABLE.to_parquet(web.folder / "rows.parquet", row_group_size=100)
    np.savez(web.folder / "rows.npz", X=TABLE[["x"]].to_numpy(float), y=TABLE["y"])
    return web


READERS = {
    "arrays": load_dataset,
    "load_dataset": lambda path: load_dataset(
        path, **{} if "npz" in str(path) else {"target": "y"}
    ),
    "load_table": lambda path: load_table(path, "y"),
    "stream": lambda path: stream(path, "y").sample,
    "streams": lambda path: stream([path], "y").sample,
    "Task.open": lambda path: Task.open(path, "y").training,
}


def values(X):
    return [column.tolist() for column in getattr(X, "columns", {"X": X}).values()]


@pytest.mark.parametrize(
    ("read", "name"),
    [
        ("load_dataset", "rows.csv"),
        ("load_table", "rows.csv.gz"),
        ("stream", "rows.parquet"),
        ("streams", "rows.csv"),
        ("Task.open", "rows.parquet"),
        ("arrays", "rows.npz"),
    ],
)
def test_a_file_is_read_as_one_on_this_machine(files, read, name):
    own = READERS[read](files.folder / name)
    for address in (f"{files.address}/{name}?v=1", Path(f"{files.address}/{name}")):
        rows = READERS[read](address)
        assert (rows.name, rows.feature_names) == (own.name, own.feature_names)
        assert np.array_equal(rows.y, own.y) and values(rows.X) == values(own.X)


@pytest.mark.case(183)
def test_the_folder_of_a_run_at_an_address_is_loaded_as_its_model(files, memory):
    """As a folder on this machine; a web server answers with a page, or with nothing."""
    network = Network.dense([3, 2], seed=4)
    run = files.folder / "runs" / "current"
    run.mkdir(parents=True, exist_ok=True)
    save(network, run / "model.safetensors")
    save(network, files.folder / "model")
    content = (run / "model.safetensors").read_bytes()
    memory.pipe("/bucket/runs/current/model.safetensors", content)
    memory.pipe("/bucket/named.net", content)
    web_run = f"{files.address}/runs/current"
    for address in (
        "memory://bucket/runs/current",
        "memory://bucket/runs/current/",
        "memory://bucket/named.net",
        run.as_uri(),
        web_run,
        f"{web_run}/",
        f"{web_run}?token=1",
        f"{files.address}/model?token=1",
    ):
        assert load(address).parameters.tobytes() == network.parameters.tobytes()
    with pytest.raises(FileNotFoundError, match=r"^memory://bucket/runs: is a folder, expected"):
        load("memory://bucket/runs")


def test_a_pattern_is_that_of_the_files_at_the_address(files, memory):
    for part in range(3):
        path = files.folder / "parts" / f"{part}.parquet"
        path.parent.mkdir(exist_ok=True)
        TABLE[part::3].to_parquet(path)
        memory.pipe(f"/bucket/parts/{part}.parquet", path.read_bytes())
    own = stream(f"{files.folder}/parts/*.parquet", "y")
    for start in (files.address, "memory://bucket"):
        rows = stream(f"{start}/parts/*.parquet", "y")
        assert len(rows.lengths) == 3 and rows.source.name == "0.parquet and 2 more"
        for block in range(3):
            assert np.array_equal(rows.read_block(block).y, own.read_block(block).y)
    with pytest.raises(DataError, match=r"none\*.csv: no file matches this pattern"):
        stream("memory://bucket/none*.csv", "y")


def test_a_file_is_copied_again_only_after_it_has_changed(files, memory):
    for _ in range(2):
        assert load_table(f"{files.address}/rows.csv", "y").n_samples == 300
    assert files.requests.count("GET /rows.csv") == 1
    path = files.folder / "rows.csv"
    TABLE[:200].to_csv(path, index=False)
    os.utime(path, (2e9, 2e9))
    assert load_table(f"{files.address}/rows.csv", "y").n_samples == 200

    memory.pipe("/rows.csv", b"x,y\n1,2.5\n2,3.5\n")
    first = load_table("memory://rows.csv", "y")
    memory.pipe("/rows.csv", b"x,y\n1,2.5\n2,4.5\n")  # of the same size
    assert (first.y[1], load_table("memory://rows.csv", "y").y[1]) == (3.5, 4.5)


def test_a_server_without_times_is_asked_again(files, monkeypatch):
    from http.server import SimpleHTTPRequestHandler

    monkeypatch.setattr(SimpleHTTPRequestHandler, "date_time_string", lambda *_: "")
    path = files.folder / "rows.csv"
    path.write_text("x,y\n1,2.5\n2,3.5\n")
    first = load_table(f"{files.address}/rows.csv", "y")
    path.write_text("x,y\n1,2.5\n2,4.5\n")
    assert (first.y[1], load_table(f"{files.address}/rows.csv", "y").y[1]) == (3.5, 4.5)


@pytest.mark.case(141)
@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("{}/none.csv", "no such file"),
        ("{}/busy.csv", "cannot be read: Service Unavailable"),
        ("{}/cut.csv", "cannot be read: Not enough data to satisfy content length header"),
        ("{}/loop.csv", "cannot be read: the server redirects without an end"),
        ("{}/slow.csv", "no answer for 0.5 seconds"),
        ("http://127.0.0.1:9/x.csv", "cannot be read: Connect call failed ('127.0.0.1', 9)"),
        ("http://no.such.host.invalid/x.csv", "cannot be read: "),
        ("memory://none.csv", "no such file"),
        ("memory://folder", "is a folder, expected a file"),
        ("xyz://bucket/x.csv", "unknown protocol xyz://"),
        ("htps://host/x.csv", "unknown protocol htps://, did you mean 'https'?"),
        ("https://http://host/x.csv", "two protocols, expected one; leave out https://"),
        ("http://host:port/x.csv", "cannot be read: Invalid URL: port can't be"),
    ],
)
def test_an_error_is_one_line_that_names_the_address(web, memory, monkeypatch, address, problem):
    monkeypatch.setattr(remote_file, "TIMEOUT", 0.5)
    for name in ("slow.csv", "cut.csv", "busy.csv"):
        (web.folder / name).touch()
    memory.pipe("/folder/x.csv", b"x,y\n")
    address = address.format(web.address)
    with pytest.raises(DataError) as caught:
        stream(address, "y")
    assert str(caught.value).startswith(f"{address}: {problem}")
    assert "\n" not in str(caught.value)


@pytest.mark.case(141)
@pytest.mark.parametrize("name", ["x.csv", "*.csv"])
def test_a_server_that_never_answers_is_waited_for_once(monkeypatch, name):
    monkeypatch.setattr(remote_file, "TIMEOUT", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/{name}"
        with pytest.raises(DataError) as caught:
            stream(address, "y")
        assert str(caught.value) == f"{address}: no answer for 0.5 seconds"
        server.setblocking(False)
        server.accept()[0].close()
        with pytest.raises(BlockingIOError):  # there was one connection
            server.accept()


def test_an_address_is_read_whatever_the_case_of_its_protocol(files):
    address = f"{files.address}/rows.csv".replace("http", "HTTP")
    assert load_table(address, "y").n_samples == 300


ODD = "me:pass-/w?o#rd-word@"


@pytest.mark.parametrize(
    ("address", "before_host", "read"),
    [
        ("{}/none.csv", "me:pass-word@", stream),
        ("{}/busy.csv", ODD, load_dataset),
        ("{}/bad.csv", "me:pass-word@", Task.open),
        ("{}/rows.html", "to-ken@", Task.open),
        ("{}/none*.csv", ODD, stream),
        ("http://{{}}127.0.0.1:9/x.csv", "me:pass-word@", Task.open),
        ("smb://{{}}host/x.csv", "to-ken@", load_dataset),
        ("xyz://{{}}host/x.csv", ODD, Task.open),
        ("https://http://{{}}host/x.csv", ODD, stream),
    ],
)
def test_no_error_has_a_password_or_a_token(files, before_host, address, read):
    (files.folder / "bad.csv").write_text("x,y\n1,2\n3\n")
    address = address.format(files.address.replace("://", "://{}")).format(before_host)
    with pytest.raises((ArgumentError, MissingExtraError)) as caught:
        read(f"{address}?token=to-ken", target="y")
    text = "".join(traceback.format_exception(caught.value, chain=True))
    message = text[text.rindex("barenet.errors.") :]
    assert "word" not in message and "to-ken" not in message
    assert "/…@" in message and message.count("?…") == 1
    remote = "".join(traceback.format_exception(caught.value.__cause__ or ValueError()))
    assert "word" not in remote and "to-ken" not in remote


def test_errors_of_the_content_name_the_address(files, monkeypatch):
    (files.folder / "bad.csv").write_text("x,y\n1,2\n3\n")
    with pytest.raises(DataError, match=rf"^{files.address}/bad.csv:3: expected 2 values"):
        load_table(f"{files.address}/bad.csv", "y")
    monkeypatch.setenv("BARENET_MEMORY", "1kB")
    with pytest.raises(DataError, match=rf"^{files.address}/rows.csv: more than .* of data"):
        load_table(f"{files.address}/rows.csv", "y")


@pytest.mark.parametrize(
    ("missing", "address", "needed"),
    [
        (
            "fsspec",
            "memory://x.csv",
            "fsspec: pip install '.[remote]', in a copy of the repository",
        ),
        (
            "aiohttp",
            "https://example.org/x.csv",
            "fsspec: pip install '.[remote]', in a copy of the repository",
        ),
        ("s3fs", "s3://bucket/x.csv", "s3fs: pip install s3fs"),
        ("gcsfs", "gs://bucket/x.csv", "gcsfs: pip install gcsfs"),
        ("smbclient", "smb://server/share/x.csv", "smbprotocol: pip install smbprotocol"),
    ],
)
def test_a_missing_package_is_one_line_with_its_command(monkeypatch, missing, address, needed):
    monkeypatch.setitem(sys.modules, missing, None)
    monkeypatch.delitem(
        sys.modules["fsspec.registry"]._registry, address.partition(":")[0], raising=False
    )
    with pytest.raises(MissingExtraError) as caught:
        load_table(address, "y")
    assert str(caught.value) == f"{address} needs {needed}"


def test_a_model_is_loaded_from_an_address(web, memory):
    network = Network.dense([2, 3, 1], seed=5)
    save(network, web.folder / "model.safetensors")
    data = (web.folder / "model.safetensors").read_bytes()
    memory.pipe("/model.safetensors", data)
    for start in (f"{web.address}/", "memory://"):
        loaded = load(f"{start}model.safetensors")
        assert np.array_equal(loaded.parameters, network.parameters)
    memory.pipe("/damaged.safetensors", data[:-1])
    with pytest.raises(ModelFileError, match=r"^memory://damaged.safetensors: "):
        load("memory://damaged.safetensors")


@pytest.mark.integration
def test_the_copies_are_removed_when_the_process_ends(files, tmp_path):
    code = f"""
import glob
from barenet.datasets._table_loading import load_table
print(load_table("{files.address}/rows.csv", "y").n_samples, glob.glob("{tmp_path}/*/*"))
"""
    environment = {**os.environ, "TMPDIR": str(tmp_path), "TEMP": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], env=environment, text=True, capture_output=True
    )
    assert done.stdout.startswith("300 ['") and done.stderr == "", done
    assert not any(tmp_path.iterdir())


def test_a_stream_reads_its_copy(files):
    rows = stream(f"{files.address}/rows.parquet", "y")
    (files.folder / "rows.parquet").unlink()
    assert rows.read_block(0).n_samples == 100
