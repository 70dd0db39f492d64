"""Types of arrays for annotations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

#: A float32 or float64 array.
FloatArray: TypeAlias = NDArray[np.floating[Any]]

#: X in training: float32, float64, or the bytes of images.
InputArray: TypeAlias = NDArray[np.floating[Any] | np.uint8]

#: Shape of an array.
Shape: TypeAlias = tuple[int, ...]

#: Arrays of a layer by name.
Arrays: TypeAlias = Mapping[str, FloatArray]

#: The result of ``forward`` that ``backward`` takes.
Cache: TypeAlias = Any
