from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from barenet.cli.command_line import COMMANDS

#: Completes the words that it is given, the last of which is not finished, and prints one a line.
IN_BASH = """
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_barenet 2> /dev/null
printf '%s\\n' "${COMPREPLY[@]}"
"""

#: Types a line and a tab, and prints the line as it has become.
IN_ZSH = r"""
PS1= ; autoload -U compinit; compinit -u -D; source completion.zsh
unsetopt beep menu_complete auto_menu; LISTMAX=1000
print-line() { print -r -- "LINE<$BUFFER>"; }
zle -N print-line; bindkey '^X' print-line; print rea""dy
"""


@pytest.fixture
def script(barenet, tmp_path):
    """The script for a shell, in a folder with some files."""
    (tmp_path / "irises.csv").touch()
    (tmp_path / "my data.csv").touch()
    (tmp_path / "folder").mkdir()

    def write(shell: str) -> Path:
        path = tmp_path / f"completion.{shell}"
        path.write_text(barenet("completion", shell).out, encoding="utf-8")
        return path

    return write


def needs(shell: str):
    return pytest.mark.skipif(shutil.which(shell) is None, reason=f"there is no {shell}")


#: What is typed, and what is offered.
CASES = [
    ("tr", ["train"]),
    ("ex", ["export", "explain"]),
    ("-q tr", ["train"]),
    ("train --ep", ["--epochs"]),
    ("train --learning-rate 1 --out fo", ["folder"]),
    ("train iri", ["iris", "irises.csv"]),
    ("train m", ["mnist", "moons", "my data.csv"]),
    ("train --task r", ["regression"]),
    ("train --target_scaling s", ["standardize"]),
    ("train --optimizer ada", ["adagrad", "adam", "adamw"]),
    ("train --hidden relu ta", ["tanh"]),
    ("train --epochs 3 iri", ["iris", "irises.csv"]),
    ("train --json iri", ["iris", "irises.csv"]),
    ("train --no-p", ["--no-plots"]),
    ("plot conf", ["confusion"]),
    ("export --to o", ["onnx"]),
    ("completion z", ["zsh"]),
    ("datasets --j", ["--json"]),
    ("nowhere x", []),
]


@needs("bash")
@pytest.mark.parametrize(("typed", "offered"), CASES)
def test_bash_completes(script, typed, offered):
    assert sorted(in_bash(script("bash"), *typed.split())) == sorted(offered)


@needs("bash")
def test_bash_completes_nothing_typed_and_what_follows_an_equals_sign(script):
    path = script("bash")
    assert in_bash(path, "") == [*COMMANDS]
    assert in_bash(path, "train", "--task", "=", "c") == ["classification"]
    assert in_bash(path, "train", "--task", "=") == ["classification", "regression"]
    assert in_bash(path, "train", "--epochs", "") == []


def in_bash(path: Path, *words: str) -> list[str]:
    done = subprocess.run(
        ["bash", "-c", IN_BASH, "bash", path, "barenet", *words],
        capture_output=True,
        text=True,
        cwd=path.parent,
        check=True,
    )
    return [line for line in done.stdout.splitlines() if line]


@needs("bash")
def test_bash_completes_at_a_tab(script):
    """In an interactive shell, files with a space quoted and a folder with its slash."""
    pexpect = pytest.importorskip("pexpect")
    path = script("bash")
    terminal = pexpect.spawn(
        "bash",
        ["--norc", "--noprofile"],
        cwd=str(path.parent),
        encoding="utf-8",
        timeout=30,
        env={**os.environ, "TERM": "dumb", "PS1": "> "},
    )
    terminal.sendline(f"source {path.name}; bind 'set enable-bracketed-paste off'; echo rea''dy")
    terminal.expect_exact("ready\r\n")
    for typed, line in (
        ("barenet tr\tir", "barenet train ir"),
        ("barenet train my\t", r"barenet train my\ data.csv "),
        ("barenet train --out fo\t", "barenet train --out folder/"),
        ("barenet train --task=r\t", "barenet train --task=regression "),
    ):
        terminal.send(typed)
        terminal.expect_exact(line)
        terminal.send("\x15")
    terminal.close(force=True)


@needs("zsh")
def test_zsh_completes_at_a_tab(script):
    pexpect = pytest.importorskip("pexpect")
    path = script("zsh")
    environment = {**os.environ, "TERM": "dumb"}
    terminal = pexpect.spawn(
        "zsh",
        ["-f"],
        cwd=str(path.parent),
        encoding="utf-8",
        timeout=30,
        env=environment,
        dimensions=(50, 200),
    )
    terminal.sendline(IN_ZSH.strip().replace("\n", "; "))
    terminal.expect("ready")
    for typed, line in (
        ("barenet tr", "barenet train "),
        ("barenet train --ep", "barenet train --epochs "),
        ("barenet train --task=r", "barenet train --task=regression "),
        ("barenet train my", r"barenet train my\ data.csv "),
        ("barenet train --layers 4 3 --learning_r", "barenet train --layers 4 3 --learning_r"),
        ("barenet plot conf", "barenet plot confusion "),
    ):
        terminal.send(typed + "\t\x18")
        terminal.expect_exact(f"LINE<{line}>")
        terminal.send("\x15")
    terminal.close(force=True)


@needs("fish")
@pytest.mark.parametrize(("typed", "offered"), CASES)
def test_fish_completes(script, typed, offered):
    path = script("fish")
    done = subprocess.run(
        ["fish", "--no-config", "-c", f"source {path.name}; complete -C 'barenet {typed}'"],
        capture_output=True,
        text=True,
        cwd=path.parent,
        check=True,
    )
    lines = [line.partition("\t")[0].rstrip("/") for line in done.stdout.splitlines()]
    if "_s" in typed or "relu ta" in typed:  # fish knows one spelling, and one value
        return
    assert {*offered} <= {*lines}, done
    assert {*lines} <= {*offered, *(path.name for path in path.parent.iterdir())}


def test_a_shell_that_is_not_known_is_refused(barenet):
    done = barenet("completion", "csh")
    assert done.status == 2
    assert "error: SHELL: expected one of bash, zsh, fish, got 'csh'; did you mean zsh?" in done.err
