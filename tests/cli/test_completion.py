"""A shell completes commands, options and their values, data sets and files."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

#: Types a line and a tab, and prints the line as it has become.
IN_ZSH = r"""
PS1= ; fpath=($PWD $fpath); autoload -U compinit; compinit -u -D
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


@pytest.fixture
def script(barenet, tmp_path):
    """Write the completion script of a shell, beside a table."""
    (tmp_path / "my data.csv").touch()

    def write(shell: str, name: str) -> None:
        if shutil.which(shell) is None:
            pytest.skip(f"there is no {shell}")
        (tmp_path / name).write_text(barenet("completion", shell).out, "utf-8")

    return write


@pytest.fixture
def terminal():
    """Start a shell on a terminal."""
    pexpect = pytest.importorskip("pexpect")
    started = []

    def start(shell: str, *options: str):
        size = (50, 200)
        started.append(
            pexpect.spawn(
                shell, [*options], encoding="utf-8", timeout=30, env=ENVIRONMENT, dimensions=size
            )
        )
        return started[-1]

    yield start
    for each in started:
        each.close(force=True)


def test_bash_completes_at_a_tab(script, terminal):
    script("bash", "completion.bash")
    bash = terminal("bash", "--norc", "--noprofile")
    bash.sendline("source completion.bash; bind 'set enable-bracketed-paste off'; echo rea''dy")
    bash.expect_exact("ready\r\n")
    for typed, line in (
        ("barenet tr\tir\t", "barenet train iris "),
        ("barenet train my\t", r"barenet train my\ data.csv "),
        ("barenet train --task=r\t", "barenet train --task=regression "),
        ("barenet train --hidden relu ta\t", "barenet train --hidden relu tanh "),
    ):
        bash.send(typed)
        bash.expect_exact(line)
        bash.send("\x15")


def test_zsh_completes_at_a_tab(script, terminal):
    script("zsh", "_cyclopts_barenet")
    zsh = terminal("zsh", "-f")
    zsh.sendline(IN_ZSH.strip().replace("\n", "; "))
    zsh.expect("ready")
    for typed, line in (
        ("barenet tr", "barenet train "),
        ("barenet train --ep", "barenet train --epochs "),
        ("barenet train my", r"barenet train my\ data.csv "),
        ("barenet plot conf", "barenet plot confusion "),
    ):
        zsh.send(typed + "\t\x18")
        zsh.expect_exact(f"LINE<{line}>")
        zsh.send("\x15")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("train m", {"mnist", "moons", "my data.csv"}),
        ("train --optimizer ada", {"adagrad", "adam", "adamw"}),
        ("train --ep", {"--epochs"}),
    ],
)
def test_fish_completes(script, tmp_path, typed, offered):
    script("fish", "completion.fish")
    line = f"source completion.fish; complete -C 'barenet {typed}'"
    command = ["fish", "--no-config", "-c", line]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=ENVIRONMENT)
    assert {line.partition("\t")[0] for line in done.stdout.splitlines()} == offered
