"""Penalties on the size of the weights."""

from barenet.optimization.penalties import L1, L2, Penalty

__all__ = ["L1", "L2", "Penalty"]
