"""Initializers of the parameters; `INITIALIZERS` has them by name."""

from barenet.model._initializers import (
    INITIALIZERS as INITIALIZERS,
    GlorotNormal as GlorotNormal,
    GlorotUniform as GlorotUniform,
    HeNormal as HeNormal,
    HeUniform as HeUniform,
    Initializer as Initializer,
    LeCunNormal as LeCunNormal,
    LeCunUniform as LeCunUniform,
    Normal as Normal,
    Orthogonal as Orthogonal,
    Uniform as Uniform,
    Zeros as Zeros,
)

__all__ = [name for name in list(globals()) if not name.startswith("_")]
