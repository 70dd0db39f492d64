"""Progress: lines that name the rows of each number, and bars where somebody watches."""

import io
import re
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from barenet import (
    MLPClassifier,
    MLPEnsembleClassifier,
    Network,
    cross_validate,
    search,
    train,
    train_many,
)
from barenet.callbacks import Callback, Progress
from barenet.training import _progress

X = np.linspace(-1, 1, 40).reshape(-1, 1)
LABELS = (X[:, 0] > 0).astype(int)


class Terminal(io.StringIO):
    """A terminal of 80 columns."""

    def isatty(self) -> bool:
        return True


def printed(progress: Progress, stream: io.StringIO, last=5, **settings) -> str:
    network = Network.dense([1, 4, 2], output="softmax", seed=1)
    callbacks = [progress, lambda run: run.epoch == last]
    train(network, X, LABELS, **{"epochs": 5, **settings}, callbacks=callbacks)
    return stream.getvalue()


def test_scores_are_shown_beside_the_loss_of_the_same_rows():
    stream = io.StringIO()
    rows = {"validation_data": (X, LABELS), "test_data": (X, 1 - LABELS)}
    lines = printed(Progress(every=2, file=stream), stream, 4, metrics="accuracy", **rows)
    assert [line.split()[1] for line in lines.splitlines()] == ["1", "3", "4"]
    last = re.search(
        r"^epoch 4  loss \S+  validation \d\.\d{6}, accuracy (\S+)  "
        r"test \d\.\d{6}, accuracy (\S+)  rate 0\.001$",
        lines,
        re.MULTILINE,
    )
    assert float(last[1]) + float(last[2]) == 1


def test_without_validation_rows_the_training_score_is_shown():
    stream = io.StringIO()
    lines = printed(Progress(every=1, file=stream), stream, metrics="accuracy")
    assert re.match(r"epoch 1  loss \d\.\d{6}  accuracy \d\.\d{4}  rate 0\.001\n", lines)


def test_the_bar_counts_from_1_to_the_last_epoch(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    rows = {"validation_data": (X, LABELS), "test_data": (X, LABELS)}
    for given, name in ((rows, "validation"), ({"test_data": rows["test_data"]}, "test")):
        stream = Terminal()
        text = re.sub(r"\x1b\[[\d;?]*\w", "", printed(Progress(file=stream), stream, **given))
        assert "epoch 1/5" in text and "epoch 5/5" in text and "epoch 0/5" not in text
        assert re.search(rf"epoch 5/5 .* {name} \d\.\d+ rate 0\.001", text)


def as_terminal(monkeypatch) -> Terminal:
    """Make standard error a terminal, on which a bar appears at once.

    Not a fixture: pytest would set its own stream again before the test.
    """
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(_progress, "DELAY", 0)
    monkeypatch.setattr(sys, "stderr", Terminal())
    return sys.stderr  # type: ignore[return-value]


def network() -> Network:
    return Network.dense([1, 4, 2], output="softmax", seed=1)


def everything(**progress) -> None:
    train(network(), X, LABELS, epochs=2, **progress)
    train_many([network()], X, LABELS, epochs=2, **progress)
    search({"dropout": [0.1]}, X, LABELS, cv=2, epochs=2, **progress)


def test_each_training_shows_a_bar_that_disappears(monkeypatch):
    terminal = as_terminal(monkeypatch)
    trainings = {
        "epoch": lambda: train(network(), X, LABELS, epochs=3),
        "1 networks": lambda: train_many([network()], X, LABELS, epochs=3),
        "2 networks": lambda: cross_validate(network(), X, LABELS, cv=2, epochs=3),
        "4 networks": lambda: search({"dropout": [0, 0.1]}, X, LABELS, cv=2, epochs=3),
        "epoch 1  out-of-fold": lambda: MLPEnsembleClassifier(max_iter=2).fit(X, LABELS),
    }
    for text, call in trainings.items():
        terminal.truncate(0)
        call()
        assert text in terminal.getvalue() and "━" in terminal.getvalue()
        assert terminal.getvalue().endswith("\x1b[1A\x1b[2K")  # one line up, and erase it


def test_false_a_file_and_short_runs_are_silent(monkeypatch):
    terminal = as_terminal(monkeypatch)
    everything(progress=False)
    with pytest.warns(match="not converged"):
        MLPClassifier(4, max_iter=2).fit(X, LABELS)
    MLPEnsembleClassifier(max_iter=2, verbose=False).fit(X, LABELS)
    monkeypatch.setattr(_progress, "DELAY", 60)
    everything()
    assert not terminal.getvalue()
    monkeypatch.setattr(_progress, "DELAY", 0)
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    everything()
    assert not sys.stderr.getvalue()


def test_true_prints_lines_in_a_file(capsys):
    train(network(), X, LABELS, epochs=2, progress=True)
    assert [line.split()[:2] for line in capsys.readouterr().err.splitlines()] == [
        ["epoch", "1"], ["epoch", "2"],
    ]  # fmt: skip
    train_many([network()], X, LABELS, epochs=2, progress=True)
    assert capsys.readouterr().err == "1 of 1 networks\n"


def test_there_is_one_bar_at_a_time(monkeypatch):
    terminal = as_terminal(monkeypatch)

    class Own(Callback):
        shows_progress = True

    train(network(), X, LABELS, epochs=3, callbacks=Own())
    with ThreadPoolExecutor() as pool:
        pool.submit(train, network(), X, LABELS, epochs=3).result()
    assert not terminal.getvalue()

    def also_trains(run):
        train(network(), X, LABELS, epochs=7)

    train(network(), X, LABELS, epochs=3, engine="reference", callbacks=also_trains)
    assert "epoch 1/3" in terminal.getvalue() and "/7" not in terminal.getvalue()
