"""Predictor: a network with its preprocessing and the names of its features and classes."""

import math
import warnings
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Annotated, Any, NamedTuple, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet._constraints import (
    Count,
    DeclaredAttributes,
    check_count,
    check_number,
    check_seed,
    convert_fields,
)
from barenet._display import write_display, write_facts
from barenet._messages import brief, count_of, printable, some, some_columns
from barenet.datasets._column_summary import describe_unknown
from barenet.datasets._dataset import rows_alone
from barenet.datasets._target_kind import n_classes_of
from barenet.errors import ArgumentError, caller_stacklevel
from barenet.files._background_rows import sample_of
from barenet.files._fitted_pipeline import card_of, classes_of, unwrapped_model
from barenet.files._model_card import (
    ModelCard,
    describe_rows,
    write_scores,
)
from barenet.inputs._monotonic_columns import describe_signs, signs_of_settings
from barenet.model._array_dataset import PREDICTED_ROWS, class_probabilities, predictions_of
from barenet.model._arrays import INPUT_DTYPES, FloatArray, check_inputs, check_outputs
from barenet.model._conformal_residuals import ConformalResiduals
from barenet.model._ensemble import Ensemble, Model, networks_of
from barenet.model._network import Network
from barenet.model.layers import Dense
from barenet.tables.encoding._encoding import TableEncoding
from barenet.tables.encoding._named_columns import columns_by_name
from barenet.tables.encoding._scaling import Scaling
from barenet.tables.encoding._table_rows import table_rows
from barenet.tables.frames._frame import Frame
from barenet.tables.frames._to_frame import as_frame, column_names, columns_of_records, has_rows
from barenet.tables.reading._class_labels import class_labels
from barenet.tables.reading._readers import PLAIN_KIND

#: Rows that are transformed and predicted at a time; a network predicts blocks half this size.
ROWS = 2 * PREDICTED_ROWS

#: Maximum number of names or layers that are listed in a description.
MAX_NAMES = 8


class _Rows(NamedTuple):
    """Raw rows, or instead of no rows, a row of missing values to check the columns with."""

    X: Any
    is_placeholder: bool = False

    def without_placeholder(self, results: NDArray[Any]) -> NDArray[Any]:
        """Return the results of the rows; of no rows, there are none."""
        return results[:0] if self.is_placeholder else results


