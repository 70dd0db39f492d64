"""Kernels: the formulas of a step in vector code, for rows of a batch or rows of parameters.

They read records of numbers and addresses, and do not depend on networks, jobs or threads.
"""
