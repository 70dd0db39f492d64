"""Progress: lines that name the rows of each number, and a bar that fits a terminal."""

import io
import re

import numpy as np

from barenet import Network, train
from barenet.insight._progress import Progress

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
