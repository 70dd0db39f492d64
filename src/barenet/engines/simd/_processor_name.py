"""The name of the processor that Numba compiles for, which is "generic" where LLVM fails."""

from typing import Any

import llvmlite.binding as llvm
import numba

#: Processors that LLVM describes wrongly, Snapdragon X and AmpereOne: compiling for them fails an
#: assertion, which ends Python without an exception.
WITHOUT_MODEL = ("oryon-1", "ampere1b")

CONFIG: Any = numba.config


def avoid_wrong_models() -> None:
    """Compile for any processor of the architecture where LLVM's model of this one is wrong.

    It must be called before Numba's code generator starts. A name that the user has set in
    NUMBA_CPU_NAME is kept. The set of instructions is not affected.
    """
    is_chosen = CONFIG.CPU_NAME is not None
    if llvm.get_host_cpu_name() in WITHOUT_MODEL and not is_chosen:
        CONFIG.CPU_NAME = "generic"


def compiled_for() -> str:
    """The processor that kernels are compiled for."""
    return str(CONFIG.CPU_NAME or llvm.get_host_cpu_name())
