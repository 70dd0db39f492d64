from __future__ import annotations

from contextlib import closing

import pytest

from barenet import save
from barenet.errors import ModelFileError
from barenet.model.network import Network
from barenet.playground.shelf import Shelf
from barenet.playground.start import begin_with, begin_with_model


@pytest.fixture
def shelf():
    with closing(Shelf()) as made:
        yield made


def test_nothing_and_a_name(shelf):
    assert begin_with("", "", shelf).scene.data == "circles"
    assert begin_with("moons", "", shelf).scene.data == "moons"
    assert begin_with("multi-gaussian", "", shelf).scene.data == "hills"
    with pytest.raises(ValueError, match="did you mean 'moons'"):
        begin_with("moon", "", shelf)


def test_a_table(shelf, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("a,b,c\n" + "".join(f"{n},{n % 5},{n % 2}\n" for n in range(20)))
    scene = begin_with(str(path), "b", shelf).scene
    assert scene.data.startswith("table:") and scene.target == "b"
    with pytest.raises(ValueError, match=r"^mine\.csv: no column d"):
        begin_with(str(path), "d", shelf)
    with pytest.raises(ValueError, match="no such file"):
        begin_with("nowhere.csv", "", shelf)


def test_a_target_needs_a_table(shelf):
    with pytest.raises(ValueError, match=r"target: only a \.csv file"):
        begin_with("moons", "y", shelf)


def test_a_model_that_cannot_be_shown_is_told(shelf, tmp_path):
    path = tmp_path / "model.safetensors"
    save(Network.dense([2, 1]), path)
    with pytest.raises(ModelFileError, match="holds a bare network"):
        begin_with_model(path, "", shelf)
    with pytest.raises(FileNotFoundError):
        begin_with_model(tmp_path / "none.safetensors", "", shelf)
