"""Random generators from seeds, without the time that NumPy spends on a seed that is replaced."""

from typing import Any

import numpy as np
from numpy.random import MT19937, RandomState
from numpy.random.bit_generator import ISeedSequence


class NoEntropy(ISeedSequence):
    """Zeros instead of entropy from the system; NumPy reads a list faster than an array."""

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> Any:
        return [0] * n_words


def random_state(seed: int) -> RandomState:
    """Make ``RandomState(seed)`` in a tenth of the time.

    Examples
    --------
    >>> random_state(1).randint(100) == RandomState(1).randint(100)
    True
    """
    sequence: Any = NoEntropy()
    rng = RandomState(MT19937(sequence))
    rng.seed(seed)
    return rng
