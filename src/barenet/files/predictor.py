"""Predictor: a network with what it takes to use it on raw rows.

What is done to the inputs, names of the features and classes: all that a network alone does not
know, and that a prediction would be wrong or nameless without.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet.data.encoding import TableEncoding
from barenet.data.frame import Frame, check_names
from barenet.data.framing import as_frame, column_names
from barenet.data.reading import as_numbers
from barenet.data.scaling import Scaling
from barenet.errors import ModelFileError, in_a_line, some
from barenet.files.model_file import check_header, read_model, without_repeats, write_model
from barenet.model.arrays import FloatArray
from barenet.model.network import Network
from barenet.model.targets import class_shares
from barenet.model.validation import check_answers, check_inputs

__all__ = ["Predictor"]

#: What the card says instead of a scaling's name, and the array that then holds the encoding.
_TABLE = "table"


@dataclass(frozen=True, eq=False, kw_only=True)
class Predictor:
    """A network, from raw rows to answers with names.

    Attributes
    ----------
    network : Network
        What was trained.
    preprocessing : Scaling or TableEncoding
        What is done to raw rows first.
    target_scaling : Scaling, optional
        What was done to the target, and is undone in what the network says.
    classes : tuple of str, optional
        Names of the classes, in the order of the outputs; None for numbers.
    feature_names : tuple of str
        Names of the columns of X, in order; of a table, those that are not dropped.
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
    ...     preprocessing=Scaling.fit("standardize", np.array([[1.0], [3.0]])),
    ...     classes=("no", "yes"), feature_names=("x",), target_name="y", dataset="two rows",
    ... )
    >>> predictor.predict([[2.0]])
    array(['no'], dtype='<U3')
    """

    network: Network
    preprocessing: Scaling | TableEncoding
    classes: tuple[str, ...] | None
    feature_names: tuple[str, ...]
    target_name: str
    dataset: str
    image_shape: tuple[int, int] | None = None
    target_scaling: Scaling | None = None

    @property
    def takes_frames(self) -> bool:
        """Whether a row is a row of a table, whose columns need not be numbers."""
        return isinstance(self.preprocessing, TableEncoding)

    @property
    def input_names(self) -> tuple[str, ...]:
        """Names of the numbers that the network itself takes."""
        if isinstance(self.preprocessing, TableEncoding):
            return self.preprocessing.output_names
        return self.feature_names

    def outputs(self, X: Any) -> FloatArray:
        """Compute what the network says of raw rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), Frame, DataFrame or mapping
            Rows as they were before anything was done to them. Of a table with named columns the
            features are taken by their names, in whatever order they are.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            Probabilities for classes, else numbers.

        Raises
        ------
        ValueError
            If a feature is missing, or a value is not what it should be.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            output = self.network.predict(self.inputs(X))
            if self.target_scaling is not None:
                output = self.target_scaling.invert(output)
        return check_answers(output)

    def inputs(self, X: Any) -> NDArray[np.float64]:
        """Turn raw rows into what the network takes.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), Frame, DataFrame or mapping
            As `outputs` takes them.

        Returns
        -------
        ndarray of shape (n_samples, n_inputs), float64
            The numbers that they become.

        Raises
        ------
        ValueError
            If a feature is missing, or a value is not what it should be.
        """
        return self.preprocessing.apply(self._rows(X))

    def _rows(self, X: Any) -> Any:
        """Check raw rows; pixels stay bytes, which a matrix of them needs an eighth of."""
        if self.takes_frames:
            return X
        if column_names(X) is not None:
            X = _by_name(X, self.feature_names)
        dtype = np.dtype(np.uint8 if getattr(X, "dtype", None) == np.uint8 else np.float64)
        return check_inputs(X, dtype, self.network.n_inputs)

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

    def probabilities(self, X: Any) -> FloatArray:
        """Compute a column for each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), Frame, DataFrame or mapping
            Raw rows, as `outputs` takes them.

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
        return class_shares(self.outputs(X))

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict classes by name, or numbers.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), Frame, DataFrame or mapping
            Raw rows, as `outputs` takes them.

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

        Raises
        ------
        ValueError
            If the parts don't fit each other; nothing is written.
        OSError
            If the file can't be written; an old file there is left as it was.
        """
        version = 2 if self.takes_frames else 1
        write_model(path, self.network, *self._contents(), version=version)

    def check_header(self) -> None:
        """Refuse names that a model file has no room for, before anything is learned.

        Raises
        ------
        ValueError
            If they are too many, or too long.
        """
        extra, _ = self._contents()
        check_header(self.network, extra)

    def _contents(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """All that is kept besides the network: plain data, and arrays."""
        self._check()
        extra = {
            "scaling": _TABLE,
            "target_scaling": self.target_scaling and self.target_scaling.name,
            "classes": self.classes,
            "feature_names": self.feature_names,
            "target_name": self.target_name,
            "dataset": self.dataset,
            "image_shape": self.image_shape,
        }
        arrays: dict[str, NDArray[Any]] = {}
        if isinstance(self.preprocessing, TableEncoding):
            text = json.dumps(self.preprocessing.to_dict(), allow_nan=False)
            arrays[_TABLE] = np.frombuffer(text.encode(), np.uint8)
        else:
            extra["scaling"] = self.preprocessing.name
            arrays["scaling.offset"] = self.preprocessing.offset
            arrays["scaling.factor"] = self.preprocessing.factor
        if self.target_scaling is not None:
            arrays["target_scaling.offset"] = self.target_scaling.offset
            arrays["target_scaling.factor"] = self.target_scaling.factor
        return extra, arrays

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
                preprocessing=_encoding(tensors)
                if extra["scaling"] == _TABLE
                else _scaling("scaling", extra, tensors),
                target_scaling=_scaling("target_scaling", extra, tensors)
                if extra["target_scaling"] is not None
                else None,
                classes=_tuple(extra["classes"]),
                feature_names=_tuple(extra["feature_names"]) or (),
                target_name=extra["target_name"],
                dataset=extra["dataset"],
                image_shape=_tuple(extra["image_shape"]),
            )
            predictor._check()
            _check_none_left(tensors)
        except _WRONG as error:
            raise ModelFileError(f"{path}: not a valid model: {in_a_line(error)}") from error
        return predictor

    def _check(self) -> None:
        """Refuse parts that are not what they should be, or don't fit each other."""
        width, outputs = self.network.n_inputs, self.network.n_outputs
        if width is None or outputs is None:
            raise ValueError("network: has no layer that says how many inputs it takes")
        self._check_preprocessing(width)
        if self.classes is not None:
            fitting = {1: {2}}.get(outputs, {outputs})
            _check_names("classes", self.classes, fitting, f"{outputs} outputs")
        if self.target_scaling is not None:
            _check_width("target_scaling", self.target_scaling, outputs, "outputs")
            if self.classes is not None:
                raise ValueError("target_scaling: classes are not scaled")
        for argument in ("target_name", "dataset"):
            if not isinstance(value := getattr(self, argument), str):
                raise ValueError(f"{argument}: expected text, got {value!r}")
        if self.image_shape is not None:
            _check_shape(self.image_shape, width)

    def _check_preprocessing(self, width: int) -> None:
        """Refuse what does not make the network's inputs of the features."""
        encoding = self.preprocessing
        if not isinstance(encoding, TableEncoding):
            _check_names("feature_names", self.feature_names, {width}, f"{width} inputs")
            return _check_width("preprocessing", encoding, width, "inputs")
        if encoding.n_outputs != width:
            raise ValueError(
                f"preprocessing: gives {encoding.n_outputs} numbers for {width} inputs"
            )
        if self.feature_names != encoding.feature_names:
            raise ValueError("feature_names: are not those that the preprocessing takes")
        return None


