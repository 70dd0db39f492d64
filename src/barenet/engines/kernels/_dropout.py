"""Dropout: the formulas of `barenet.model.layers.Dropout`, with its random numbers."""

import numpy as np

from barenet.engines.kernels._kernel import kernel
from barenet.engines.kernels._records import row_numbers, row_vectors
from barenet.engines.simd._calls import compiled
from barenet.engines.simd._views import lanes
from barenet.model._randomness import GOLDEN_GAMMA, MULTIPLIER_1, MULTIPLIER_2


@kernel()
def drop(spec, step, layer, start, stop):
    """A = X · M, with the mask M in Z, drawn from the key of the step and the layer."""
    n = layer.n_out
    rate = layer.option
    key_of_step = derive(np.uint64(step.seed), step.number)
    key = derive(key_of_step, layer.index)
    factor = 1 / (1 - rate)
    for row in range(start, stop):
        x = row_numbers(spec, layer, layer.x, row)
        a = row_numbers(spec, layer, layer.a, row)
        mask = row_numbers(spec, layer, layer.z, row)
        for j in range(n):
            if rate == 0 or uniform(key, row * n + j) >= rate:
                mask[j] = factor
            else:
                mask[j] = 0.0
        for j in range(n):
            a[j] = x[j] * mask[j]


@kernel()
def drop_back(spec, step, layer, start, stop):
    """dL/dX = dL/dA · M, in place."""
    mask = row_vectors(spec, layer, layer.z, start)
    d = row_vectors(spec, layer, layer.d, start)
    for i in range(0, (stop - start) * layer.stride, lanes(spec)):
        d[i] = d[i] * mask[i]


@compiled
def mix(z):
    """SplitMix64's finalizer."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(MULTIPLIER_1)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(MULTIPLIER_2)
    return z ^ (z >> np.uint64(31))


@compiled
def uniform(key, index):
    """Number of a key at an index, as in `barenet.model._randomness.uniforms`."""
    number = np.uint64(index + 1)
    bits = mix(key + number * np.uint64(GOLDEN_GAMMA))
    return np.float64(bits >> np.uint64(11)) * 2.0**-53


@compiled
def derive(key, number):
    """`barenet.model._randomness.derive_key` for a path of one number."""
    key = mix(key + np.uint64(GOLDEN_GAMMA) * np.uint64(number + 1))
    return mix(key + np.uint64(GOLDEN_GAMMA) * np.uint64(2))
