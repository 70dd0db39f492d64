"""Predictor: a network with its preprocessing and the names of its features and classes."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet._constraints import Count, convert_fields
from barenet.data._encoding import TableEncoding
from barenet.data._frame import Frame
from barenet.data._parsing import class_labels
from barenet.data._scaling import Scaling
from barenet.data._to_frame import column_names, columns_by_name
from barenet.engines import Model, networks_of
from barenet.errors import printable, some
from barenet.files._fitted_pipeline import predictor_parts
from barenet.files._model_card import ModelCard, describe_rows
from barenet.files._predictor_checks import check_parts
from barenet.files._safetensors import MAX_HEADER
from barenet.model._array_dataset import BLOCK, class_probabilities
from barenet.model._arrays import INPUT_DTYPES, FloatArray, check_inputs, check_outputs
from barenet.model._network import Network
from barenet.model.layers import Dense

#: A name, which may fill the header of a file.
_Name = Annotated[str, ("max_length", MAX_HEADER)]

#: The name of a file, which may not be valid Unicode.
_FileName = Annotated[_Name, ("unicode", False)]

#: Rows that are transformed and predicted at a time; a network predicts blocks of half as many.
ROWS = 2 * BLOCK

#: Maximum number of names or layers that are listed.
MAX_NAMES = 8


@dataclass(frozen=True, eq=False, kw_only=True)
class Predictor:
    """A trained network that takes raw rows and predicts classes by name, or numbers.

    Attributes
    ----------
    network : Network or Ensemble
        The network, or several that predict together.
    preprocessing : Scaling or TableEncoding
        The transformation of raw rows into the network's inputs.
    target_scaling : Scaling, optional
        The scaling of the target in training; predictions are transformed back.
    classes : tuple of str, optional
        Names of the classes, in the order of the outputs; None for a regression.
    text_classes : bool
        Whether predicted classes are text even if all of them look like numbers or booleans.
    feature_names : tuple of str
        Names of the columns of X, in order; of a table, those that are not dropped.
    target_name : str
        Name of the target.
    dataset : str
        Name of the training data.
    image_shape : tuple of int, optional
        Height and width, where a row is an image.
    card : ModelCard, optional
        The origin of the model.

    Raises
    ------
    ValueError
        If the parts are invalid or don't fit together.

    Examples
    --------
    >>> from barenet import Network, Predictor, Scaling
    >>> predictor = Predictor(
    ...     network=Network.dense([1, 2], output="softmax", init="zeros"),
    ...     preprocessing=Scaling.fit("standardize", np.array([[1.0], [3.0]])),
    ...     classes=("no", "yes"), feature_names=("x",), target_name="y", dataset="two rows",
    ... )
    >>> predictor.predict([[2.0]])
    array(['no'], dtype='<U3')
    >>> predictor
    <Predictor
      predicts     y, one of 2: no, yes
      from         1 feature: x
      scaling      standardize
      network      1 → 2 softmax, 4 parameters of float32
      trained on   two rows>
    """

    network: Model
    preprocessing: Scaling | TableEncoding
    classes: tuple[_Name, ...] | None
    feature_names: tuple[_Name, ...]
    target_name: _Name
    dataset: _FileName
    image_shape: tuple[Count, Count] | None = None
    target_scaling: Scaling | None = None
    card: ModelCard | None = None
    text_classes: bool = False

    def __post_init__(self) -> None:
        convert_fields(self)
        check_parts(self)

    def __repr__(self) -> str:
        lines = (f"\n  {name:<11}  {text}" for name, text in self.description().items())
        return f"<Predictor{''.join(lines)}>"

    def description(self) -> dict[str, str]:
        """Describe the model and its origin in a few lines.

        Returns
        -------
        dict of str to str
            Texts by their headings.
        """
        predicted = "a number" if self.network.n_outputs == 1 else "numbers"
        if self.classes is not None:
            predicted = f"one of {_listed(self.classes)}"
        inputs = _listed(self.feature_names, "feature")
        if self.image_shape:
            inputs = "images of {} × {} pixels".format(*self.image_shape)
        scaling = getattr(self.preprocessing, "name", "column by column")
        if self.target_scaling:
            scaling += f", and the target: {self.target_scaling.name}"
        card = self.card or ModelCard()
        origin = self.dataset and printable(self.dataset), describe_rows(card.rows)
        lines = {
            "predicts": f"{printable(self.target_name)}, {predicted}",
            "from": inputs,
            "scaling": scaling,
            "network": _describe_model(self.network),
            "trained on": ": ".join(filter(None, origin)),
            "trained for": card.log.description() if card.log else "",
        }
        return {heading: text for heading, text in lines.items() if text}

    @property
    def first_network(self) -> Network:
        """The network, or the first one of an ensemble."""
        return networks_of(self.network)[0]

    @property
    def takes_frames(self) -> bool:
        """Whether a row is a row of a table, whose columns need not be numbers."""
        return isinstance(self.preprocessing, TableEncoding)

    @property
    def input_names(self) -> tuple[str, ...]:
        """Names of the network's inputs, after the preprocessing."""
        return getattr(self.preprocessing, "output_names", self.feature_names)

    @cached_property
    def labels(self) -> NDArray[Any] | None:
        """The classes as `predict` returns them: numbers, booleans or text; None for numbers."""
        if self.classes is None:
            return None
        labels = np.array(self.classes) if self.text_classes else class_labels(self.classes)
        labels.flags.writeable = False  # as predictions are made of them
        return labels

    def outputs(self, X: Any) -> FloatArray:
        """Compute the network's outputs for raw rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), Frame, DataFrame or mapping
            Raw rows. Columns are found by their names, in any order, or by position if those are
            integers. Without a preprocessing, a sparse matrix is accepted as well.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            Probabilities of the classes, or numbers in the units of the target.

        Raises
        ------
        ValueError
            If a feature is missing, or a value is invalid.
        """
        if isinstance(self.preprocessing, TableEncoding):
            X = self.preprocessing.frame_of(X)  # whose slices are no copies
        if not isinstance(X, np.ndarray | Frame) or len(X.shape) != 2 or len(X) <= ROWS:
            return self._outputs(X)
        dtype = self.network.dtype if self.target_scaling is None else np.float64
        output = np.empty((len(X), self.network.sizes[-1]), dtype)
        for start in range(0, len(X), ROWS):
            stop = start + ROWS
            try:
                output[start:stop] = self._outputs(X[start:stop])
            except ValueError:
                self._outputs(X[:stop])  # this error counts the rows from the first one
                raise
        return output

    def _outputs(self, X: Any) -> FloatArray:
        """The outputs for a block of rows."""
        output = None
        with np.errstate(over="ignore", invalid="ignore"):
            if hasattr(X, "tocsr") and getattr(self.preprocessing, "name", "") == "none":
                output = self.network.predict(X)
            elif type(X) in (np.ndarray, np.memmap) and X.dtype in INPUT_DTYPES:
                with suppress(ValueError):  # the checks of the raw rows, which take longer, raise
                    inputs = self.preprocessing.transform(X, self.network.dtype)
                    output = self.network.predict(inputs)
            if output is None:
                output = self.network.predict(self.inputs(X))
            return output if self.target_scaling is None else check_outputs(self.in_units(output))

    def in_units(self, output: FloatArray) -> FloatArray:
        """Transform outputs of the network into the units of the target.

        Parameters
        ----------
        output : ndarray of shape (n_samples, n_outputs)
            Probabilities, or numbers in the scale of the training.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            Unchanged without a `target_scaling`; float64 with one.
        """
        scaling = self.target_scaling
        return output if scaling is None else scaling.inverse_transform(output)

    def inputs(self, X: Any) -> NDArray[np.float64]:
        """Transform raw rows into inputs of the network.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), Frame, DataFrame or mapping
            Raw rows, as for `outputs`.

        Returns
        -------
        ndarray of shape (n_samples, n_inputs), float64
            The inputs.

        Raises
        ------
        ValueError
            If a feature is missing, or a value is invalid.
        """
        if self.takes_frames:
            return self.preprocessing.transform(X)
        if column_names(X) is not None:
            X = columns_by_name(X, self.feature_names)
        # Pixels stay bytes: an eighth of the memory.
        dtype = np.dtype(np.uint8 if getattr(X, "dtype", None) == np.uint8 else np.float64)
        return self.preprocessing.transform(check_inputs(X, dtype, self.network.n_inputs))

    def targets(self, y: ArrayLike) -> NDArray[Any]:
        """Transform targets into the scale of the training.

        Parameters
        ----------
        y : array-like of shape (n_samples,)
            Class indices, or numbers.

        Returns
        -------
        ndarray of shape (n_samples,)
            Unchanged without a `target_scaling`.
        """
        if self.target_scaling is None:
            return np.asarray(y)
        return self.target_scaling.transform(np.reshape(y, (-1, 1)))[:, 0]

    def probabilities(self, X: Any) -> FloatArray:
        """Compute the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), Frame, DataFrame or mapping
            Raw rows, as for `outputs`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            They sum to 1 but for several sigmoid outputs, which are independent.

        Raises
        ------
        ValueError
            If the network predicts numbers.
        """
        if self.classes is None:
            raise ValueError("the network predicts numbers, so there are no probabilities")
        return class_probabilities(self.outputs(X))

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict classes, or numbers.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), Frame, DataFrame or mapping
            Raw rows, as for `outputs`.

        Returns
        -------
        ndarray of shape (n_samples,), or (n_samples, n_outputs) for several numbers
            The most probable class of each row, or the outputs. Classes are int64 or float64 if
            all of them are numbers, bool for False and True, else text; always text with
            `text_classes`.
        """
        output = self.outputs(X)
        if self.labels is None:
            return output[:, 0] if output.shape[1] == 1 else output
        return self.labels[class_probabilities(output).argmax(axis=1)]

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        *,
        target_name: str = "y",
        dataset: str = "",
        scores: Mapping[str, Mapping[str, float]] | None = None,
    ) -> Self:
        """Make a predictor of a fitted estimator, for a model file or an export.

        Parameters
        ----------
        model : MLPClassifier, MLPRegressor, Pipeline or search
            A pipeline has a `TablePreprocessor` or scikit-learn's ``StandardScaler``,
            ``MinMaxScaler`` or ``RobustScaler`` before the estimator. The best model of a search is
            taken. A ``TransformedTargetRegressor`` with such a scaler is accepted as well.
        target_name : str, default "y"
            Name of the target.
        dataset : str, optional
            Name of the training data.
        scores : mapping of str to mapping of str to float, optional
            Scores for the model card by kind of rows, besides those of validation rows.

        Returns
        -------
        Predictor
            With a copy of the network. Its predictions are those of `model`, bit for bit without a
            scaler of scikit-learn's. With one, a scaled number may differ by about
            ε · (1 + ``|offset · factor|``) of `preprocessing`, with ε = 2e-16 for rows of float64
            and 1e-7 for float32.

        Raises
        ------
        ValueError
            If the model is not fitted, predicts several labels of a row, or has a step or a method
            that can't be stored in a file.

        Examples
        --------
        >>> from barenet import MLPClassifier, Predictor
        >>> from sklearn.pipeline import make_pipeline
        >>> from sklearn.preprocessing import StandardScaler
        >>> X, y = [[1.0], [2.0], [3.0], [4.0]], ["low", "low", "high", "high"]
        >>> network = MLPClassifier(4, solver="lbfgs", max_iter=500, random_state=0)
        >>> pipeline = make_pipeline(StandardScaler(), network).fit(X, y)
        >>> predictor = Predictor.from_estimator(pipeline, target_name="speed")
        >>> predictor.classes, predictor.preprocessing.name, predictor.card.rows
        (('high', 'low'), 'standardize', {'training': 4})
        """
        parts = predictor_parts(model, scores or {})
        return cls(**parts, target_name=target_name, dataset=dataset)


def _listed(names: tuple[str, ...], noun: str = "") -> str:
    """The number of names, and the first of them."""
    number = f"{len(names)} {noun}{'s' * (len(names) != 1)}" if noun else f"{len(names)}"
    return f"{number}: {some(names, MAX_NAMES)}"


def _describe_model(model: Model) -> str:
    """The sizes and activations of a network in a line, without the middle of many layers."""
    network, *others = networks_of(model)
    steps = [str(network.n_inputs)]
    for layer in network.layers:
        name = str(layer.n_out) if isinstance(layer, Dense) else layer.name
        steps.append(name if layer.activation is None else f"{name} {layer.activation.name}")
    if len(steps) > MAX_NAMES:
        steps[MAX_NAMES // 2 : -1] = [f"… ({len(network.layers)} layers)"]
    count = f"{len(others) + 1} networks of " if others else ""
    sizes = " → ".join(steps)
    return f"{count}{sizes}, {model.n_parameters:,} parameters of {model.dtype}"
