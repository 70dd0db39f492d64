"""Checks of the arrays to plot, which raise errors that name the argument."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet.errors import ArgumentError
from barenet.model._arrays import FloatArray, as_finite, check_inputs

Integers = NDArray[np.int64]


def numbers(values: ArrayLike, argument: str) -> FloatArray:
    """Return finite numbers of any shape as float64."""
    return as_finite(values, np.dtype(np.float64), argument)


def table(values: ArrayLike, argument: str) -> FloatArray:
    """Return a matrix of shape (n_samples, n_features) as float64."""
    return check_inputs(values, np.dtype(np.float64), None, argument)


def column(values: ArrayLike, argument: str, n_samples: int | None = None) -> FloatArray:
    """Return one number for each sample, shape (n_samples,), from that or from (n_samples, 1)."""
    array = numbers(values, argument)
    if n_samples is None:
        n_samples = array.size or 1
    if array.shape not in ((n_samples,), (n_samples, 1)):
        problem = f"expected one number for each of {n_samples} samples, got shape {array.shape}"
        raise ArgumentError(problem, argument=argument)
    return array.reshape(n_samples)


def check_probabilities(values: FloatArray, argument: str) -> FloatArray:
    """Return numbers that are from 0 to 1, but for rounding."""
    if values.min() < -1e-6 or values.max() > 1 + 1e-6:
        problem = f"expected probabilities from 0 to 1, got {values.min():g} to {values.max():g}"
        raise ArgumentError(problem, argument=argument)
    return values


def class_indices(
    values: ArrayLike, argument: str, n_classes: int, n_samples: int | None = None
) -> Integers:
    """Return one class index for each sample, from 0 to ``n_classes - 1``.

    Examples
    --------
    >>> class_indices([0, 3], "y", 3)
    Traceback (most recent call last):
    barenet.errors.ArgumentError: y: expected class indices 0 to 2, got 3
    """
    array = column(values, argument, n_samples)
    is_index = np.isin(array, np.arange(n_classes))
    wrong = array[~is_index]
    if wrong.size:
        problem = f"expected class indices 0 to {n_classes - 1}, got {wrong[0]:g}"
        raise ArgumentError(problem, argument=argument)
    return array.astype(np.int64)


def check_images(
    values: ArrayLike, image_shape: tuple[int, int], argument: str, most: int
) -> FloatArray:
    """Return images of pixels, shape (n_images, height, width)."""
    pixels = table(values, argument)
    height, width = image_shape
    n_images, n_pixels = pixels.shape
    if n_pixels != height * width:
        size = f"{height} x {width} is {height * width} pixels"
        problem = f"{size}, but {argument} has {n_pixels} for each image"
        raise ArgumentError(problem, argument="image_shape")
    if n_images > most:
        problem = f"expected at most {most} images, got {n_images}"
        remedy = f"choose some, such as the first {most}"
        raise ArgumentError(problem, argument=argument, remedy=remedy)
    return pixels.reshape(n_images, height, width)
