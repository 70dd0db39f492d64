"""Explicit SIMD for Numba: vectors as numbers, memory by address, blocks of matrices in registers.

All LLVM code is in this folder; the kernels that use it read like formulas.
"""
