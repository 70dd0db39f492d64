"""CSV, IDX, Parquet and npz files: damaged, hostile, and packed to fill the memory."""

import bz2
import contextlib
import gzip
import io
import lzma
import random
import struct
import zipfile
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow
from format import Format, save_model
from mutations import NUMBERS, mutated
from pyarrow import parquet

from barenet import TableEncoding
from barenet.data._csv_table import read_table
from barenet.data._delimited import CsvOptions
from barenet.data._images import read_idx
from barenet.data._npz import load_arrays
from barenet.data._parquet import open_parquet
from barenet.data._scaling import Scaling
from barenet.data._table_loading import load_table, read_samples
from barenet.errors import DataError

#: What packs a file, by the end of its name; the weakest, which is the fastest.
PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": lambda data: gzip.compress(data, 1, mtime=0),
    ".bz2": lambda data: bz2.compress(data, 1),
    ".xz": lambda data: lzma.compress(data, preset=0),
    ".zst": lambda data: pyarrow.Codec("zstd", 1).compress(data, asbytes=True),
}

#: One input in so many is packed to a thousandth or less: it takes as long as a hundred others.
BOMBS, BINARY_BOMBS = 2000, 200

#: The inputs of a model of two columns.
COLUMNS = Scaling("none", np.zeros(2), np.ones(2))


