"""LivePlot: one plot, redrawn in place in a real notebook; progress elsewhere."""

import math
import pickle
import re
from collections import Counter
from xml.etree import ElementTree

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from sklearn.base import clone

from barenet import History, MLPRegressor, Network, train
from barenet.callbacks import LivePlot
from barenet.errors import ArgumentError
from barenet.insight._live_plot import BOTTOM, LEFT, MAX_POINTS, RIGHT, TOP, draw_loss_curve

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


@pytest.fixture(scope="module")
def notebook(tmp_path_factory):
    """The notebook as it is saved, and the messages of each cell."""
    home = str(tmp_path_factory.mktemp("jupyter"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPYTHONDIR", home)
        patch.setenv("JUPYTER_RUNTIME_DIR", home)
        cells = [nbformat.v4.new_code_cell(source) for source in CELLS]
        client = Listener(nbformat.v4.new_notebook(cells=cells), kernel_name="python3", timeout=120)
        client.counts = [Counter() for _ in cells]
        client.allow_errors = True
        client.execute()
    return client.nb, client.counts


def shown(cell) -> list[dict[str, str]]:
    return [output.data for output in cell.outputs if output.output_type == "display_data"]


def test_a_notebook_redraws_one_plot(notebook):
    saved, counts = notebook
    (picture,) = shown(saved.cells[0])
    seconds, best = saved.cells[0].outputs[-1].text.split()
    assert picture["text/plain"].startswith("400 of 400 epochs · loss ")
    assert f"best, kept: epoch {best}<" in picture["text/html"]
    assert counts[0]["display_data"] == 1
    assert 1 <= counts[0]["update_display_data"] <= 4 * float(seconds) + 1  # the last one is free


def test_an_interrupted_run_keeps_its_curve(notebook):
    saved, _ = notebook
    (picture,) = shown(saved.cells[1])
    assert picture["text/plain"].endswith(" · interrupted")
    assert picture["text/plain"].startswith("21 of 1000000 epochs")
    assert saved.cells[1].outputs[-1].ename == "KeyboardInterrupt"


def test_a_refused_run_shows_no_plot(notebook):
    saved, _ = notebook
    assert shown(saved.cells[2]) == []
    assert saved.cells[2].outputs[-1].ename == "ArgumentError"


@pytest.mark.parametrize(
    ("every", "epochs"), [(None, [*range(1, 41, 2), 40]), (10, [1, 11, 21, 31, 40])]
)
def test_outside_notebooks_progress_is_printed(every, epochs, capsys):
    train(Network.dense([1, 4, 1]), X, Y, epochs=40, callbacks=LivePlot(every))
    lines = capsys.readouterr().err.splitlines()
    assert [int(line.split()[1]) for line in lines] == epochs
    assert repr(LivePlot(10)) == "LivePlot(every=10)"
    with pytest.raises(ArgumentError, match="every: "):
        LivePlot(every=0)


def test_an_estimator_with_a_live_plot_is_copied_and_pickled(capsys):
    model = MLPRegressor(hidden_layer_sizes=4, max_iter=3, tol=0, callbacks=[LivePlot()])
    with pytest.warns(match="not converged"):
        model.fit(X, Y)
    for copied in (clone(model), pickle.loads(pickle.dumps(model))):
        with pytest.warns(match="not converged"):
            copied.fit(X, Y)
    assert len(capsys.readouterr().err.splitlines()) == 3 * 3


def test_live_plots_work_beside_scikit_learn_callbacks(capsys):
    callbacks = pytest.importorskip("sklearn.callback", reason="scikit-learn 1.9 brings them")
    monitor = callbacks.ScoringMonitor(scoring="r2")
    model = MLPRegressor(hidden_layer_sizes=4, max_iter=3, tol=0, callbacks=LivePlot())
    with pytest.warns(match="not converged"):
        model.set_callbacks(monitor).fit(X, Y)
    assert [row["task_name"] for row in monitor.get_logs().data] == ["fit", *["epoch"] * 3]
    assert len(capsys.readouterr().err.splitlines()) == 3


SVG = "{http://www.w3.org/2000/svg}"


def drawn(curves, best=None) -> ElementTree.Element:
    return ElementTree.fromstring(draw_loss_curve(History(curves, best_epoch=best)))


def points(svg) -> list[np.ndarray]:
    """The points of each curve, (n, 2); a legend's line and the grid have other paths."""
    paths = [path.get("d") for path in svg.iter(f"{SVG}path") if path.get("fill") == "none"]
    numbers = [re.findall(r"-?[\d.]+", path) for path in paths]
    return [np.array(found, dtype=float).reshape(-1, 2) for found in numbers]


def texts(svg) -> list[str]:
    return [text.text for text in svg.iter(f"{SVG}text")]


def test_losses_are_drawn_at_their_coordinates():
    (curve,) = points(drawn({"loss": [3.0, 1.0, 2.0]}))
    assert curve[:, 0].tolist() == [LEFT, (LEFT + RIGHT) / 2, RIGHT]
    heights = BOTTOM - curve[:, 1]
    assert heights[0] - heights[2] == pytest.approx(heights[2] - heights[1], abs=0.1)
    assert BOTTOM > curve[1, 1] > curve[2, 1] > curve[0, 1] > TOP  # up is less, in a picture


def test_a_range_of_100_gives_a_log_axis():
    (curve,) = points(drawn({"loss": [1.0, 0.1, 0.01]}))
    assert np.diff(curve[:, 1], 2) == pytest.approx([0], abs=0.11)  # as far from each to the next
    assert {"0.01", "0.1", "1"} <= set(texts(drawn({"loss": [1.0, 0.1, 0.01]})))


def test_spikes_are_kept_when_epochs_are_thinned():
    losses = np.full(100_000, 1.0)
    losses[77_777], losses[12_345] = 5.0, 0.5
    (curve,) = points(drawn({"loss": losses}))
    assert len(curve) <= MAX_POINTS + 1
    at = LEFT + (RIGHT - LEFT) * np.array([77_777, 12_345]) / 99_999
    assert curve[[curve[:, 1].argmin(), curve[:, 1].argmax()], 0] == pytest.approx(at, abs=0.1)
    assert curve[-1, 0] == RIGHT


@pytest.mark.parametrize("test", [{}, {"test_loss": [3.0, 2.8, 2.9]}])
def test_the_best_validation_epoch_is_marked(test):
    curves = {"loss": [3.0, 2.0, 1.0], "validation_loss": [3.0, 2.5, 2.8], **test}
    svg = drawn(curves, best=2)
    (ring, *_) = [ring for ring in svg.iter(f"{SVG}circle") if ring.get("fill") == "none"]
    assert [float(ring.get("cx")), float(ring.get("cy"))] == points(svg)[1][1].tolist()
    names = [text for text in texts(svg) if text in ("training", "validation", "test")]
    assert names == ["training", "validation", "test"][: len(curves)]
    assert {"1", "2", "best, kept: epoch 2"} <= set(texts(svg)) and "0" not in texts(svg)
    assert not any("best" in text for text in texts(drawn(curves)))


@pytest.mark.parametrize(
    "losses",
    [
        *([], [0.5], [0.5, 0.5], [0.0], [-1.0, 2.0], [math.nan, 1.0], [math.inf]),
        *([1e300, 1e-300], [1e308, 1e-320], [1.7e308, 1.6e308], [-1e307, 1e307], [-1.7e308, 1.0]),
    ],
)
@pytest.mark.filterwarnings("error")
def test_any_losses_can_be_drawn(losses):
    svg = draw_loss_curve(History({"loss": losses, "validation_loss": losses}), "<it> & so")
    assert "nan" not in svg and "inf" not in svg
    description = ElementTree.fromstring(svg).find(f"{SVG}desc")
    assert description.text == "<it> & so"
