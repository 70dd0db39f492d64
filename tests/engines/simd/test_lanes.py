"""Lanes against NumPy: each operator and function, bit by bit, for every width of a vector."""

import numpy as np
import pytest

from barenet.engines.simd import _lanes as simd
from barenet.engines.simd._calls import inlined
from barenet.engines.simd._lanes import (
    absolute,
    extract_element,
    floor,
    insert_element,
    narrow,
    repeat,
    rounded_product,
    sqrt,
    sum_lanes,
    times_power_of_two,
    where,
    widen,
)
from barenet.engines.simd._views import array, lanes, vectors

#: Each width is compiled by itself. Widths of other processors are tried at night.
WIDTHS = pytest.mark.parametrize(
    ("dtype", "count"),
    [
        ("float32", 1),
        ("float32", 16),
        ("float64", 4),
        *(pytest.param("float32", n, marks=pytest.mark.slow) for n in (4, 8)),
        *(pytest.param("float64", n, marks=pytest.mark.slow) for n in (1, 2, 8, 16)),
    ],
)


@inlined
def in_place(a, b):
    c = a
    c += b
    c *= b
    c -= a
    c /= b
    return c


#: What is computed, and by what NumPy is asked for the same.
FORMULAS = [
    (lambda a, b: a + b, np.add),
    (lambda a, b: a - b, np.subtract),
    (lambda a, b: a * b, np.multiply),
    (lambda a, b: a / b, np.true_divide),
    (lambda a, b: -a, lambda a, b: -a),
    (lambda a, b: 2.5 * a, lambda a, b: a.dtype.type(2.5) * a),
    (lambda a, b: a - 3, lambda a, b: a - a.dtype.type(3)),
    (lambda a, b: 1 / a, lambda a, b: 1 / a),
    (lambda a, b: floor(a), lambda a, b: np.floor(a)),
    (lambda a, b: absolute(a), lambda a, b: np.abs(a)),
    (lambda a, b: sqrt(absolute(a)), lambda a, b: np.sqrt(np.abs(a))),
    (lambda a, b: where(a < b, a, b), lambda a, b: np.where(a < b, a, b)),
    (lambda a, b: where(a <= b, a, b), lambda a, b: np.where(a <= b, a, b)),
    (lambda a, b: where(a > b, a, b), lambda a, b: np.where(a > b, a, b)),
    (lambda a, b: where(a >= b, a, b), lambda a, b: np.where(a >= b, a, b)),
    (lambda a, b: where(a > 0, 1, b), lambda a, b: np.where(a > 0, a.dtype.type(1), b)),
    (lambda a, b: where(a > 0.1, a, np.inf), lambda a, b: np.where(a > 0.1, a, np.inf)),
    (lambda a, b: where(a > b, 1, 2.5), lambda a, b: np.where(a > b, 1, 2.5)),
    (lambda a, b: narrow(widen(a) * widen(b), a), np.multiply),
    (lambda a, b: b - rounded_product(a, b), lambda a, b: b - a * b),
]


#: A kernel in which each formula has a row of C.
SOURCE = """
def every_formula(spec, step, op, start, stop):
    a, b = vectors(spec, op.a, 0), vectors(spec, op.b, 0)
    for i in range(start, stop, lanes(spec)):
""" + "".join(
    f"        vectors(spec, op.c, {row} * stop)[i] = f{row}(a[i], b[i])\n"
    for row in range(len(FORMULAS))
)
KERNEL = {"vectors": vectors, "lanes": lanes}
KERNEL |= {f"f{row}": inlined(formula) for row, (formula, _) in enumerate(FORMULAS)}
exec(SOURCE, KERNEL)


