"""IDX files: what was written comes back, and every damaged header is refused by its path."""

import bz2
import gzip
import struct
import tracemalloc
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, strategies as st
from hypothesis.extra import numpy as hnp

from barenet.data._images import TYPES, read_idx
from barenet.errors import DataError

SLICE = Path(__file__).parent / "mnist_slice"


def idx(array: np.ndarray, code: int) -> bytes:
    """Write the format down, independently of the reader."""
    sizes = struct.pack(f">{array.ndim}I", *array.shape)
    return bytes([0, 0, code, array.ndim]) + sizes + array.astype(TYPES[code]).tobytes()


@contextmanager
def peak_below(limit: int):
    """Measure what Python and NumPy allocate meanwhile."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < limit
    finally:
        tracemalloc.stop()


@st.composite
def arrays(draw):
    code = draw(st.sampled_from(sorted(TYPES)))
    shape = draw(hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5))
    dtype = np.dtype(TYPES[code]).newbyteorder("=")
    return draw(hnp.arrays(dtype, shape)), code


@given(pair=arrays(), packed=st.booleans())
def test_what_was_written_is_read(tmp_path_factory, pair, packed):
    array, code = pair
    path = tmp_path_factory.getbasetemp() / "array.idx"
    data = idx(array, code)
    path.write_bytes(gzip.compress(data) if packed else data)
    read = read_idx(path)
    assert read.dtype == array.dtype and read.dtype.isnative
    np.testing.assert_array_equal(read, array)


DIGITS = idx(np.arange(24).reshape(2, 3, 4), 0x08)


def test_fault_48_truncated_at_every_byte(tmp_path):
    path = tmp_path / "cut.idx"
    for length in range(len(DIGITS)):
        path.write_bytes(DIGITS[:length])
        with pytest.raises(DataError, match=r"truncated: expected \d+ bytes") as caught:
            read_idx(path)
        assert caught.value.path == path
    assert caught.value.problem.endswith("24 bytes after the header (2 × 3 × 4), got 23")


@pytest.mark.parametrize("magic", ["89 50 4e 47", "00 01 08 01", "00 00 0a 01", "00 00 08 00"])
def test_fault_49_wrong_magic(tmp_path, magic):
    path = tmp_path / "picture.png"
    path.write_bytes(bytes.fromhex(magic) + bytes(100))
    with pytest.raises(DataError, match=f"picture.png: not an IDX file: it starts with {magic}"):
        read_idx(path)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("code", sorted(TYPES))
def test_fault_50_claimed_sizes_overflow(tmp_path, code, packed):
    """2^32 - 1 three times over is beyond 64 bits; 2^16 twice over wraps to 0 in 32."""
    path = tmp_path / "huge.idx"
    for sizes in ((2**32 - 1,) * 3, (2**16, 2**16), (2**32 - 1,), (0, *[2**32 - 1] * 3), (1,) * 65):
        data = bytes([0, 0, code, len(sizes)]) + struct.pack(f">{len(sizes)}I", *sizes)
        path.write_bytes(gzip.compress(data) if packed else data)
        with pytest.raises(DataError, match=r"huge\.idx: .* header claims"):
            read_idx(path)


def test_fault_50_nothing_is_allocated_for_a_claim(tmp_path):
    """Within the budget, but not there: the memory in use must not grow by what is claimed."""
    path = tmp_path / "claims.idx"
    path.write_bytes(bytes([0, 0, 8, 1]) + struct.pack(">I", 2**25) + bytes(100))
    with peak_below(2**24), pytest.raises(DataError, match=r"expected 33,554,432 .*, got 100$"):
        read_idx(path)


@pytest.mark.parametrize("packed", [False, True])
def test_fault_52_trailing_bytes(tmp_path, packed):
    path = tmp_path / "long.idx"
    path.write_bytes(gzip.compress(DIGITS + b"x") if packed else DIGITS + b"x")
    with pytest.raises(DataError, match=r"long\.idx: bytes after the end: expected 24 after"):
        read_idx(path)


def test_fault_46_a_bomb_behind_a_small_header_is_not_unpacked(tmp_path):
    path = tmp_path / "bomb.idx.gz"
    path.write_bytes(gzip.compress(DIGITS + bytes(2**25)))
    with peak_below(2**24), pytest.raises(DataError, match=r"bytes after the end"):
        read_idx(path)


def test_promise_17_a_bomb_that_its_header_promises_is_not_unpacked(tmp_path, monkeypatch):
    """The header is right: there is as much behind it as it says."""
    monkeypatch.setenv("BARENET_MEMORY", "64MiB")
    path = tmp_path / "bomb.idx.bz2"
    sizes = struct.pack(">4B2I", 0, 0, 8, 2, 2**13, 2**13)
    path.write_bytes(bz2.compress(sizes + bytes(2**26)))
    with peak_below(2**24), pytest.raises(DataError, match=r"8192 × 8192 numbers, .* would take"):
        read_idx(path)
