"""Predictor: a network with what it takes to use it on raw rows.

What is done to the inputs, names of the features and classes: all that a network alone does not
know, and that a prediction would be wrong or nameless without.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet.data.encoding import TableEncoding
from barenet.data.scaling import Scaling
from barenet.data.target import class_labels
from barenet.data.to_frame import column_names, columns_by_name
from barenet.errors import ModelFileError
from barenet.files.described import write_predictor
from barenet.files.model_card import ModelCard
from barenet.files.model_file import write_model
from barenet.files.model_header import check_header
from barenet.files.plain import check_mapping
from barenet.files.predictor_parts import check_parts, write_parts
from barenet.model.arrays import FloatArray
from barenet.model.network import Network
from barenet.model.targets import class_probabilities
from barenet.model.validation import check_answers, check_inputs

__all__ = ["Predictor"]


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
    text_classes : bool
        Whether classes are text even if all of them look like numbers, or like False and True.
    feature_names : tuple of str
        Names of the columns of X, in order; of a table, those that are not dropped.
    target_name : str
        What is predicted.
    dataset : str
        What it was trained on.
    image_shape : tuple of int, optional
        Height and width, where a row is an image.
    card : ModelCard, optional
        Where it comes from; None where nobody has said.

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
    card: ModelCard | None = None
    text_classes: bool = False

    def __repr__(self) -> str:
        """Say in some lines what it predicts, from what, and where it comes from."""
        return write_predictor(self)

    @property
    def takes_frames(self) -> bool:
        """Whether a row is a row of a table, whose columns need not be numbers."""
        return isinstance(self.preprocessing, TableEncoding)

    @property
    def _is_robust(self) -> bool:
        """Whether a scaling is of the kind that files of version 1 do not know."""
        scalings = self.preprocessing, self.target_scaling
        return any(isinstance(each, Scaling) and each.name == "robust" for each in scalings)

    @property
    def input_names(self) -> tuple[str, ...]:
        """Names of the numbers that the network itself takes."""
        if isinstance(self.preprocessing, TableEncoding):
            return self.preprocessing.output_names
        return self.feature_names

    @property
    def labels(self) -> NDArray[Any] | None:
        """The classes as `predict` tells them: numbers, truth values or text; None for numbers."""
        if self.classes is None:
            return None
        return np.array(self.classes) if self.text_classes else class_labels(self.classes)

    def outputs(self, X: Any) -> FloatArray:
        """Compute what the network says of raw rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), Frame, DataFrame or mapping
            Rows as they were before anything was done to them. Of a table with named columns the
            features are taken by their names, in whatever order they are; of a DataFrame whose
            columns have numbers for names, which are no feature's, by their places.

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
            return check_answers(self.in_units(self.network.predict(self.inputs(X))))

    def in_units(self, output: FloatArray) -> FloatArray:
        """Bring what the network says into the units of the target.

        Parameters
        ----------
        output : ndarray of shape (n_samples, n_outputs)
            Probabilities, or numbers in the scale that the network was trained on.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            Probabilities as they are, numbers in their own unit; of float64 where they are scaled.
        """
        return (
            output if self.target_scaling is None else self.target_scaling.inverse_transform(output)
        )

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
        return self.preprocessing.transform(self._rows(X))

    def _rows(self, X: Any) -> Any:
        """Check raw rows; pixels stay bytes, which a matrix of them needs an eighth of."""
        if self.takes_frames:
            return X
        if column_names(X) is not None:
            X = columns_by_name(X, self.feature_names)
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
        return self.target_scaling.transform(np.reshape(y, (-1, 1)))[:, 0]

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
        return class_probabilities(self.outputs(X))

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict classes, or numbers.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), Frame, DataFrame or mapping
            Raw rows, as `outputs` takes them.

        Returns
        -------
        ndarray of shape (n_samples,), or (n_samples, n_outputs) for several numbers
            The most probable class of each row, or what the network says. Classes that are all
            numbers are numbers, of int64 where they are whole; False and True are of bool; all
            others are text, and so are all where `text_classes` is set.
        """
        if (labels := self.labels) is None:
            output = self.outputs(X)
            return output[:, 0] if output.shape[1] == 1 else output
        return labels[self.probabilities(X).argmax(axis=1)]

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
        check_parts(self)
        version = 2 if self.takes_frames or self.text_classes or self._is_robust else 1
        write_model(path, self.network, *write_parts(self), version=version)

    def check_header(self) -> None:
        """Refuse names that a model file has no room for, before anything is learned.

        Raises
        ------
        ValueError
            If they are too many, or too long.
        """
        check_parts(self)
        extra, _ = write_parts(self)
        check_header(self.network, extra)

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        X: Any = None,
        y: ArrayLike | None = None,
        *,
        target_name: str = "",
        dataset: str = "",
        scores: Mapping[str, Mapping[str, float]] | None = None,
    ) -> Predictor:
        """Take a fitted estimator for what is to be shipped, with all that it knows.

        Parameters
        ----------
        model : MLPClassifier, MLPRegressor, Pipeline or search
            A pipeline has a `TablePreprocessor` or scikit-learn's ``StandardScaler``,
            ``MinMaxScaler`` or ``RobustScaler`` before the estimator. Of a search the best model is
            taken. A ``TransformedTargetRegressor`` with such a scaler goes as well.
        X : array-like of shape (n_samples, n_features), DataFrame or mapping, optional
            The rows that `model` was fitted on; their fingerprint goes on the card.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs), optional
            Their targets.
        target_name : str, optional
            What is predicted; by default the name of `y`, or "y".
        dataset : str, optional
            What the rows are called.
        scores : mapping of str to mapping of str to float, optional
            What was measured, for each kind of rows, such as
            ``{"held_out": {"accuracy": 0.97}}``; those of validation rows are known.

        Returns
        -------
        Predictor
            Of a copy of the network. It says what `model` says: to the last bit without a scaler
            of scikit-learn's. With one, a scaled number may differ by about ε · (1 + ``|offset ·
            factor|``) of `preprocessing`, with ε = 2e-16 for rows of float64 and 1e-7 for float32:
            far from 0 scikit-learn loses digits in the type of the rows, that barenet, which
            subtracts first and in float64, keeps.

        Raises
        ------
        ValueError
            If the model is not fitted, has a step or a method that a file can't say, tells several
            labels of a row, or has learned from other rows.

        Examples
        --------
        >>> from barenet import MLPClassifier, Predictor
        >>> from sklearn.pipeline import make_pipeline
        >>> from sklearn.preprocessing import StandardScaler
        >>> X, y = [[1.0], [2.0], [3.0], [4.0]], ["low", "low", "high", "high"]
        >>> network = MLPClassifier(4, solver="lbfgs", max_iter=500, random_state=0)
        >>> pipeline = make_pipeline(StandardScaler(), network).fit(X, y)
        >>> predictor = Predictor.from_estimator(pipeline, X, y, target_name="speed")
        >>> predictor.classes, predictor.preprocessing.name, predictor.card.rows
        (('high', 'low'), 'standardize', {'training': 4})
        """
        from barenet.files.fitted import take_apart
        from barenet.files.fitted_card import card_of

        fitted = take_apart(model)
        card = card_of(fitted, X, y)
        named = getattr(y, "name", None)
        measured = check_mapping({} if scores is None else scores, "scores")
        predictor = cls(
            **fitted.predictor_parts(),
            target_name=target_name or (named if isinstance(named, str) else "y"),
            dataset=dataset,
            card=replace(card, scores={**card.scores, **measured}),
        )
        check_parts(predictor)
        return predictor

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
        from barenet.files.loading import load  # which imports this class

        model = load(path)
        if isinstance(model, Network):
            raise ModelFileError(f"{path}: holds a bare network; use barenet.load_network()")
        return model
