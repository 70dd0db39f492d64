"""Atomic operations on int64 numbers at addresses, by which threads synchronize."""

import os
from typing import Any

import llvmlite.ir as ir
from numba import types

from barenet.engines.simd._llvm import VOID, call, operation
from barenet.engines.simd._processor import IS_ARM64, IS_X86

INT = types.intp


def place(builder: Any, address: Any) -> Any:
    """Pointer to the number at an address."""
    return builder.inttoptr(address, ir.IntType(64).as_pointer())


@operation(lambda address: INT(INT))
def read(builder: Any, address: Any) -> Any:
    """Read a number, and see all that its writer wrote before publishing it."""
    return builder.load_atomic(place(builder, address), "acquire", 8)


@operation(lambda address, number: types.void(INT, INT))
def publish(builder: Any, address: Any, number: Any) -> None:
    """Write a number after all earlier writes."""
    builder.store_atomic(number, place(builder, address), "release", 8)


@operation(lambda address, number: INT(INT, INT))
def add(builder: Any, address: Any, number: Any) -> Any:
    """Add to a number; return its old value."""
    return builder.atomic_rmw("add", place(builder, address), number, "acq_rel")


@operation(lambda address, expected, number: types.boolean(INT, INT, INT))
def compare_exchange(builder: Any, address: Any, expected: Any, number: Any) -> Any:
    """Replace a number if it is the expected one; return whether it was."""
    result = builder.cmpxchg(place(builder, address), expected, number, "acq_rel", "acquire")
    return builder.extract_value(result, 1)


@operation(types.void)
def pause(builder: Any) -> None:
    """Wait briefly, with the processor's instruction for that.

    On ARM64, `yield` takes no time on most processors, so other libraries use `isb`, too.
    """
    if IS_X86:
        call(builder, "llvm.x86.sse2.pause", VOID)
    elif IS_ARM64:
        whole_system = ir.IntType(32)(15)
        call(builder, "llvm.aarch64.isb", VOID, whole_system)


@operation(types.void)
def yield_thread(builder: Any) -> None:
    """Let another thread run, on systems that have a call for it."""
    if os.name == "posix":
        call(builder, "sched_yield", ir.IntType(32))
