"""The array types that the annotations speak of."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

#: A float32 or float64 array.
FloatArray: TypeAlias = NDArray[np.floating[Any]]

#: What X may be while a network is trained on it: float32, float64, or the bytes of images.
InputArray: TypeAlias = NDArray[np.floating[Any] | np.uint8]

#: What ``network.forward`` and ``layer.forward`` hand to ``backward``.
Cache: TypeAlias = Any
