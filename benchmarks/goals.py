"""Goals: how much faster than its peers barenet sets out to be, and how soon it starts."""

__all__ = ["LIMITS", "RATIOS"]

#: By work and peer: the peer's seconds over barenet's, at least.
RATIOS = {
    "mnist-16": {"JAX": 4.0, "PyTorch": 9.0, "scikit-learn": 9.0},
    "mnist-256": {"JAX": 1.5, "PyTorch": 3.0, "scikit-learn": 4.0},
    "sine": {"JAX": 6.0, "tutorial": 100.0, "PyTorch": 600.0},
    "one-row": {"scikit-learn": 20.0},
}

#: Seconds at most.
LIMITS = {"import": 0.15, "first fit ever": 10.0, "first fit in a process": 0.5}
