"""The clock and the pause of kernels, against Python's clock."""

import time

import numpy as np

from barenet import Network
from barenet.engines import CompiledEngine, _threads as cores
from barenet.engines.compiled._kernel_program import Program
from barenet.engines.compiled._thread_choice import PERIOD, TRIAL, UNKNOWN
from barenet.engines.simd._atomics import pause
from barenet.engines.simd._processor import cycles
from barenet.engines.simd._views import array


def read_clock(spec, step, operands, start, stop):
    numbers = array(np.int64, operands.numbers, 0, 1)
    numbers[0] = cycles()


def wait_many_times(spec, step, operands, start, stop):
    numbers = array(np.int64, operands.numbers, 0, 1)
    began = cycles()
    for _ in range(stop):
        pause()
    numbers[0] = cycles() - began


def test_the_clock_advances_like_that_of_a_processor(call_kernel):
    numbers = np.zeros(1, np.int64)

    def read() -> int:
        call_kernel(read_clock, "float32", 4, numbers=numbers)
        return int(numbers[0])

    read()  # compiles the function
    began = time.perf_counter()
    first = read()
    time.sleep(0.2)
    second = read()
    seconds = time.perf_counter() - began
    assert 0.4e9 < (second - first) / seconds < 8e9


def test_a_pause_takes_time(call_kernel):
    numbers = np.zeros(1, np.int64)
    call_kernel(wait_many_times, "float32", 4, 100_000, numbers=numbers)
    assert numbers[0] > 100_000


def test_batches_are_measured_by_this_clock(make_job, monkeypatch):
    """Those before a trial by their usual number of threads, and those of it by the other."""
    monkeypatch.setattr(cores, "allowed_cores", lambda: 2)
    monkeypatch.setattr(Program, "threads", lambda self, *_: self.requested)
    network = Network.dense([300, 20, 3], output="softmax", seed=1)
    engine = CompiledEngine(make_job(network, n_rows=70), 2)
    choice = engine._programs.of("learn", 7, engine.job.rows).choice
    choice["count"] = PERIOD - TRIAL
    engine.run([np.arange(70)], 7, np.full(TRIAL, 0.01), 0)
    assert choice["count"] == PERIOD
    assert 0 < choice["usual"] < UNKNOWN
