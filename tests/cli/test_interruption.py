import signal
import threading

import numpy as np
import pytest

import barenet
from barenet.cli._interruption import INTERRUPTED, Interruption


def train(*callbacks) -> barenet.typing.History:
    X = np.linspace(-1, 1, 40).reshape(-1, 1)
    network = barenet.Network.dense([1, 4, 1])
    return barenet.train(network, X, X[:, 0], epochs=50, batch_size=8, callbacks=callbacks)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_training(number, status):
    before = signal.getsignal(number)

    def raise_once(run):
        if run.epoch == 4:
            signal.raise_signal(number)

    with Interruption() as interruption:
        assert interruption.status == 0
        history = train(raise_once, interruption)
    assert history.stop_reason == INTERRUPTED
    assert 4 <= len(history) < 50
    assert interruption.status == status
    assert signal.getsignal(number) == before


@pytest.mark.case(68)
def test_a_second_signal_or_one_before_the_first_chunk_ends_the_process():
    with pytest.raises(SystemExit) as ending, Interruption():
        signal.raise_signal(signal.SIGINT)
    assert ending.value.code == 130
    with pytest.raises(SystemExit) as ending, Interruption() as interruption:
        train(interruption)
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
    assert ending.value.code == 143


@pytest.mark.parametrize(("on_workers", "end"), [(True, KeyboardInterrupt), (False, SystemExit)])
def test_a_signal_within_a_del_is_handled_after_it(on_workers, end):
    """Python prints exceptions of a `__del__`, and continues."""

    class Noisy:
        def __del__(self):
            signal.raise_signal(signal.SIGINT)

    things = [Noisy()]
    with pytest.raises(end), Interruption(on_workers=on_workers):
        things.clear()
        threading.Event().wait(60)


def test_ignored_signals_stay_ignored_and_another_thread_handles_none():
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Interruption() as interruption:
            signal.raise_signal(signal.SIGINT)
        assert interruption.status == 0
    finally:
        signal.signal(signal.SIGINT, before)
    entered = Interruption()
    thread = threading.Thread(target=entered.__enter__)
    thread.start()
    thread.join()
    assert entered.handlers == {}


@pytest.mark.integration
def test_a_command_that_sigterm_ends_leaves_no_temporary_file(process, tmp_path, line):
    big = tmp_path / "big.csv"
    big.write_text("x1,x2\n" + "0.5,0.5\n" * 1_000_000)
    running = process("predict", line, big, "--out", tmp_path / "o.csv")
    while not [*tmp_path.glob(".o.csv*")]:
        assert running.poll() is None
    running.send_signal(signal.SIGTERM)
    assert running.wait() == 143
    assert not [*tmp_path.glob(".o.csv*")] and not (tmp_path / "o.csv").exists()
