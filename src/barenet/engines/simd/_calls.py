"""Calls: functions are compiled, and called by their addresses."""

from collections.abc import Callable
from typing import Any

from numba import njit, types
from numba.extending import intrinsic, overload

from barenet.engines.simd._llvm import BYTE

# Kernels are not called from Python, raise nothing, and divide by 0 as in IEEE 754.
OPTIONS: Any = {"nogil": True, "error_model": "numpy",
                "no_cpython_wrapper": True, "no_cfunc_wrapper": True}  # fmt: skip
INLINE: Any = {**OPTIONS, "forceinline": True}

#: Decorators of functions that kernels call, or have in their own code.
compiled, inlined = njit(**OPTIONS), njit(**INLINE)


def by_type(choose: Callable[[Any], Callable[[Any], Any]]) -> Callable[[Any], Any]:
    """Make a function for kernels, whose code is chosen by the type of its argument x."""

    def function(x: Any) -> Any:
        """Placeholder for the code, which only kernels can call."""

    overload(function, jit_options=INLINE)(choose)
    return function


@intrinsic
def invoke(typing_context: Any, function: Any, step: Any, op: Any, start: Any, stop: Any) -> Any:
    """Call the function at an address, with a spec, two records or their addresses, two numbers."""
    parameters = (types.none, types.voidptr, types.voidptr, types.intp, types.intp)

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        convention, (place, *records, start, stop) = context.call_conv, values
        kind = convention.get_function_type(types.none, parameters)
        callee = builder.inttoptr(place, kind.as_pointer())
        cast = {False: builder.inttoptr, True: builder.bitcast}
        records = [
            cast[isinstance(of, types.Record)](record, BYTE)
            for record, of in zip(records, (step, op), strict=True)
        ]
        arguments = [BYTE(None), *records, start, stop]
        convention.call_function(builder, callee, types.none, parameters, arguments)
        return context.get_dummy_value()

    return types.void(types.intp, step, op, types.intp, types.intp), emit
