"""Penalties on the size of the weights."""

from barenet.optimization._penalties import L1 as L1, L2 as L2, Penalty as Penalty

__all__ = [name for name in list(globals()) if not name.startswith("_")]
