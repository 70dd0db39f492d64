"""Types of arrays for annotations."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

#: A float32 or float64 array.
FloatArray: TypeAlias = NDArray[np.floating[Any]]

#: X in training: float32, float64, or the bytes of images.
InputArray: TypeAlias = NDArray[np.floating[Any] | np.uint8]

#: The result of ``forward`` that ``backward`` takes.
Cache: TypeAlias = Any
