"""exp, tanh and related functions against NumPy and SciPy, in more digits."""

import numpy as np
import pytest
import scipy.special

from barenet.engines.simd._mathematics import erfc, exp, expm1, log, log1p, tanh
from barenet.engines.simd._views import lanes, vectors

ORACLES = [np.exp, np.tanh, np.log1p, np.expm1, scipy.special.erfc, np.log]
NAMES = [oracle.__name__ for oracle in ORACLES]
pytestmark = pytest.mark.integration

#: Each width of a vector is compiled; the bits of lanes are the same for all.
WIDTHS = pytest.mark.parametrize(
    ("dtype", "count"),
    [
        ("float32", 16),
        ("float64", 1),
        pytest.param("float32", 1, marks=pytest.mark.slow),
        pytest.param("float64", 8, marks=pytest.mark.slow),
    ],
)


def all_of_them(spec, step, op, start, stop):
    """Each function has a row of Y."""
    x = vectors(spec, op.x, 0)
    for i in range(start, stop, lanes(spec)):
        vectors(spec, op.y, 0 * stop)[i] = exp(x[i])
        vectors(spec, op.y, 1 * stop)[i] = tanh(x[i])
        vectors(spec, op.y, 2 * stop)[i] = log1p(x[i])
        vectors(spec, op.y, 3 * stop)[i] = expm1(x[i])
        vectors(spec, op.y, 4 * stop)[i] = erfc(x[i])
        vectors(spec, op.y, 5 * stop)[i] = log(x[i])


@pytest.fixture
def compute(call_kernel):
    def results_of(x, count):
        x = np.concatenate([x, np.zeros(-len(x) % count, x.dtype)])
        y = np.zeros((len(ORACLES), len(x)), x.dtype)
        call_kernel(all_of_them, x.dtype, count, len(x), x=x, y=y)
        return x, y

    return results_of


def wide_range(dtype):
    """Numbers of all sizes and both signs, dense where the functions bend."""
    limits = np.finfo(dtype)
    sizes = np.geomspace(limits.tiny, limits.max / 2, 20_000)
    parts = [sizes, -sizes, np.linspace(-1, 1, 20_001), np.linspace(-700, 700, 20_001)]
    return np.concatenate(parts).astype(dtype)


@WIDTHS
def test_functions_are_accurate_to_a_few_ulps(dtype, count, compute):
    x, found = compute(wide_range(dtype), count)
    limits = np.finfo(dtype)
    exact = np.float64 if dtype == "float32" else np.longdouble
    for name, oracle, y in zip(NAMES, ORACLES, found, strict=True):
        with np.errstate(all="ignore"):
            wide = oracle(x.astype(exact if oracle is not scipy.special.erfc else np.float64))
            normal = (np.abs(wide) > 2 * limits.tiny) & (np.abs(wide) < limits.max / 2)
            unit = np.spacing(np.abs(wide[normal]).astype(dtype)).astype(exact)
            units = np.abs(y[normal].astype(exact) - wide[normal]) / unit
        assert normal.sum() > 1000
        # SciPy's own erfc errs by hundreds of units in float64, far out where it is almost 0.
        limit = 600 if (name, dtype) == ("erfc", "float64") else 3
        assert units.max() <= limit, (name, float(units.max()))


@WIDTHS
def test_functions_at_the_edges_of_their_range(dtype, count, compute):
    x, found = compute(np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e4, -1e4], dtype), count)
    with np.errstate(all="ignore"):
        for name, oracle, y in zip(NAMES, ORACLES, found, strict=True):
            np.testing.assert_array_equal(y, oracle(x), err_msg=name)


@WIDTHS
def test_exp_overflows_and_underflows_at_the_same_place(dtype, count, compute):
    """To the last bit where it overflows; a denormal number may be 0."""
    limits = np.finfo(dtype)
    largest, smallest = np.log(float(limits.max)), np.log(float(limits.tiny))
    close = np.asarray(largest, dtype) + np.arange(-20, 20) * np.spacing(np.asarray(largest, dtype))
    above, below = np.linspace(largest - 0.1, largest + 0.1, 4001), np.linspace(-5, 5, 4001)
    x, (y, *_) = compute(np.concatenate([close, above, smallest + below]).astype(dtype), count)
    with np.errstate(all="ignore"):
        expected = np.exp(x)
    assert np.array_equal(np.isinf(y), np.isinf(expected))
    finite = np.isfinite(expected) & (expected > 1)
    np.testing.assert_allclose(y[finite], expected[finite], rtol=4 * limits.eps)
    certain = np.abs(x - smallest) > 1e-3
    assert np.array_equal((y < limits.tiny)[certain], (expected < limits.tiny)[certain])
    assert not np.isnan(y).any()
    assert (y >= 0).all()
