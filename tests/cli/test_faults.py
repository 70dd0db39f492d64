"""Tables with something wrong: one line that names it, status 2, no traceback, nothing written.

The numbers are those of the cases. Each is tried when learning, and again where a model reads a
table to predict or to be measured, as far as it can happen there.
"""

import gzip
import shlex
from pathlib import Path

import pytest

HEADER = "x1,x2,y\n"
ROWS = "".join(f"{n},{n % 7},{n / 3}\n" for n in range(30))


def write(name: str, content: str | bytes) -> str:
    Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return name


def assert_refused(done, *said: str, command: str) -> None:
    assert done.status == 2, (done.out, done.err)
    assert done.out == ""
    (line,) = done.err.splitlines()
    assert line.startswith(f"barenet {command}: error: ")
    for text in said:
        assert text in line
    assert "Traceback" not in line
    assert not Path("runs").exists()


@pytest.fixture
def refused(barenet, line):
    """Check that training on a table and predicting it are refused with the same error."""

    def check(name: str, *said: str, options: tuple[str, ...] = ()) -> None:
        done = barenet("train", name, "--target", "y", *options)
        assert_refused(done, *said, command="train")
        assert_refused(barenet("predict", line, name, *options), *said, command="predict")

    return check


def test_fault_35_no_such_file_or_a_directory(refused):
    refused("missing.csv", "missing.csv: no such file")
    Path("folder.csv").mkdir()
    refused("folder.csv", "folder.csv: is a folder, expected a file")
    Path("folder").mkdir()
    refused("folder", "folder: is a folder, expected a file")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        pytest.param("", "t.csv: empty file", id="fault_36"),
        pytest.param(HEADER, "t.csv: no rows below the header", id="fault_36_header"),
        pytest.param(
            f"{HEADER}{ROWS}1,2,3,4\n",
            "t.csv:32: expected 3 values, as in the first line, got 4",
            id="fault_37",
        ),
        pytest.param(
            f"{HEADER}1,2,3\n1,2\n{ROWS}",
            "t.csv:3: expected 3 values, as in the first line, got 2",
            id="fault_38",
        ),
        pytest.param(
            "x1,x2,y,x1\n1,2,3,0\n",
            "t.csv:1: column 'x1' occurs 2 times; column names must be unique",
            id="fault_43",
        ),
        pytest.param(
            f'{HEADER}1,2,3\n4,"5,6\n{ROWS}',
            "t.csv:3: a quote that opens here is not closed",
            id="fault_47",
        ),
    ],
)
def test_fault_36_37_38_43_47_a_wrong_table_is_refused(refused, content, said):
    refused(write("t.csv", content), said)


def test_fault_39_another_delimiter_than_was_said(refused):
    name = write("t.csv", (HEADER + ROWS).replace(",", ";"))
    options = ("--delimiter", ",")
    refused(name, "t.csv:1: 1 column, 'x1;x2;y'; try --delimiter ';'", options=options)


@pytest.mark.parametrize("delimiter", [":", "^", " ", "~"])
def test_fault_39_a_delimiter_that_is_seldom_is_found_by_the_target(barenet, delimiter):
    write("t.csv", (HEADER + ROWS).replace(",", delimiter))
    done = barenet("train", "t.csv", "--target", "y")
    said = f"t.csv:1: 1 column, {HEADER.strip().replace(',', delimiter)!r}; "
    assert_refused(done, f"{said}try --delimiter {shlex.quote(delimiter)}", command="train")
    options = ("--delimiter", delimiter, "--target", "y", "--epochs", 1, "--no-plots")
    assert barenet("train", "t.csv", *options).status == 0


def test_fault_40_a_word_among_numbers(refused, barenet, line):
    name = write("t.csv", f"{HEADER}{ROWS}12,two,3\n")
    refused(name, "t.csv:32: column 'x2': expected a number", "got 'two'")
    done = barenet("train", name, "--target", "y")
    assert_refused(done, "use --missing two; if", "use --categories x2", command="train")
    done = barenet(
        "train", write("t.csv", "day,y\n" + 9 * "31.12.2024,1\n1.5.2025,2\n"), "--target", "y"
    )
    assert_refused(done, "use --drop day to", "or --categories day to", command="train")
    done = barenet("evaluate", line, write("t.csv", f"{HEADER}1,2,3\n1,2,three\n"))
    assert_refused(done, "t.csv:3: column 'y': expected a number, got 'three'", command="evaluate")
    done = barenet("train", write("t.csv", f"{HEADER}{ROWS}1,2,three\n"), "--target", "y")
    assert_refused(done, "t.csv:32: column 'y': expected a number", "'three'", command="train")


