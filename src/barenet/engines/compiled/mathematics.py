"""exp and tanh as sums and products, which LLVM turns into vector code, as it can't with libm's.

Both follow the Cephes library's approximations (Moshier, "Methods and programs for mathematical
functions", 1989), which err by about one unit in the last place.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload

from barenet.engines.compiled.simd import times_power_of_two

OPTIONS = {"jit_options": {"error_model": "numpy"}}


def exp(x: Any) -> Any:
    """Compute eˣ."""
    return math.exp(x)


def tanh(x: Any) -> Any:
    """Compute the hyperbolic tangent."""
    return math.tanh(x)


@overload(exp, **OPTIONS)
def _exp(x):
    return _exp_single if x == types.float32 else _exp_double


@overload(tanh, **OPTIONS)
def _tanh(x):
    return _tanh_single if x == types.float32 else _tanh_double


# In float32 each number has to be one: with a Python float, Numba would compute in float64.
_ONE, _TWO, _LOG2_E = np.float32(1), np.float32(2), np.float32(1.4426950408889634)
_LN2_HIGH, _LN2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
_LOWEST, _HIGHEST = np.float32(-87.3), np.float32(88.7)
_ZERO, _INFINITY, _EDGE = np.float32(0), np.float32(np.inf), np.float32(0.625)
_E0, _E1 = np.float32(1.9875691500e-4), np.float32(1.3981999507e-3)
_E2, _E3 = np.float32(8.3334519073e-3), np.float32(4.1665795894e-2)
_E4, _E5 = np.float32(1.6666665459e-1), np.float32(5.0000001201e-1)
_T0, _T1 = np.float32(-5.70498872745e-3), np.float32(2.06390887954e-2)
_T2, _T3 = np.float32(-5.37397155531e-2), np.float32(1.33314422036e-1)
_T4 = np.float32(-3.33332819422e-1)


def _exp_single(x):
    """eˣ = 2ⁿ eʳ with n the nearest whole number to x / ln 2, so that |r| ≤ ½ ln 2."""
    n = np.floor(x * _LOG2_E + _E5)
    r = x - n * _LN2_HIGH - n * _LN2_LOW
    p = ((((_E0 * r + _E1) * r + _E2) * r + _E3) * r + _E4) * r + _E5
    y = times_power_of_two(p * r * r + r + _ONE, n)
    y = _ZERO if x < _LOWEST else y
    return _INFINITY if x > _HIGHEST else y


def _exp_double(x):
    """The same, with a quotient of polynomials for eʳ."""
    n = np.floor(x * 1.4426950408889634 + 0.5)
    r = x - n * 6.93145751953125e-1 - n * 1.42860682030941723212e-6
    s = r * r
    p = r * (
        (1.26177193074810590878e-4 * s + 3.02994407707441961300e-2) * s + 9.99999999999999999910e-1
    )
    q = (
        (3.00198505138664455042e-6 * s + 2.52448340349684104192e-3) * s + 2.27265548208155028766e-1
    ) * s + 2.0
    y = times_power_of_two(1.0 + 2.0 * p / (q - p), n)
    y = 0.0 if x < -708.0 else y
    return np.inf if x > 709.7 else y


def _tanh_single(x):
    """1 − 2 / (e²ˣ + 1), and close to 0, where that loses digits, x + x³ P(x²)."""
    s = x * x
    near = x + x * s * ((((_T0 * s + _T1) * s + _T2) * s + _T3) * s + _T4)
    far = _ONE - _TWO / (exp(_TWO * x) + _ONE)
    return near if abs(x) < _EDGE else far


def _tanh_double(x):
    """The same, with a quotient of polynomials close to 0."""
    s = x * x
    p = (-9.64399179425052238628e-1 * s - 9.92877231001918586564e1) * s - 1.61468768441708447952e3
    q = (
        (s + 1.12811678491632931402e2) * s + 2.23548839060100448583e3
    ) * s + 4.84406305325125486048e3
    far = 1.0 - 2.0 / (exp(2.0 * x) + 1.0)
    return x + x * s * p / q if abs(x) < 0.625 else far
