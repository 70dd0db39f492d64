"""Machine code of functions: compiled once on a machine, kept on disk, and linked by LLVM alone.

Numba's own loader takes 0.2 s, as it prepares all the types that it could compile.
"""

from __future__ import annotations

import ctypes
import functools
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import llvmlite.binding as llvm
from numba.core import externals

from barenet._display import CellOutput, in_notebook
from barenet.engines._kernel_cache import CONFIG, load, paths_of, save

#: Views of memory have no reference counts, so code never calls this, although it may contain it.
UNUSED = "define void @NRT_MemInfo_call_dtor(i8* %info) { ret void }"

#: The reason for a delay.
COMPILING = "compiling kernels for this processor once, which takes 10 to 30 seconds"

#: Held while a thread loads or compiles: neither LLVM nor Numba is thread-safe.
LOCK = threading.RLock()


class MachineCode:
    """A function that raises nothing, compiled for some types and called by its address."""

    def __init__(self, dispatcher: Any) -> None:
        self.dispatcher = dispatcher
        #: Number of times that the code was not found on disk.
        self.n_compiled = 0
        self.addresses: dict[tuple[Any, ...], int] = {}

    def address(self, signature: tuple[Any, ...]) -> int:
        """The address of the code for these types."""
        with LOCK:
            if signature not in self.addresses:
                name, code = self.load(signature)
                self.addresses[signature] = link(name, code)
            return self.addresses[signature]

    def load(self, signature: tuple[Any, ...]) -> tuple[str, bytes]:
        """Read the function's name in the code, and the code, or compile and save them."""
        key = (str(signature), *target())
        paths = paths_of(self.dispatcher.py_func, key)
        for path in paths:
            named_code: tuple[str, bytes] | None = load(path)
            if named_code is not None:
                return named_code
        self.n_compiled += 1
        with compiling():
            named_code = self.compile(signature)
        if paths:
            save(paths[-1], named_code)
        return named_code

    def compile(self, signature: tuple[Any, ...]) -> tuple[str, bytes]:
        """Compile the function; return its name in the code, and the code."""
        self.dispatcher.compile(signature)
        compiled = self.dispatcher.overloads[signature]
        _, _, (code, _) = compiled.library.serialize_using_object_code()
        return compiled.fndesc.llvm_func_name, code


class Entry:
    """A compiled function that Python calls with an address, without the interpreter's lock."""

    def __init__(self, dispatcher: Any, signature: tuple[Any, ...]) -> None:
        self.code = MachineCode(dispatcher)
        self.signature = signature

    @functools.cached_property
    def call(self) -> Callable[[int], None]:
        """The function, which is loaded or compiled when it is first used."""
        # Numba's functions write their result, which is None, and any exception to two addresses.
        prototype = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
        function = prototype(self.code.address(self.signature))
        result = ctypes.byref(ctypes.c_void_p())
        exception = ctypes.byref(ctypes.c_void_p())
        return functools.partial(function, result, exception)

    def __call__(self, address: int) -> None:
        self.call(address)


@functools.cache
def linker() -> Any:
    """Return LLVM's linker, which holds all the code of this process."""
    machine = llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine()
    return llvm.create_mcjit_compiler(llvm.parse_assembly(UNUSED), machine)


def link(name: str, code: bytes) -> int:
    """Link code, and return the address of a function in it."""
    linker().add_object_file(llvm.ObjectFileRef.from_data(code))
    linker().finalize_object()
    return int(linker().get_function_address(name))


@functools.cache
def target() -> tuple[str, ...]:
    """Prepare LLVM, with the functions of C, and describe the processor that it compiles for."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    functions_of_c: Any = externals.c_math_functions
    functions_of_c.install(None)
    return (
        llvm.get_process_triple(),
        llvm.get_host_cpu_name(),
        llvm.get_host_cpu_features().flatten(),
        str(CONFIG.CPU_NAME),
        str(CONFIG.CPU_FEATURES),
        str(CONFIG.ENABLE_AVX),
        str(CONFIG.OPT),
    )


@contextmanager
def compiling() -> Iterator[None]:
    """Show the reason for a delay: a moving bar in a notebook, and else a line."""
    if not in_notebook():
        print_once(COMPILING)
        yield
        return
    output = CellOutput()
    output.show(f"barenet: {COMPILING}", f"barenet: {COMPILING} <progress></progress>")
    try:
        yield
    finally:
        output.show("", "")


@functools.cache
def print_once(text: str) -> None:
    """Print the reason for a delay, also where stderr is a file, as the program seems to hang."""
    if sys.stderr is not None:  # programs of Windows without a console have none
        print(f"barenet: {text}", file=sys.stderr)  # noqa: T201
