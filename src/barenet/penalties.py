"""Penalties on the size of the weights."""

from barenet.optimization._penalties import L1, L2, Penalty

__all__ = ["L1", "L2", "Penalty"]
