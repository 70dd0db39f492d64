"""Functions for kernels, compiled and called alone."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numba import from_dtype, types

from barenet.engines.simd._calls import compiled
from barenet.engines.simd._views import KernelSpec


def address_of(dispatcher, signature):
    """Compile a function for types, and return its address."""
    dispatcher.compile(signature)
    built = dispatcher.overloads[signature]
    return int(built.library.get_pointer_to_function(built.fndesc.llvm_func_name))


@pytest.fixture(scope="session")
def call_kernel(call) -> Callable[..., None]:
    """Call a function with vectors of so many numbers, and a record of addresses and numbers."""
    compile_once = functools.cache(compiled)

    def run(
        function: Callable[..., None], dtype: Any, count: int, stop: int = 0, **operands: Any
    ) -> None:
        record = np.zeros((), [(name, np.int64) for name in operands])
        for name, value in operands.items():
            record[name] = value.ctypes.data if isinstance(value, np.ndarray) else value
        spec, kind = KernelSpec(from_dtype(np.dtype(dtype)), count), from_dtype(record.dtype)
        signature = (spec, kind, kind, types.intp, types.intp)
        place, at = address_of(compile_once(function), signature), record.ctypes.data
        call(place, at, at, 0, stop)

    return run
