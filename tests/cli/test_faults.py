"""Faulty tables: a one-line error that names the fault, status 2, no traceback, no output file.

The numbers are those of tests/cases.md. The readers' tests have every fault; here, each kind
of them occurs in training, and again in prediction where that is possible.
"""

import gzip
import os
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

HEADER = "x1,x2,y\n"
ROWS = "".join(f"{n},{n % 7},{n / 3}\n" for n in range(30))
WORD, OTHER = f"{HEADER}{ROWS}12,two,3\n", (HEADER + ROWS).replace(",", ";")
PACKED = gzip.compress((HEADER + ROWS * 50).encode())
DAYS = "day,y\n" + 9 * "1.12.2024,1\n1.5.2025,2\n"
QUICK = ("--target", "y", "--model", "network", "--epochs", 1, "--no-plots")

#: The name of a table, its content (None: no such file), a part of the error, and options.
FAULTY = {
    "fault_35": ("missing.csv", None, "missing.csv: no such file"),
    "fault_35_folder": ("folder", {}, "folder: is a folder, expected a file"),
    "fault_36": ("t.csv", "", "t.csv: empty file"),
    "fault_38": ("t.csv", f"{HEADER}1,2,3\n1,2\n{ROWS}", "t.csv:3: expected 3 values, as in the"),
    "fault_39": ("t.csv", OTHER, "t.csv:1: 1 column, 'x1;x2;y'; try --delim", "--delimiter", ","),
    "fault_45": ("t.csv", f"é{HEADER}".encode("latin-1"), "t.csv: not UTF-8 text at byte 0; "),
    "fault_46": ("t.csv.gz", PACKED[: len(PACKED) // 2], "t.csv.gz: truncated"),
}
#: The same for tables that can be used for predictions, but not to learn from.
UNLEARNABLE = {
    "fault_36_header": ("t.csv", HEADER, "t.csv: no rows, only names of columns"),
    "fault_40": ("t.csv", DAYS, "decides between them; use --columns 'day=date day-first' or"),
    "fault_42": ("t.csv", f"{HEADER}1,2,3\n", "t.csv: 1 row, at"),
}


@pytest.mark.case(35, 36, 38, 39, 40, 42, 45, 46)
@pytest.mark.parametrize("case", [*FAULTY, *UNLEARNABLE])
def test_a_wrong_table_is_refused(barenet, line, case):
    name, content, message, *options = {**FAULTY, **UNLEARNABLE}[case]
    if content == {}:
        Path(name).mkdir()
    elif content is not None:
        Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    commands = [("train", name, "--target", "y"), ("predict", line, name)]
    for command in commands[: 1 + (case in FAULTY)]:
        error = barenet(*command, *options).error
        assert error.startswith(f"barenet {command[0]}: error: ") and message in error
        assert not Path("runs").exists()


@pytest.mark.case(40)
def test_text_among_numbers_is_missing_with_a_warning(barenet):
    Path("t.csv").write_text(WORD)
    problem = "column 'x2': 1 of 31 values can't be read as 'number' and count as missing: 'two'"
    done = barenet("train", "t.csv", *QUICK).ok()
    assert done.err.count(f"warning: {problem}") == 1
    assert f"warning: {problem}" in barenet("predict", "runs/t", "t.csv").ok().err


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a name is text")
def test_a_file_whose_name_is_not_text_is_to_be_renamed(barenet):
    name = os.fsdecode(b"x\xe9.csv")
    Path(name).write_text(HEADER + ROWS)
    error = barenet("train", name, "--target", "y").error
    assert "x\\udce9.csv' is not UTF-8 text; rename it" in error


@pytest.mark.case(42)
def test_one_row_is_enough_to_predict(barenet, line):
    Path("t.csv").write_text(f"{HEADER}1,2,3\n")
    assert len(barenet("predict", line, "t.csv").ok().out.splitlines()) == 2
    barenet("evaluate", line, "t.csv").ok()
    Path("t.csv").write_text(HEADER)
    assert "t.csv: no rows, only names of columns" in barenet("evaluate", line, "t.csv").error


@pytest.mark.case(45)
def test_the_encoding_is_kept_with_the_run(barenet):
    rows = "".join(f"{n},{n % 7},1,{n / 3}\n" for n in range(30))
    Path("u.csv").write_bytes(f"x1,x2,naïveté,y\n{rows}".encode("latin-1"))
    assert "--encoding" in barenet("train", "u.csv", *QUICK).err
    barenet("train", "u.csv", "--encoding", "latin-1", *QUICK).ok()
    barenet("predict", "runs/u", "u.csv").ok()


@pytest.mark.promise(14)
def test_a_process_ends_with_one_line_and_status_2(process, tmp_path):
    started = process("train", "missing.csv", "--target", "y")
    out, err = started.communicate(timeout=100)
    assert (started.returncode, out, err.count("\n")) == (2, "", 1), err
    assert err.startswith("barenet train: error: missing.csv")
    assert not any(tmp_path.iterdir())
