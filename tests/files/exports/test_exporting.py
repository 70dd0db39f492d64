"""`export`: the format, the files, and errors before anything is written."""

import sys

import numpy as np
import pytest

from barenet import Network, export
from barenet.errors import MissingExtraError
from barenet.files.exports import SUFFIXES
from barenet.files.exports._exporting import write_together

NETWORK = Network.dense([2, 3, 1], seed=1)


def test_file_names_may_contain_dots(tmp_path):
    files = export(NETWORK, str(tmp_path / "v1.2"), "c").files
    assert [file.name for file in files] == ["v1.2.c", "v1.2.h"]
    assert "void v1_2_predict(" in files[1].read_text()


@pytest.mark.case(183)
def test_files_at_an_address_are_named_by_it(tmp_path):
    pytest.importorskip("fsspec")
    done = export(NETWORK, "memory://models/net.c")
    assert done.files == ("memory://models/net.c", "memory://models/net.h")
    (file,) = export(NETWORK, tmp_path / "net.json").files
    assert file == tmp_path / "net.json"


@pytest.mark.parametrize(
    ("path", "options", "argument", "problem"),
    [
        ("it.txt", {}, "to", "format does not follow"),
        ("it.c", {"to": "C"}, "to", "unknown 'C', did you mean 'c'"),
        ("it.c", {"arithmetic": "int4"}, "arithmetic", "unknown 'int4', did you mean 'int8'"),
        ("it.py", {"arithmetic": "int8"}, "arithmetic", "only C has .* is python; use to='c'$"),
        ("it.c", {"to": "onnx"}, "path", "of c, and this is onnx; use to='c', or end .*onnx$"),
        ("it.json", {"to": "schema"}, "path", r"='json', or end the path with \.schema\.json$"),
        ("random.py", {}, "path", r"random\.py would be imported in the place of the module"),
        ("numpy.py", {}, "path", r"numpy\.py would be imported"),
        ("42.c", {}, "path", "expected a file name with a letter"),
        *((f"{stem}.c", {}, "path", "expected a file name of plain letters")
          for stem in ('a"b', "a\nb", "größe", "math", "Stdio")),
    ],
)  # fmt: skip
def test_wrong_arguments_write_nothing(tmp_path, path, options, argument, problem, refused):
    with refused(argument, problem):
        export(NETWORK, tmp_path / path, **options)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("to", SUFFIXES)
def test_only_older_exports_are_replaced(tmp_path, to):
    export(Network.dense([2, 300, 3]), tmp_path / "it", to)
    done = export(NETWORK, tmp_path / "it", to)
    assert done.n_bytes == sum(file.stat().st_size for file in tmp_path.iterdir())
    for file in done.files:
        file.write_text("import barenet  # to train it\n")
        before = {each: each.read_bytes() for each in done.files}
        with pytest.raises(ValueError, match=rf"^path: .*{file.name} was not written by barenet"):
            export(Network.dense([2, 5]), tmp_path / "it", to)
        assert {each: each.read_bytes() for each in before} == before
        file.write_bytes(b"")  # an empty file may be replaced
        export(NETWORK, tmp_path / "it", to)
        assert file.stat().st_size > 100


def test_missing_onnx_is_a_one_line_error(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(MissingExtraError, match=r"needs onnx: pip install '.\[onnx\]'"):
        export(NETWORK, tmp_path / "it.onnx")
    assert list(tmp_path.iterdir()) == []


def test_exporting_leaves_the_model_unchanged(tmp_path):
    before = NETWORK.parameters.copy()
    for to in SUFFIXES:
        export(NETWORK, tmp_path / "it", to)
    export(NETWORK, tmp_path / "it", "c", arithmetic="int8", calibration=np.eye(2).repeat(15, 0))
    assert np.array_equal(NETWORK.parameters, before)


OLD, NEW = b"Written by barenet 0, this", b"Written by barenet 0, that"


@pytest.mark.parametrize("old", [OLD, None])
def test_a_failure_of_the_second_file_leaves_the_first_unchanged(tmp_path, old):
    first, second = tmp_path / "it.c", tmp_path / "nowhere" / "it.h"
    if old:
        first.write_bytes(old)
    with pytest.raises(FileNotFoundError, match="there is no such folder"):
        write_together({first: NEW, second: NEW})
    assert [file.read_bytes() for file in tmp_path.iterdir()] == [old][: bool(old)]


@pytest.mark.case(63)
def test_a_folder_in_place_of_a_file_is_refused(tmp_path):
    (tmp_path / "it.c").mkdir()
    with pytest.raises(OSError, match="is a folder, so it is not replaced"):
        write_together({tmp_path / "it.c": NEW})
