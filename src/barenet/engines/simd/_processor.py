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
IS_ARM64 = get_process_triple().startswith(("aarch64-", "arm64-"))
#: Cycles in a second of the clock on ARM64: about those of its processors, and of clocks on x86.
CYCLES_PER_SECOND = 2 * 10**9
FLUSH = 0x8040  # the bits for: denormal results are 0, and denormal operands are 0
BITS = ir.IntType(32)
WIDTHS = (0, 128, 256, 512)


def vector_bits() -> int:
    """Bits of a vector register; ``BARENET_SIMD_BITS`` in the environment can lower it."""
    widest = widest_bits()
    requested = os.environ.get("BARENET_SIMD_BITS", "")
    if not requested:
        return widest
    allowed = [str(width) for width in WIDTHS]
    if requested not in allowed:
        raise ValueError(f"BARENET_SIMD_BITS: expected one of {WIDTHS}, got {requested!r}")
    return min(widest, int(requested))


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
    """Read the clock, in cycles; 0 on processors other than x86 and ARM64.

    The clock of ARM64, which any program may read, has 24 million to a billion ticks in a second.
    """
    if IS_X86:
        return call(builder, "llvm.readcyclecounter", INT)
    if not IS_ARM64:
        return INT(0)
    ticks = _read_register(builder, "cntvct_el0")
    ticks_per_second = _read_register(builder, "cntfrq_el0")
    # Firmware may have left the frequency at 0.
    is_unknown = builder.icmp_unsigned("==", ticks_per_second, INT(0))
    divisor = builder.select(is_unknown, INT(CYCLES_PER_SECOND), ticks_per_second)
    cycles_per_tick = builder.udiv(INT(CYCLES_PER_SECOND), divisor)
    return builder.mul(ticks, cycles_per_tick)


def _read_register(builder: Any, name: str) -> Any:
    """Read a register of the system on ARM64, by LLVM's function, as Numba loads no assembler."""
    function_type = ir.FunctionType(INT, [ir.MetaDataType()])
    full_name = "llvm.read_volatile_register.i64"
    function = cgutils.get_or_insert_function(builder.module, function_type, full_name)
    register = builder.module.add_metadata([name])
    return builder.call(function, [register])


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
