"""Kernels: the formulas of a step in vector code, for rows of a batch or rows of parameters.

They read records of numbers and places in memory, and know nothing of networks, jobs or threads.
"""
