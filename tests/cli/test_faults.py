"""Faulty tables: a one-line error that names the fault, status 2, no traceback, no output file.

The numbers are those of docs/reliability.md. The readers' tests have the errors; here, each occurs
in training, and again in prediction where that is possible.
"""

import gzip
import shlex
from pathlib import Path

import pytest

HEADER = "x1,x2,y\n"
ROWS = "".join(f"{n},{n % 7},{n / 3}\n" for n in range(30))
OTHER = (HEADER + ROWS).replace(",", ";")
PACKED = gzip.compress((HEADER + ROWS * 50).encode())
DAYS = "1.12.2024,1\n1.5.2025,2\n"
QUICK = ("--target", "y", "--epochs", 1, "--no-plots")

#: The name of a table, its content (None: no such file), a part of the error, and options.
FAULTY = {
    "fault_35": ("missing.csv", None, "missing.csv: no such file"),
    "fault_35_table": ("folder.csv", {}, "folder.csv: is a folder, expected a file"),
    "fault_35_folder": ("folder", {}, "folder: is a folder, expected a file"),
    "fault_36": ("t.csv", "", "t.csv: empty file"),
    "fault_37": ("t.csv", f"{HEADER}{ROWS}1,2,3,4\n", "t.csv:32: expected 3 values, as in the f"),
    "fault_38": ("t.csv", f"{HEADER}1,2,3\n1,2\n{ROWS}", "t.csv:3: expected 3 values, as in the"),
    "fault_39": ("t.csv", OTHER, "t.csv:1: 1 column, 'x1;x2;y'; try --delim", "--delimiter", ","),
    "fault_40": ("t.csv", f"{HEADER}{ROWS}12,two,3\n", "t.csv:32: column 'x2': expected a number"),
    "fault_43": ("t.csv", "x1,x2,y,x1\n1,2,3,0\n", "t.csv:1: column 'x1' occurs 2 times; column"),
    "fault_45": ("t.csv", f"é{HEADER}".encode("latin-1"), "t.csv: not UTF-8 text at byte 0; "),
    "fault_45_zero": ("t.csv", f"{HEADER}1,2\0,3\n", "t.csv:2: a zero byte at offset 11"),
    "fault_46": ("t.csv.gz", PACKED[: len(PACKED) // 2], "t.csv.gz: truncated"),
    "fault_46_end": ("t.csv.gz", PACKED[:-1], "t.csv.gz: "),
    "fault_46_text": ("t.csv.gz", "no gzip at all", "t.csv.gz: "),
    "fault_47": ("t.csv", f'{HEADER}1,2,3\n4,"5,6\n{ROWS}', "t.csv:3: a quote that opens here is"),
}


def write(name: str, content: str | bytes) -> str:
    Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    return name


@pytest.fixture
def refused(barenet, line):
    """Check that a command fails, or both training and predicting with a table."""

    def check(*typed: object, message: str) -> None:
        commands = [typed]
        if typed[0] not in ("train", "evaluate"):
            table, *options = typed
            commands = [
                ("train", table, "--target", "y", *options),
                ("predict", line, table, *options),
            ]
        for command in commands:
            done = barenet(*command)
            assert (done.status, done.out) == (2, ""), done.err
            (printed,) = done.err.splitlines()
            assert printed.startswith(f"barenet {command[0]}: error: ") and message in printed
            assert "Traceback" not in printed and not Path("runs").exists()

    return check


@pytest.mark.integration
@pytest.mark.parametrize("case", FAULTY)
def test_fault_35_36_37_38_39_40_43_45_46_47_a_wrong_table_is_refused(refused, case):
    name, content, message, *options = FAULTY[case]
    if content == {}:
        Path(name).mkdir()
    elif content is not None:
        write(name, content)
    refused(name, *options, message=message)


@pytest.mark.integration
@pytest.mark.parametrize("delimiter", [":", "^", " ", "~"])
def test_fault_39_an_unusual_delimiter_is_found_by_the_target(refused, barenet, delimiter):
    write("t.csv", (HEADER + ROWS).replace(",", delimiter))
    message = f"t.csv:1: 1 column, {HEADER.strip().replace(',', delimiter)!r}; "
    message += f"try --delimiter {shlex.quote(delimiter)}"
    refused("train", "t.csv", "--target", "y", message=message)
    assert barenet("train", "t.csv", "--delimiter", delimiter, *QUICK).status == 0


#: Tables that can be used for predictions, but not to learn from, and a part of the error.
UNLEARNABLE = {
    "fault_36": (HEADER, "t.csv: no rows, only names of columns"),
    "fault_40": (
        f"{HEADER}{ROWS}12,two,3\n",
        "use --missing two; if the column holds names, use --c",
    ),
    "fault_40_drop": (f"day,y\n{9 * DAYS}", "use --drop day to"),
    "fault_40_names": (f"day,y\n{9 * DAYS}", "or --categories day to"),
    "fault_40_target": (f"{HEADER}{ROWS}1,2,three\n", "t.csv:32: column 'y': expected a number"),
    "fault_42": (f"{HEADER}1,2,3\n", "t.csv: 1 row, at"),
}


@pytest.mark.parametrize(("table", "message"), UNLEARNABLE.values(), ids=UNLEARNABLE)
def test_fault_36_40_42_remedies_are_options_where_nothing_can_be_learned(refused, table, message):
    refused("train", write("t.csv", table), "--target", "y", message=message)


def test_fault_41_a_byte_order_mark_is_removed_from_the_first_name(barenet):
    write("t.csv", "\ufeff" + HEADER + ROWS)
    done = barenet("train", "t.csv", *QUICK)
    assert done.status == 0 and "  1 left out  x1: counts the rows\n" in done.err, done.err
    assert barenet("predict", "runs/t", "t.csv").status == 0


@pytest.mark.integration
def test_fault_42_one_row_is_enough_to_predict(refused, barenet, line):
    done = barenet("predict", line, write("t.csv", f"{HEADER}1,2,3\n"))
    assert (done.status, len(done.out.splitlines())) == (0, 2)
    assert barenet("evaluate", line, "t.csv").status == 0
    message = "e.csv: no rows, only names of columns"
    refused("evaluate", line, write("e.csv", HEADER), message=message)


def test_fault_44_no_such_target(refused, barenet, line):
    train = ("train", write("t.csv", f",{HEADER}0,1,2,3\n"))
    refused(*train, "--target", "z", message="t.csv: no column z; the columns are '', x1, x2, y")
    refused(*train, message="such as --target y; its columns are '', x1, x2, y")
    name = write("t.csv", "x1,x2\n1,2\n")
    refused("evaluate", line, name, message="t.csv: no column y; the columns are x1, x2")
    assert barenet("predict", line, name).status == 0


@pytest.mark.integration
def test_fault_45_the_encoding_is_kept_with_the_run(barenet):
    rows = "".join(f"{n},{n % 7},1,{n / 3}\n" for n in range(30))
    write("u.csv", f"x1,x2,naïveté,y\n{rows}".encode("latin-1"))
    assert "--encoding" in barenet("train", "u.csv", *QUICK).err
    assert barenet("train", "u.csv", "--encoding", "latin-1", *QUICK).status == 0
    assert barenet("predict", "runs/u", "u.csv").status == 0


def test_fault_46_a_packed_file_beyond_the_memory_is_refused(refused, monkeypatch):
    monkeypatch.setenv("BARENET_MEMORY", "1MB")
    packed = gzip.compress(HEADER.encode() + b"1,2,3\n" * 200_000)
    refused(write("t.csv.gz", packed), message="t.csv.gz: more than")


@pytest.mark.integration
def test_promise_14_a_process_ends_with_one_line_and_status_2(process, tmp_path):
    started = process("train", "missing.csv", "--target", "y")
    out, err = started.communicate(timeout=100)
    assert (started.returncode, out, err.count("\n")) == (2, "", 1), err
    assert err.startswith("barenet train: error: missing.csv")
    assert not any(tmp_path.iterdir())


@pytest.mark.integration
def test_names_of_more_than_a_mebibyte_are_stored(barenet, tmp_path):
    names = [f"{number}{'x' * 1_100}" for number in range(1_000)]
    rows = [",".join([*(["1.5"] * 1_000), "no"]), ",".join([*(["2.5"] * 1_000), "yes"])] * 6
    (tmp_path / "wide.csv").write_text("\n".join([",".join([*names, "y"]), *rows]), "utf-8")
    barenet("train", "wide.csv", "--target", "y", "--epochs", 1, "--no-plots").ok()
    barenet("evaluate", "runs/wide").ok()
