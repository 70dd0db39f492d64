"""Atomic numbers: how threads tell each other how far they are; int64, by their addresses."""

from __future__ import annotations

import os
from typing import Any

import llvmlite.ir as ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from barenet.engines.simd.memory import INT
from barenet.engines.simd.processor import IS_X86

__all__ = ["add", "exchange_if", "give_way", "pause", "publish", "read"]


def _place(builder: Any, address: Any) -> Any:
    return builder.inttoptr(address, INT.as_pointer())


@intrinsic
def read(typing_context: Any, address: Any) -> Any:
    """Read what another thread has published, and see all that it wrote before."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.load_atomic(_place(builder, values[0]), "acquire", 8)

    return types.intp(types.intp), emit


@intrinsic
def publish(typing_context: Any, address: Any, number: Any) -> Any:
    """Write a number after all that was written before it."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        builder.store_atomic(values[1], _place(builder, values[0]), "release", 8)
        return context.get_dummy_value()

    return types.void(types.intp, types.intp), emit


@intrinsic
def add(typing_context: Any, address: Any, number: Any) -> Any:
    """Add to a number; return what it was before."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.atomic_rmw("add", _place(builder, values[0]), values[1], "acq_rel")

    return types.intp(types.intp, types.intp), emit


@intrinsic
def exchange_if(typing_context: Any, address: Any, expected: Any, number: Any) -> Any:
    """Replace a number if it is the expected one, and tell whether it was."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        result = builder.cmpxchg(
            _place(builder, values[0]), values[1], values[2], "acq_rel", "acquire"
        )
        return builder.extract_value(result, 1)

    return types.boolean(types.intp, types.intp, types.intp), emit


@intrinsic
def pause(typing_context: Any) -> Any:
    """Wait for a moment, as the processor knows how to."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        if IS_X86:
            _call(builder, "llvm.x86.sse2.pause", ir.VoidType())
        return context.get_dummy_value()

    return types.void(), emit


@intrinsic
def give_way(typing_context: Any) -> Any:
    """Let another thread run that has something to do, where the system has a call for that."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        if os.name == "posix":
            _call(builder, "sched_yield", ir.IntType(32))
        return context.get_dummy_value()

    return types.void(), emit


def _call(builder: Any, name: str, result: Any) -> None:
    kind = ir.FunctionType(result, [])
    builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [])
