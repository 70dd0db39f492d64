"""Mapped arrays: arrays in temporary files, of which the system keeps pages in memory.

It reads a page when it is needed, and takes its memory back where it is short.
"""

import mmap
import os
import shutil
import tempfile
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from barenet.data._file_io import format_size
from barenet.errors import DataError

#: Bytes that are written at a time where the system can't reserve them.
CHUNK = 2**24


def map_array(n_rows: int, like: Any) -> NDArray[Any]:
    """Make an array with rows like those of another, whose file is removed with it."""
    shape = n_rows, like.shape[1]
    size, folder = n_rows * like.shape[1] * like.itemsize, tempfile.gettempdir()
    try:
        with tempfile.TemporaryFile() as file:
            reserve(file, size)
            return np.ndarray(shape, like.dtype, mmap.mmap(file.fileno(), size))
    except OSError as error:
        free = format_size(shutil.disk_usage(folder).free)
        problem = f"{format_size(size)} are needed for encoded rows, and {free} are free"
        remedy = "set the environment variable TMPDIR to a folder with more room"
        problem += f" ({error.strerror})"
        raise DataError(problem, path=folder, remedy=remedy) from error


def reserve(file: BinaryIO, size: int) -> None:
    """Reserve disk space: writing to a mapped page of a full disk kills the process."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), 0, size)
        return
    for start in range(0, size, CHUNK):
        file.write(bytes(min(CHUNK, size - start)))
    file.flush()


def release_pages(array: NDArray[Any]) -> None:
    """Drop the pages from the memory of the process; the system may keep them in its cache."""
    pages: Any = array.base
    if hasattr(mmap, "MADV_DONTNEED"):  # not on Windows
        pages.madvise(mmap.MADV_DONTNEED)


def prefetch(array: NDArray[Any], first: int, stop: int) -> None:
    """Have the system read the pages of some rows, which it does while others are used."""
    pages: Any = array.base
    if hasattr(mmap, "MADV_WILLNEED"):
        start = first * array.strides[0] // mmap.PAGESIZE * mmap.PAGESIZE
        pages.madvise(mmap.MADV_WILLNEED, start, stop * array.strides[0] - start)
