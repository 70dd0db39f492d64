"""Calls: compile functions, and call them by their addresses."""

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
compiled = njit(**OPTIONS)
inlined = njit(**INLINE)


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
        convention = context.call_conv
        place, *records, start, stop = values
        function_type = convention.get_function_type(types.none, parameters)
        callee = builder.inttoptr(place, function_type.as_pointer())
        arguments = [BYTE(None)]
        for record, record_type in zip(records, (step, op), strict=True):
            if isinstance(record_type, types.Record):
                arguments.append(builder.bitcast(record, BYTE))
            else:
                arguments.append(builder.inttoptr(record, BYTE))
        arguments += [start, stop]
        convention.call_function(builder, callee, types.none, parameters, arguments)
        return context.get_dummy_value()

    return types.void(types.intp, step, op, types.intp, types.intp), emit
