"""exp, tanh and related functions for lanes; the C library has them for single numbers only.

exp and tanh follow the Cephes library's approximations (Moshier, "Methods and programs for
mathematical functions", 1989), with an error of about one unit in the last place. Functions that
are rarely used are computed lane by lane.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types

from barenet.engines.simd._calls import by_type, compiled
from barenet.engines.simd._lanes import (
    absolute,
    extract_element,
    floor,
    insert_element,
    repeat,
    sum_lanes,
    times_power_of_two,
    where,
)
from barenet.engines.simd._views import lanes, vectors


def _exp_single(x):
    """eˣ = 2ⁿ eʳ with n the nearest whole number to x / ln 2, so that |r| ≤ ½ ln 2."""
    n = floor(x * 1.4426950408889634 + 0.5)
    r = x - n * 0.693359375 - n * -2.12194440e-4
    s = r * r
    p = (1.9875691500e-4 * r + 1.3981999507e-3) * s + (8.3334519073e-3 * r + 4.1665795894e-2)
    p = p * s + (1.6666665459e-1 * r + 5.0000001201e-1)
    y = times_power_of_two(p * s + r + 1, n)
    finite = where(x < -87.3365, 0, y)
    return where(x <= 88.72283, finite, x * np.inf)


def _exp_double(x):
    """The same, with a quotient of polynomials for eʳ."""
    n = floor(x * 1.4426950408889634 + 0.5)
    r = x - n * 6.93145751953125e-1 - n * 1.42860682030941723212e-6
    s = r * r
    p = (1.26177193074810590878e-4 * s + 3.02994407707441961300e-2) * s + 9.99999999999999999910e-1
    q = 3.00198505138664455042e-6 * s + 2.52448340349684104192e-3
    q = (q * s + 2.27265548208155028766e-1) * s + 2.0
    quotient = 2 * r * p / (q - r * p)
    y = times_power_of_two(1 + quotient, n)
    finite = where(x < -708.396, 0, y)
    return where(x <= 709.782712893384, finite, x * np.inf)


def _tanh_single(x):
    """1 − 2 / (e²ˣ + 1); close to 0, where that loses digits, x + x³ P(x²)."""
    s = x * x
    p = (-5.70498872745e-3 * s + 2.06390887954e-2) * s - 5.37397155531e-2
    p = (p * s + 1.33314422036e-1) * s - 3.33332819422e-1
    near = x + x * s * p
    far = 1 - 2 / (exp(2 * x) + 1)
    return where(absolute(x) < 0.625, near, far)


def _tanh_double(x):
    """The same, with a quotient of polynomials close to 0."""
    s = x * x
    p = (-9.64399179425052238628e-1 * s - 9.92877231001918586564e1) * s - 1.61468768441708447952e3
    q = ((s + 1.12811678491632931402e2) * s + 2.23548839060100448583e3) * s
    near = x + x * s * p / (q + 4.84406305325125486048e3)
    far = 1 - 2 / (exp(2 * x) + 1)
    return where(absolute(x) < 0.625, near, far)


def _one_by_one(function: Callable[[float], float]) -> Callable[[Any], Any]:
    """Make a function of lanes from a function of a number."""

    def choose(x):  # Numba requires the same annotations as in the result: none
        count = x.count

        def compute(x):
            for index in range(count):
                x = insert_element(x, index, function(extract_element(x, index)))
            return x

        return compute

    return by_type(choose)


def _by_precision(single: Callable[..., Any], double: Callable[..., Any]) -> Callable[[Any], Any]:
    """Make a function of lanes from its code for float32 and for float64."""

    def choose(x):  # without annotations, like the code
        return single if x.dtype == types.float32 else double

    return by_type(choose)


exp = _by_precision(_exp_single, _exp_double)
tanh = _by_precision(_tanh_single, _tanh_double)
log = _one_by_one(math.log)
log1p = _one_by_one(math.log1p)
expm1 = _one_by_one(math.expm1)
erfc = _one_by_one(math.erfc)


@compiled
def are_finite(spec, place, stride, n, start, stop):
    """Return whether all numbers are finite, in rows of n that are a stride apart."""
    zeros = repeat(spec, 0.0)
    for row in range(start, stop):
        X = vectors(spec, place, row * stride)
        total = repeat(spec, 0.0)
        for j in range(0, n, lanes(spec)):
            total = total + X[j] * 0  # NaN after any number that is not finite
        zeros = zeros + total
    return sum_lanes(zeros) == 0
