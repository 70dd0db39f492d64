"""Explicit SIMD for Numba: vectors as numbers, memory by address, blocks of matrices in registers.

All LLVM code is in this folder; the kernels that use it read like formulas.
"""

from barenet.engines.simd import _processor_name

_processor_name.avoid_wrong_models()  # before a decorator of Numba starts its code generator
