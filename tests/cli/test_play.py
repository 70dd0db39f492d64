"""``barenet play``: the served page, and a recorded training in one file."""

import base64
import json
import os
import re
import shutil
import signal
import sys
import threading
import time
import urllib.request
from html import unescape
from pathlib import Path

import numpy as np
import pytest

from barenet.cli import _play_page as serve_module, _record
from barenet.errors import ArgumentError
from barenet.playground.data._file_store import FileStore

pytestmark = pytest.mark.integration


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to send to a process")
def test_the_printed_address_answers_until_the_end(process):
    running = process("play", "moons", "--port", "0", "--no-browser")
    address = running.stdout.readline().strip()
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/[\w-]{20,}/", address)
    with urllib.request.urlopen(address) as answer:
        assert b"barenet playground" in answer.read()
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=100)
    assert running.returncode == 130
    assert out == "" and "Traceback" not in err and "Ctrl-C ends it" in err


@pytest.mark.case(109)
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to send to a process")
@pytest.mark.parametrize("snap", [False, True])
def test_the_token_is_not_on_a_command_line(process, tmp_path, snap):
    """The browser gets a file of this user's alone, which is gone at the end."""
    temporary, home = tmp_path / "temporary", tmp_path / "home"
    for folder in (temporary, home / "snap") if snap else (temporary, home):
        folder.mkdir(parents=True)
    browser = tmp_path / "browser"
    browser.write_text(
        '#!/bin/sh\necho "$@" > "$HOME/redirect.part"\nmv "$HOME/redirect.part" "$HOME/redirect"\n'
    )
    browser.chmod(0o700)
    environment = {"BROWSER": f"{browser} %s", "HOME": str(home), "TMPDIR": str(temporary)}
    running = process("play", "#data=xor&noise=1", "--port", "0", environment=environment)
    address = running.stdout.readline().strip()
    token = address.split("/")[3]
    for _ in range(600):
        if (home / "redirect").exists():
            break
        time.sleep(0.05)
    redirect = (home / "redirect").read_text().strip()
    assert token not in redirect and redirect.startswith("file:///")
    path = Path(redirect.removeprefix("file://"))
    assert path.parent == (home if snap else temporary)
    assert path.stat().st_mode & 0o777 == 0o600
    assert f'content="0;url={address.replace("&", "&amp;")}"' in path.read_text()
    running.send_signal(signal.SIGTERM)
    running.communicate(timeout=100)
    assert running.returncode == 143 and not path.exists()


def test_no_browser_is_respected(barenet, monkeypatch, tmp_path):
    """The server is stopped as soon as it would open the browser."""
    from barenet.playground.server import _server as server

    opened = []

    def browse(address):
        found = re.search('href="(.*?)"', Path(address.removeprefix("file://")).read_text())
        opened.append(unescape(found[1]))

    class Ended(server.Server):
        def start(self):
            self.ready()
            for thread in threading.enumerate():
                if thread.name == "browser":
                    thread.join()

    monkeypatch.setattr(serve_module, "Server", Ended)
    monkeypatch.setattr(serve_module, "ProcessTrainer", lambda: None)
    monkeypatch.setattr(serve_module.webbrowser, "open", browse)
    done = barenet("play", "--port", "0")
    assert done.status == 0 and opened == [done.out.strip()]
    assert "open the address yourself" in done.err
    assert barenet("play", "--port", "0", "--no-browser").status == 0
    assert len(opened) == 1
    with monkeypatch.context() as patch:
        patch.setattr(serve_module.tempfile, "mkstemp", lambda **_: os.open(tmp_path, os.O_WRONLY))
        done = barenet("play", "--port", "0")
    assert done.status == 0 and "open the address yourself" in done.err and len(opened) == 1
    settings = "#data=xor&net.hidden=3~2&epoch=4"
    assert barenet("play", settings, "--port", "0").out.strip() == opened[1]
    assert opened[1].endswith("/" + settings)
    done = barenet("play", "#target=a b<ü>#%20|5%", "--port", "0", "--no-browser")
    assert done.out.endswith("/#target=a%20b%3C%C3%BC%3E#%20%7C5%\n")
    for hostile in ("#\n\nhttp://evil/", "#\x1b[2J", "#\x85x"):
        done = barenet("play", hostile, "--port", "0", "--no-browser")
        assert done.status == 0 and done.out.count("\n") == 1 and done.out.isascii()
        assert "\x1b" not in done.out
    table = tmp_path / "mine.csv"
    table.write_text("a,b,y\n" + "1,2,3\n4,6,5\n" * 9)
    settings = settings.replace("xor", "table%3A7-other")
    assert barenet("play", table, settings, "--port", "0").status == 0
    assert opened[2].endswith("/" + settings.replace("7-other", "1-mine"))
    done = barenet("play", settings, "--target", "y", "--port", "0")
    assert done.status == 2 and "target" in done.err


