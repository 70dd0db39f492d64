"""Binary tables: Parquet and npz files, damaged, hostile, and packed to fill the memory."""

import io
import random
import zipfile
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow
from format import Format, save_model
from mutations import NUMBERS, mutated
from pyarrow import parquet

from barenet.data._npz import load_arrays
from barenet.data._parquet import open_parquet
from barenet.data._scaling import Scaling
from barenet.data._table_loading import load_table

#: One input in so many is packed to a thousandth or less.
BOMBS = 200


#: The inputs of a model of two columns.
COLUMNS = Scaling("none", np.zeros(2), np.ones(2))


def parquet_bytes(columns: dict[str, Any], **options: Any) -> bytes:
    """A Parquet file of columns."""
    sink = pyarrow.BufferOutputStream()
    parquet.write_table(pyarrow.table(columns), sink, **options)
    return sink.getvalue().to_pybytes()


class Parquet(Format):
    """Tables in Arrow's own format of files."""

    name = "parquet"
    in_tests = 1_000

    NUMBERS_AND_CLASSES: ClassVar[dict[str, Any]] = {
        "x1": [1.5, 2.0, -1e3, 4.0],
        "x2": [1, 2, None, 4],
        "y": ["no", "yes", "no", "yes"],
    }
    SEEDS = (
        parquet_bytes(NUMBERS_AND_CLASSES),
        parquet_bytes(NUMBERS_AND_CLASSES, row_group_size=2, compression="zstd"),
        parquet_bytes(NUMBERS_AND_CLASSES, use_dictionary=False, data_page_version="2.0"),
        parquet_bytes({"x1": [True, None], "x2": ["long " * 30] * 2, "y": [0, 1]}),
        parquet_bytes(
            {
                "x1": pyarrow.array([1, 2], pyarrow.timestamp("ms", "UTC")),
                "x2": pyarrow.array(["a", "b"]).dictionary_encode(),
                "y": pyarrow.array([1, 2], pyarrow.decimal128(20, 2)),
            },
            compression="none",
        ),
        parquet_bytes({"x1": [[1], [2, 3]], "x2": [{"a": 1}, {"a": 2}], "y": [1, 2]}),
    )
    WORDS = (*NUMBERS, b"PAR1", b"PARE", b"\x15\x00", b"\xff" * 5, b"x1", b"ARROW:schema")

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.model = save_model(folder / "m.safetensors", COLUMNS, feature_names=("x1", "x2"))
        long = pyarrow.DictionaryArray.from_arrays(np.zeros(10**5, np.int32), ["x" * 20_000])
        self.bombs = (
            parquet_bytes({"x1": long, "x2": np.zeros(10**5), "y": np.zeros(10**5)}),
            parquet_bytes({"x1": np.zeros(10**6), "x2": np.zeros(10**6), "y": np.zeros(10**6)}),
            parquet_bytes({f"x{at}": [0, 1] for at in range(1, 2000)} | {"y": [0, 1]}),
        )

    def write(self, rng: random.Random) -> Path:
        if rng.randrange(BOMBS) == 0:
            return self.put("t.parquet", rng.choice(self.bombs))
        data = rng.choice(self.SEEDS)
        changed = mutated(data, rng, self.WORDS, self.SEEDS)
        if rng.random() < 0.5:  # Most changes of the length are found at once.
            changed = changed[: len(data)].ljust(len(data), b"\0")
        return self.put("t.parquet", changed)

    def read(self, path: Path, rng: random.Random) -> None:
        if rng.random() < 0.5:
            load_table(path, "y", frame=True)
        else:
            table = open_parquet(path)
            table.frame(table.names)


def npy(array: Any, version: tuple[int, int] = (1, 0)) -> bytes:
    """An array as NumPy saves it."""
    stream = io.BytesIO()
    np.lib.format.write_array(stream, np.asarray(array), version=version)
    return stream.getvalue()


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """A zip file of the same bytes at all times."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in members.items():
            entry = zipfile.ZipInfo(f"{name}.npy")
            entry.compress_type = method
            archive.writestr(entry, data)
    return buffer.getvalue()


class NPZ(Format):
    """Arrays as NumPy saves them."""

    name = "npz"

    MEMBERS = (
        (npy([[1.0, 2], [3, 4], [5, 6]]), npy([0, 1, 0])),
        (npy(np.arange(12, dtype=np.uint8).reshape(3, 2, 2)), npy(["a", "b", "a"], (2, 0))),
        (npy(np.asfortranarray(np.eye(3, dtype=">f4"))), npy([0.5, 1.5, 2.5])),
        (npy(np.zeros((2, 2), [("a", "f4")])), npy([True, False])),
    )
    METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)
    SEEDS = tuple(
        zipped({"X": X, "y": y}, method) for (X, y), method in zip(MEMBERS, METHODS, strict=True)
    )
    ARRAYS = sum(MEMBERS, ())
    WORDS = (
        *NUMBERS,
        *(b"\x93NUMPY", b"'descr': ", b"'<f8'", b"'|O'", b"'<U9999999'", b"(", b")", b",", b"["),
        *(b"99999999999", b"-1", b"True", b"{", b"}", b"L", b"'", b'"""', b"#", b"\\", b"\n"),
        *(b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"X.npy", b"y.npy", b"((" * 50),
    )  # fmt: skip

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.model = save_model(folder / "m.safetensors", COLUMNS, feature_names=("x1", "x2"))
        zeros = npy(np.zeros((10**6, 100), np.int8))
        long = b"\x93NUMPY\x02\x00" + (2**26).to_bytes(4, "little") + b" " * 2**26
        self.bombs = tuple(
            zipped({"X": X, "y": npy([0, 1])}, zipfile.ZIP_DEFLATED) for X in (zeros, long)
        )

    def write(self, rng: random.Random) -> Path:
        chance = rng.random()
        if chance < 1 / BOMBS:
            data = rng.choice(self.bombs)
        elif chance < 0.4:
            data = mutated(rng.choice(self.SEEDS), rng, self.WORDS, self.SEEDS)
        else:  # the checksum of what is changed is right
            X, y = rng.choice(self.MEMBERS)
            members = {"X": X, "y": y}
            name = rng.choice("Xy")
            members[name] = mutated(members[name], rng, self.WORDS, self.ARRAYS)
            data = zipped(members, rng.choice(self.METHODS[:2]))
        return self.put("t.npz", data)

    def read(self, path: Path, rng: random.Random) -> None:
        load_arrays(path, task=rng.choice((None, "classification", "regression")))
