"""Populations: many networks trained at once, each with the bits of `train` alone."""
