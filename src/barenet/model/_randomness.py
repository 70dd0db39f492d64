"""Random numbers as functions of a key.

With a stateful generator, each number depends on how many were drawn before. Here the i-th number
of a key is computed from the key and i alone, by the SplitMix64 mixing function, so any engine can
compute the numbers in any order, and a resumed run needs only its step count.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

# The constants of SplitMix64: Steele, Lea and Flood, "Fast splittable pseudorandom number
# generators" (2014), with Stafford's "Mix13" shifts and multipliers.
GOLDEN_GAMMA = 0x9E3779B97F4A7C15
MULTIPLIER_1 = 0xBF58476D1CE4E5B9
MULTIPLIER_2 = 0x94D049BB133111EB
MASK = 0xFFFFFFFFFFFFFFFF


def derive_key(key: int, *path: int) -> int:
    """Derive an independent key from a key and the numbers of a path."""
    for number in (*path, len(path)):
        z = (key + GOLDEN_GAMMA * (number + 1)) & MASK
        z = ((z ^ (z >> 30)) * MULTIPLIER_1) & MASK  # SplitMix64: each bit affects all 64
        z = ((z ^ (z >> 27)) * MULTIPLIER_2) & MASK
        key = z ^ (z >> 31)
    return key


def drawn_rows(seed: int, n_rows: int, most: int) -> NDArray[np.intp]:
    """Draw at most this number of rows without replacement, in ascending order."""
    if n_rows <= most:
        return np.arange(n_rows)
    order = uniforms(derive_key(seed), (n_rows,)).argsort(kind="stable")
    return np.sort(order[:most])


def uniforms(key: int, shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Compute the first numbers of a key, uniform in [0, 1)."""
    n_numbers = math.prod(shape)
    counter = np.arange(1, n_numbers + 1, dtype=np.uint64)
    bits = np.uint64(key) + counter * np.uint64(GOLDEN_GAMMA)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(MULTIPLIER_1)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(MULTIPLIER_2)
    bits ^= bits >> np.uint64(31)
    # The upper 53 bits, as many as a float64 has.
    numbers = (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return numbers.reshape(shape)


def epoch_orders(n_rows: int, seed: int | None, epochs: Sequence[int]) -> NDArray[np.intp]:
    """Order the rows for each epoch, as a function of the seed and the epoch alone.

    Philox is keyed by numbers and has no other state: the order of any epoch can be computed at
    any time. Without a seed, the rows are not shuffled.
    """
    if seed is None:
        return np.broadcast_to(np.arange(n_rows), (len(epochs), n_rows))
    orders = np.empty((len(epochs), n_rows), np.intp)
    for order, epoch in zip(orders, epochs, strict=True):
        rng = np.random.Generator(np.random.Philox(key=[seed, epoch]))
        order[:] = rng.permutation(n_rows)
    return orders
