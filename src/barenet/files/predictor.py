"""Predictor: a network with what it takes to use it on raw rows.

Scaling of the inputs, names of the features and classes: all that a network alone does not know,
and that a prediction would be wrong or nameless without.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet.data.scaling import Scaling
from barenet.errors import ModelFileError
from barenet.files.model_file import read_model, write_model
from barenet.model.arrays import FloatArray
from barenet.model.network import Network

__all__ = ["Predictor"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Predictor:
    """A network, from raw rows to answers with names.

    Attributes
    ----------
    network : Network
        What was trained.
    scaling : Scaling
        What is done to raw rows first.
    target_scaling : Scaling, optional
        What was done to the target, and is undone in what the network says.
    classes : tuple of str, optional
        Names of the classes, in the order of the outputs; None for numbers.
    feature_names : tuple of str
        Names of the columns of X.
    target_name : str
        What is predicted.
    dataset : str
        What it was trained on.
    image_shape : tuple of int, optional
        Height and width, where a row is an image.

    Examples
    --------
    >>> import numpy as np
    >>> from barenet import Network, Predictor
    >>> from barenet.data.scaling import Scaling
    >>> predictor = Predictor(
    ...     network=Network.dense([1, 2], output="softmax", init="zeros"),
    ...     scaling=Scaling.fit("standardize", np.array([[1.0], [3.0]])),
    ...     classes=("no", "yes"), feature_names=("x",), target_name="y", dataset="two rows",
    ... )
    >>> predictor.predict([[2.0]])
    array(['no'], dtype='<U3')
    """

    network: Network
    scaling: Scaling
    classes: tuple[str, ...] | None
    feature_names: tuple[str, ...]
    target_name: str
    dataset: str
    image_shape: tuple[int, int] | None = None
    target_scaling: Scaling | None = None

    def outputs(self, X: ArrayLike) -> FloatArray:
        """Compute what the network says of raw rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Rows as they were before any scaling.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            Probabilities for classes, else numbers.
        """
        output = self.network.predict(self.scaling.apply(np.asarray(X)))
        return output if self.target_scaling is None else self.target_scaling.invert(output)

    def targets(self, y: ArrayLike) -> NDArray[Any]:
        """Bring truths into the units that the network was trained on.

        Parameters
        ----------
        y : array-like of shape (n_samples,)
            Class indices, or numbers.

        Returns
        -------
        ndarray of shape (n_samples,)
            What the network itself should say.
        """
        if self.target_scaling is None:
            return np.asarray(y)
        return self.target_scaling.apply(np.reshape(y, (-1, 1)))[:, 0]

    def probabilities(self, X: ArrayLike) -> FloatArray:
        """Compute a column for each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Raw rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            How sure the network is of each class. They sum to 1 for a softmax and for a single
            sigmoid output; several sigmoid outputs are independent of each other.

        Raises
        ------
        ValueError
            If the network predicts numbers.
        """
        if self.classes is None:
            raise ValueError("the network predicts numbers, so there are no probabilities")
        output = self.outputs(X)
        return np.hstack([1 - output, output]) if output.shape[1] == 1 else output

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Predict classes by name, or numbers.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Raw rows.

        Returns
        -------
        ndarray of shape (n_samples,), or (n_samples, n_outputs) for several numbers
            The most probable class of each row, or what the network says.
        """
        if self.classes is None:
            output = self.outputs(X)
            return output[:, 0] if output.shape[1] == 1 else output
        return np.array(self.classes)[self.probabilities(X).argmax(axis=1)]

    def save(self, path: str | PathLike[str]) -> None:
        """Write everything to a model file, whole or not at all.

        Parameters
        ----------
        path : str or path
            Where to.
        """
        extra = {
            "scaling": self.scaling.name,
            "target_scaling": self.target_scaling and self.target_scaling.name,
            "classes": self.classes,
            "feature_names": self.feature_names,
            "target_name": self.target_name,
            "dataset": self.dataset,
            "image_shape": self.image_shape,
        }
        arrays = {"scaling.offset": self.scaling.offset, "scaling.factor": self.scaling.factor}
        if self.target_scaling is not None:
            arrays["target_scaling.offset"] = self.target_scaling.offset
            arrays["target_scaling.factor"] = self.target_scaling.factor
        write_model(path, self.network, extra, arrays)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> Predictor:
        """Read what `save` or ``barenet train`` wrote.

        Parameters
        ----------
        path : str or path
            The file.

        Returns
        -------
        Predictor
            It predicts the same, to the last bit.

        Raises
        ------
        FileNotFoundError
            If there is no such file.
        ModelFileError
            If the file can't be used, or holds a network alone.
        """
        network, extra, tensors = read_model(path)
        if "scaling" not in extra:
            raise ModelFileError(f"{path}: holds a network alone; barenet.load() reads it")
        try:
            predictor = cls(
                network=network,
                scaling=_scaling("scaling", extra, tensors),
                target_scaling=_scaling("target_scaling", extra, tensors)
                if extra["target_scaling"]
                else None,
                classes=_names(extra["classes"]),
                feature_names=_names(extra["feature_names"]) or (),
                target_name=str(extra["target_name"]),
                dataset=str(extra["dataset"]),
                image_shape=_shape(extra["image_shape"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ModelFileError(f"{path}: not a valid model: {error!r}") from error
        predictor._check(path)
        return predictor

    def _check(self, path: str | PathLike[str]) -> None:
        """Refuse parts that don't fit each other."""
        width, outputs = self.network.n_inputs, self.network.n_outputs
        features = {len(self.feature_names), *self.scaling.offset.shape, *self.scaling.factor.shape}
        if features != {width}:
            raise ModelFileError(f"{path}: {sorted(features)} features for {width} inputs")
        if self.target_scaling is not None and self.target_scaling.offset.shape != (outputs,):
            raise ModelFileError(f"{path}: its target's scaling is not for {outputs} outputs")
        n_classes = None if self.classes is None else len(self.classes)
        if n_classes not in (None, outputs) and (n_classes, outputs) != (2, 1):
            raise ModelFileError(f"{path}: {n_classes} classes for {outputs} outputs")
        if self.image_shape is not None and math.prod(self.image_shape) != width:
            raise ModelFileError(f"{path}: images of {self.image_shape} for {width} inputs")


def _scaling(name: str, extra: dict[str, Any], tensors: dict[str, NDArray[Any]]) -> Scaling:
    return Scaling(extra[name], tensors[f"{name}.offset"], tensors[f"{name}.factor"])


def _names(value: Any) -> tuple[str, ...] | None:
    return None if value is None else tuple(str(name) for name in value)


def _shape(value: Any) -> tuple[int, int] | None:
    return None if value is None else (int(value[0]), int(value[1]))
