"""Atomic numbers: how threads tell each other how far they are; int64, by their addresses."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import llvmlite.ir as ir
from numba import types
from numba.extending import intrinsic

from barenet.engines.simd.code import VOID, call, written_by
from barenet.engines.simd.processor import IS_X86

__all__ = ["add", "exchange_if", "give_way", "pause", "publish", "read"]

INT = types.intp


def at_address(write: Callable[..., Any]) -> Callable[..., Any]:
    """Make what writes an operation on the number at an address."""
    place = ir.IntType(64).as_pointer()
    return written_by(
        lambda builder, address, *values: write(builder, builder.inttoptr(address, place), *values)
    )


@intrinsic
def read(typing_context: Any, address: Any) -> Any:
    """Read what another thread has published, and see all that it wrote before."""
    return INT(INT), at_address(lambda builder, at: builder.load_atomic(at, "acquire", 8))


@intrinsic
def publish(typing_context: Any, address: Any, number: Any) -> Any:
    """Write a number after all that was written before it."""
    return types.void(INT, INT), at_address(
        lambda builder, at, number: builder.store_atomic(number, at, "release", 8)
    )


@intrinsic
def add(typing_context: Any, address: Any, number: Any) -> Any:
    """Add to a number; return what it was before."""
    return INT(INT, INT), at_address(
        lambda builder, at, number: builder.atomic_rmw("add", at, number, "acq_rel")
    )


@intrinsic
def exchange_if(typing_context: Any, address: Any, expected: Any, number: Any) -> Any:
    """Replace a number if it is the expected one, and tell whether it was."""

    def write(builder: Any, at: Any, expected: Any, number: Any) -> Any:
        result = builder.cmpxchg(at, expected, number, "acq_rel", "acquire")
        return builder.extract_value(result, 1)

    return types.boolean(INT, INT, INT), at_address(write)


@intrinsic
def pause(typing_context: Any) -> Any:
    """Wait for a moment, as the processor knows how to."""
    return types.void(), written_by(
        lambda builder: IS_X86 and call(builder, "llvm.x86.sse2.pause", VOID)
    )


@intrinsic
def give_way(typing_context: Any) -> Any:
    """Let another thread run that has something to do, where the system has a call for that."""
    return types.void(), written_by(
        lambda builder: os.name == "posix" and call(builder, "sched_yield", ir.IntType(32))
    )
