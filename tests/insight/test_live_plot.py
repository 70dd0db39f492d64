"""LivePlot: one plot, redrawn in place in a real notebook; progress elsewhere."""

import html
import math
import pickle
import re
import sys
from base64 import b64decode
from collections import Counter
from io import BytesIO

import nbformat
import numpy as np
import pytest
from matplotlib.image import imread
from nbclient import NotebookClient
from sklearn.base import clone

from barenet import History, MLPRegressor, Network, train
from barenet.callbacks import LivePlot, Progress
from barenet.errors import MissingExtraError
from barenet.insight import _live_plot
from barenet.plots import plot_history
from barenet.training._callbacks import Run

X = np.linspace(-1, 1, 40).reshape(-1, 1)
Y = X[:, 0] ** 2

CELLS = [
    """
import os, signal, time
import numpy as np
import barenet

X = np.linspace(-1, 1, 40).reshape(-1, 1)
network = barenet.Network.dense([1, 8, 1])
started = time.perf_counter()
history = barenet.train(
    network, X, X[:, 0] ** 2, epochs=400, validation_data=(X, X[:, 0] ** 2), engine="reference",
    callbacks=[barenet.callbacks.EarlyStopping(patience=400), barenet.callbacks.LivePlot()],
)
print(time.perf_counter() - started, history.best_epoch)
""",
    """
def interrupt(run):
    if run.epoch == 21:
        os.kill(os.getpid(), signal.SIGINT)

barenet.train(
    network, X, X[:, 0] ** 2, epochs=10**6, engine="reference",
    callbacks=[interrupt, barenet.callbacks.LivePlot()],
)
""",
    """
plot, stopping = barenet.callbacks.LivePlot(), barenet.callbacks.EarlyStopping()
barenet.train(network, X, X[:, 0], callbacks=[plot, stopping])
""",
]


class Listener(NotebookClient):
    """Runs a notebook, and counts the messages of each cell."""

    def process_message(self, msg, cell, cell_index):
        self.counts[cell_index][msg["msg_type"]] += 1
        return super().process_message(msg, cell, cell_index)


@pytest.fixture
def notebook(tmp_path, monkeypatch):
    """The notebook as it is saved, and the messages of each cell."""
    for variable in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(variable, str(tmp_path))
    cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
    client = Listener(nbformat.v4.new_notebook(cells=cells), kernel_name="python3", timeout=120)
    client.counts = [Counter() for _ in cells]
    client.allow_errors = True
    client.execute()
    return client.nb, client.counts


def shown(cell) -> list[dict[str, str]]:
    return [output.data for output in cell.outputs if output.output_type == "display_data"]


@pytest.mark.integration
def test_a_notebook_redraws_one_plot_and_keeps_that_of_an_interrupted_run(notebook):
    saved, counts = notebook
    whole, interrupted, refused = saved.cells
    (picture,) = shown(whole)
    seconds, best = whole.outputs[-1].text.split()
    assert picture["text/plain"].startswith("epoch 400 of 400  loss ")
    assert '<img alt="Learning curves"' in picture["text/html"] and 1 <= int(best) <= 400
    assert counts[0]["display_data"] == 1
    assert 1 <= counts[0]["update_display_data"] <= 4 * float(seconds) + 1  # the last one is free
    (picture,) = shown(interrupted)
    assert picture["text/plain"].startswith("epoch 21 of 1000000  loss ")
    assert picture["text/plain"].endswith(", interrupted")
    assert interrupted.outputs[-1].ename == "KeyboardInterrupt"
    assert shown(refused) == [] and refused.outputs[-1].ename == "ArgumentError"


def test_an_estimator_with_a_live_plot_prints_progress_and_is_copied_and_pickled(capsys):
    assert type(LivePlot()) is Progress
    model = MLPRegressor(hidden_layer_sizes=4, max_iter=3, tol=0, callbacks=[LivePlot()])
    with pytest.warns(match="not converged"):
        model.fit(X, Y)
    for copied in (clone(model), pickle.loads(pickle.dumps(model))):
        with pytest.warns(match="not converged"):
            copied.fit(X, Y)
    assert len(capsys.readouterr().err.splitlines()) == 3 * 3


class Display:
    """Stands for the output of a notebook's cell."""

    def __init__(self):
        self.shown = []

    def __call__(self, plot, display_id):
        self.update(plot)
        return self

    def update(self, plot):
        self.shown.append((repr(plot), plot._repr_html_()))


@pytest.fixture
def display(monkeypatch):
    found = Display()
    monkeypatch.setattr(_live_plot, "in_notebook", lambda: True)
    monkeypatch.setattr("IPython.display.display", found)
    return found


@pytest.mark.integration
def test_the_image_is_that_of_plot_history(display):
    network = Network.dense([1, 4, 1], seed=0)
    history = train(network, X, Y, epochs=3, validation_data=(X, Y), callbacks=LivePlot())
    (data,) = re.findall(r'src="data:image/png;base64,([^"]+)"', display.shown[-1][1])
    expected = BytesIO(plot_history(history)._repr_png_()[0])
    np.testing.assert_array_equal(imread(BytesIO(b64decode(data))), imread(expected))


def test_a_loss_that_is_not_finite_is_named_without_an_image(display):
    view, history = LivePlot(), History({"loss": [math.inf]}, stop_reason="<a & b>")
    run = Run(Network.dense([1, 1]), history, epochs=10, n_batches=1)
    view.on_start(run)
    view.on_end(run)
    text = "epoch 1 of 10  loss inf, &lt;a &amp; b&gt;"
    assert display.shown == [(html.unescape(text), f"<p>{text}</p>")]


def test_a_missing_matplotlib_is_an_error_before_training(display, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    network = Network.dense([1, 1])
    before = network.parameters.copy()
    with pytest.raises(MissingExtraError, match="a live plot needs matplotlib: pip install"):
        train(network, X, Y, callbacks=LivePlot())
    assert np.array_equal(network.parameters, before) and display.shown == []