def whole_vectors(spec, step, op, start, stop):
    """2ⁿ, single lanes, changes in place, and sums: of the numbers, and of their squares."""
    a, b, c = vectors(spec, op.a, 0), vectors(spec, op.b, 0), vectors(spec, op.c, 0)
    sums = array(np.float64, op.sums, 0, 2 * stop // lanes(spec))
    for i in range(start, stop, lanes(spec)):
        place = i // lanes(spec)
        sums[2 * place] = sum_lanes(widen(a[i]))
        sums[2 * place + 1] = sum_lanes(widen(a[i]) * widen(a[i]))
        c[i] = times_power_of_two(a[i], floor(b[i]))
        last = lanes(spec) - 1
        vectors(spec, op.c, stop)[i] = insert_element(a[i], last, extract_element(b[i], 0))
        vectors(spec, op.c, 2 * stop)[i] = in_place(a[i], b[i])
        vectors(spec, op.c, 3 * stop)[i] = repeat(spec, 0.1)


def same_bits(found, expected):
    """Tell if two arrays are the same, the sign of 0 as well; all NaN are the same."""
    both = np.isnan(found) & np.isnan(expected)
    return bool((both | ((found == expected) & (np.signbit(found) == np.signbit(expected)))).all())


def numbers(dtype):
    """Pairs of all that is special, and of what is not; whole vectors of any width."""
    limits, rng = np.finfo(dtype), np.random.default_rng(0)
    close, ends = [1, -1, 0.5, -2.5, limits.eps, 1 + limits.eps], [limits.max, -limits.max]
    small = [0.0, -0.0, limits.tiny, -limits.tiny, limits.smallest_subnormal]
    special = [*close, *ends, *small, np.inf, -np.inf, np.nan]
    a, b = (each.ravel() for each in np.meshgrid(special, special))
    usual = rng.normal(size=(2, 256)) * 10.0 ** rng.integers(-20, 20, size=(2, 256))
    return np.concatenate([a, usual[0]]).astype(dtype), np.concatenate([b, usual[1]]).astype(dtype)


@pytest.mark.integration
@WIDTHS
def test_every_operator_and_function_gives_the_bits_of_numpy(dtype, count, call_kernel):
    a, b = numbers(dtype)
    found = np.zeros((len(FORMULAS), len(a)), dtype)
    call_kernel(KERNEL["every_formula"], dtype, count, len(a), a=a, b=b, c=found)
    with np.errstate(all="ignore"):
        for index, (_, oracle) in enumerate(FORMULAS):
            expected = oracle(a, b)
            assert same_bits(found[index], expected.astype(a.dtype)), f"formula {index}"


@pytest.mark.integration
@WIDTHS
def test_broadcasts_powers_of_two_and_sums(dtype, count, call_kernel):
    rng = np.random.default_rng(1)
    a = rng.normal(size=64).astype(dtype) * np.asarray(1e15, dtype)
    b = rng.uniform(-20, 20, size=64).astype(dtype)
    results, sums = np.zeros((4, 64), dtype), np.zeros(2 * 64 // count)
    call_kernel(whole_vectors, dtype, count, 64, a=a, b=b, c=results, sums=sums)
    powers, replaced, changed, repeated = results
    assert (repeated == np.asarray(0.1, dtype)).all()
    assert same_bits(powers, np.ldexp(a, np.floor(b).astype(int)))
    rows = a.reshape(-1, count).copy()
    rows[:, -1] = b.reshape(-1, count)[:, 0]
    assert same_bits(replaced.reshape(-1, count), rows)
    assert np.allclose(changed, ((a + b) * b - a) / b, rtol=8 * np.finfo(dtype).eps)
    wide = a.astype(np.float64).reshape(-1, count)
    expected = np.column_stack([wide.sum(axis=1), (wide * wide).sum(axis=1)])
    tolerance = 1e-14 * np.abs(wide).sum(axis=1, keepdims=True) * [1, 1e16]
    assert (np.abs(sums.reshape(-1, 2) - expected) <= tolerance).all()


def test_the_sweep_covers_all_arithmetic():
    """What is added to the lanes is imported here, and so used."""
    operations = {name for name, each in vars(simd).items() if isinstance(each, type(where))}
    assert operations <= globals().keys()
