"""Compile kernels for an ARM64 processor on a machine with another one.

``kernels TRIPLE NAME FEATURES`` fills the cache of `make test-arm` with all kernels. ``cycles
NAME`` prints how many cycles the loops of matrix products take on a processor that LLVM knows, such
as neoverse-n1, for each 16 multiplications of vectors (`fmla`). This is a static analysis by
llvm-mca, as if all numbers were in the first-level cache.
"""

import re
import shutil
import subprocess
import sys

import llvmlite.binding as llvm
import numpy as np
from llvmlite.binding.targets import FeatureMap

TRIPLE = "aarch64-unknown-linux-gnu"

#: Programs of LLVM 19, the first with models of all these processors, or newer.
ANALYZERS = ("llvm-mca-22", "llvm-mca-21", "llvm-mca-20", "llvm-mca-19", "llvm-mca")

#: Number of turns of a loop that are analyzed.
TURNS = 200


def compile_for(triple: str, name: str, features: str) -> None:
    """Let LLVM describe another processor from now on; call it before importing Numba."""
    llvm.initialize_all_targets()
    llvm.initialize_all_asmprinters()
    feature_map = FeatureMap()
    for feature in features.split(","):
        if feature:
            feature_map[feature[1:]] = feature.startswith("+")
    llvm.get_process_triple = lambda: triple
    llvm.get_host_cpu_name = lambda: name
    llvm.get_host_cpu_features = lambda: feature_map


def compile_all() -> None:
    """Compile all kernels that are not in the cache, without linking them."""
    from barenet.cli._doctor import _builders
    from barenet.engines import _machine_code

    _machine_code.link = lambda name, code: 0
    for build in _builders():
        build()


def products() -> str:
    """The assembly of the kernel of all matrix products, in float32."""
    from numba import types

    from barenet.engines.kernels._dense import multiply
    from barenet.engines.simd._views import kernel_spec

    spec = kernel_spec(np.dtype("float32"))
    signature = (spec, *multiply.records, types.intp, types.intp)
    dispatcher = multiply.code.dispatcher
    dispatcher.compile(signature)
    assembly: str = dispatcher.overloads[signature].library.get_asm_str()
    return assembly


def loops(assembly: str) -> list[list[str]]:
    """The lines of the loops that contain no other loop."""
    lines = [line for line in assembly.splitlines() if not line.lstrip().startswith("//")]
    labels = {}
    for number, line in enumerate(lines):
        label = re.match(r"(\.L\w+):", line)
        if label is not None:
            labels[label[1]] = number
    ranges = []
    for number, line in enumerate(lines):
        branch = re.match(r"\s+(?:b|b\.\w+|cbn?z\s+\w+,|tbn?z\s.*,)\s*(\.L\w+)$", line)
        if branch is not None and labels[branch[1]] < number:
            ranges.append((labels[branch[1]], number))
    innermost = []
    for first, last in ranges:
        inside = [loop for loop in ranges if first <= loop[0] and loop[1] <= last]
        if len(inside) == 1:
            innermost.append(lines[first : last + 1])
    return innermost


def print_cycles(name: str) -> None:
    """Print the cycles of each loop with at least 8 multiplications in a turn."""
    analyzers = [path for path in map(shutil.which, ANALYZERS) if path is not None]
    if not analyzers:
        sys.exit("cross_compile.py cycles needs llvm-mca (Debian: apt install llvm-19)")
    command = [analyzers[0], f"-mtriple={TRIPLE}", f"-mcpu={name}", f"-iterations={TURNS}"]
    print("fmla a turn | instructions | cycles | cycles for 16 fmla")
    for lines in loops(products()):
        n_multiplications = sum("fmla" in line for line in lines)
        if n_multiplications < 8:
            continue
        text = "\n".join(lines)
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
        n_cycles = int(re.search(r"Total Cycles:\s+(\d+)", done.stdout)[1]) / TURNS
        n_instructions = len(lines) - 1  # without the label
        rate = 16 * n_cycles / n_multiplications
        print(f"{n_multiplications:11} | {n_instructions:12} | {n_cycles:6.2f} | {rate:6.2f}")


if __name__ == "__main__":
    task, *arguments = sys.argv[1:]
    if task == "cycles":
        compile_for(TRIPLE, *arguments, "")
        print_cycles(*arguments)
    else:
        compile_for(*arguments)
        compile_all()
