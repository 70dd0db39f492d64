"""Checks of the arrays to plot, which raise errors that name the argument."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet._messages import some
from barenet.errors import ArgumentError
from barenet.model._arrays import FloatArray, as_finite, check_inputs
from barenet.tables.frames._frame import Frame

Integers = NDArray[np.int64]


def numbers(values: ArrayLike, argument: str) -> FloatArray:
    """Return finite numbers of any shape as float64."""
    return as_finite(values, np.dtype(np.float64), argument)


def table(values: Any, argument: str) -> FloatArray:
    """Return a matrix of shape (n_samples, n_features) as float64."""
    if isinstance(values, Frame):
        values = np.column_stack(list(values.columns.values()))
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


def class_names(
    classes: Any, argument: str, n_classes: int, noun: str, labels: Sequence[Any] = ()
) -> tuple[Any, ...]:
    """Return the classes, as many as expected; by default, the different labels or their numbers.

    >>> class_names(None, "classes", 2, "class")
    ('class 0', 'class 1')
    >>> class_names(None, "classes", 2, "class", ["b", "a", "b"])
    ('a', 'b')
    """
    if classes is None:
        different = np.unique(np.asarray(labels))
        if different.dtype.kind in "OTU" and len(different) == n_classes:
            return tuple(different.tolist())
        return tuple(f"class {index}" for index in range(n_classes))
    names = ()
    if not isinstance(classes, str) and np.iterable(classes):
        names = tuple(np.asarray(classes, object).tolist())
    if len(names) != n_classes:
        raise ArgumentError.of(argument, classes, f"{n_classes} names, one for each {noun}")
    return names


def class_indices(
    values: Any,
    argument: str,
    n_classes: int,
    n_samples: int | None = None,
    classes: Sequence[Any] = (),
) -> Integers:
    """Return one class index for each sample, from 0 to ``n_classes - 1``.

    The samples may have the classes themselves: texts, or anything that the classes are if these
    are no texts.

    Examples
    --------
    >>> class_indices(["dog", "cat"], "y", 2, classes=["cat", "dog"])
    array([1, 0])
    >>> class_indices([0, 3], "y", 3)
    Traceback (most recent call last):
    barenet.errors.ArgumentError: y: expected class indices 0 to 2, got 3
    """
    labels = np.asarray(values)
    are_names = all(isinstance(name, str) for name in classes)
    if labels.dtype.kind in "OTU" or not are_names:
        return _indices_of_labels(labels, argument, n_samples, classes)
    array = column(values, argument, n_samples)
    is_index = np.isin(array, np.arange(n_classes))
    wrong = array[~is_index]
    if wrong.size:
        problem = f"expected class indices 0 to {n_classes - 1}, got {wrong[0]:g}"
        raise ArgumentError(problem, argument=argument)
    return array.astype(np.int64)


def _indices_of_labels(
    labels: NDArray[Any], argument: str, n_samples: int | None, classes: Sequence[Any]
) -> Integers:
    """Return the index of each sample's class."""
    if labels.size != (n_samples or labels.size):
        problem = f"expected one class for each of {n_samples} samples, got {labels.size}"
        raise ArgumentError(problem, argument=argument)
    places = {name: index for index, name in enumerate(classes)}
    indices = []
    for label in labels.ravel().tolist():
        if label not in places:
            raise ArgumentError.of(argument, label, f"one of the classes {some(list(classes))}")
        indices.append(places[label])
    return np.array(indices, np.int64)


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
