"""Two hundred inputs of each format, ten thousand in `make test-all`, a million in `make fuzz`."""

from __future__ import annotations

import random
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from checking import COMMANDS, Fault, check
from format import Format, folder_in_memory
from formats import FORMATS

SCRIPT = Path(__file__).with_name("fuzz.py")


@pytest.mark.parametrize("most", [200, pytest.param(10_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", FORMATS)
def test_promise_17_ten_thousand_inputs_are_read_or_refused_in_a_line(name, most):
    with folder_in_memory() as folder:
        form = FORMATS[name](folder)
        n_inputs = min(form.in_tests, most)
        outcomes = Counter(check(form, 0, number) for number in range(n_inputs))
    assert outcomes.total() == n_inputs
    assert outcomes["read"] >= n_inputs // 50 and outcomes["refused"] >= n_inputs // 10
    by_commands = outcomes.total() - outcomes["read"] - outcomes["refused"]
    assert by_commands == n_inputs // COMMANDS


@pytest.mark.parametrize("name", FORMATS)
def test_an_input_is_a_function_of_its_number(name, tmp_path):
    form = FORMATS[name](tmp_path)

    def made(number):
        return form.write(random.Random(f"0 {name} {number}")).read_bytes()

    assert [made(number) for number in range(50)] == [made(number) for number in range(50)]
    assert len({made(number) for number in range(50)}) > 40


class Broken(Format):
    """A reader that does what it is told by the file."""

    name = "broken"
    refusals = (ValueError,)

    def write(self, rng):
        return self.put("t", b"")

    def read(self, path, rng):
        self.reader(path)

    def command(self, path, rng):
        return ["info", str(path)]


def two_lines(path):
    raise ValueError(f"{path}: wrong\nin two lines")


def no_name(path):
    raise ValueError("wrong")


def another_error(path):
    raise KeyError(str(path))


def warn(path):
    import warnings

    warnings.warn(f"{path}: look", UserWarning, stacklevel=1)


def hang(path):
    while True:
        pass


def fill_the_memory(path):
    bytearray(2**28)[:: 2**12] = b"1" * 2**16


@pytest.mark.parametrize(
    ("reader", "what"),
    [
        (two_lines, "not in a line"),
        (no_name, "not in a line"),
        (another_error, "KeyError"),
        (warn, "UserWarning"),
        (hang, "it takes more than 0.2 s"),
        (fill_the_memory, "of memory"),
    ],
)
def test_what_is_not_promised_is_a_fault(tmp_path, monkeypatch, reader, what):
    if reader is hang:  # the others may have to wait for memory
        monkeypatch.setattr("checking.SECONDS", 0.2)
    form = Broken(tmp_path)
    form.reader = reader
    with pytest.raises(Fault, match=what) as fault:
        check(form, 3, 7)
    assert str(fault.value).startswith("broken 7 of seed 3, t: ")


def test_a_command_that_ends_in_a_traceback_is_a_fault(tmp_path, monkeypatch):
    monkeypatch.setattr("barenet.cli._info.load", another_error)
    with pytest.raises(Fault, match="KeyError"):
        check(Broken(tmp_path), 0, 0)


def test_the_program_counts_and_ends_well(tmp_path):
    done = subprocess.run(
        [sys.executable, SCRIPT, "--only", "idx", "--from", "40", "--count", "60", "--jobs", "1"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    counts = re.findall(r"^idx +(\d+)  (\w+)", done.stdout, re.MULTILINE)
    assert sum(int(count) for count, _ in counts) == 60
    assert {"read", "refused"} <= {outcome for _, outcome in counts}
