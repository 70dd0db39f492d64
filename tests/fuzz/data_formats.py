"""CSV, IDX, Parquet and npz files, plain, compressed and damaged."""

import bz2
import gzip
import io
import lzma
import random
import struct
import zipfile
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow
from format import Format, save_model
from mutations import NUMBERS, mutated
from pyarrow import parquet

from barenet import Scaling, TableEncoding
from barenet.datasets._images import read_idx
from barenet.datasets._npz import load_arrays
from barenet.datasets._table_loading import load_table, read_samples
from barenet.tables.files._csv_table import read_table
from barenet.tables.files._delimited import CsvOptions
from barenet.tables.files._open_table import open_table, read_columns
from barenet.tables.files._parquet import open_parquet

#: Compressions, the weakest of each, which is the fastest.
PACKERS = (
    lambda data: gzip.compress(data, 1, mtime=0),
    lambda data: bz2.compress(data, 1),
    lambda data: lzma.compress(data, preset=0),
    lambda data: pyarrow.Codec("zstd", 1).compress(data, asbytes=True),
)


class Packed(Format):
    """A format whose files may be compressed."""

    def make(self, rng: random.Random) -> bytes:
        """Leave data as they are, or compress them, or damage what was compressed."""
        data = super().make(rng)
        if rng.random() < 0.85:
            return data
        data = rng.choice(PACKERS)(data)
        return mutated(data, rng, NUMBERS, [data]) if rng.random() < 0.6 else data


class CSV(Packed):
    """Tables as text."""

    name, file = "csv", "t.csv"

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

    def read(self, path: Path, rng: random.Random) -> None:
        names, way = self.encoding.feature_names, rng.randrange(4)
        csv = CsvOptions(decimal=rng.choice((None, None, ",")))
        options = {"frame": rng.random() < 0.7}
        if way == 0:
            table = read_table(path, csv)
            frame = table.frame(table.names)
            assert {len(column.texts) for column in table.columns.values()} == {len(frame)}
            numbers = [column for column in frame.columns.values() if column.dtype.kind == "f"]
            assert not any(np.isinf(column).any() for column in numbers)
        elif way == 1:
            load_table(path, "y", decimal=csv.decimal, **options)
        elif way == 2:
            read_samples(open_table(path, csv), names, "y", rng.choice((None, ("no", "yes"))))
        else:
            self.encoding.transform(read_columns(open_table(path, csv), names))


def idx(shape: tuple[int, ...], kind: int = 8) -> bytes:
    """An IDX file that counts."""
    sizes = struct.pack(f">4B{len(shape)}I", 0, 0, kind, len(shape), *shape)
    return sizes + bytes(at % 10 for at in range(int(np.prod(shape))))


class IDX(Packed):
    """Arrays of pictures and labels."""

    name = "idx"
    # The file that the command looks for; the others beside it are as they should be.
    file = "train-labels-idx1-ubyte"

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

    def read(self, path: Path, rng: random.Random) -> None:
        array = read_idx(path, *((28, 28) if path.read_bytes()[3:4] == b"\3" else ()))
        if path.read_bytes()[:2] == b"\0\0":  # it is not compressed
            assert array.nbytes + 4 + 4 * array.ndim == path.stat().st_size

    def command(self, path: Path, rng: random.Random) -> list[str]:
        return ["predict", str(self.model), "mnist", "--data-dir", str(self.folder)]


class Columns(Format):
    """A format whose models take two columns of numbers."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        scaling = Scaling("none", np.zeros(2), np.ones(2))
        self.model = save_model(folder / "m.safetensors", scaling, feature_names=("x1", "x2"))


def parquet_bytes(columns: dict[str, Any], **options: Any) -> bytes:
    """A Parquet file of columns."""
    sink = pyarrow.BufferOutputStream()
    parquet.write_table(pyarrow.table(columns), sink, **options)
    return sink.getvalue().to_pybytes()


class Parquet(Columns):
    """Tables in Arrow's own format of files."""

    name, file, in_tests = "parquet", "t.parquet", 1_000

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


class NPZ(Columns):
    """Arrays as NumPy saves them."""

    name, file = "npz", "t.npz"

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
    WORDS = (
        *NUMBERS,
        *(b"\x93NUMPY", b"'descr': ", b"'<f8'", b"'|O'", b"'<U9999999'", b"(", b")", b",", b"["),
        *(b"99999999999", b"-1", b"True", b"{", b"}", b"L", b"'", b'"""', b"#", b"\\", b"\n"),
        *(b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"X.npy", b"y.npy", b"((" * 50),
    )  # fmt: skip

    def make(self, rng: random.Random) -> bytes:
        if rng.random() < 0.4:
            return super().make(rng)
        # The checksum of a damaged member is right.
        members = dict(zip("Xy", rng.choice(self.MEMBERS), strict=True))
        name, others = rng.choice("Xy"), rng.choice(self.MEMBERS)
        members[name] = mutated(members[name], rng, self.WORDS, others)
        return zipped(members, rng.choice(self.METHODS[:2]))

    def read(self, path: Path, rng: random.Random) -> None:
        load_arrays(path, task=rng.choice((None, "classification", "regression")))
