"""How a command is called: the same in its help, and where a part of it is missing."""

from __future__ import annotations

import pytest

from barenet.cli.command_line import COMMANDS


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["evaluate"], "MODEL is missing: barenet evaluate MODEL [DATA] [OPTIONS]"),
        (["predict", "MODEL"], "DATA is missing: barenet predict MODEL DATA [OPTIONS]"),
        (["plot", "history"], "RUN is missing: barenet plot KIND RUN [DATA] [OPTIONS]"),
        (["train", "iris", "--epochs"], "--epochs: expected a value, got none"),
        (["export", "MODEL", "--out"], "--out: expected a value, got none"),
    ],
)
def test_what_is_missing_is_told_with_how_it_is_called(barenet, typed, said):
    done = barenet(*typed)
    assert (done.status, done.out) == (2, "")
    assert done.err == f"barenet {typed[0]}: error: {said}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_help_begins_with_it(barenet, name):
    first = barenet(name, "--help").out.splitlines()[0]
    assert first.startswith(f"Usage: barenet {name} ") and first.endswith("[OPTIONS]")
    assert "ARGS" not in first
