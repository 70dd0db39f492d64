"""The processor: how wide its vectors are, and how it treats numbers close to 0."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from typing import Any

import llvmlite.ir as ir
from llvmlite.binding import get_host_cpu_features
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

__all__ = ["flush_denormals", "restore_denormals", "vector_bits"]

IS_X86 = platform.machine().lower() in ("x86_64", "amd64")
FLUSH = 0x8040  # the bits for: denormal results are 0, and denormal operands are 0
BITS, BYTE, WIDTHS = ir.IntType(32), ir.IntType(8).as_pointer(), (0, 128, 256, 512)


def vector_bits() -> int:
    """Say how wide a vector register is; the environment's ``BARENET_SIMD_BITS`` may ask for less.

    Returns
    -------
    int
        128, 256 or 512; or 0 for plain loops, one number after the other.
    """
    asked = os.environ.get("BARENET_SIMD_BITS", "")
    features = get_host_cpu_features()
    widest = 512 if features.get("avx512f") else 256 if features.get("avx2") else 128
    if asked not in ("", *map(str, WIDTHS)):
        raise ValueError(f"BARENET_SIMD_BITS: expected one of {WIDTHS}, got {asked!r}")
    return min(widest, int(asked or widest))


@intrinsic
def flush_denormals(typing_context: Any) -> Any:
    """Take numbers close to 0, which are slow, as 0; return the setting before."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return _exchange(builder, lambda before: builder.or_(before, BITS(FLUSH)))

    return types.uint32(), emit


@intrinsic
def restore_denormals(typing_context: Any, before: Any) -> Any:
    """Put the setting back that `flush_denormals` gave."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        _exchange(builder, lambda _: values[0])
        return context.get_dummy_value()

    return types.void(types.uint32), emit


def _exchange(builder: Any, change: Callable[[Any], Any]) -> Any:
    """Change the control register of vector arithmetic, on processors that have this one."""
    if not IS_X86:
        return BITS(0)
    kind, place = ir.FunctionType(ir.VoidType(), [BYTE]), cgutils.alloca_once(builder, BITS)
    get, put = (
        cgutils.get_or_insert_function(builder.module, kind, f"llvm.x86.sse.{verb}mxcsr")
        for verb in ("st", "ld")
    )
    builder.call(get, [builder.bitcast(place, BYTE)])
    before = builder.load(place)
    builder.store(change(before), place)
    builder.call(put, [builder.bitcast(place, BYTE)])
    return before
