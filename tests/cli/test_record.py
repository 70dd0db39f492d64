"""`barenet play --out`: a recorded training in one file."""

import json
import re

import pytest

from barenet.cli import _record


def content(path):
    return json.loads(re.search(r'id="recording">(.*?)</script>', path.read_text("utf-8"))[1])


def test_the_command_writes_one_small_file_and_replaces_only_a_recording(barenet, tmp_path):
    path = tmp_path / "moons.html"
    done = barenet("play", "moons", "--out", path)
    assert done.out == f"{path}\n"
    assert path.stat().st_size < 175_000
    assert "http" not in re.sub(r"http-equiv|http://www.w3.org/\S+", "", path.read_text("utf-8"))
    assert content(path)["facts"]["epochs"] == "300"
    assert not barenet("play", "#data=xor&net.hidden=3&epoch=5", "--out", path).status
    assert content(path)["facts"] | {"epochs": "5", "layers": "2, 3, 1"} == content(path)["facts"]
    other = tmp_path / "other.html"
    other.write_text("<!doctype html><title>mine</title>")
    assert "not a recording" in barenet("play", "moons", "--out", other).error
    assert other.read_text() == "<!doctype html><title>mine</title>"


def test_a_lesson_and_a_table_are_recorded(barenet, tmp_path):
    lesson = {"title": "Two <moons>", "text": ["Watch."], "state": "data=moons&net.stop_epoch=3"}
    lesson["check"] = [{"measure": "epoch", "at_least": 1}]
    (tmp_path / "lesson.json").write_text(json.dumps({**lesson, "titel": "Two"}))
    assert barenet("play", tmp_path / "lesson.json", "--out", f"{tmp_path}/").status == 2
    (tmp_path / "lesson.json").write_text(json.dumps(lesson))
    done = barenet("play", tmp_path / "lesson.json", "--out", f"{tmp_path}/")
    assert not done.status and "lessons" not in done.err
    path = tmp_path / "recording.html"
    note, *text = content(path)["text"]
    assert "no settings, goal or hints" in note and text == ["Watch."]
    (tmp_path / "lesson.json").write_text(json.dumps([lesson, {**lesson, "title": "Two"}]))
    done = barenet("play", tmp_path / "lesson.json", "--out", path)
    assert "has 2 lessons, of which the first is recorded" in done.err
    assert content(path)["facts"]["epochs"] == "3"
    assert "<title>Two &lt;moons&gt;</title>" in path.read_text("utf-8")
    assert not barenet("play", "#lesson=xor", "--out", path, "--epochs", 2).status
    assert "line" in content(path)["text"][1] and content(path)["data"]["name"] == "xor"
    rows = "".join(f"{i},{i % 7},{'ab'[i % 2]},{i / 3}\n" for i in range(60))
    (tmp_path / "rows.csv").write_text("size,day,kind,price\n" + rows)
    assert not barenet(
        "play", tmp_path / "rows.csv", "#features=all&net.hidden=3&epoch=2", "--out", path
    ).status
    assert content(path)["data"]["target"] == "price" and content(path)["data"]["n_inputs"] == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["#networks=2"], "one network"),
        (["#net.batch_norm=true"], "no batch norm"),
        (["#net.hidden=200~200"], "weights are more than a recording holds"),
        (["#net.edits=0_1_2.5"], "changed by hand"),
        (["model.safetensors"], "is a model"),
        (["moons", "#net.hidden=3"], "takes no rows"),
        (["moons", "--epochs", "0"], "1 to 10000000"),
        (["moons", "--epochs", 10**20], "1 to 10000000"),
        (["#epoch=-5"], "epoch: expected a whole number from 0"),
        (["#epoch=1e5"], "epoch: expected a whole number from 0"),
        (["#data=drawn"], "points: there are none to train on"),
        (["--target", "kind"], "only for a .csv file"),
        (["#lesson=xo"], "xor"),
    ],
)
def test_errors_name_what_a_recording_cannot_do(barenet, tmp_path, arguments, message):
    done = barenet("play", *arguments, "--out", tmp_path / "a.html")
    assert message in done.error and not (tmp_path / "a.html").exists()


@pytest.mark.parametrize("out", ["none/a.html", "folder"])
def test_a_place_that_cannot_be_written_is_found_before_the_training(
    barenet, tmp_path, monkeypatch, out
):
    (tmp_path / "folder/recording.html").mkdir(parents=True)
    monkeypatch.setattr(_record, "record", lambda *_: pytest.fail("it was trained"))
    done = barenet("play", "moons", "--epochs", 3, "--out", tmp_path / out)
    assert done.status and ("no such folder" in done.err or "is a folder" in done.err)


def test_epochs_alone_are_refused(barenet):
    assert "add --out" in barenet("play", "moons", "--epochs", 5).error


@pytest.mark.integration
def test_the_bar_of_a_recording_is_gone_at_its_end(terminal):
    shown = terminal("play", "moons", "--epochs", "30", "--out", "moons.html")
    assert "training" in shown and shown.endswith("moons.html\r\n")
    assert "\x1b[2K" in shown.rpartition("training")[2]  # the line of the bar is erased