def test_fault_41_a_byte_order_mark_is_no_part_of_a_name(barenet):
    write("t.csv", "\ufeff" + HEADER + ROWS)
    done = barenet("train", "t.csv", "--target", "y", "--epochs", 1, "--no-plots")
    assert done.status == 0, done.err
    assert "  2 numbers  x1, x2\n" in done.err
    assert barenet("predict", "runs/t", "t.csv").status == 0


def test_fault_42_one_row_is_too_few_to_learn_from_and_enough_to_be_told_of(barenet, line):
    write("t.csv", f"{HEADER}1,2,3\n")
    done = barenet("train", "t.csv", "--target", "y")
    assert_refused(done, "t.csv: 1 row", "at least 2 are needed", command="train")
    done = barenet("predict", line, "t.csv")
    assert (done.status, len(done.out.splitlines())) == (0, 2)
    assert barenet("evaluate", line, "t.csv").status == 0


def test_fault_44_no_such_target(barenet, line):
    write("t.csv", f"{HEADER}{ROWS}")
    done = barenet("train", "t.csv", "--target", "z")
    assert_refused(done, "t.csv: no column z; the columns are x1, x2, y", command="train")
    done = barenet("train", "t.csv")
    assert_refused(
        done, "such as --target y; its columns are x1 (number), x2 (number), y (", command="train"
    )
    write("t.csv", f",{HEADER}0,1,2,3\n")
    done = barenet("train", "t.csv", "--target", "z")
    assert_refused(done, "no column z; the columns are '', x1, x2, y", command="train")
    write("t.csv", "x1,x2\n1,2\n")
    done = barenet("evaluate", line, "t.csv")
    assert_refused(done, "t.csv: no column y; the columns are x1, x2", command="evaluate")
    assert barenet("predict", line, "t.csv").status == 0


def test_fault_45_text_in_another_encoding(refused, barenet):
    table = f"x1,x2,naïveté,y\n{ROWS.replace(',', ',0,', 1)}"
    refused(write("t.csv", table.encode("latin-1")), "not UTF-8 text at byte 8; ", "--encoding")
    refused(write("t.csv", f"{HEADER}1,2\0,3\n"), "t.csv:2: a zero byte at offset 11")
    rows = "".join(f"{n},{n % 7},1,{n / 3}\n" for n in range(30))
    write("u.csv", f"x1,x2,naïveté,y\n{rows}".encode("latin-1"))
    options = ("--target", "y", "--encoding", "latin-1", "--epochs", 1, "--no-plots")
    assert barenet("train", "u.csv", *options).status == 0
    assert barenet("predict", "runs/u", "u.csv").status == 0  # as it was read before


def test_fault_46_a_packed_file_that_is_cut_short(refused):
    packed = gzip.compress((HEADER + ROWS * 50).encode())
    refused(write("t.csv.gz", packed[: len(packed) // 2]), "t.csv.gz: ")
    refused(write("t.csv.gz", packed[:-1]), "t.csv.gz: ")
    refused(write("t.csv.gz", b"no gzip at all"), "t.csv.gz: ")


def test_fault_46_a_packed_file_that_is_a_bomb(refused, monkeypatch):
    monkeypatch.setenv("BARENET_MEMORY", "1MB")
    refused(
        write("t.csv.gz", gzip.compress(HEADER.encode() + b"1,2,3\n" * 200_000)),
        "t.csv.gz: more than",
    )


def test_promise_14_processes_end_with_one_line_and_status_2(process, tmp_path):
    (tmp_path / "short.csv").write_text(f"{HEADER}1,2\n")
    for name in ("short.csv", "missing.csv"):
        started = process("train", name, "--target", "y")
        out, err = started.communicate(timeout=60)
        assert (started.returncode, out, err.count("\n")) == (2, "", 1), err
        assert err.startswith(f"barenet train: error: {name}")
    assert [path.name for path in tmp_path.iterdir()] == ["short.csv"]


def test_a_table_whose_names_no_model_file_can_hold_is_refused_before_training(barenet, tmp_path):
    names = [f"{number}{'x' * 110}" for number in range(9_500)]
    rows = [",".join([*(["1.5"] * 9_500), "no"]), ",".join([*(["2.5"] * 9_500), "yes"])] * 6
    (tmp_path / "wide.csv").write_text("\n".join([",".join([*names, "y"]), *rows]), "utf-8")
    result = barenet("train", "wide.csv", "--target", "y", "--epochs", 1_000_000)
    assert result.status == 2
    assert "a model file has room for" in result.err and "epoch" not in result.err
    assert not (tmp_path / "runs").exists()
