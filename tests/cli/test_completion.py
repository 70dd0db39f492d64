"""A shell completes commands, options and their values, data sets and files."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

#: Types a line and a tab, and prints the line as it has become.
IN_ZSH = r"""
PS1= ; fpath=($PWD $fpath); autoload -U compinit; compinit -u -D
unsetopt beep menu_complete auto_menu; LISTMAX=1000
print-line() { print -r -- "LINE<$BUFFER>"; }
zle -N print-line; bindkey '^X' print-line; print rea""dy
"""

#: Finds the command, and keeps the terminals simple.
PATH = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
ENVIRONMENT = {**os.environ, "PATH": PATH, "TERM": "dumb", "PS1": "> "}

#: What is typed in each shell, and the line after a tab.
COMPLETED = {
    "bash": {
        "barenet tr\tir": "barenet train iris ",
        "barenet train my": r"barenet train my\ data.csv ",
        "barenet train --ep": "barenet train --epochs ",
        "barenet train --task=r": "barenet train --task=regression ",
        "barenet train --hidden relu ta": "barenet train --hidden relu tanh ",
        "barenet plot conf": "barenet plot confusion ",
    },
    "zsh": {
        "barenet tr": "barenet train ",
        "barenet train --ep": "barenet train --epochs ",
        "barenet train my": r"barenet train my\ data.csv ",
        "barenet plot conf": "barenet plot confusion ",
    },
}
#: The options of each shell, its file for the script, and its first commands.
SHELLS = {
    "bash": (
        ["--norc", "--noprofile"],
        "completion.bash",
        "source completion.bash; bind 'set enable-bracketed-paste off'; echo rea''dy",
    ),
    "zsh": (["-f"], "_cyclopts_barenet", IN_ZSH.strip().replace("\n", "; ")),
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


@pytest.mark.parametrize("shell", SHELLS)
def test_a_tab_completes(script, shell):
    pexpect = pytest.importorskip("pexpect")
    options, name, begin = SHELLS[shell]
    script(shell, name)
    with pexpect.spawn(
        shell, options, encoding="utf-8", timeout=30, env=ENVIRONMENT, dimensions=(50, 200)
    ) as terminal:
        terminal.sendline(begin)
        terminal.expect("ready\r\n")
        for typed, line in COMPLETED[shell].items():
            terminal.send(typed + ("\t\x18" if shell == "zsh" else "\t"))
            terminal.expect_exact(f"LINE<{line}>" if shell == "zsh" else line)
            terminal.send("\x15")


def test_fish_completion(script):
    script("fish", "completion.fish")
    for typed, offered in {
        "train m": {"mnist", "moons", "my data.csv"},
        "train --optimizer ada": {"adagrad", "adam", "adamw"},
        "train --ep": {"--epochs"},
    }.items():
        line = f"source completion.fish; complete -C 'barenet {typed}'"
        command = ["fish", "--no-config", "-c", line]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=ENVIRONMENT)
        assert {line.partition("\t")[0] for line in done.stdout.splitlines()} == offered
