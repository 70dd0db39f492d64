"""Four hundred inputs of each format, ten thousand in `make test-all`, a million in `make fuzz`."""

import random
import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from format import COMMANDS, Fault, Format, check

from fuzz import FORMATS, check_all

pytestmark = pytest.mark.integration

SCRIPT = Path(__file__).with_name("fuzz.py")


@pytest.mark.parametrize("most", [400, pytest.param(10_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", FORMATS)
def test_promise_17_ten_thousand_inputs_are_read_or_refused_in_one_line(name, most):
    n_inputs = min(FORMATS[name].in_tests, most)
    outcomes, faults = check_all(name, 0, range(n_inputs))
    assert (outcomes.total(), faults) == (n_inputs, "")
    assert outcomes["read"] >= n_inputs // 50 and outcomes["refused"] >= n_inputs // 10
    by_commands = outcomes.total() - outcomes["read"] - outcomes["refused"]
    assert by_commands == n_inputs // COMMANDS


@pytest.mark.parametrize("name", FORMATS)
def test_an_input_is_a_function_of_its_number(tmp_path, name):
    form = FORMATS[name](tmp_path)
    first, again = (
        [form.write(random.Random(number)).read_bytes() for number in range(20)] for _ in range(2)
    )
    assert first == again and len(set(first)) > 15


class Broken(Format):
    """A reader that does what a test requires."""

    name, file = "broken", "t"
    refusals = (ValueError,)

    def make(self, rng):
        return b""

    def read(self, path, rng):
        self.reader(path)


def fail(error):
    raise error


def hang(path):
    while True:
        pass


READERS = {
    "not in a line": lambda path: fail(ValueError(f"{path}: wrong\nin two lines")),
    "but not in a line: 'wrong'": lambda path: fail(ValueError("wrong")),
    "KeyError": lambda path: fail(KeyError(str(path))),
    "UserWarning": lambda path: warnings.warn(f"{path}: look", UserWarning, stacklevel=1),
    "it takes more than 0.2 s": hang,
    "of memory": lambda path: bytearray(2**28)[:: 2**12].count(1) + len(b"1" * 2**28),
}


@pytest.mark.parametrize("fault", READERS)
def test_any_other_outcome_is_reported(tmp_path, monkeypatch, fault):
    if READERS[fault] is hang:  # the others may have to wait for memory
        monkeypatch.setattr("format.SECONDS", 0.2)
    form = Broken(tmp_path)
    form.reader = READERS[fault]
    with pytest.raises(Fault, match=fault) as caught:
        check(form, 3, 7)
    assert str(caught.value).startswith("broken 7 of seed 3, t: ")


def test_the_fuzzer_counts_its_inputs(tmp_path):
    options = ["--only", "idx", "--from", "40", "--count", "60", "--jobs", "1"]
    command = [sys.executable, SCRIPT, *options]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    counts = re.findall(r"^idx +(\d+)  (\w+)", done.stdout, re.MULTILINE)
    assert sum(int(count) for count, _ in counts) == 60
    assert {"read", "refused"} <= {outcome for _, outcome in counts}
