"""Standard input: - is a table as any other, which comes once."""

import gzip
import io
import tomllib
from pathlib import Path

import pytest

from barenet import load_predictor
from barenet.data._file_io import read_file_bytes
from barenet.errors import DataError

PENGUINS = Path(__file__).parents[2] / "docs" / "tutorials" / "penguins.csv"
TABLE = PENGUINS.read_bytes()
QUICK = ("--target", "species", "--epochs", 5, "--no-plots")


@pytest.fixture
def give(monkeypatch):
    """Put bytes into standard input."""

    def put(data: bytes) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))

    return put


def test_it_is_a_table_like_the_file(barenet, give):
    give(TABLE)
    barenet("train", "-", *QUICK).ok()
    barenet("train", PENGUINS, *QUICK).ok()
    runs = [Path("runs", name, "model.safetensors") for name in ("stdin", "penguins")]
    given, read = (load_predictor(path).network.parameters for path in runs)
    assert given.tobytes() == read.tobytes()
    expected = barenet("predict", "runs/penguins", PENGUINS).out
    for data in (TABLE, gzip.compress(TABLE)):
        give(data)
        assert barenet("predict", "runs/stdin", "-").out == expected
    give(TABLE)
    done = barenet("predict", "runs/stdin", "--row", 3, "-", "--json")
    assert len(done.json["predictions"]) == 1


def test_its_rows_are_recognized_by_their_fingerprint(barenet, give):
    give(TABLE)
    assert barenet("train", "-", *QUICK).status == 0
    assert tomllib.loads(Path("runs/stdin/settings.toml").read_text())["data"] == "/dev/stdin"
    shorter = TABLE[: TABLE.rindex(b"\n", 0, -1)]
    for table, rows in ((TABLE, "test rows"), (shorter, "all rows")):
        give(table)
        done = barenet("evaluate", "runs/stdin", "-", "--json")
        assert done.json["metrics"]["evaluated_on"] == rows
    error = barenet("importance", "runs/stdin").error
    assert "was trained on standard input; name the rows" in error


def test_faults_have_its_name_and_the_line(barenet, give):
    give(b"a,y\n1,no\n2\n")
    error = barenet("train", "-", "--target", "y").error
    assert error.startswith("barenet train: error: /dev/stdin:3: expected 2 values")
    give(b"")
    assert "/dev/stdin: empty file" in barenet("train", "-", "--target", "y").error


def test_after_an_option_it_is_the_option_s_value(barenet, give):
    give(b"a-y\n1-no\n2-yes\n")
    done = barenet("train", PENGUINS, "--target", "-")
    assert done.status == 2 and "stdin" not in done.err


def test_no_more_than_the_limit_is_read(give, monkeypatch):
    monkeypatch.setattr("barenet.data._file_io.machine_memory", lambda: 200)
    give(b"x" * 101)
    with pytest.raises(DataError, match=r"/dev/stdin: more than 100 bytes, half of"):
        read_file_bytes(Path("/dev/stdin"))
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(DataError, match=r"/dev/stdin: standard input is closed"):
        read_file_bytes(Path("/dev/stdin"))
