"""A data set from NumPy's own file: the arrays X and y of an ``.npz``."""

from __future__ import annotations

import io
import math
import struct
import sys
import tokenize
import warnings
import zipfile
import zlib
from os import PathLike
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from barenet.data.dataset import Dataset
from barenet.data.file_io import memory_budget, open_file, read_exactly
from barenet.data.memory_budget import MemoryBudget
from barenet.data.target import Task, are_classes, check_task, encode
from barenet.errors import DataError, in_a_line, some

__all__ = ["load_arrays"]

#: Readers of an array's header, by its format's version; a later one is for named fields.
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}

#: Bytes before the header (a magic string and the version), and the format of the header's length.
_START, _LENGTHS = 8, {(1, 0): "<H", (2, 0): "<I"}

#: The compressions that NumPy uses; with others, a few bytes may need gigabytes to unpack them.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

#: Maximum size of a header in bytes; NumPy refuses longer ones only after it has read them.
_LONGEST_HEADER = 10_000

#: What zipfile, its decompressors and NumPy's reader of headers raise for a damaged file.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    tokenize.TokenError,
    SyntaxError,
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    EOFError,
    MemoryError,
    RuntimeError,
)


def load_arrays(path: str | PathLike[str], *, task: Task | None = None) -> Dataset:
    """Read an ``.npz`` file with the arrays X and y; objects in it are refused, never unpickled.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "line.npz"
    ...     np.savez(path, X=np.eye(3), y=np.array([0.5, 1.5, 2.5]))
    ...     load_arrays(path).task
    'regression'
    """
    check_task(task)
    path = Path(path)
    X, y = _read(path)
    image_shape = X.shape[1:] if X.ndim == 3 else None
    X = X.reshape(len(X), -1)
    target, classes = _target(path, y, task)
    X = X if X.dtype == np.uint8 else _finite(path, "X", X)
    if classes is not None and len(classes) < 2:
        raise DataError(f"y holds {classes[0]!r} in every row", path=path)
    return Dataset(
        name=path.name,
        X=X,
        y=target,
        classes=classes,
        feature_names=tuple(f"x{column + 1}" for column in range(X.shape[1])),
        target_name="y",
        image_shape=image_shape,
        description=f"{len(X):,} rows",
    )


def _read(path: Path) -> tuple[NDArray[Any], NDArray[Any]]:
    """Read both arrays, and check that they are arrays of samples."""
    try:
        with open_file(path) as stream, zipfile.ZipFile(stream) as archive:
            names = [name.removesuffix(".npy") for name in archive.namelist()]
            if missing := {"X", "y"} - set(names):
                found = some(names) or "none"
                raise DataError(f"no array {min(missing)}; the arrays are {found}", path=path)
            budget = memory_budget(path)
            X, y = (_read_member(archive, name, budget) for name in ("X", "y"))
    except DataError:
        raise
    except _DAMAGE as error:
        raise DataError(f"no usable .npz file: {in_a_line(error)}", path=path) from error
    if X.ndim not in (2, 3) or y.ndim != 1 or len(X) != len(y) or X.size == 0 or len(X) < 2:
        raise DataError(
            f"expected X of shape (n, features) or (n, height, width) and y of shape (n,) "
            f"with n of 2 or more, got {X.shape} and {y.shape}",
            path=path,
        )
    return X, y


def _read_member(archive: zipfile.ZipFile, name: str, budget: MemoryBudget) -> NDArray[Any]:
    """Read one array; its header is believed only as far as bytes follow it."""
    if archive.getinfo(f"{name}.npy").compress_type not in _METHODS:
        raise ValueError(f"{name}: expected an array that is stored or deflated, as by NumPy")
    with archive.open(f"{name}.npy") as stream:
        shape, is_fortran, dtype = _read_header(stream, name)
        if dtype.hasobject or dtype.itemsize == 0 or min(shape, default=0) < 0:
            raise ValueError(f"{name}: object arrays and arrays of nothing are refused ({dtype})")
        # The bytes of the array and of its copies: float64 and a mask, or sorted names.
        each = dtype.itemsize if dtype == np.uint8 else 9 if dtype.kind in "biuf" else 0
        size = math.prod(shape) * dtype.itemsize
        needed = math.prod(shape) * (dtype.itemsize + (each or 2 * dtype.itemsize))
        budget.check(needed, f"array {name} of shape {shape} and type {dtype}")
        if len(data := read_exactly(stream, size + 1)) != size:  # type: ignore[arg-type]
            raise ValueError(f"{name}: its header claims {shape} of {dtype}, which is not there")
    return np.ndarray(shape, dtype, data, order="F" if is_fortran else "C")


def _read_header(stream: Any, name: str) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Read an array's shape, order and type; refuse a long header before it is read."""
    start = read_exactly(stream, _START)
    version = npy.read_magic(io.BytesIO(start))
    if version not in _HEADERS:
        raise ValueError(f"{name}: unknown version {version} of its header")
    written = read_exactly(stream, struct.calcsize(_LENGTHS[version]))
    (length,) = struct.unpack(_LENGTHS[version], written)
    if length > _LONGEST_HEADER:
        raise ValueError(
            f"{name}: a header of {length:,} bytes; at most {_LONGEST_HEADER:,} are read"
        )
    header: BinaryIO = io.BytesIO(written + read_exactly(stream, length))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of headers that were written by Python 2
        shape, is_fortran, dtype = _HEADERS[version](header)
    return shape, is_fortran, dtype


def _target(
    path: Path, y: NDArray[Any], task: Task | None
) -> tuple[NDArray[Any], tuple[str, ...] | None]:
    """Read the target as classes or as numbers."""
    if y.dtype.kind == "U" and task != "regression":
        letters = y.astype(y.dtype.newbyteorder("=")).view(np.uint32)
        if (letters > sys.maxunicode).any() or ((letters >= 0xD800) & (letters < 0xE000)).any():
            raise DataError("y: expected text, got characters that are not Unicode", path=path)
        return encode(y)
    numbers = _finite(path, "y", y)
    is_classes = are_classes(numbers) if task is None else task == "classification"
    return encode(numbers) if is_classes else (numbers, None)


def _finite(path: Path, name: str, array: NDArray[Any]) -> NDArray[np.float64]:
    """Turn real numbers into float64, and refuse NaN and infinity."""
    if array.dtype.kind not in "biuf":
        raise DataError(f"{name}: expected real numbers, got {array.dtype}", path=path)
    numbers = array.astype(np.float64)
    is_number = np.isfinite(numbers)
    if not is_number.all():
        wrong = np.unravel_index(int(is_number.argmin()), numbers.shape)
        at = ", ".join(map(str, wrong))
        raise DataError(f"{name}[{at}] is {numbers[wrong]}, expected a number", path=path)
    return numbers
