"""Columns as the inputs of a network."""
