"""The interpreter's team: the same bits for any number of threads, and no endless wait."""

import threading

import numba
import numpy as np
import pytest

from barenet import Network, train
from barenet.engines import CompiledEngine, _threads as cores
from barenet.engines._threads import _Helpers, helpers
from barenet.engines.compiled._interpreter import TEAM, follow
from barenet.engines.compiled._kernel_program import Program
from barenet.engines.compiled._thread_choice import PERIOD, UNKNOWN
from barenet.layers import BatchNorm, Dense, Dropout, LayerNorm
from barenet.optimizers import ClipNorm, ClipValue
from barenet.penalties import L1, L2


@pytest.fixture
def many_cores(monkeypatch):
    """More threads than there are cores."""
    monkeypatch.setattr(cores, "allowed_cores", lambda: 16)
    monkeypatch.setattr(numba.config, "NUMBA_NUM_THREADS", 16)


LAYERS = {
    "plain": lambda: [Dense(9, 20, "tanh"), Dense(20, 3, "softmax")],
    "wide": lambda: [Dense(300, 20, "tanh"), Dense(20, 3, "softmax")],
    "wide and wide": lambda: [Dense(513, 100, "tanh"), Dense(100, 3, "softmax")],
    "very wide": lambda: [Dense(1024, 1152, "relu"), Dense(1152, 3)],
    "in place": lambda: [Dense(70, 512, "relu"), Dense(512, 640, "relu"), Dense(640, 3)],
    "batch norm": lambda: [Dense(300, 20), BatchNorm(20), Dense(20, 3), BatchNorm(3)],
    "batch norm first": lambda: [BatchNorm(9), Dense(9, 40, "tanh"), Dense(40, 3, "softmax")],
    "other layers": lambda: [Dense(9, 20, "relu"), Dropout(0.3), LayerNorm(20), Dense(20, 3)],
}
SETTINGS = {
    "plain": {"loss": "squared_error"},
    "norm": {"clip": ClipNorm(0.01), "penalty": [L1(0.01), L2(0.1)]},
    "value": {"clip": ClipValue(0.001), "penalty": [L2([0.1, 0.0])]},
    "weights": {"sample_weight": np.random.default_rng(3).random(70)},
}


def all_bits(name, threads, batch_size=33, **settings):
    network = Network(LAYERS[name](), seed=1)
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(70, network.n_inputs)), np.eye(3)[np.arange(70) % 3]
    history = train(
        network, X, y, epochs=2, engine="compiled", threads=threads, batch_size=batch_size,
        validation_data=(X[:40], y[:40]), **settings,
    )  # fmt: skip
    curves = [history.loss, history["validation_loss"], history["gradient_norm"]]
    return [network.parameters.tobytes(), network.statistics.tobytes(), *curves]


#: The settings of each kind of layers; all pairs in the long tests.
PAIRS = [
    ("plain", "value"), ("wide", "norm"), ("wide and wide", "weights"), ("in place", "norm"),
    ("very wide", "plain"), ("batch norm", "norm"), ("batch norm first", "weights"),
    ("other layers", "value"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        *PAIRS,
        *(
            pytest.param(name, settings, marks=pytest.mark.slow)
            for name in LAYERS
            for settings in SETTINGS
            if (name, settings) not in PAIRS
        ),
    ],
)
def test_any_number_of_threads_gives_the_same_bits(name, settings, many_cores):
    if settings == "value" and ("batch norm" in name or name == "in place"):
        settings = "norm"
    chosen = {"loss": "squared_error", **SETTINGS[settings]}
    alone = all_bits(name, 1, **chosen)
    for threads in (2, 7):
        assert all_bits(name, threads, **chosen) == alone, threads


@pytest.mark.parametrize("name", ["plain", "wide"])
def test_batches_smaller_than_the_number_of_threads(name, many_cores):
    for batch_size in (1, 3):
        bits = [all_bits(name, n, batch_size, loss="squared_error") for n in (1, 2, 4)]
        assert all(each == bits[0] for each in bits)


@pytest.mark.parametrize(
    ("name", "alone", "flips"),
    [
        ("plain", False, True), ("wide", True, True), ("wide and wide", False, False),
        ("in place", True, False), ("batch norm", False, True), ("other layers", True, True),
    ],
)  # fmt: skip
def test_a_trial_in_the_middle_of_an_epoch_changes_no_bits(
    name, alone, flips, many_cores, make_job, monkeypatch
):
    """The first batches try the other number of threads, which wins if no duration is known."""
    monkeypatch.setattr(cores, "allowed_cores", lambda: 3)  # so some gradients have few rows
    monkeypatch.setattr(Program, "threads", lambda self, *_: self.requested)
    found = []
    for threads in (1, 3):
        job = make_job(Network(LAYERS[name](), seed=1), n_rows=70)
        engine = CompiledEngine(job, threads)
        choice = engine._programs.of("learn", 7, job.rows).choice
        known = {"single": alone, "count": PERIOD, "usual": UNKNOWN if flips else 0}
        for field, value in known.items():
            choice[field] = value
        report = engine.run([np.arange(70)], 7, np.full(10, 0.01), 0)
        found.append([job.network.parameters, job.network.statistics, *report])
    assert choice["single"] == (alone != flips)
    assert choice["count"] < PERIOD
    for one, several in zip(*found, strict=True):
        np.testing.assert_array_equal(one, several)


def test_l_bfgs_gives_the_same_bits(many_cores):
    settings = {"loss": "squared_error", "optimizer": "lbfgs", "batch_size": None}
    assert all_bits("wide", 3, **settings) == all_bits("wide", 1, **settings)


def test_a_thread_that_no_other_joins_does_not_wait(many_cores, monkeypatch):
    """The first does the work of all; the others arrive when the run is over."""
    late = []
    monkeypatch.setattr(_Helpers, "call", lambda _, *call: late.append(call))
    alone = all_bits("wide", 1, loss="squared_error")
    assert not late
    assert all_bits("wide", 4, loss="squared_error") == alone
    assert {count for _, count in late} == {3}
    for function, count in late:
        for _ in range(count):
            function()
    assert follow.call and TEAM % 64 == 0


def test_ctrl_c_before_the_first_batch_leaves_no_thread_waiting(many_cores, monkeypatch):
    """A signal may come when the helping threads have been called, and nothing leads them yet."""

    def interrupt(address: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("barenet.engines.compiled._interpreter.run_program", interrupt)
        with pytest.raises(KeyboardInterrupt):
            all_bits("wide", 4, loss="squared_error")
    count = helpers().count
    meeting = threading.Barrier(count + 1)
    helpers().call(meeting.wait, count)
    meeting.wait(timeout=100)  # threads that still wait for a leader would not come
