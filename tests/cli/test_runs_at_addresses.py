"""Runs, models and files of commands in object stores: killed, resumed, and read by others."""

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import fsspec
import pytest

from barenet import load

ROWS = [f"{i % 13 / 3},{'ab'[i % 2]},{i % 13 + i % 2}" for i in range(120)]
TABLE = "\n".join(["size,town,price", *ROWS])
QUICK = ("--target", "price", "--model", "network", "--epochs", 3, "--no-plots", "--no-baselines")
RUN = {"model.safetensors", "history.jsonl", "settings.toml"}


@pytest.fixture
def table(bucket):
    """The address of a table."""
    put(f"{bucket}/prices.csv", TABLE.encode())
    return f"{bucket}/prices.csv"


def put(address, data):
    system, place = fsspec.url_to_fs(address)
    system.pipe_file(place, data)


def files(address):
    """The files of a folder, by their names, without the times of its epochs."""
    system, place = fsspec.url_to_fs(address)
    system.invalidate_cache()
    found = {Path(name).name: system.cat_file(name) for name in system.find(place)}
    if text := found.pop("history.jsonl", b""):
        curves = [{**json.loads(line), "seconds": 0} for line in text.splitlines()]
        found["history.jsonl"] = json.dumps(curves).encode()
    return found


def test_a_run_at_an_address_is_that_of_this_machine(barenet, bucket, table):
    run = f'{bucket}/runs/my "prices"'
    done = barenet("train", table, *QUICK, "--out", run).ok()
    barenet("train", table, *QUICK, "--out", "run").ok()
    assert f"saved in {run}:" in done.err and "/barenet-" not in done.out + done.err
    assert files(run) == files(Path("run").as_posix())
    assert files(run).keys() == RUN
    again = barenet("train", table, *QUICK, "--out", run)
    remedy = "choose another name with --out"
    assert again.error == f"barenet train: error: --out: {run} holds a finished run; {remedy}"


def test_commands_read_and_write_at_addresses(barenet, bucket, table):
    run = f"{bucket}/run"
    barenet("train", table, *QUICK, "--out", run).ok()
    barenet("train", table, *QUICK, "--out", "run").ok()
    own = barenet("predict", "run", table).out
    model = f"{run}/model.safetensors"
    for each in (run, model):
        assert barenet("predict", each, table).out == own
    scores = f"{bucket}/scores.csv"
    assert barenet("predict", run, table, "--out", scores).out == f"{scores}\n"
    assert files(scores)["scores.csv"].decode() == own
    for command in (
        ("evaluate", run, table),
        ("export", run, "--to", "c", "--out", f"{bucket}/edge/"),
    ):
        done = barenet(*command).ok()
        assert "/barenet-" not in done.out + done.err, command
    assert files(f"{bucket}/edge").keys() == {"run.c", "run.h"}


@pytest.mark.case(141)
def test_a_place_that_takes_no_run_is_named_before_the_training(barenet, bucket, table):
    put(f"{bucket}/data/rows.parquet", b"rows")
    for out, problem in {
        "http://127.0.0.1:9/run": "http://127.0.0.1:9/run: cannot be read: Connect call failed",
        f"{bucket}/data": f"{bucket}/data holds rows.parquet, which no run has written; "
        f"choose a separate folder, such as --out {bucket}/data/run",
        "htps://host/run": "unknown protocol htps://, did you mean 'https'?",
    }.items():
        done = barenet("train", table, *QUICK, "--out", out)
        assert done.status == 2 and problem in done.err and "epoch" not in done.err, done.err
    assert files(f"{bucket}/data").keys() == {"rows.parquet"}


def test_a_bucket_that_is_not_there_is_named_before_the_training(barenet, bucket, table):
    if bucket.startswith("memory"):
        pytest.skip("memory makes its buckets")
    done = barenet("train", table, *QUICK, "--out", f"{bucket}-none/run")
    assert done.status in (1, 2) and "epoch" not in done.err, done.err
    assert re.search(rf"{bucket}-none/run.*: cannot be (read|written): ", done.err)