def bomb(start: bytes, rows: bytes, size: int) -> bytes:
    """Pack a start and then the same rows, again and again."""
    sink = pyarrow.BufferOutputStream()
    with pyarrow.CompressedOutputStream(sink, "zstd") as stream:
        stream.write(start)
        for _ in range(size >> 20):
            stream.write(rows * (2**20 // len(rows)))
    return sink.getvalue().to_pybytes()


def packed(data: bytes, rng: random.Random) -> tuple[str, bytes]:
    """Leave data as they are, or pack them, or pack them and change what came of it."""
    if rng.random() < 0.85:
        return "", data
    ending, pack = rng.choice(list(PACKERS.items()))
    data = pack(data)
    return ending, mutated(data, rng, NUMBERS, [data]) if rng.random() < 0.6 else data


class CSV(Format):
    """Tables as text."""

    name = "csv"

    SEEDS = 2 * [
        text.encode()
        for text in (
            'size,town,y\n1.5,Rome,no\n2,Oslo,yes\n?,Rome,no\n-1e3,"Bonn, am",yes\n',
            "town;size;y\nRome;1,5;0\nOslo;2;1\n;0,5;0\n",
            "size\ttown\ty\n2026-01-02\tyes\t1.5\n2026-12-31 23:59\tno\t2\n",
            ",size,town,y\n0,007,true,a\n1,12,false,b\n2,99,true,a\n",
            '"size","town\nof","y"\n"1","say ""no""","2"\n"3","b","4"\n',
            "size,town,y\r\n1,2,0\r\n3,4,1\r\n5,6,0\r\n",
        )
    ] + [
        "size,town,y\n1,Zürich,0\n2,東京,1\n".encode(encoding)
        for encoding in ("utf-8-sig", "utf-16", "utf-32", "gb18030")
    ]

    WORDS = (
        *(b'"', b'""', b",", b";", b"\t", b"|", b"\n", b"\n\n", b"\r", b"\r\n", b"\0", b" ", b"\\"),
        *(b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff\0\0", b"\xed\xa0\x80", b"\xc2\x85", b"\x0b"),
        *(b"\x0c", b"\x1a", b"\x1c", b"\x1b[2J", b"\xe2\x80\xa8", b"#", b"'", b"=1+1", b"NaN"),
        *(b"1e999", b"-1e308", b"1e308", b"5e-324", b"9" * 400, b"0x10", b"1_000", "١".encode()),
        *(b"+", b"-0", b".", b"1.", b"007", b"true", b"NO", b"?", b"--", b"size", b"town", b"y"),
        *(b"2026-02-30", b"9999-12-31", b"0001-01-01", b"0000-00-00", b"-99999-01-01", b"1.000,5"),
        *(b"2026-01-01T25:00", b"2026-01-01T00:00:00.123456789Z", b"262144-01-01", b"1,5"),
        *(b"__index_level_0__", b"inf", b"NA"),
    )  # fmt: skip

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        table = load_table(self.put("learned.csv", self.SEEDS[0]), "y", frame=True)
        self.encoding = TableEncoding.fit(table.X)
        self.model = save_model(folder / "model.safetensors", self.encoding)

    @cached_property
    def bombs(self) -> dict[str, bytes]:
        """Files that few inputs need, and that take long to make."""
        return {
            "t.csv.zst": bomb(b"size,town,y\n", b"1.5,Rome,no\n", 2**26),
            "t.csv.xz": lzma.compress(b",".join(b"x%d" % at for at in range(10**6)), preset=0),
            "t.csv.gz": gzip.compress(b"x,y\n" + b"," * 10**6 + b"\n", 1, mtime=0),
            "t.csv": (b",".join(b"x%d" % at for at in range(2000)) + b"\n") * 3,
        }

    def write(self, rng: random.Random) -> Path:
        if rng.randrange(BOMBS) == 0:
            return self.put(*rng.choice(list(self.bombs.items())))
        data = mutated(rng.choice(self.SEEDS), rng, self.WORDS, self.SEEDS)
        ending, data = packed(data, rng)
        return self.put(rng.choice(("t.csv", "t.csv", "t.tsv")) + ending, data)

    def read(self, path: Path, rng: random.Random) -> None:
        names, way = self.encoding.feature_names, rng.randrange(20)
        options = {"decimal": rng.choice((None, None, ",")), "frame": rng.random() < 0.7}
        if way == 0:
            table = load_table(path, "y", **{**options, "frame": True})
            with contextlib.suppress(DataError):  # Of rows in memory, named by their column.
                TableEncoding.fit(table.X)
        elif way == 1:
            table = read_table(path, CsvOptions(decimal=options["decimal"]))
            frame = table.frame(table.names)
            assert {len(column) for column in table.columns.values()} == {len(frame)}
            numbers = [column for column in frame.columns.values() if column.dtype.kind == "f"]
            assert not any(np.isinf(column).any() for column in numbers)
        elif way < 8:
            load_table(path, "y", **options)
        elif way < 12:
            read_samples(path, names, "y", rng.choice((None, ("no", "yes"))), **options)
        elif (X := read_samples(path, names, **options).X) is not None and options["frame"]:
            self.encoding.transform(X)


def idx(shape: tuple[int, ...], kind: int = 8) -> bytes:
    """An IDX file that counts."""
    sizes = struct.pack(f">4B{len(shape)}I", 0, 0, kind, len(shape), *shape)
    return sizes + bytes(at % 10 for at in range(int(np.prod(shape))))


class IDX(Format):
    """Arrays of pictures and labels."""

    name = "idx"

    SEEDS = (
        *(idx((9,)), idx((2, 3, 4)), idx((0,)), idx((4,), 9), idx((0, 28, 28)), idx((1, 28, 27))),
        *(idx((1, 28, 28)), idx((1,) * 20), idx((1,))),
    )
    WORDS = (
        *(bytes([0, 0, kind, n]) for kind in (8, 9, 11, 12, 13, 14) for n in (0, 1, 3, 33, 255)),
        *NUMBERS,
    )

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.model = save_model(
            folder / "model.safetensors",
            Scaling("minmax", np.zeros(784), np.full(784, 1 / 255)),
            10,
            classes=tuple("0123456789"),
            feature_names=tuple(f"pixel_{row}_{column}" for row, column in np.ndindex(28, 28)),
            target_name="digit",
            image_shape=(28, 28),
        )
        for name in ("train-images-idx3-ubyte", "t10k-images-idx3-ubyte"):
            self.put(name, idx((1, 28, 28)))
        self.put("t10k-labels-idx1-ubyte", idx((1,)))

    @cached_property
    def bomb(self) -> bytes:
        return bomb(struct.pack(">4B3I", 0, 0, 8, 3, 2**9, 2**10, 2**9), b"\0", 2**28)

    def write(self, rng: random.Random) -> Path:
        # The file that the command looks for; the others beside it are as they should be.
        if rng.randrange(BOMBS) == 0:
            return self.put("train-labels-idx1-ubyte", self.bomb)
        data = mutated(rng.choice(self.SEEDS), rng, self.WORDS, self.SEEDS)
        return self.put("train-labels-idx1-ubyte", packed(data, rng)[1])

    def read(self, path: Path, rng: random.Random) -> None:
        array = read_idx(path, *((28, 28) if path.read_bytes()[3:4] == b"\3" else ()))
        if path.read_bytes()[:2] == b"\0\0":  # It is not packed.
            assert array.nbytes + 4 + 4 * array.ndim == path.stat().st_size

    def command(self, path: Path, rng: random.Random) -> list[str]:
        return ["predict", str(self.model), "mnist", "--data-dir", str(self.folder)]


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
        if rng.randrange(BINARY_BOMBS) == 0:
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

    @cached_property
    def bomb(self) -> bytes:
        """A file that few inputs need, and that takes long to make."""
        zeros = npy(np.zeros((10**6, 100), np.int8))
        return zipped({"X": zeros, "y": npy([0, 1])}, zipfile.ZIP_DEFLATED)

    def write(self, rng: random.Random) -> Path:
        chance = rng.random()
        if chance < 1 / BINARY_BOMBS:
            data = self.bomb
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
