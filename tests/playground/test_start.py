from __future__ import annotations

from contextlib import closing

import pytest

from barenet.cli.main import main
from barenet.errors import ModelFileError
from barenet.model.network import Network
from barenet.playground.start import begin_with
from barenet.playground.tables import Tables


@pytest.fixture
def tables():
    with closing(Tables()) as made:
        yield made


def test_nothing_and_a_name(tables):
    assert begin_with("", "", tables).state.scene.data == "circles"
    assert begin_with("moons", "", tables).state.scene.data == "moons"
    with pytest.raises(ValueError, match="did you mean 'moons'"):
        begin_with("moon", "", tables)


def test_a_table(tables, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("a,b,c\n" + "".join(f"{n},{n % 5},{n % 2}\n" for n in range(20)))
    start = begin_with(str(path), "b", tables)
    assert start.state.scene.data.startswith("table:") and start.state.scene.target == "b"
    with pytest.raises(ValueError, match=r"^mine\.csv: no column d"):
        begin_with(str(path), "d", tables)
    with pytest.raises(ValueError, match="no such file"):
        begin_with("nowhere.csv", "", tables)


@pytest.mark.parametrize("data", ["moons", "digits", "plane"])
def test_a_model_is_opened_with_the_data_it_was_trained_on(tables, tmp_path, data, capfd):
    out = tmp_path / "run"
    assert main(["train", data, "--epochs", "2", "--no-plots", "--out", str(out)]) == 0
    for path in (out, out / "model.safetensors"):
        start = begin_with(str(path), "", tables)
        assert start.state.scene.data == data
        assert start.network.n_parameters > 0
    capfd.readouterr()


def test_a_model_that_cannot_be_shown_is_told(tables, tmp_path):
    path = tmp_path / "model.safetensors"
    Network.dense([2, 1]).save(path)
    with pytest.raises(ModelFileError, match="holds a network alone"):
        begin_with(str(path), "", tables)
    with pytest.raises(FileNotFoundError):
        begin_with(str(tmp_path / "none.safetensors"), "", tables)


def test_a_target_needs_a_table(tables):
    with pytest.raises(ValueError, match=r"target: only a \.csv file"):
        begin_with("moons", "y", tables)


def test_a_model_is_watched_on_the_page(run_server, open_page, tables, tmp_path, capfd):
    out = tmp_path / "run"
    assert main(["train", "moons", "--epochs", "3", "--no-plots", "--out", str(out)]) == 0
    capfd.readouterr()
    start = begin_with(str(out), "", tables)
    with run_server(start.state, network=start.network) as served:
        page = open_page(served)
        page.say("hello")
        page.see(lambda network: True)
        assert (page.arrays["0.weights"] == start.network.parameters).all()
        page.say("step")
        page.see(lambda network: network["epoch"] == 1)
        page.close()
        again = open_page(served)  # the page is loaded anew, and says what its address says
        again.say("hello", state=page.state["state"])
        again.see(lambda network: network["epoch"] == 0)
        assert (again.arrays["0.weights"] == start.network.parameters).all()
        again.close()