@dataclass(frozen=True, eq=False, kw_only=True)
class Predictor(DeclaredAttributes):
    """A trained network that takes raw rows and predicts classes by name, or numbers.

    Attributes
    ----------
    network : Network or Ensemble
        The network, or several that predict together.
    preprocessing : Scaling or TableEncoding
        The transformation of raw rows into the network's inputs.
    target_scaling : Scaling, optional
        The scaling of the target in training; predictions are converted back.
    classes : tuple of str, optional
        Names of the classes, in the order of the outputs; None for regression.
    text_classes : bool
        Whether predicted classes are text even if all of them look like numbers or booleans.
    feature_names : tuple of str
        Names of the columns of X, in order; for a table, the names of those that are not dropped.
    target_name : str
        Name of the target.
    dataset : str
        Name of the training data.
    target_kind : str
        How numbers of the target are written in the training data, such as ``"number 1.234,5"``,
        for other rows with a target.
    image_shape : tuple of int, optional
        Height and width, if each row is an image.
    card : ModelCard, optional
        The origin of the model.
    residuals : ConformalResiduals, optional
        The errors of an ensemble on rows that were left out of training, for `predict_interval`.
    background : Frame, optional
        Some raw training rows, which `contributions` compares rows with; see `with_background`.
    threshold : float, optional
        Probability from which on the second of two classes is predicted; see `with_threshold`.

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
    classes: tuple[str, ...] | None
    feature_names: tuple[str, ...]
    target_name: str
    dataset: Annotated[str, ("unicode", False)]  # file names may not be valid Unicode
    image_shape: tuple[Count, Count] | None = None
    target_scaling: Scaling | None = None
    card: ModelCard | None = None
    text_classes: bool = False
    residuals: ConformalResiduals | None = None
    background: Frame | None = None
    threshold: float | None = None
    target_kind: str = PLAIN_KIND

    def __post_init__(self) -> None:
        convert_fields(self)
        _check_parts(self)

    def __repr__(self) -> str:
        text = "<Predictor"
        for heading, fact in self.description().items():
            text += f"\n  {heading:<11}  {fact}"
        return f"{text}>"

    def _repr_html_(self) -> str:
        scores = write_scores((self.card or ModelCard()).scores)
        title = f"Predictor of {printable(self.target_name)}"
        return write_display(title, write_facts(self.description()), scores)

    def description(self) -> dict[str, str]:
        """Describe the model and its origin in a few lines.

        Returns
        -------
        dict of str to str
            The lines of the description, by their headings.
        """
        return _describe_parts(self)

    def with_background(self, X: Any, n_rows: int = 100, seed: int = 0) -> Self:
        """Copy the predictor with some rows, which `contributions` compares other rows with.

        A model file contains these rows as they are, and so does everything that the file is copied
        to. Don't keep rows of people without their consent.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), Frame, DataFrame or mapping
            Raw rows, such as the training rows.
        n_rows : int, default=100
            Maximum number of rows; of more, a random sample is kept.
        seed : int, default=0
            Seed of the sample.

        Returns
        -------
        Predictor
            The predictor with these rows.

        Raises
        ------
        ValueError
            If there are no rows, or they do not fit the network.

        Examples
        --------
        >>> from barenet import Network, Predictor, Scaling
        >>> predictor = Predictor(
        ...     network=Network.dense([1, 1]), preprocessing=Scaling.fit("none", [[0.0]]),
        ...     classes=None, feature_names=("x",), target_name="y", dataset="",
        ... )
        >>> predictor.with_background([[1.0], [2.0]]).background
        <Frame of 2 rows: x: float64>
        """
        check_count(n_rows, "n_rows")
        check_seed(seed)
        self.outputs(X)  # raises the errors of rows that don't fit
        X = columns_of_records(X)
        if not has_rows(X):
            raise ArgumentError("expected at least one row, got none", argument="X")
        if isinstance(self.preprocessing, TableEncoding):
            frame = self.preprocessing.frame_of(X)
        else:
            X = columns_by_name(X, self.feature_names, self.preprocessing)
            numbers = np.asarray(X, np.float64)
            frame = as_frame(numbers, self.feature_names)
        return replace(self, background=sample_of(frame, n_rows, seed))

    def with_threshold(self, threshold: float | None) -> Self:
        """Copy the predictor with a threshold between two classes.

        A model file and every export contain it; `predict`, ``barenet evaluate`` and ``barenet
        serve`` decide by it. The probabilities do not depend on it.

        Parameters
        ----------
        threshold : float, optional
            Predict the second class from this probability on, otherwise the first; None predicts
            the more probable one.

        Returns
        -------
        Predictor
            The predictor with this threshold.

        Raises
        ------
        ValueError
            If it is not between 0 and 1, or there are not two classes.

        Examples
        --------
        >>> from barenet import Network, Predictor, Scaling
        >>> predictor = Predictor(
        ...     network=Network.dense([1, 1], output="sigmoid", init="zeros"),
        ...     preprocessing=Scaling.fit("none", [[0.0]]),
        ...     classes=("no", "yes"), feature_names=("x",), target_name="y", dataset="",
        ... )
        >>> predictor.predict([[1.0]]).item(), predictor.with_threshold(0.3).predict([[1.0]]).item()
        ('no', 'yes')
        """
        return replace(self, threshold=threshold)

    @property
    def first_network(self) -> Network:
        """The network, or the first one of an ensemble."""
        return networks_of(self.network)[0]

    @property
    def input_names(self) -> tuple[str, ...]:
        """Names of the network's inputs after the preprocessing."""
        return getattr(self.preprocessing, "input_names", self.feature_names)

    @cached_property
    def labels(self) -> NDArray[Any] | None:
        """The classes as `predict` returns them: numbers, booleans or text; None for numbers."""
        if self.classes is None:
            return None
        if self.text_classes:
            labels: NDArray[Any] = np.array(self.classes)
        else:
            labels = class_labels(self.classes)
        labels.flags.writeable = False  # predictions are made from them
        return labels

    def outputs(self, X: Any) -> FloatArray:
        """Compute the network's outputs for raw rows.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), Frame, DataFrame, mapping or Dataset
            Raw rows; there may be no rows. Columns are found by their names, in any order, or by
            position if their names are integers. Without preprocessing, a sparse matrix is accepted
            as well. A list of records, which are mappings, is a table; a value that a record lacks
            is missing.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            Probabilities of the classes, or numbers in the units of the target.

        Raises
        ------
        ValueError
            If a feature is missing, or a value is invalid.
        """
        return self._by_blocks(self._outputs, X)

    def _by_blocks(self, compute: Callable[[Any], FloatArray], X: Any) -> FloatArray:
        """Compute the results for raw rows, transforming a block of rows at a time."""
        rows = self._rows(X)
        X = rows.X
        if isinstance(self.preprocessing, TableEncoding):
            X = self.preprocessing.frame_of(X)  # slices of a frame are not copies
        can_be_sliced = isinstance(X, np.ndarray | Frame) and len(X.shape) == 2
        if not can_be_sliced or len(X) <= ROWS:
            return rows.without_placeholder(compute(X))
        results = []
        for start in range(0, len(X), ROWS):
            stop = start + ROWS
            try:
                results.append(compute(X[start:stop]))
            except ValueError:
                compute(X[:stop])  # an error here counts the rows from the first one
                raise
        return np.concatenate(results)

    def _outputs(self, X: Any) -> FloatArray:
        """Compute the outputs for a block of rows."""
        with np.errstate(over="ignore", invalid="ignore"):
            if type(X) in (np.ndarray, np.memmap) and X.dtype in INPUT_DTYPES:
                with suppress(ValueError):  # on an error, check the raw rows, which takes longer
                    inputs = self.preprocessing.transform(X, self.network.dtype)
                    return self._checked_in_units(self.network.predict(inputs))
            network_inputs = self._network_inputs(X)
            return self._checked_in_units(self.network.predict(network_inputs))

    def _network_inputs(self, X: Any) -> Any:
        """Return the network's inputs: entries for an ensemble; a sparse matrix unchanged."""
        if isinstance(self.network, Ensemble) and isinstance(self.preprocessing, TableEncoding):
            return table_rows(self.preprocessing, X, self.network.dtype)
        if hasattr(X, "tocsr") and getattr(self.preprocessing, "name", "") == "none":
            return X
        return self.inputs(X)

    def _checked_in_units(self, output: FloatArray) -> FloatArray:
        """Transform outputs into the units of the target, and check that they don't overflow."""
        return output if self.target_scaling is None else check_outputs(self.in_units(output))

    def in_units(self, output: FloatArray) -> FloatArray:
        """Transform outputs of the network into the units of the target.

        Parameters
        ----------
        output : ndarray of shape (n_samples, n_outputs)
            Probabilities, or numbers on the scale used in training.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            Unchanged without a `target_scaling`; float64 with one.
        """
        if self.target_scaling is None:
            return output
        return self.target_scaling.inverse_transform(output)

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
        rows = self._rows(X)
        if isinstance(self.preprocessing, TableEncoding):
            return rows.without_placeholder(self.preprocessing.transform(rows.X))
        X = columns_by_name(rows.X, self.feature_names, self.preprocessing)
        dtype: np.dtype[Any] = np.dtype(np.float64)
        if getattr(X, "dtype", None) == np.uint8:
            dtype = np.dtype(np.uint8)  # keep pixels as bytes, for an eighth of the memory
        X = check_inputs(X, dtype, self.network.n_inputs)
        return rows.without_placeholder(self.preprocessing.transform(X))

    def _rows(self, X: Any) -> _Rows:
        """Return rows, or a row of missing values if there are none."""
        X = columns_of_records(rows_alone(X))
        if has_rows(X):
            return _Rows(X)
        names = column_names(X) or ()
        value = None  # a missing value
        if isinstance(self.preprocessing, Scaling):
            value = 0.0
        are_positions = all(name.isdecimal() for name in names)
        if not are_positions or not set(self.feature_names).isdisjoint(names):
            columns = {name: [value] for name in names}
            return _Rows(columns, is_placeholder=True)
        row_shape = np.shape(X)[1:]
        if not row_shape:
            row_shape = (len(self.feature_names),)
        row = np.full((1, *row_shape), value)
        return _Rows(row, is_placeholder=True)

    def targets(self, y: ArrayLike) -> NDArray[Any]:
        """Transform targets to the scale used in training.

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
        column = np.reshape(y, (-1, 1))
        return self.target_scaling.transform(column)[:, 0]

    def predict_proba(self, X: Any) -> FloatArray:
        """Compute the probability of each class.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), Frame, DataFrame or mapping
            Raw rows, as for `outputs`.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Each row sums to 1, except for several sigmoid outputs, which are independent.

        Raises
        ------
        ValueError
            If the network predicts numbers instead of classes.

        Warns
        -----
        UserWarning
            As `predict` does.
        """
        if self.classes is None:
            raise ValueError("the network predicts numbers, so there are no probabilities")
        X = self._readable(X)
        outputs = self.outputs(X)
        self._warn_of_unknown(X)
        return class_probabilities(outputs)

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict classes, or numbers.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), Frame, DataFrame or mapping
            Raw rows, as for `outputs`.

        Returns
        -------
        ndarray of shape (n_samples,), or (n_samples, n_outputs) for several numbers
            The most probable class of each row or, with a `threshold`, the second class from it on;
            without classes, the outputs. Classes are int64 or float64 if all of them are numbers,
            bool if they are False and True, and otherwise text; with `text_classes`, they are
            always text.

        Warns
        -----
        UserWarning
            If values can't be read by the kinds of their columns, and so count as missing.
            If columns have categories that no training row had. Where rare categories were merged,
            new ones are predicted as these, without a warning.
        """
        X = self._readable(X)
        outputs = self.outputs(X)
        self._warn_of_unknown(X)
        return predictions_of(outputs, self.labels, self.threshold)

    def _readable(self, X: Any) -> Any:
        """Return the rows of a table as a frame, which can be read again."""
        X = columns_of_records(rows_alone(X))
        if isinstance(self.preprocessing, TableEncoding) and has_rows(X):
            return self.preprocessing.frame_of(X)
        return X

    def _warn_of_unknown(self, X: Any) -> None:
        """Warn of categories that no training row had."""
        if not isinstance(self.preprocessing, TableEncoding) or not has_rows(X):
            return
        unknown = describe_unknown(self.preprocessing, X)
        if unknown:
            text = f"unknown categories, which are ignored: {unknown}"
            warnings.warn(text, UserWarning, stacklevel=caller_stacklevel())

    def predict_interval(self, X: Any, coverage: float = 0.9) -> tuple[FloatArray, FloatArray]:
        """Predict intervals that contain a given fraction of the targets, using the residuals.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features), Frame, DataFrame or mapping
            Raw rows, as for `outputs`.
        coverage : float, default=0.9
            Fraction of the targets, between 0 and 1 (exclusive), for rows like the training rows.

        Returns
        -------
        lower : ndarray of the shape that `predict` returns
            Lower ends of the intervals around the predictions.
        upper : ndarray of the same shape
            Upper ends of the intervals.

        Raises
        ------
        ValueError
            If there are no residuals, or too few for the coverage.

        Warns
        -----
        UserWarning
            As `predict` does.
        """
        X = self._readable(X)
        lower, upper = interval_of(self, X, coverage)
        self._warn_of_unknown(X)
        return lower, upper

    @classmethod
    def from_estimator(
        cls,
        model: Any,
        *,
        target_name: str = "y",
        dataset: str = "",
        scores: Mapping[str, Mapping[str, float]] | None = None,
    ) -> Self:
        """Make a predictor from a fitted estimator, for a model file or an export.

        Parameters
        ----------
        model : MLPClassifier, MLPRegressor, Pipeline or search
            A pipeline has a `TablePreprocessor`, or scikit-learn's ``StandardScaler``,
            ``MinMaxScaler`` or ``RobustScaler``, before the estimator. For a search, its best model
            is used. A ``TransformedTargetRegressor`` with such a scaler is accepted as well.
        target_name : str, default="y"
            Name of the target.
        dataset : str, optional
            Name of the training data.
        scores : mapping of str to mapping of str to float, optional
            Scores by kind of rows for the model card, in addition to those of the validation rows.

        Returns
        -------
        Predictor
            A predictor with a copy of the network. It predicts the same as `model`, bit for bit
            without a scikit-learn scaler; with the loss "gaussian_nll", log variances follow the
            means. With a scaler, a scaled number may differ by about
            ε · (1 + ``|offset · factor|``), with the offset and factor of `preprocessing`, and
            ε = 2e-16 for float64 rows and 1e-7 for float32 rows.

        Raises
        ------
        ValueError
            If the model is not fitted, predicts several labels per row, or has a step or a method
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
        unwrapped = unwrapped_model(model)
        estimator = unwrapped.estimator
        classes, text_classes = classes_of(estimator)
        return cls(
            network=estimator.network_.copy(),
            preprocessing=unwrapped.preprocessing,
            classes=classes,
            text_classes=text_classes,
            feature_names=unwrapped.feature_names,
            target_name=target_name,
            dataset=dataset,
            target_scaling=unwrapped.target_scaling,
            card=card_of(estimator, scores or {}),
            residuals=getattr(estimator, "residuals_", None),
        )


def interval_of(predictor: Predictor, X: Any, coverage: float) -> tuple[FloatArray, FloatArray]:
    """Compute the ends of intervals, without a warning of unknown categories."""
    ensemble = predictor.network
    residuals = predictor.residuals
    if residuals is None or not isinstance(ensemble, Ensemble):
        problem = "there are no residuals of rows left out, which intervals are made of"
        if predictor.classes is not None:
            problem = "the model predicts classes, and intervals are for numbers"
        remedy = "train an ensemble on a table with a numeric target"
        raise ArgumentError(problem, argument="coverage", remedy=remedy)

    def bounds(rows: Any) -> FloatArray:
        """Compute the lower ends of all outputs, and beside them the upper ends."""
        inputs = predictor._network_inputs(rows)
        mean, spread = ensemble.mean_and_spread(inputs)
        activation = ensemble.output_activation
        lower, upper = residuals.interval(mean, spread, coverage, activation)
        return np.hstack([predictor.in_units(lower), predictor.in_units(upper)])

    lower, upper = np.hsplit(predictor._by_blocks(bounds, X), 2)
    return (lower[:, 0], upper[:, 0]) if lower.shape[1] == 1 else (lower, upper)


def describe_threshold(predictor: Predictor) -> str:
    """Describe the class that the threshold decides on; empty without a threshold."""
    if predictor.threshold is None or predictor.classes is None:
        return ""
    first, second = predictor.classes
    limit = f"a probability of {predictor.threshold:g}"
    return f"{second} is predicted from {limit} on, otherwise {first}"


def _check_parts(predictor: Predictor) -> None:
    """Reject parts that don't fit together."""
    width = predictor.network.n_inputs
    n_outputs = predictor.network.n_outputs
    if width is None or n_outputs is None:
        raise ArgumentError("has no layer that fixes the number of inputs", argument="network")
    preprocessing = predictor.preprocessing
    names = predictor.feature_names
    if isinstance(preprocessing, Scaling):
        _check_number("feature_names", len(names), width, "inputs")
    elif names != preprocessing.feature_names:
        raise ArgumentError("are not those of the preprocessing", argument="feature_names")
    _check_number("preprocessing", preprocessing.n_inputs, width, "inputs")
    if predictor.classes is not None:
        _check_classes(predictor.classes, n_outputs)
    if predictor.target_scaling is not None:
        n_scaled = len(predictor.target_scaling.offset)
        _check_number("target_scaling", n_scaled, n_outputs, "outputs")
        if predictor.classes is not None:
            raise ArgumentError("classes are not scaled", argument="target_scaling")
    if predictor.residuals is not None:
        n_spreads = len(predictor.residuals.added_spread)
        _check_number("residuals", n_spreads, n_outputs, "outputs")
        if predictor.classes is not None or not hasattr(predictor.network, "mean_and_spread"):
            raise ArgumentError("are of an ensemble that predicts numbers", argument="residuals")
    background = predictor.background
    if background is not None and set(background.columns) != set(names):
        expected = "a Frame with the columns of `feature_names`"
        raise ArgumentError.of("background", background, expected)
    if predictor.threshold is not None:
        _check_threshold(predictor.threshold, n_classes=len(predictor.classes or ()))
    shape = predictor.image_shape
    if shape is None:
        return
    has_all_pixels = len(shape) == 2 and math.prod(shape) == width
    if not has_all_pixels:
        raise ArgumentError.of("image_shape", shape, f"height and width, of {width} pixels")


