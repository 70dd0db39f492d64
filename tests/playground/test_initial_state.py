from __future__ import annotations

from contextlib import closing

import pytest

from barenet.errors import ModelFileError
from barenet.model.network import Network
from barenet.playground.file_store import FileStore
from barenet.playground.initial_state import initial_model_state, initial_state


@pytest.fixture
def store():
    with closing(FileStore()) as made:
        yield made


def test_nothing_and_a_name(store):
    assert initial_state("", "", store).data.source == "circles"
    assert initial_state("moons", "", store).data.source == "moons"
    assert initial_state("multi-gaussian", "", store).data.source == "hills"
    with pytest.raises(ValueError, match="did you mean 'moons'"):
        initial_state("moon", "", store)


def test_a_table(store, tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("a,b,c\n" + "".join(f"{n},{n % 5},{n % 2}\n" for n in range(20)))
    data = initial_state(str(path), "b", store).data
    assert data.source.startswith("table:") and data.target == "b"
    with pytest.raises(ValueError, match=r"^mine\.csv: no column d"):
        initial_state(str(path), "d", store)
    with pytest.raises(ValueError, match="no such file"):
        initial_state("nowhere.csv", "", store)


def test_a_target_needs_a_table(store):
    with pytest.raises(ValueError, match=r"target: only a \.csv file"):
        initial_state("moons", "y", store)


def test_a_model_that_cannot_be_shown_is_told(store, tmp_path):
    path = tmp_path / "model.safetensors"
    Network.dense([2, 1]).save(path)
    with pytest.raises(ModelFileError, match="holds a bare network"):
        initial_model_state(path, "", store)
    with pytest.raises(FileNotFoundError):
        initial_model_state(tmp_path / "none.safetensors", "", store)
