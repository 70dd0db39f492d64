"""Properties of the processor: vector width, clock, and treatment of denormal numbers."""

import functools
import os
from collections.abc import Callable
from typing import Any

import llvmlite.ir as ir
from llvmlite.binding import get_host_cpu_features, get_process_triple
from numba import types
from numba.core import cgutils

from barenet.engines.simd._llvm import BYTE, INT, VOID, call, operation

# The processor that kernels are compiled for, as Windows on ARM also runs Python for x86-64.
IS_X86 = get_process_triple().startswith("x86_64-")
FLUSH = 0x8040  # the bits for: denormal results are 0, and denormal operands are 0
BITS = ir.IntType(32)
WIDTHS = (0, 128, 256, 512)


def vector_bits() -> int:
    """Bits of a vector register; ``BARENET_SIMD_BITS`` in the environment can lower it."""
    requested = os.environ.get("BARENET_SIMD_BITS", "")
    widest = widest_bits()
    allowed = [str(width) for width in WIDTHS]
    if requested and requested not in allowed:
        raise ValueError(f"BARENET_SIMD_BITS: expected one of {WIDTHS}, got {requested!r}")
    return min(widest, int(requested or widest))


@functools.cache
def widest_bits() -> int:
    """Return the width of this processor's vectors, once: the query takes as long as a lowering."""
    features = get_host_cpu_features()
    if features.get("avx512f"):
        return 512
    if features.get("avx2"):
        return 256
    return 128


def n_registers() -> int:
    """Number of vector registers: 16 on x86 processors without AVX-512, else 32."""
    if IS_X86 and widest_bits() < 512:
        return 16
    return 32


@operation(types.int64)
def cycles(builder: Any) -> Any:
    """Read the clock, in cycles; 0 on processors other than x86, where it may be forbidden."""
    if IS_X86:
        return call(builder, "llvm.readcyclecounter", INT)
    return INT(0)


@operation(types.uint32)
def flush_denormals(builder: Any) -> Any:
    """Treat denormal numbers, which are slow, as 0; return the old setting."""
    return _exchange(builder, lambda before: builder.or_(before, BITS(FLUSH)))


@operation(lambda before: types.void(types.uint32))
def restore_denormals(builder: Any, before: Any) -> None:
    """Restore the setting that `flush_denormals` returned."""
    _exchange(builder, lambda _: before)


def _exchange(builder: Any, change: Callable[[Any], Any]) -> Any:
    """Change the control register of vector arithmetic on x86 processors."""
    if not IS_X86:
        return BITS(0)
    register = cgutils.alloca_once(builder, BITS)
    place = builder.bitcast(register, BYTE)
    call(builder, "llvm.x86.sse.stmxcsr", VOID, place)
    before = builder.load(register)
    builder.store(change(before), register)
    call(builder, "llvm.x86.sse.ldmxcsr", VOID, place)
    return before