def test_a_table_from_another_folder_is_recognized_by_its_rows(barenet, capfd):
    def finds_rows(path):
        return bool(serve_module._start(path, "", "", FileStore()).data.rows)

    table = Path("t.csv")
    table.write_text(text := "a,b,y\n" + "".join(f"{n % 7},{n % 5},{n % 3}\n" for n in range(60)))
    done = barenet("train", "t.csv", "--target", "y", "--epochs", 1, "--no-plots", "--out", "run")
    assert done.status == 0, done.err
    shutil.copy("run/model.safetensors", "mine.safetensors")
    assert finds_rows("run") and finds_rows("mine.safetensors")
    for other in (text.replace("0,0,0", "0,0,1"), "c,d,y\n1,2,3\n", "no table\n"):
        table.write_text(other)
        capfd.readouterr()
        with pytest.raises(ArgumentError, match=r"rows of t\.csv, which are not here"):
            finds_rows("mine.safetensors")
        assert "t.csv here is not the training data of the model" in capfd.readouterr().err
    table.rename("moved.csv")
    with pytest.raises(ArgumentError, match=r"rows of t\.csv, which are not here"):
        finds_rows("mine.safetensors")
    assert capfd.readouterr().err == ""


def content(path):
    return json.loads(re.search(r'id="recording">(.*?)</script>', path.read_text("utf-8"))[1])


def last_epoch(path):
    _, kept = content(path)["arrays"]["kept"]
    return np.frombuffer(base64.b64decode(kept), "<f4").reshape(-1, 5)[-1, 0]


def test_the_command_writes_one_small_file(barenet, tmp_path):
    path = tmp_path / "moons.html"
    done = barenet("play", "moons", "--out", path)
    assert done.out == f"{path}\n"
    assert path.stat().st_size < 210_000
    assert "http" not in re.sub(r"http-equiv|http://www.w3.org/\S+", "", path.read_text("utf-8"))
    assert last_epoch(path) == 300
    assert not barenet("play", "#data=xor&net.hidden=3&epoch=5", "--out", path).status
    assert last_epoch(path) == 5 and content(path)["settings"]["hidden"] == [3]


@pytest.mark.case(188)
@pytest.mark.parametrize("name", ["lesson.json.txt", "LESSON.JSON", "Lesson.json.TXT"])
def test_a_lesson_with_the_suffix_of_an_editor_is_a_lesson(barenet, tmp_path, name):
    lesson = {"title": "Two moons", "text": ["Watch."], "state": "data=moons&net.stop_epoch=3"}
    lesson["check"] = [{"measure": "epoch", "at_least": 1}]
    (tmp_path / name).write_text(json.dumps(lesson))
    path = tmp_path / "recording.html"
    assert not barenet("play", tmp_path / name, "--out", path).status
    assert content(path)["text"][1:] == ["Watch."]
    (tmp_path / name).write_text("size,price\n1,2\n")
    assert "not JSON" in barenet("play", tmp_path / name, "--out", path).error


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
    assert "no goal or hints" in note and text == ["Watch."]
    (tmp_path / "lesson.json").write_text(json.dumps([lesson, {**lesson, "title": "Two"}]))
    done = barenet("play", tmp_path / "lesson.json", "--out", path)
    assert "has 2 lessons, of which the first is recorded" in done.err
    assert last_epoch(path) == 3
    assert "<title>Two &lt;moons&gt;</title>" in path.read_text("utf-8")
    assert not barenet("play", "#lesson=xor&step=2", "--out", path, "--epochs", 2).status
    assert "line" in content(path)["text"][1] and content(path)["data"]["name"] == "xor"
    rows = "".join(f"{i % 13},{i % 7},{'ab'[i % 2]},{i / 3}\n" for i in range(60))
    (tmp_path / "rows.csv").write_text("size,day,kind,price\n" + rows)
    assert not barenet(
        "play", tmp_path / "rows.csv", "#features=all&net.hidden=3&epoch=2", "--out", path
    ).status
    assert content(path)["data"]["target"] == "price" and content(path)["data"]["n_inputs"] == 4


@pytest.mark.parametrize("out", ["none/a.html", "folder"])
def test_a_place_that_cannot_be_written_is_found_before_the_training(
    barenet, tmp_path, monkeypatch, out
):
    (tmp_path / "folder/recording.html").mkdir(parents=True)
    monkeypatch.setattr(_record, "record", lambda *_: pytest.fail("it was trained"))
    done = barenet("play", "moons", "--epochs", 3, "--out", tmp_path / out)
    assert done.status and ("no such folder" in done.err or "is a folder" in done.err)


@pytest.mark.integration
def test_the_bar_of_a_recording_is_gone_at_its_end(terminal):
    shown = terminal("play", "moons", "--epochs", "30", "--out", "moons.html")
    assert "training" in shown and shown.endswith("moons.html\r\n")
    assert "\x1b[2K" in shown.rpartition("training")[2]  # the line of the bar is erased
