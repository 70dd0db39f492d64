"""Products of a matrix and a vector: each number is a sum along a row."""

from barenet.engines.simd._calls import compiled
from barenet.engines.simd._lanes import repeat, sum_lanes
from barenet.engines.simd._views import array, lanes, vectors


@compiled
def multiply_rows(spec, a, row, x, y, start, stop):
    """y = A x from row `start` to `stop`, four rows at a time, as additions wait for each other.

    The padding of the rows of A, and of x, is zero.
    """
    L = lanes(spec)
    X = vectors(spec, x, 0)
    Y = array(spec, y, 0, stop)
    zero = repeat(spec, 0.0)
    last = stop - (stop - start) % 4
    for i in range(start, last, 4):
        A = vectors(spec, a, i * row)
        b = c = d = e = zero
        for j in range(0, row, L):
            factor = X[j]
            b = b + factor * A[j]
            c = c + factor * A[j + row]
            d = d + factor * A[j + 2 * row]
            e = e + factor * A[j + 3 * row]
        Y[i] = sum_lanes(b)
        Y[i + 1] = sum_lanes(c)
        Y[i + 2] = sum_lanes(d)
        Y[i + 3] = sum_lanes(e)
    for i in range(last, stop):
        A = vectors(spec, a, i * row)
        b = zero
        for j in range(0, row, L):
            b = b + X[j] * A[j]
        Y[i] = sum_lanes(b)