#: What a part that is not what it should be may raise.
_WRONG = (LookupError, TypeError, ValueError, OverflowError, AttributeError, RecursionError)


def _encoding(tensors: dict[str, NDArray[Any]]) -> TableEncoding:
    """Read the records of a table's columns."""
    text = tensors.pop(_TABLE)
    if text.dtype != np.uint8:
        raise ValueError(f"{_TABLE}: expected bytes, got {text.dtype}")
    return TableEncoding.from_dict(
        json.loads(text.tobytes().decode(), object_pairs_hook=without_repeats)
    )


def _by_name(X: Any, feature_names: tuple[str, ...]) -> Any:
    """Take the features' columns, in the network's order."""
    if isinstance(X, Mapping | Frame) or hasattr(X, "column_names"):
        frame = as_frame(X, only=feature_names)
        return np.column_stack([as_numbers(frame, name, ()) for name in feature_names])
    columns = {str(column): column for column in X.columns}
    check_names(feature_names, columns)
    return X[[columns[name] for name in feature_names]]


def _scaling(name: str, extra: dict[str, Any], tensors: dict[str, NDArray[Any]]) -> Scaling:
    return Scaling(extra[name], tensors.pop(f"{name}.offset"), tensors.pop(f"{name}.factor"))


def _check_none_left(tensors: dict[str, NDArray[Any]]) -> None:
    if tensors:
        raise ValueError(f"arrays that belong to nothing: {some([*tensors])}")


def _tuple(value: Any) -> Any:
    """JSON knows lists alone; what is none stays, to be refused."""
    return tuple(value) if isinstance(value, list) else value


def _check_names(argument: str, names: Any, sizes: set[int], purpose: str) -> None:
    if not isinstance(names, tuple) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"{argument}: expected a tuple of text, got {names!r}")
    if len(names) not in sizes:
        raise ValueError(f"{argument}: {len(names)} of them for {purpose}")


def _check_width(argument: str, scaling: Any, width: int, purpose: str) -> None:
    if not isinstance(scaling, Scaling):
        raise ValueError(f"{argument}: expected a Scaling, got {scaling!r}")
    if len(scaling.offset) != width:
        raise ValueError(f"{argument}: is of {len(scaling.offset)} features for {width} {purpose}")


def _check_shape(shape: Any, width: int) -> None:
    whole = isinstance(shape, tuple) and all(type(side) is int and side > 0 for side in shape)
    if not whole or len(shape) != 2 or math.prod(shape) != width:
        raise ValueError(
            f"image_shape: expected height and width, of {width} pixels, got {shape!r}"
        )
