"""Checks of layers that a user has defined, so that none is left untrained without a word."""

from typing import Any

import numpy as np

from barenet.errors import ArgumentError
from barenet.model._arrays import Cache, FloatArray, Forward, check_result
from barenet.model.layers._layer import Layer

#: Names of learned arrays, which a layer has no other use for.
LEARNED = ("weights", "bias")


def initialize_checked(layer: Layer, rng: np.random.RandomState) -> None:
    """Initialize a layer, which declares all that it learns, and sets all that it declares."""
    declared = {*layer.parameter_shapes, *layer.statistic_shapes}
    before = {}
    for name, array in _float_arrays(layer).items():
        before[name] = array.copy()
        if name in declared:
            array.fill(np.nan)
    layer.initialize(rng)
    for name, array in _float_arrays(layer).items():
        if name in declared:
            if np.isnan(array).any():
                problem = f"its initialize doesn't set {name}"
                if type(layer).initialize is Layer.initialize:
                    problem = f"it has no initialize, which sets {name}"
                remedy = f"define initialize(self, rng) with self.{name} = ..., even if that is 0"
                raise _refused(layer, problem, remedy)
            continue
        is_constant = name in before and np.array_equal(before[name], array, equal_nan=True)
        if name in LEARNED or not is_constant:
            problem = f"it sets {name} without declaring it, so {name} is neither trained nor saved"
            remedy = f"declare parameter_shapes = {{{name!r}: {array.shape}}}"
            remedy += ", or give a constant array another name, in __init__"
            raise _refused(layer, problem, remedy)


def forward_checked(layer: Layer, X: FloatArray, **options: Any) -> Forward:
    """Compute the output of a layer and its cache, with the columns that the layer declares."""
    result = layer.forward(X, **options)
    if not isinstance(result, tuple) or len(result) != 2:
        raise _refused(layer, "its forward doesn't return the output and a cache", "return both")
    output, cache = result
    n_rows, n_columns = X.shape
    return check_result(output, (n_rows, layer.n_out or n_columns), layer, "forward"), cache


def backward_checked(
    layer: Layer, cache: Cache, d_output: FloatArray, out: dict[str, FloatArray]
) -> FloatArray:
    """Compute dL/d(input), and check that all gradients are written into the arrays of `out`."""
    arrays = dict(out)
    d_input = layer.backward(cache, d_output, out)
    for name in out:
        if name not in arrays:
            problem = f"its backward has a gradient of {name}, which parameter_shapes doesn't have"
            raise _refused(layer, problem, f"declare {name} in parameter_shapes")
    for name, array in arrays.items():
        if out.get(name) is not array:
            problem = f"its backward replaces the array out[{name!r}]"
            raise _refused(layer, problem, f"write into it: out[{name!r}][:] = ...")
        if np.isnan(array).any() and not _computes_nan(layer, cache, d_output, arrays, name):
            problem = f"its backward doesn't set all of out[{name!r}]"
            raise _refused(layer, problem, f"write out[{name!r}][:] = ..., as it isn't 0 before")
    return d_input


def _computes_nan(
    layer: Layer, cache: Cache, d_output: FloatArray, arrays: dict[str, FloatArray], name: str
) -> bool:
    """Return whether NaN in a gradient was computed, and is not what the array had before."""
    zeros = {}
    for parameter, array in arrays.items():
        zeros[parameter] = np.zeros_like(array)
    layer.backward(cache, d_output, zeros)
    return bool(np.isnan(zeros[name]).sum() == np.isnan(arrays[name]).sum())


def check_input_gradient(layer: Layer, d_input: Any, d_output: FloatArray) -> FloatArray:
    """Check dL/d(input), which is dL/d(output) of the layer before."""
    n_rows, n_columns = d_output.shape
    if layer.n_in is not None:
        n_columns = layer.n_in
    elif layer.n_out is not None:  # it takes any number of columns
        n_columns = np.size(d_input) // n_rows
    return check_result(d_input, (n_rows, n_columns), layer, "backward")


def _float_arrays(layer: Layer) -> dict[str, FloatArray]:
    """Return the arrays of floating-point numbers in the attributes of a layer."""
    arrays = {}
    for name, value in vars(layer).items():
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            arrays[name] = value
    return arrays


def _refused(layer: Layer, problem: str, remedy: str) -> ArgumentError:
    """Make the error of a layer, with its name."""
    text = f"{type(layer).__name__}: {problem}"
    return ArgumentError(text, argument="layers", value=layer, remedy=remedy)
