"""Populations: many networks trained at once, each with the same bits as by `train`."""
