"""Several files, of which all are written or none."""

from __future__ import annotations

import pytest

from barenet.files.exports import _writing as writing
from barenet.files.exports._writing import write_together

OLD, NEW = b"Written by barenet 0, this", b"Written by barenet 0, that"


@pytest.mark.parametrize("old", [OLD, None])
def test_a_second_file_that_fails_puts_the_first_one_back(tmp_path, monkeypatch, old):
    first, second = tmp_path / "it.c", tmp_path / "it.h"
    if old:
        first.write_bytes(old)
    real = writing.write_atomically

    def fail(path, data):
        if path == second:
            raise OSError("No space left on device")
        real(path, data)

    monkeypatch.setattr(writing, "write_atomically", fail)
    with pytest.raises(OSError, match="No space left"):
        write_together({first: NEW, second: NEW})
    assert not second.exists()
    assert (first.read_bytes() if first.exists() else None) == old


def test_an_empty_file_and_an_export_are_replaced(tmp_path):
    first, second = tmp_path / "it.c", tmp_path / "it.h"
    first.touch()
    second.write_bytes(OLD)
    write_together({first: NEW, second: NEW})
    assert first.read_bytes() == second.read_bytes() == NEW


def test_somebody_elses_file_is_left_alone_and_so_are_the_others(tmp_path):
    first, second = tmp_path / "it.c", tmp_path / "it.h"
    second.write_bytes(b"mine")
    with pytest.raises(ValueError, match=r"it\.h was not written by barenet"):
        write_together({first: NEW, second: NEW})
    assert not first.exists() and second.read_bytes() == b"mine"


@pytest.mark.parametrize("name", ["it.py", "it.json", "it.onnx", "it.c"])
def test_a_file_that_only_speaks_of_barenet_is_somebody_elses(tmp_path, name):
    mine = tmp_path / name
    mine.write_text("import barenet  # to train it\n")
    with pytest.raises(ValueError, match="was not written by barenet"):
        write_together({mine: NEW})
    assert mine.read_text() == "import barenet  # to train it\n"


def test_fault_63_a_folder_in_the_place_of_a_file_is_refused(tmp_path):
    (tmp_path / "it.c").mkdir()
    with pytest.raises(OSError, match="is a folder, so it is not replaced"):
        write_together({tmp_path / "it.c": NEW})
