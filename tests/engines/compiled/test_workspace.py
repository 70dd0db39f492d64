"""Workspace: whether kernels stay inside of what was reserved for them."""

import os
import subprocess
import sys

import pytest

FENCED = """
import ctypes, mmap
from types import SimpleNamespace
import numpy as np
from barenet import Network, train
from barenet.layers import BatchNorm, Dense, Dropout, LayerNorm
from barenet.engines.compiled import _lowering, _workspace as workspace

PAGE, libc, count = mmap.PAGESIZE, ctypes.CDLL(None, use_errno=True), 0

def fenced(shape, dtype):
    # An array that ends where nobody may read or write; a record is left as it is.
    global count
    if shape == ():
        return np.zeros(shape, dtype)
    dtype, count = np.dtype(dtype), count + 1
    n_bytes = workspace.up(shape * dtype.itemsize, 16)
    last = workspace.up(n_bytes, PAGE)
    block = mmap.mmap(-1, last + PAGE)
    start = ctypes.addressof(ctypes.c_char.from_buffer(block))
    assert libc.mprotect(ctypes.c_void_p(start + last), PAGE, 0) == 0
    array = np.frombuffer(block, dtype, shape, last - n_bytes)
    array[:] = 0
    return array

# NumPy's arrays begin at a multiple of 16, so of the room that is reserved to align them 16 bytes
# may be all that is left behind the last row.
workspace.ALIGNMENT = 16
workspace.np = SimpleNamespace(**{**vars(np), "zeros": fenced})
rng = np.random.default_rng(0)
for dtype, _lowering.WEIGHTS_PER_ROW in (("float32", 1), ("float64", _lowering.WEIGHTS_PER_ROW)):
    for n_in, n_hidden in [(9, 5), (3, 9), (17, 33), (300, 16), (257, 70), (256, 1)]:
        layers = [Dense(n_in, n_hidden, "relu"), BatchNorm(n_hidden), Dropout(0.1),
                  Dense(n_hidden, 11, "relu"), LayerNorm(11), Dense(11, 3, "softmax")]
        network = Network(layers, seed=0, dtype=dtype)
        X, y = rng.normal(size=(67, n_in)).astype(dtype), np.arange(67) % 3
        for batch_size in (2, 7, 33):
            train(network, X, y, epochs=1, batch_size=batch_size, engine="compiled")
print("inside" if count > 500 else count)
"""


@pytest.mark.integration
@pytest.mark.skipif(os.name != "posix", reason="needs mprotect")
@pytest.mark.parametrize("bits", ["512", pytest.param("0", marks=pytest.mark.slow)])
def test_no_kernel_reads_or_writes_beyond_the_end_of_a_matrix(bits):
    done = subprocess.run(
        [sys.executable, "-c", FENCED], timeout=120, capture_output=True, text=True,
        env={**os.environ, "BARENET_SIMD_BITS": bits, "BARENET_THREADS": "1"},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "inside\n"), done.stderr
