"""Limits of a network's parameters, which no step exceeds.

The signs of weights make a network monotonic, for instance: see
`barenet.population._monotonic_network`.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from barenet.model._arrays import FloatArray


class ParameterLimits(NamedTuple):
    """The least and the greatest value of each parameter, infinite where there is none.

    Each step of an optimizer is followed by a projection: a parameter beyond a limit is set to it.

    Attributes
    ----------
    lower, upper : ndarray of shape (n_parameters,)
        The limits, in the order of `Network.parameters`.

    Examples
    --------
    >>> limits = ParameterLimits(np.array([0.0, -np.inf]), np.array([np.inf, -1.0]))
    >>> parameters = np.array([-0.5, 2.0])
    >>> limits.project(parameters)
    >>> parameters
    array([ 0., -1.])
    """

    lower: FloatArray
    upper: FloatArray

    def project(self, parameters: FloatArray) -> None:
        """Set parameters that exceed a limit to it, in place."""
        np.clip(parameters, self.lower, self.upper, out=parameters)

    def astype(self, dtype: DTypeLike) -> "ParameterLimits":
        """Convert the limits to the precision of a network."""
        lower = np.ascontiguousarray(self.lower, dtype)
        upper = np.ascontiguousarray(self.upper, dtype)
        return ParameterLimits(lower, upper)
