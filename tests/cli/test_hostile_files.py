"""Small files that are large in memory: refused at the limit, or where the memory ends.

Only CPU time is asserted, so a busy machine does not fail the tests.
"""

import json
import os
import resource
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from barenet.datasets._table_loading import load_table

is_linux = Path("/proc/self/status").exists()
linux = pytest.mark.skipif(not is_linux, reason="the peak of memory is counted as Linux does")
pytestmark = [pytest.mark.integration, linux]

#: Bytes of memory and seconds that a refusal may take. The imports take half of the memory, or a
#: tenth more where the system maps libraries in larger pages.
MEMORY, SECONDS = 250 * 10**6, 2.5


def save_npz(path):
    X = np.zeros((2 * 10**6, 100), np.int8)
    np.savez_compressed(path, X=X, y=np.arange(len(X)) % 2)


def save_damaged_npz(path):
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (3, "
    member = b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header
    with zipfile.ZipFile(path, "w") as archive:
        for name in "Xy":
            archive.writestr(f"{name}.npy", member)


def save_wide_table(path, n_columns, quote):
    names = ",".join(f"{quote}x{column}{quote}" for column in range(n_columns))
    row = ",".join("1" * n_columns)
    path.write_text(f"{names}\n" + f"{row}\n" * 6)


def save_parquet(path, text_length, n_rows):
    import pyarrow
    from pyarrow import parquet

    codes = pyarrow.array(np.zeros(n_rows, np.int32))
    text = pyarrow.DictionaryArray.from_arrays(codes, ["x" * text_length])
    columns = {"text": text, "y": np.arange(n_rows) % 2}
    parquet.write_table(pyarrow.table(columns), path, compression="zstd")


#: Small files, how they are made, their sizes, and a part of the error of training on them.
SMALL = {
    "fault_102_texts.parquet": (save_parquet, (20_000, 10**6), "rows would take about 40.1 GB of"),
    "fault_103_zeros.npz": (save_npz, (), "100) and type int8 would take about 2 GB"),
    "fault_103_damaged.npz": (save_damaged_npz, (), "not a usable .npz file: "),
    "fault_104_quoted.csv": (save_wide_table, (10**5, '"'), "100,000 columns; a table may have 50"),
    "fault_104.csv": (save_wide_table, (10**6, ""), "1,000,000 columns; a table may have 50,000 a"),
    "/dev/zero": (lambda path: None, (), "is not a regular file"),
}


@pytest.mark.case(102, 103, 104, 105)
@pytest.mark.parametrize("name", SMALL)
def test_a_file_is_refused_at_the_limit(measured, tmp_path, name):
    """The command may take 1 GB for a file."""
    make, sizes, message = SMALL[name]
    make(tmp_path / name, *sizes)
    options = [name] if name.endswith("npz") else [name, "--target", "y"]
    options = ["--config", name] if name.startswith("/") else options
    done, peak, seconds = measured("train", *options, memory="1GB")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    assert peak < MEMORY and seconds < SECONDS
    assert f"{name}: " in done.stderr and message in done.stderr


@pytest.mark.case(102)
def test_repeated_short_text_is_read(tmp_path):
    save_parquet(tmp_path / "t.parquet", 30, 10**5)
    assert load_table(tmp_path / "t.parquet", "y").X["text"][-1] == "x" * 30


def save_false_totals(path, text_length, n_rows):
    """Write long texts packed to a few kilobytes; in the footer, every large total becomes 10."""
    import pyarrow
    from pyarrow import parquet

    texts = [f"{'a' * text_length}{row}" for row in range(n_rows)]
    table = pyarrow.table({"text": texts, "y": np.arange(n_rows) % 2})
    options = {"compression": "zstd", "use_dictionary": False, "store_schema": False}
    parquet.write_table(table, path, **options)
    group = parquet.ParquetFile(path).metadata.row_group(0)
    whole = path.read_bytes()
    for total in {group.total_byte_size, group.column(0).total_uncompressed_size}:
        number, true = 2 * total, bytearray()
        while number:
            true.append(number % 128 + 128 * (number >= 128))
            number //= 128
        assert len(true) >= 4 and bytes(true) in whole
        false = b"\x94" + b"\x80" * (len(true) - 2) + b"\x00"
        whole = whole.replace(bytes(true), false)
    path.write_bytes(whole)
    assert parquet.ParquetFile(path).metadata.row_group(0).total_byte_size == 10


def save_sparse_model(path):
    """Write a model file with a scaling of 4 GB, which takes no place on the disk."""
    ends = {"parameters": (0, 36), "statistics": (36, 36), "scaling.offset": (36, 36 + 2**32)}
    header = {
        name: {"dtype": "F32", "shape": [(end - start) // 4], "data_offsets": [start, end]}
        for name, (start, end) in ends.items()
    }
    layers = [{"layer": "dense", "n_in": 2, "n_out": 3}]
    model = {"format_version": 1, "network": {"layers": layers}, "extra": {}, "sha256": "0" * 64}
    text = json.dumps({"__metadata__": {"barenet": json.dumps(model)}, **header}).encode()
    path.write_bytes(len(text).to_bytes(8, "little") + text)
    with path.open("r+b") as file:
        file.truncate(8 + len(text) + ends["scaling.offset"][1])


#: Files that take more than 1 GB while they are read, and how they are made.
LARGE = {
    "totals.parquet": lambda path: save_false_totals(path, 5 * 10**6, 50),
    "t.npz": save_npz,
    "m.safetensors": save_sparse_model,
}


@pytest.mark.case(102, 103, 107, 121)
@pytest.mark.promise(10)
@pytest.mark.parametrize("name", LARGE)
def test_a_file_that_needs_more_memory_than_there_is_is_refused(tmp_path, name):
    LARGE[name](tmp_path / name)
    assert name[0] == "m" or (tmp_path / name).stat().st_size < 10**6
    arguments = ["info", name] if name[0] == "m" else ["train", name]
    arguments += ["--target", "y"] * name.endswith("parquet")
    options = {"cwd": tmp_path, "capture_output": True, "text": True}
    options["env"] = {**os.environ, "BARENET_MEMORY": "900GB"}
    options["preexec_fn"] = lambda: resource.setrlimit(resource.RLIMIT_AS, (10**9,) * 2)
    done = subprocess.run([sys.executable, "-m", "barenet", *arguments], **options)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    assert f"error: {name}: takes more memory than there is; " in done.stderr
    assert "free some memory" in done.stderr
