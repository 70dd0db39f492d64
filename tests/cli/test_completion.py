from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from barenet.cli._completion import VARIABLE
from barenet.cli._main import COMMANDS

#: Types a line and a tab, and prints the line as it has become.
IN_ZSH = r"""
PS1= ; autoload -U compinit; compinit -u -D; source completion.zsh
unsetopt beep menu_complete auto_menu; LISTMAX=1000
print-line() { print -r -- "LINE<$BUFFER>"; }
zle -N print-line; bindkey '^X' print-line; print rea""dy
"""

#: Finds the command, and keeps the terminals simple.
ENVIRONMENT = {
    **os.environ,
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "TERM": "dumb",
    "PS1": "> ",
}


def needs(shell: str):
    return pytest.mark.skipif(shutil.which(shell) is None, reason=f"there is no {shell}")


@pytest.mark.parametrize(
    ("typed", "candidates", "files"),
    [
        ("tr", ["train"], False),
        ("ex", ["export", "explain"], False),
        ("-q tr", ["train"], False),
        ("--v", ["--version"], False),
        ("train --ep", ["--epochs"], False),
        ("train --epochs ", [], False),
        ("train --out fo", [], True),
        ("train iri", ["iris"], True),
        ("train --task r", ["regression"], False),
        ("train --task=r", ["--task=regression"], False),
        ("train --task = r", ["regression"], False),  # as bash separates it
        ("train --task =", ["classification", "regression"], False),
        ("train --target_scaling s", ["standardize"], False),
        ("train --optimizer ada", ["adagrad", "adam", "adamw"], False),
        ("train --hidden relu ta", ["tanh"], False),
        ("train --epochs 3 iri", ["iris"], True),
        ("train --json iri", ["iris"], True),
        ("train --no-p", ["--no-plots"], False),
        ("plot conf", ["confusion"], True),
        ("export --to o", ["onnx"], False),
        ("completion z", ["zsh"], False),
        ("datasets --j", ["--json"], False),
        ("nowhere x", [], False),
        ("", [*COMMANDS], False),
    ],
)
def test_words_are_completed(barenet, monkeypatch, typed, candidates, files):
    monkeypatch.setenv(VARIABLE, "1")
    first, *lines = barenet(*typed.split(" ")).out.splitlines()
    assert [line.partition("\t")[0] for line in lines] == candidates
    assert first == ("files" if files else "words")


@pytest.fixture
def shell(barenet, tmp_path):
    """Start a shell in a folder with some files, where a completion script is."""
    pexpect = pytest.importorskip("pexpect")
    (tmp_path / "my data.csv").touch()
    (tmp_path / "folder").mkdir()

    def start(name: str, *options: str):
        script = barenet("completion", name).out
        (tmp_path / f"completion.{name}").write_text(script, encoding="utf-8")
        size = (50, 200)
        return pexpect.spawn(
            name, [*options], encoding="utf-8", timeout=30, env=ENVIRONMENT, dimensions=size
        )

    return start


@needs("bash")
def test_bash_completes_at_a_tab(shell):
    """In an interactive shell, files with a space quoted and a folder with its slash."""
    terminal = shell("bash", "--norc", "--noprofile")
    terminal.sendline("source completion.bash; bind 'set enable-bracketed-paste off'; echo rea''dy")
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
def test_zsh_completes_at_a_tab(shell):
    terminal = shell("zsh", "-f")
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
@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("train m", {"mnist", "moons", "my data.csv"}),
        ("train --out=fo", {"--out=folder/"}),
        ("train --ep", {"--epochs"}),
    ],
)
def test_fish_completes(barenet, tmp_path, typed, offered):
    (tmp_path / "my data.csv").touch()
    (tmp_path / "folder").mkdir()
    (tmp_path / "completion.fish").write_text(barenet("completion", "fish").out, encoding="utf-8")
    line = f"source completion.fish; complete -C 'barenet {typed}'"
    done = subprocess.run(
        ["fish", "--no-config", "-c", line],
        capture_output=True,
        text=True,
        check=True,
        env=ENVIRONMENT,
    )
    assert {line.partition("\t")[0] for line in done.stdout.splitlines()} == offered


def test_an_unknown_shell_is_refused(barenet):
    done = barenet("completion", "csh")
    assert done.status == 2
    assert "error: SHELL: expected one of bash, zsh, fish, got 'csh'; did you mean zsh?" in done.err