#: Runs a command, which is killed before a change at an address.
KILLED = """
import os, signal, sys
from barenet.__main__ import main
from barenet.storage._working_copy import WorkingCopy

def killed(change):
    def changed(copy, path):
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1
        change(copy, path)
    return changed

left = [int(sys.argv.pop(1))]
for name in ("upload", "remove"):
    setattr(WorkingCopy, name, killed(getattr(WorkingCopy, name)))
sys.exit(main())
"""


@pytest.mark.integration
@pytest.mark.parametrize("step", [4, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("bucket", ["s3"], indirect=True)
def test_a_run_is_resumed_after_a_kill_before_each_change(barenet, bucket, table, step):
    given = (table, *QUICK, "--checkpoint-every", 1)
    barenet("train", *given, "--out", "run").ok()
    whole, killed = files(Path("run").as_posix()), 0
    for change in range(0, 100, step):
        run = f"{bucket}/run-{change}"
        command = ["train", *given, "--out", run]
        code = [sys.executable, "-c", KILLED, change, *command]
        done = subprocess.run([*map(str, code)], capture_output=True, text=True)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL, done.stderr
        if found := files(run):
            assert found.keys() & {"unfinished.toml", "checkpoint.safetensors"} or found == whole
            again = ("train", table, "--resume", run, "--no-plots", "--no-baselines")
            barenet(*again).ok()
            assert files(run) == whole, change
            killed += 1
    assert killed >= 8 // step and files(run) == whole


@pytest.mark.integration
@pytest.mark.parametrize("bucket", ["gs"], indirect=True)
def test_sigterm_leaves_a_checkpoint_at_the_address(barenet, process, bucket, table):
    run = f"{bucket}/run"
    given = (table, *QUICK[:4], "--epochs", 4_000, "--no-plots", "--patience", 0)
    barenet("train", *given, "--out", "whole").ok()
    started = process("train", *given, "--out", run, "--checkpoint-every", 1)
    system, place = fsspec.url_to_fs(run)
    while not system.exists(f"{place}/checkpoint.safetensors"):
        assert started.poll() is None, started.communicate()
    started.send_signal(signal.SIGTERM)
    _, messages = started.communicate()
    assert started.returncode == 143 and f"to resume it: barenet train --resume {run}" in messages
    barenet("train", table, "--resume", run, "--no-plots").ok()
    own = files(Path("whole").as_posix())["model.safetensors"]
    assert files(run)["model.safetensors"] == own
    assert files(run).keys() == RUN


def test_a_run_is_resumed_with_its_table_in_another_folder(barenet, bucket, monkeypatch):
    Path("here").mkdir()
    Path("there").mkdir()
    for folder in ("here", "there"):
        Path(folder, "prices.csv").write_text(TABLE)
    barenet("train", "here/prices.csv", *QUICK, "--out", "whole").ok()
    run = f"{bucket}/run"
    settings = Path("whole/settings.toml").read_bytes()
    put(f"{run}/unfinished.toml", settings)  # as after a kill before the first checkpoint
    Path("here/prices.csv").unlink()
    resumed = ("train", "--resume", run, "--no-plots", "--no-baselines")
    assert "here/prices.csv: no such file" in barenet(*resumed).error
    assert "no checkpoint yet" in barenet(*resumed, "there/prices.csv").ok().err
    own = files(Path("whole").as_posix())["model.safetensors"]
    assert files(run)["model.safetensors"] == own


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGHUP")
@pytest.mark.integration
@pytest.mark.parametrize("bucket", ["s3"], indirect=True)
def test_a_service_loads_the_model_of_an_address_again(barenet, bucket, table, serve, tmp_path):
    """The service reads a copy, which a hangup fetches anew."""
    run = f"{bucket}/run"
    barenet("train", table, *QUICK, "--out", run).ok()
    barenet("train", table, *QUICK, "--seed", 5, "--out", "other").ok()
    running, send = serve(f"{run}/model.safetensors")
    record = {"size": 2, "town": "a"}
    _, before = send(record)
    put(f"{run}/model.safetensors", Path("other/model.safetensors").read_bytes())
    running.send_signal(signal.SIGHUP)
    log = tmp_path / "log.txt"
    for _ in range(600):
        if "the model is replaced" in log.read_text("utf-8"):
            break
        time.sleep(0.05)
    _, after = send(record)
    expected = load("other/model.safetensors").predict([record]).tolist()
    assert [after["prediction"]] == expected and after != before
