"""Explicit SIMD for Numba: vectors as numbers, memory by address, blocks of matrices in registers.

Every line of LLVM code is in this folder. What is written with it reads like the formulas.
"""
