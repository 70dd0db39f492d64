"""Learning rate schedules; `SCHEDULES` has them by name."""

from barenet.optimization._schedules import (
    SCHEDULES as SCHEDULES,
    Constant as Constant,
    Cosine as Cosine,
    ExponentialDecay as ExponentialDecay,
    InverseScaling as InverseScaling,
    OneCycle as OneCycle,
    ReduceOnPlateau as ReduceOnPlateau,
    Schedule as Schedule,
    StepDecay as StepDecay,
)

__all__ = [name for name in list(globals()) if not name.startswith("_")]
