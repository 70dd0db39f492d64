"""Kernel: a function of the engine in machine code, compiled when first needed and cached on disk.

Kernels are called by address, so each is compiled separately, and a network's program is a list of
them.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numba
import numpy as np
from numba import types

from barenet.engines._machine_code import Entry, MachineCode
from barenet.engines.kernels._records import LAYER, STEP
from barenet.engines.simd._calls import by_type, compiled, inlined
from barenet.engines.simd._views import KernelSpec

#: The dictionary for the formulas of each module; a class of activations has its own formulas.
DICTIONARIES = {
    "engines/kernels/_losses": "PRINTED or FORMULAS",
    "engines/kernels/_optimizers": "RULES",
}

KERNELS: list[Kernel] = []
ENTRIES: list[Entry] = []

#: Numba's type of a record, which takes as long to create as a kernel takes to link.
record_type = functools.cache(numba.from_dtype)


class Kernel:
    """A function of (spec, step, operands, start, stop) for the units from start to stop."""

    def __init__(
        self, function: Callable[..., None], variants: Iterable[str], operands: np.dtype[Any]
    ) -> None:
        self.code = MachineCode(compiled(function))
        #: The variants that a spec may name.
        self.variants = variants
        #: The types of the records that it reads: `STEP` and the operands.
        self.records = (record_type(STEP), record_type(operands))
        #: The address of its machine code for each spec.
        self.places: dict[KernelSpec, int] = {}
        KERNELS.append(self)

    def address(self, spec: KernelSpec) -> int:
        """Compile the kernel for a spec, or load it, and return its address."""
        if spec not in self.places:
            if isinstance(self.variants, dict) and spec.variant not in self.variants:
                raise LookupError(missing(spec.variant, self.variants))
            signature = (spec, *self.records, types.intp, types.intp)
            self.places[spec] = self.code.address(signature)
        return self.places[spec]


def kernel(
    variants: Iterable[str] = ("",), operands: np.dtype[Any] = LAYER
) -> Callable[[Callable[..., None]], Kernel]:
    """Decorator that turns a function into a kernel."""
    return functools.partial(Kernel, variants=variants, operands=operands)


def missing(variant: str, formulas: dict[str, Any]) -> str:
    """Make a message that names the dictionary or the module where a formula is missing."""
    formula = next(iter(formulas.values()))
    module = formula.__module__.removeprefix("barenet.").replace(".", "/")
    place = f"{module}.py"
    if module in DICTIONARIES:
        place = f"{DICTIONARIES[module]} in {place}"
    return f"no kernel for {variant!r}: add a formula for it to {place}"


def every_kernel(*specs: KernelSpec) -> Iterator[Callable[[], object]]:
    """Yield functions that compile each kernel, for some dtypes and every variant, or an entry."""
    for spec, compiled_kernel in itertools.product(specs, KERNELS):
        for variant in compiled_kernel.variants:
            spec_of_variant = KernelSpec(spec.dtype, spec.count, variant)
            yield functools.partial(compiled_kernel.address, spec_of_variant)
    for entry in ENTRIES:
        yield functools.partial(getattr, entry, "call")


def named(*functions: Callable[..., Any]) -> dict[str, Callable[..., Any]]:
    """Formulas by their names."""
    return {function.__name__: function for function in functions}


def chosen(functions: dict[str, Callable[..., Any]]) -> Callable[[Any], Any]:
    """Make a function that returns, for a spec, the function of its variant."""
    return chosen_by(functions.__getitem__)


def chosen_by(make: Callable[[str], Callable[..., Any]]) -> Callable[[Any], Any]:
    """Make a function that returns, for a spec, the function that is made for its variant."""

    @functools.cache
    def function_of(variant: str) -> Callable[..., Any]:
        return inlined(make(variant))

    def implementation(x: Any) -> Callable[[Any], Callable[..., Any]]:
        # Numba passes the type of the argument, a KernelSpec, and compiles the returned function,
        # in which `function` is a constant.
        function = function_of(x.variant)

        def choose(x: Any) -> Callable[..., Any]:
            return function

        return choose

    return by_type(implementation)


def entry(function: Callable[..., Any]) -> Entry:
    """Decorator for a function of an address that Python calls."""
    ENTRIES.append(Entry(compiled(function), (types.intp,)))
    return ENTRIES[-1]