def _check_threshold(threshold: float, n_classes: int) -> None:
    """Check the probability from which on the second of two classes is predicted."""
    if n_classes != 2:
        problem = f"the model predicts {n_classes} classes, and a threshold divides two"
        if not n_classes:
            problem = "the model predicts numbers, and a threshold is for classes"
        raise ArgumentError(problem, argument="threshold", value=threshold, remedy="leave it out")
    check_number(threshold, "threshold", gt=0, lt=1)


def _check_classes(classes: tuple[str, ...], n_outputs: int) -> None:
    _check_number("classes", len(classes), n_classes_of(n_outputs), "classes of the network")
    if len(set(classes)) < len(classes) or "" in classes:
        raise ArgumentError("expected different names, none of them empty", argument="classes")
    for name in classes:
        if name != name.strip():
            effect = "which are removed where a table is read, so no row would match it"
            problem = f"{brief(name)} has spaces around it, {effect}"
            remedy = "remove them before the training"
            raise ArgumentError(problem, argument="classes", remedy=remedy)


def _check_number(argument: str, n_entries: int, needed: int, purpose: str) -> None:
    if n_entries != needed:
        raise ArgumentError(f"has {n_entries} entries for {needed} {purpose}", argument=argument)


def _describe_parts(predictor: Predictor) -> dict[str, str]:
    """Describe the parts, by their headings."""
    predicted = "a number" if predictor.network.n_outputs == 1 else "numbers"
    if predictor.classes is not None:
        classes = predictor.classes
        predicted = f"one of {len(classes)}: {some(classes, MAX_NAMES)}"
    names = predictor.feature_names
    inputs = f"{count_of(len(names), 'feature')}: {some_columns(names, MAX_NAMES)}"
    if predictor.image_shape:
        height, width = predictor.image_shape
        inputs = f"images of {height} × {width} pixels"
    scaling = getattr(predictor.preprocessing, "name", "column by column")
    if predictor.target_scaling:
        scaling += f", and the target: {predictor.target_scaling.name}"
    card = predictor.card or ModelCard()
    origin = []
    if predictor.dataset:
        origin.append(printable(predictor.dataset))
    if card.rows:
        origin.append(describe_rows(card.rows))
    training = card.log.description() if card.log else ""
    background = ""
    if predictor.background is not None:
        rows = count_of(len(predictor.background), "row")
        background = f"{rows} of its data, to compare predictions with"
    lines = {
        "predicts": f"{printable(predictor.target_name)}, {predicted}",
        "threshold": describe_threshold(predictor),
        "from": inputs,
        "monotonic": _describe_constraints(predictor),
        "scaling": scaling,
        "network": _describe_model(predictor.network),
        "trained on": ": ".join(origin),
        "trained for": training,
        "contains": background,
    }
    return {heading: text for heading, text in lines.items() if text}


