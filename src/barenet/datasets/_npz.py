"""A data set from NumPy's own file: the arrays X and y of an ``.npz``.

The file is not trusted: objects in it are never unpickled.
"""

import math
import zipfile
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from barenet._constraints import convert
from barenet._messages import in_a_line, some
from barenet.datasets._dataset import Dataset
from barenet.errors import DataError
from barenet.storage._file_io import check_memory, local_path, name_in_memory_error, open_file
from barenet.tables.reading._class_labels import encode
from barenet.tables.reading._target import Target, TargetTask, encode_numbers

#: Readers of an array's header, by the version of its format; later versions are for named fields.
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def load_arrays(path: str | PathLike[str], *, task: TargetTask | None = None) -> Dataset:
    """Read an ``.npz`` file with the arrays X and y.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "line.npz"
    ...     np.savez(path, X=np.eye(3), y=np.array([0.5, 1.5, 2.5]))
    ...     load_arrays(path).task
    'regression'
    """
    convert(task, TargetTask | None, "task")
    path = local_path(path)
    with name_in_memory_error(path):
        X, y = _read(path)
        rows = X.reshape(len(X), -1)
        if X.dtype != np.uint8:
            rows = _finite(path, "X", rows)
        if y.dtype.kind != "U" or task == "regression":
            target, classes = encode_numbers(_finite(path, "y", y), task)
        else:
            target, classes = _encode_text(path, y)
    if classes is not None and len(classes) < 2:
        raise DataError(f"y holds {classes[0]!r} in every row", path=path)
    n_columns = rows.shape[1]
    feature_names = tuple(f"x{number}" for number in range(1, n_columns + 1))
    image_shape = X.shape[1:] if X.ndim == 3 else None
    return Dataset(
        name=path.name,
        X=rows,
        y=target,
        classes=classes,
        feature_names=feature_names,
        target_name="y",
        image_shape=image_shape,
        description=f"{len(X):,} rows",
    )


def _read(path: Path) -> tuple[NDArray[Any], NDArray[Any]]:
    """Read both arrays, and check their shapes."""
    try:
        with open_file(path) as stream, zipfile.ZipFile(stream) as archive:
            names = [name.removesuffix(".npy") for name in archive.namelist()]
            missing = {"X", "y"} - set(names)
            if missing:
                listed = some(names) or "none"
                problem = f"no array {min(missing)}; the arrays are {listed}"
                raise DataError(problem, path=path)
            X = _read_array(archive, "X", path)
            y = _read_array(archive, "y", path)
    except (DataError, MemoryError):
        raise
    # zipfile, decompressors and NumPy raise many errors for damaged files
    except Exception as error:
        raise DataError(f"not a usable .npz file: {in_a_line(error)}", path=path) from error
    has_rows = X.ndim in (2, 3) and len(X) >= 2
    if not has_rows or X.size == 0 or y.shape != (len(X),):
        expected = "X of shape (n, features) or (n, height, width) and y of shape (n,)"
        problem = f"expected {expected} with n of 2 or more, got {X.shape} and {y.shape}"
        raise DataError(problem, path=path)
    return X, y


def _read_array(archive: zipfile.ZipFile, name: str, path: Path) -> NDArray[Any]:
    """Read one array, after comparing the size in its header with the memory budget."""
    with archive.open(f"{name}.npy") as stream:
        version = npy.read_magic(stream)
        if version not in _HEADERS:
            raise ValueError(f"{name}: unknown version {version} of its header")
        shape, _, dtype = _HEADERS[version](stream)
        if dtype == np.uint8:
            copies = 1  # a byte for each value
        elif dtype.kind in "biuf":
            copies = 9  # a float64, and a byte for a mask
        else:
            copies = 2 * dtype.itemsize  # sorted names
        value_bytes = dtype.itemsize + copies
        needed = math.prod(shape) * value_bytes
        check_memory(path, needed, f"array {name} of shape {shape} and type {dtype}")
        stream.seek(0)
        array: NDArray[Any] = npy.read_array(stream, allow_pickle=False)
        if stream.read(1):  # The checksum is verified at the end of the array.
            raise ValueError(f"{name}: bytes after the array of shape {shape}")
    return array


def _finite(path: Path, name: str, array: NDArray[Any]) -> NDArray[np.float64]:
    """Convert real numbers to float64, and reject NaN and infinity."""
    if array.dtype.kind not in "biuf":
        raise DataError(f"{name}: expected real numbers, got {array.dtype}", path=path)
    numbers = array.astype(np.float64)
    is_number = np.isfinite(numbers)
    if not is_number.all():
        wrong = np.unravel_index(int(is_number.argmin()), numbers.shape)
        at = ", ".join(str(index) for index in wrong)
        problem = f"{name}[{at}] is {numbers[wrong]}, expected a number"
        raise DataError(problem, path=path)
    return numbers


def _encode_text(path: Path, texts: NDArray[Any]) -> Target:
    """Encode classes; a damaged file may hold characters that are not Unicode."""
    texts = texts.astype(texts.dtype.newbyteorder("="))  # NumPy checks only text of this order
    try:
        texts.astype("T")
    except TypeError as error:
        raise DataError(f"y: expected text, {in_a_line(error)}", path=path) from error
    return encode(texts)
