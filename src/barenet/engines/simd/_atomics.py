"""Atomic operations on int64 numbers at addresses, by which threads synchronize."""

import os
from collections.abc import Callable
from typing import Any

import llvmlite.ir as ir
from numba import types
from numba.extending import intrinsic

from barenet.engines.simd._llvm import VOID, call, emitter
from barenet.engines.simd._processor import IS_X86

INT = types.intp


def at_address(write: Callable[..., Any]) -> Callable[..., Any]:
    """Make the emitter of an operation on the number at an address."""
    place = ir.IntType(64).as_pointer()
    return emitter(
        lambda builder, address, *values: write(builder, builder.inttoptr(address, place), *values)
    )


@intrinsic
def read(typing_context: Any, address: Any) -> Any:
    """Read a number, and everything that the thread wrote before it published the number."""
    return INT(INT), at_address(lambda builder, at: builder.load_atomic(at, "acquire", 8))


@intrinsic
def publish(typing_context: Any, address: Any, number: Any) -> Any:
    """Write a number after all earlier writes."""
    return types.void(INT, INT), at_address(
        lambda builder, at, number: builder.store_atomic(number, at, "release", 8)
    )


@intrinsic
def add(typing_context: Any, address: Any, number: Any) -> Any:
    """Add to a number; return its old value."""
    return INT(INT, INT), at_address(
        lambda builder, at, number: builder.atomic_rmw("add", at, number, "acq_rel")
    )


@intrinsic
def compare_exchange(typing_context: Any, address: Any, expected: Any, number: Any) -> Any:
    """Replace a number if it is the expected one; return whether it was."""

    def write(builder: Any, at: Any, expected: Any, number: Any) -> Any:
        result = builder.cmpxchg(at, expected, number, "acq_rel", "acquire")
        return builder.extract_value(result, 1)

    return types.boolean(INT, INT, INT), at_address(write)


@intrinsic
def pause(typing_context: Any) -> Any:
    """Wait briefly, by the instruction that the processor has for it."""
    return types.void(), emitter(
        lambda builder: IS_X86 and call(builder, "llvm.x86.sse2.pause", VOID)
    )


@intrinsic
def yield_thread(typing_context: Any) -> Any:
    """Let another thread run, on systems that have a call for it."""
    return types.void(), emitter(
        lambda builder: os.name == "posix" and call(builder, "sched_yield", ir.IntType(32))
    )
