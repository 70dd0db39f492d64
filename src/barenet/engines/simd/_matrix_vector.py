"""Products of a matrix and a vector, of which each number is a sum along a row."""

from barenet.engines.simd._calls import compiled
from barenet.engines.simd._lanes import repeat, sum_lanes
from barenet.engines.simd._views import array, lanes, vectors


@compiled
def multiply_rows(spec, a, row, x, y, start, stop):
    """y = A x from row `start` to `stop`, four at a time: an addition waits for the one before it.

    The padding of the rows of A, and of x, is zero.
    """
    L, X, Y = lanes(spec), vectors(spec, x, 0), array(spec, y, 0, stop)
    zero, last = repeat(spec, 0.0), stop - (stop - start) % 4
    for i in range(start, last, 4):
        A, b = vectors(spec, a, i * row), zero
        c = d = e = b
        for j in range(0, row, L):
            b, c = b + X[j] * A[j], c + X[j] * A[j + row]
            d, e = d + X[j] * A[j + 2 * row], e + X[j] * A[j + 3 * row]
        Y[i], Y[i + 1], Y[i + 2], Y[i + 3] = sum_lanes(b), sum_lanes(c), sum_lanes(d), sum_lanes(e)
    for i in range(last, stop):
        A, b = vectors(spec, a, i * row), zero
        for j in range(0, row, L):
            b = b + X[j] * A[j]
        Y[i] = sum_lanes(b)
