"""Damaged, hostile and odd inputs of each format are read, or refused in one line.

There are 80 of each here, ten thousand in `make test-all`, and a hundred thousand others each time
in `make fuzz`, where ``FUZZ="123 1"`` repeats the input of a number. One that breaks a reader is
kept in ``runs/fuzz``.
"""

import faulthandler
import os
import random
import warnings
from collections import Counter
from pathlib import Path

import pytest
from data_formats import CSV, IDX, NPZ, Parquet
from format import COMMANDS, Fault, Format, check, folder_in_memory
from model_formats import JSON, Model
from run_formats import Run, RunFile

from barenet import Network

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("ignore:resume. L-BFGS takes other steps here than before"),
]

FORMATS = {kind.name: kind for kind in (CSV, IDX, Parquet, NPZ, Model, JSON, Run, RunFile)}

#: The first input and the number of inputs of `make fuzz`.
GIVEN = [*map(int, os.environ.get("BARENET_FUZZ", "").split())]

#: Inputs that a test of `make fuzz` reads, and seconds after which any test hangs and is ended.
AT_ONCE, SILENCE = 2_000, 600

#: Folder of the inputs that broke a reader.
KEPT = Path("runs", "fuzz").absolute()


def parts():
    """The numbers of the inputs of each test."""
    if not GIVEN:
        return [range(80), pytest.param(range(10_000), marks=pytest.mark.slow)]
    first, end = GIVEN[0], sum(GIVEN)
    return [range(start, min(start + AT_ONCE, end)) for start in range(first, end, AT_ONCE)]


@pytest.fixture
def ended_if_it_hangs():
    faulthandler.dump_traceback_later(SILENCE, exit=True)
    yield
    faulthandler.cancel_dump_traceback_later()


@pytest.mark.promise(10)
@pytest.mark.usefixtures("ended_if_it_hangs")
@pytest.mark.parametrize("numbers", parts(), ids=str)
@pytest.mark.parametrize("name", FORMATS)
def test_ten_thousand_inputs_are_read_or_refused_in_one_line(name, numbers):
    counts, faults = Counter[str](), []
    numbers = numbers if GIVEN else numbers[: FORMATS[name].in_tests]
    with folder_in_memory() as place:
        form = FORMATS[name](place)
        for dtype in ("float32", "float64"):  # the time and memory to load the kernels
            Network.dense([1, 2, 1], dtype=dtype).predict([[0.0]])
        for number in numbers:
            try:
                counts[check(form, 0, number)] += 1
            except Fault as fault:
                KEPT.mkdir(parents=True, exist_ok=True)
                kept = KEPT / f"{name}-{number}-{form.path.name}"
                kept.write_bytes(form.data)  # as a command may have removed the file
                faults.append(f"{fault}\nkept as {kept}")
    assert not faults, "\n".join(faults)
    if not GIVEN:
        n_inputs = len(numbers)
        assert counts["read"] >= n_inputs // 50 and counts["refused"] >= n_inputs // 10
        assert n_inputs - counts["read"] - counts["refused"] == len(range(0, n_inputs, COMMANDS))


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
