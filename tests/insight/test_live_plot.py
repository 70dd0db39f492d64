"""LivePlot and bars in a real notebook: redrawn in place; progress elsewhere."""

import os
import pickle
import re
import subprocess
import sys
from collections import Counter

import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from sklearn.base import clone

from barenet import MLPRegressor
from barenet.callbacks import LivePlot, Progress

pytestmark = pytest.mark.integration

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


TIMED = """
rows = np.ones((400, 1), "float32")
limit = barenet.callbacks.TimeLimit(%s)
arguments = {"epochs": 10**6, "callbacks": limit, "engine": "reference"}
history = barenet.train(barenet.Network.dense([1, 2, 1]), rows, rows[:, 0] + 1, **arguments%s)
"""
CELLS += [TIMED % values for values in [(2, ""), (0.3, ""), (0.5, ", progress=True")]]


class Listener(NotebookClient):
    """Runs a notebook, and keeps the messages of each cell."""

    def process_message(self, msg, cell, cell_index):
        self.seen[cell_index].append(msg)
        return super().process_message(msg, cell, cell_index)


@pytest.fixture(scope="module")
def execute(tmp_path_factory):
    """Execute cells; return the notebook as it is saved, and the messages of each cell."""

    def run(sources, **environment):
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        client = Listener(nbformat.v4.new_notebook(cells=cells), kernel_name="python3", timeout=300)
        client.seen, client.allow_errors = [[] for _ in cells], True
        with pytest.MonkeyPatch.context() as patch:
            for variable in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR"):
                patch.setenv(variable, str(tmp_path_factory.mktemp("jupyter")))
            for variable, value in environment.items():
                patch.setenv(variable, value)
            client.execute()
        return client.nb, client.seen

    return run


@pytest.fixture(scope="module")
def notebook(execute):
    """A notebook of all cells, and their messages."""
    return execute(CELLS)


def shown(cell) -> list[dict[str, str]]:
    return [output.data for output in cell.outputs if output.output_type == "display_data"]


def test_a_notebook_redraws_one_plot_and_keeps_that_of_an_interrupted_run(notebook):
    saved, seen = notebook
    whole, interrupted, refused = saved.cells[:3]
    counts = Counter(message["msg_type"] for message in seen[0])
    (picture,) = shown(whole)
    seconds, best = whole.outputs[-1].text.split()
    assert picture["text/plain"].startswith("<History: 400 epochs, loss ")
    assert "<svg" in picture["text/html"] and 1 <= int(best) <= 400
    assert counts["display_data"] == 1
    assert 1 <= counts["update_display_data"] <= 4 * float(seconds) + 1  # the last one is free
    (picture,) = shown(interrupted)
    assert picture["text/plain"].startswith("<History: 21 epochs, loss ")
    assert picture["text/plain"].endswith(", interrupted>")
    assert interrupted.outputs[-1].ename == "KeyboardInterrupt"
    assert shown(refused) == [] and refused.outputs[-1].ename == "ArgumentError"


def test_a_notebook_shows_a_bar_until_the_end_of_a_longer_run(notebook):
    saved, seen = notebook
    bars = [
        [m["content"]["data"] for m in each if "display_data" in m["msg_type"]] for each in seen
    ]
    assert any(re.search(r"<progress value=.* \d+ s left", each["text/html"]) for each in bars[3])
    assert "<progress" not in str(saved.cells[3].outputs)
    assert bars[4:] == [[], []]  # of short runs; `Progress` prints lines
    assert "epoch 1 " in saved.cells[5].outputs[0].text


FIRST_FIT = """
import numpy as np
import barenet

X = np.linspace(-1, 1, 64).reshape(-1, 1)
model = barenet.MLPRegressor(hidden_layer_sizes=4, max_iter=2, tol=0).fit(X, X[:, 0])
print(model.history_.engine)
"""


@pytest.mark.case(174)
def test_a_first_fit_shows_why_it_waits_in_a_notebook(execute, tmp_path):
    """Kernels are compiled into a new folder: the notice comes first, and leaves nothing."""
    saved, [messages] = execute([FIRST_FIT], NUMBA_CACHE_DIR=str(tmp_path))
    texts = []
    for message in messages:
        if message["msg_type"] in ("display_data", "update_display_data"):
            texts.append(message["content"]["data"]["text/html"])
        elif message["msg_type"] == "stream":
            texts.append(message["content"]["text"])
    assert list(tmp_path.rglob("*.nbc"))
    assert "barenet: compiling kernels for this processor once" in texts[0]
    assert "<progress></progress>" in texts[0]
    printed = [text for text in texts if "compiled" in text]
    assert texts.index(printed[0]) > 0
    assert "compiling" not in str(saved.cells[0].outputs)
    _, [again] = execute([FIRST_FIT], NUMBA_CACHE_DIR=str(tmp_path))
    assert "compiling kernels" not in str(again)


@pytest.mark.slow
@pytest.mark.case(174)
def test_a_script_whose_errors_are_a_file_prints_why_it_waits_once(tmp_path):
    script = tmp_path / "first.py"
    script.write_text(FIRST_FIT)
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, str(script)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "compiled\n"
    assert done.stderr.startswith("barenet: compiling kernels")
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.rglob("*.nbc"))


def test_an_estimator_with_a_live_plot_prints_progress_and_is_copied_and_pickled(capsys):
    assert type(LivePlot()) is Progress
    model = MLPRegressor(hidden_layer_sizes=4, max_iter=3, tol=0, callbacks=[LivePlot()])
    with pytest.warns(match="not converged"):
        model.fit(X, Y)
    for copied in (clone(model), pickle.loads(pickle.dumps(model))):
        with pytest.warns(match="not converged"):
            copied.fit(X, Y)
    assert len(capsys.readouterr().err.splitlines()) == 3 * 3
