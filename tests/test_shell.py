"""Suggested commands can be pasted into the shell of the platform."""

import json
import shlex
import subprocess
import sys

import pytest

from barenet import _shell as shell
from barenet.files._model_path import resume_command

#: Words, and how a command of Windows has them; worked out from Microsoft's rules for arguments.
ON_WINDOWS = {
    "digits": "digits",
    r"C:\runs\digits": r"C:\runs\digits",
    r"C:\My runs\digits": r'"C:\My runs\digits"',
    "it's": '"it\'s"',
    "a&b": '"a&b"',
    "50%": '"50%"',
    'say "no"': r'"say \"no\""',
    "": '""',
    "größer": "größer",
}


@pytest.mark.parametrize("word", ON_WINDOWS)
def test_a_word_for_windows(monkeypatch, word):
    monkeypatch.setattr(shell, "IS_WINDOWS", True)
    assert shell.quote(word) == ON_WINDOWS[word]
    assert shell.join(["barenet", word]) == f"barenet {ON_WINDOWS[word]}"


def test_a_message_for_windows(monkeypatch, tmp_path):
    monkeypatch.setattr(shell, "IS_WINDOWS", True)
    folder = tmp_path / "my runs"
    assert resume_command(folder) == f'barenet train --resume "{folder}"'


@pytest.mark.integration
@pytest.mark.skipif(sys.platform == "win32", reason="its shell is another")
def test_a_command_for_a_posix_shell():
    words = ["-c", "import json, sys; print(json.dumps(sys.argv[1:]))", *ON_WINDOWS, "$HOME", "`"]
    command = shell.join([sys.executable, *words])
    assert shlex.split(command) == [sys.executable, *words]
    printed = subprocess.check_output(["/bin/sh", "-c", command], text=True, encoding="utf-8")
    assert json.loads(printed) == [*ON_WINDOWS, "$HOME", "`"]
