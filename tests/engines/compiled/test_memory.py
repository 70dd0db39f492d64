"""Memory: whether kernels stay inside of what was reserved for them."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

FENCED = """
import ctypes, mmap
import numpy as np
from barenet import BatchNorm, Dense, Dropout, LayerNorm, Network, train
from barenet.engines.compiled import memory

PAGE, libc, fences = mmap.PAGESIZE, ctypes.CDLL(None, use_errno=True), []

def fenced(n_bytes):
    '''Memory that ends, but for less than a cache line, where nobody may read or write.'''
    n_bytes = memory.up(n_bytes, 64)
    n_pages = -(-n_bytes // PAGE) + 1
    block = mmap.mmap(-1, n_pages * PAGE)
    start = ctypes.addressof(ctypes.c_char.from_buffer(block))
    assert libc.mprotect(ctypes.c_void_p(start + (n_pages - 1) * PAGE), PAGE, mmap.PROT_NONE if
                         hasattr(mmap, "PROT_NONE") else 0) == 0
    return block, (n_pages - 1) * PAGE - n_bytes

def matrix(self, n_rows, width, fill=0):
    row, size = self.pad(width), self.dtype.itemsize
    block, first = fenced(n_rows * row * size)
    numbers = np.frombuffer(block, self.dtype, n_rows * row, first)
    numbers[:] = fill
    fences.append(numbers)
    return memory.Matrix(memory.address(numbers), row, 1, size)

memory.Memory.matrix = matrix
rng = np.random.default_rng(0)
for dtype in ("float32", "float64"):
    for n_in, n_hidden in [(9, 5), (3, 9), (17, 33), (300, 16), (257, 70), (256, 1)]:
        layers = [Dense(n_in, n_hidden, "relu"), BatchNorm(n_hidden), Dropout(0.1),
                  Dense(n_hidden, 11, "tanh"), LayerNorm(11), Dense(11, 3, "softmax")]
        for batch_size in (1, 7, 33):
            X, y = rng.normal(size=(67, n_in)).astype(dtype), np.arange(67) % 3
            network = Network(layers, seed=0, dtype=dtype)
            train(network, X, y, epochs=1, batch_size=batch_size, engine="compiled")
assert fences
print("inside")
"""


@pytest.mark.skipif(os.name != "posix", reason="needs mprotect")
@pytest.mark.parametrize("bits", ["0", "128", "256", "512"])
def test_no_kernel_reads_or_writes_beyond_the_end_of_a_matrix(bits):
    done = subprocess.run(
        [sys.executable, "-c", FENCED], timeout=120, capture_output=True, text=True,
        env={**os.environ, "BARENET_SIMD_BITS": bits, "BARENET_THREADS": "1"},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "inside\n"), done.stderr