def _describe_constraints(predictor: Predictor) -> str:
    """Describe the monotonic constraints of the training; empty without any."""
    card = predictor.card or ModelCard()
    settings = card.settings.get("monotonic")
    if not isinstance(settings, tuple):
        return ""
    predictions = "predictions"
    if predictor.classes is not None:
        predictions = f"probabilities of {predictor.classes[-1]}"
    texts = [str(setting) for setting in settings]
    with suppress(ValueError):  # the card of another program may have other settings
        return f"{predictions} {describe_signs(signs_of_settings(texts))}"
    return ""


def _describe_model(model: Model) -> str:
    """Describe the sizes and activations of a network in one line, shortened for many layers."""
    networks = networks_of(model)
    network = networks[0]
    steps = []
    for layer in network.layers:
        step = str(layer.n_out) if isinstance(layer, Dense) else layer.name
        if layer.activation is not None:
            step += f" {layer.activation.name}"
        steps.append(step)
    if len(steps) >= MAX_NAMES:
        first_steps = steps[: MAX_NAMES // 2 - 1]
        steps = [*first_steps, f"… ({len(network.layers)} layers)", steps[-1]]
    sizes = " → ".join([str(network.n_inputs), *steps])
    if len(networks) > 1:
        sizes = f"{len(networks)} networks of {sizes}"
    return f"{sizes}, {model.n_parameters:,} parameters of {model.dtype}"
