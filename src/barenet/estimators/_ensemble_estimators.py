"""Estimators that fit ensembles of networks to tables, to predict classes or numbers."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import Tags, check_random_state
from sklearn.utils.validation import _num_samples, check_is_fitted

from barenet._constraints import check_fields, check_flag, checks_arguments, option
from barenet._registry import canonical, spec_of
from barenet.datasets._dataset import Dataset
from barenet.datasets._target_kind import TargetKind
from barenet.engines import check_engine
from barenet.errors import ArgumentError, DataError, caller_stacklevel
from barenet.estimators._array_inputs import check_groups, check_y, errors_naming_argument
from barenet.estimators._estimator import ProbabilisticClassifier, fitting
from barenet.estimators._feature_importances import MOST_ROWS, feature_importances
from barenet.estimators._sklearn_bases import MultiOutputMixin, RegressorMixin
from barenet.estimators._table_input import TableInput, take_rows
from barenet.estimators._target_encoders import LabelEncoder, weights_by_class
from barenet.inputs._input_regression import random_rows
from barenet.inputs._monotonic_columns import warn_of_columns_without_effect
from barenet.model._arrays import FloatArray, check_sample_weight
from barenet.model._ensemble import Ensemble
from barenet.population._number_loss import LOSSES_OF_ENSEMBLES, SQUARED_ERROR, NumberLoss
from barenet.population._prepared_training import prepare_ensemble_training
from barenet.tables.encoding._encoding import TableEncoding
from barenet.tables.encoding._table_rows import results_by_blocks
from barenet.tables.frames._frame import Frame
from barenet.tasks._target_leakage import warn_of_leaks
from barenet.training._callbacks import started_limits

if TYPE_CHECKING:
    from barenet._extras import Client


@dataclass(kw_only=True, eq=False, repr=False)
class MultilayerPerceptronEnsemble(TableInput, ABC):
    """An ensemble of networks for tables; subclasses encode the targets."""

    monotonic: Mapping[Any, int] | ArrayLike | None = None
    max_iter: int = option(96, ge=1, integer=True)
    random_state: int | np.random.RandomState | None = None
    engine: str = "auto"
    time_limit: float | str | None = None
    threads: int | None = option(None, ge=1, integer=True)
    verbose: bool | None = None

    @checks_arguments
    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        groups: ArrayLike | None = None,
        client: Client | None = None,
    ) -> Self:
        """Train on the rows of a table and their targets.

        Parameters
        ----------
        X : DataFrame, Frame, mapping, or array-like of shape (n_samples, n_features)
            The rows: numbers, text, booleans and dates, some of which may be missing.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The class of each row, of any type; or numbers.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows. A row of weight 0, also by `class_weight`, is as if it were absent;
            only its target and group are checked.
        groups : array-like of shape (n_samples,), optional
            The group of each row, such as a patient or a machine with several rows: numbers, text
            or dates, of at least two different values. A network that leaves out a row leaves out
            its whole group, so that the out-of-fold predictions, the choice of the epoch and the
            intervals are those for new groups.
        client : dask.distributed.Client, optional
            Client of a Dask cluster, whose workers train the networks, with the same result;
            `threads` must be None.

        Returns
        -------
        MLPEnsembleClassifier or MLPEnsembleRegressor
            The fitted estimator.

        Warns
        -----
        UserWarning
            If a column alone predicts the target of rows that are left out, as a copy does.
        """
        with fitting(self):
            self._fit(X, y, sample_weight, groups, client)
        return self

    def _fit(self, X: Any, y: Any, sample_weight: Any, groups: Any, client: Client | None) -> None:
        """Check the parameters and the data, and train."""
        check_fields(self)
        number_loss = self._number_loss()
        check_engine(self.engine)
        limits = started_limits(self.time_limit)
        if self.verbose is not None:
            check_flag(self.verbose, "verbose")
        with errors_naming_argument("random_state"):
            seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        X = self._checked(X)
        if hasattr(X, "shape"):
            n_rows = _num_samples(X)
        else:  # a mapping of columns
            first_column = next(iter(X.values()), ())
            n_rows = _num_samples(first_column)
        target_name = str(getattr(y, "name", None) or "y")  # of a Series
        y = check_y(y, n_rows, self)
        dtype = np.dtype(np.float64)
        weight = np.ones(n_rows)
        if sample_weight is not None:
            weight = check_sample_weight(sample_weight, n_rows, dtype)
        present = np.flatnonzero(weight)
        targets, target_kind, weight_by_class = self._encode(y[present])
        weight = check_sample_weight(weight[present] * weight_by_class, len(present), dtype)
        has_weight = weight > 0
        rows = present[has_weight]
        weight = weight[has_weight]
        targets = targets[has_weight]
        if len(rows) == 1 < n_rows:
            problem = "only one row has a weight above 0, at least 2 are needed"
            raise ArgumentError(problem, argument="sample_weight")
        all_rows = X
        X = take_rows(X, rows, n_rows)
        group_numbers = check_groups(groups, n_rows, rows) if groups is not None else None
        prepared = prepare_ensemble_training(
            X,
            targets,
            target_kind,
            number_loss=number_loss,
            weight=weight,
            groups=group_numbers,
            epochs=int(self.max_iter),
            seed=seed,
            engine=self.engine,
            threads=self.threads,
            progress=self.verbose,
            monotonic=self.monotonic,
            **self._options(),
        )
        warn_of_columns_without_effect(prepared.encoding, prepared.monotonic)
        if targets.ndim == 1:
            self._warn_of_leaks(prepared.encoding, X, targets, target_name, group_numbers)
        training = prepared.training
        self.history_ = training.run(self.threads, limits, progress=self.verbose, client=client)
        if self.history_.stop_reason == "interrupted":
            message = "interrupted; the estimator keeps the best epoch until now"
            warnings.warn(message, stacklevel=caller_stacklevel())
        best = training.best
        assert best is not None
        if prepared.scaling is not None:
            self.target_scaling_ = prepared.scaling
            loss = training.out_of_fold.loss_in_units(best.predictions, prepared.scaling)
            self.out_of_fold_loss_ = loss
            self._loss_spec = spec_of(number_loss.loss)
        self.network_: Ensemble = training.ensemble()
        self.n_iter_ = len(self.history_)
        self.loss_curve_ = list(self.history_.loss)
        self.out_of_fold_score_ = best.score
        self.out_of_fold_predictions_ = best.predictions
        if len(rows) < n_rows:
            absent = np.setdiff1d(np.arange(n_rows), rows)
            absent_rows = take_rows(all_rows, absent, n_rows)
            self._insert_predictions(prepared.encoding, rows, absent, absent_rows)
        self.__dict__.pop("residuals_", None)
        if best.residuals is not None:
            self.residuals_ = best.residuals
        self._monotonic = prepared.monotonic
        self._keep(prepared.encoding, X)
        self._keep_rows(X, len(rows))
        self._scores = best.scores
        self._n_rows = {"training": len(rows)}

    def _insert_predictions(
        self,
        encoding: TableEncoding,
        rows: NDArray[np.intp],
        absent: NDArray[np.intp],
        absent_rows: Any,
    ) -> None:
        """Add out-of-fold predictions of rows of weight 0, by all networks: none learned them."""
        present = self.out_of_fold_predictions_
        n_rows = len(rows) + len(absent)
        predictions = np.full((n_rows, present.shape[1]), np.nan, present.dtype)
        predictions[rows] = present
        network = self.network_
        with suppress(DataError):  # a row with values of another kind has no prediction
            predictions[absent] = results_by_blocks(
                network.predict, encoding, absent_rows, network.dtype
            )
        self.out_of_fold_predictions_ = predictions

    def _keep_rows(self, X: Any, n_rows: int) -> None:
        """Keep some of the training rows for `feature_importances_`."""
        chosen = random_rows(n_rows, MOST_ROWS)
        self._rows: Frame = self.encoding_.frame_of(X).take(chosen)
        self._importances: NDArray[np.float64] | None = None

    @property
    def feature_importances_(self) -> NDArray[np.float64]:
        """How much the predictions depend on each column, shape (n_features,), with the sum 1.

        The importance of a column is the mean squared change of the predictions if the column has
        the value of another row, divided by the sum over the columns. For classes, the squared
        changes of all probabilities are added. It estimates the part of the predictions' variance
        that involves the column, alone or together with others: its total effect in Sobol's
        analysis of variance.

        `permutation_importance` also changes columns in this way, but measures the drop of the
        score, on any rows with their targets. Both usually have the same order. They differ where
        predictions depend on a column that does not improve them, because the networks overfit to
        it; permutation importance on held-out rows is near 0 then, and this importance is not. If
        two columns are correlated, each may have a low importance in both.

        It is computed at the first access, from at most 256 training rows, which the estimator
        and its pickle keep; a model file doesn't have them.
        """
        check_is_fitted(self)
        if self._importances is None:
            self._importances = feature_importances(self.network_, self.encoding_, self._rows)
        return self._importances.copy()

    def _warn_of_leaks(
        self,
        encoding: TableEncoding,
        X: Any,
        targets: NDArray[Any],
        target_name: str,
        groups: NDArray[np.intp] | None,
    ) -> None:
        """Warn of columns that alone predict the target of rows that are left out."""
        classes = None
        if isinstance(self, ProbabilisticClassifier):
            classes = tuple(str(label) for label in self.classes_)
        rows = Dataset(
            name="X",
            X=encoding.frame_of(X),
            y=targets,
            classes=classes,
            feature_names=encoding.feature_names,
            target_name=target_name,
            description="",
            stratify=False,
            split_keys=groups,
        )
        warn_of_leaks(rows, encoding, type(self).__name__)

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict the target of each row.

        Parameters
        ----------
        X : DataFrame, Frame, mapping, or array-like of shape (n_samples, n_features)
            Rows of such a table. Named columns may be in any order.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The most probable class of each row, or numbers.
        """
        return self._decode(self._outputs(X))

    def _outputs(self, X: Any) -> FloatArray:
        """The outputs of the ensemble."""
        X = self._to_encode(X)
        network = self.network_
        return results_by_blocks(network.predict, self.encoding_, X, network.dtype)

    def _mean_and_spread(self, X: Any) -> tuple[FloatArray, FloatArray]:
        """The mean outputs of the networks, and how much these differ."""
        X = self._to_encode(X)
        network = self.network_
        mean, spread = results_by_blocks(network.mean_and_spread, self.encoding_, X, network.dtype)
        return mean, spread

    def _number_loss(self) -> NumberLoss:
        """The loss for numbers."""
        return SQUARED_ERROR

    @abstractmethod
    def _encode(self, y: NDArray[Any]) -> tuple[NDArray[Any], TargetKind, NDArray[Any]]:
        """Encode the targets; return them with their kind and the weights by class."""

    @abstractmethod
    def _decode(self, output: FloatArray) -> NDArray[Any]:
        """Turn outputs of the ensemble into predictions."""


@dataclass(kw_only=True, eq=False, repr=False)
class MLPEnsembleClassifier(ProbabilisticClassifier, MultilayerPerceptronEnsemble):
    """A classifier for tables: an ensemble of small networks, which needs no settings.

    It takes numbers, text, booleans and dates, with missing values, without any preparation.

    Parameters
    ----------
    rare : float, optional
        Minimum fraction of the rows for a category of its own; 1 or more is a number of rows. By
        default 0.01, or, for each column, one of 0, 0.005, 0.02 and 0.05 that clearly lowers the
        leave-one-out error of ridge regression on its categories.
    columns : dict of str to str, optional
        What single columns are, such as ``{"zip": "names", "id": "drop"}``, as in
        `TablePreprocessor`.
    categories, numeric, drop, keep_column : list of str, optional
        Older spellings of ``names``, ``number``, ``drop`` and ``keep`` in `columns`.
    missing : list of str, optional
        Further markers of missing values, as in `TablePreprocessor`.
    monotonic : dict or array-like of shape (n_features,), optional
        Columns with which the probability of the second class only increases (1) or only decreases
        (-1), if all other columns are unchanged: signs by name or position, or one for each column,
        where 0 is no constraint. There must be two classes. The order is certain for all numbers,
        dates and booleans, also for those beyond the training rows, but not for a missing value.
        Columns of categories and of texts are refused.
    max_iter : int, default=96
        Maximum number of epochs.
    random_state : int, RandomState or None, default=None
        Determines the folds, the initial weights and the order of the rows. The same integer gives
        the same bits, whatever the number of threads.
    engine : {"auto", "compiled", "reference", "jax"}, default="auto"
        The engine that trains the networks; see `train`. On a large table, `"jax"` pays with a GPU.
    time_limit : float or str, optional
        Stop after this time, counted from the start of `fit`, and keep the best epoch until then:
        seconds, or a text such as ``"10min"``. The result then depends on the speed of the machine.
    threads : int, optional
        Number of networks that are trained at the same time; by default the number of cores.
    verbose : bool or None, default=None
        Whether to show the epoch and the out-of-fold score: as a bar on a terminal or in a
        notebook, else as lines. None shows the bar alone, after a second, until the end.
    class_weight : "balanced", dict or None, default=None
        Weights of the classes, or "balanced" for the same total weight of each class. They are
        multiplied by `sample_weight`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes, sorted.
    network_ : Ensemble
        The networks.
    encoding_ : TableEncoding
        The encoding of the columns.
    history_, loss_curve_ : History, list of float
        The mean training loss of the networks by epoch, with the epoch that was kept; and the list
        of the losses.
    n_iter_ : int
        Epochs of the training.
    out_of_fold_score_ : float
        Accuracy of `out_of_fold_predictions_`, with the weights of rows and classes.
    out_of_fold_predictions_ : ndarray of shape (n_samples, n_classes)
        Class probabilities of each training row, from networks that were not trained on it: of all
        networks for a row of weight 0, and NaN if its values are of another kind.
    feature_importances_ : ndarray of shape (n_features,)
        How much the predictions depend on each column, with the sum 1: see there.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features,), object
        Their names, if they have any.

    Raises
    ------
    ValueError
        In `fit`, if a parameter is invalid or the data can't be used; the fitted attributes are
        unchanged.
    DataError
        In `fit` and `predict`, if the values of a column are inconsistent.
    RuntimeError
        In `fit`, if the estimator is being fitted in another thread.

    See Also
    --------
    MLPEnsembleRegressor : The regressor.
    MLPClassifier : One network, with the parameters of scikit-learn's.

    Notes
    -----
    Numbers are encoded in bins (`TablePreprocessor`). Networks over several folds are trained by
    AdamW; the parameters of each are averaged over its epochs. The ensemble is that of the epoch
    with the lowest expected loss, which is estimated from left-out rows. Ctrl-C ends training, and
    keeps the best epoch so far.

    Examples
    --------
    >>> from barenet import MLPEnsembleClassifier
    >>> islands = ["Dream", "Biscoe", "", "Dream"]
    >>> birds = {"bill": [38.5, None, 46.0, 50.2] * 9, "island": islands * 9}
    >>> species = ["Adelie", "Adelie", "Gentoo", "Chinstrap"] * 9
    >>> model = MLPEnsembleClassifier(random_state=0).fit(birds, species)
    >>> model.predict({"bill": [45.5, 39.0], "island": ["", "Biscoe"]}).tolist()
    ['Gentoo', 'Adelie']
    """

    class_weight: Mapping[Any, float] | Literal["balanced"] | None = None

    def predict_proba(self, X: Any) -> FloatArray:
        """Predict the probability of each class.

        Parameters
        ----------
        X : DataFrame, Frame, mapping, or array-like of shape (n_samples, n_features)
            Rows of such a table. Named columns may be in any order.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities in the order of `classes_`.
        """
        outputs = self._outputs(X)
        return np.ones_like(outputs[:, :1]) if len(self.classes_) == 1 else outputs

    def _encode(self, y: NDArray[Any]) -> tuple[NDArray[Any], TargetKind, NDArray[Any]]:
        encoder = LabelEncoder(y)
        if encoder.multilabel:
            raise ArgumentError("expected one class for each row", argument="y")
        self.classes_ = encoder.classes
        weight = weights_by_class(self.class_weight, y, self.classes_)
        # With a single class, the networks have an output for a second class, which never occurs.
        target_kind = TargetKind(n_classes=max(2, len(self.classes_)))
        return np.searchsorted(self.classes_, y), target_kind, weight

    def _decode(self, output: FloatArray) -> NDArray[Any]:
        n_classes = len(self.classes_)
        # The networks of a single class have a second output, which is left out.
        codes = output[:, :n_classes].argmax(axis=1)
        return self.classes_[codes]


@dataclass(kw_only=True, eq=False, repr=False)
class MLPEnsembleRegressor(MultiOutputMixin, RegressorMixin, MultilayerPerceptronEnsemble):
    """A regressor for tables: an ensemble of small networks, which needs no settings.

    It takes numbers, text, booleans and dates, with missing values, without any preparation,
    and scales its targets.

    Parameters
    ----------
    rare : float, optional
        Minimum fraction of the rows for a category of its own; 1 or more is a number of rows. By
        default 0.01, or, for each column, one of 0, 0.005, 0.02 and 0.05 that clearly lowers the
        leave-one-out error of ridge regression on its categories.
    columns : dict of str to str, optional
        What single columns are, such as ``{"zip": "names", "id": "drop"}``, as in
        `TablePreprocessor`.
    categories, numeric, drop, keep_column : list of str, optional
        Older spellings of ``names``, ``number``, ``drop`` and ``keep`` in `columns`.
    missing : list of str, optional
        Further markers of missing values, as in `TablePreprocessor`.
    monotonic : dict or array-like of shape (n_features,), optional
        Columns with which the prediction only increases (1) or only decreases (-1), if all other
        columns are unchanged: signs by name or position, or one for each column, where 0 is no
        constraint. There must be one target. The order is certain for all numbers, dates and
        booleans, also for those beyond the training rows, but not for a missing value. Columns of
        categories and of texts are refused.
    max_iter : int, default=96
        Maximum number of epochs.
    random_state : int, RandomState or None, default=None
        Determines the folds, the initial weights and the order of the rows. The same integer gives
        the same bits, whatever the number of threads.
    engine : {"auto", "compiled", "reference", "jax"}, default="auto"
        The engine that trains the networks; see `train`. On a large table, `"jax"` pays with a GPU.
    time_limit : float or str, optional
        Stop after this time, counted from the start of `fit`, and keep the best epoch until then:
        seconds, or a text such as ``"10min"``. The result then depends on the speed of the machine.
    threads : int, optional
        Number of networks that are trained at the same time; by default the number of cores.
    verbose : bool or None, default=None
        Whether to show the epoch and the out-of-fold score: as a bar on a terminal or in a
        notebook, else as lines. None shows the bar alone, after a second, until the end.
    loss : str, default="squared_error"
        The loss of the networks, which also chooses the epoch: "squared_error" for the mean,
        "absolute_error" for the median, "quantile" for another quantile; or, for the mean of
        targets whose errors grow with their size, the deviance of a distribution: "poisson" for
        counts and other targets of 0 or more, "gamma" for targets above 0, "tweedie" for targets
        that are often exactly 0. With the last three, predictions are above 0: the exponential of
        the networks' last layers.
    quantile : float, optional
        The fraction of the targets below the prediction, between 0 and 1, for the loss "quantile".
    power : float, default=1.5
        The power of the loss "tweedie", between 1, as for "poisson", and 2, as for "gamma": the
        variance of the targets is proportional to this power of their mean.

    Attributes
    ----------
    network_ : Ensemble
        The networks.
    encoding_ : TableEncoding
        The encoding of the columns.
    target_scaling_ : Scaling
        The scaling of the targets: to mean 0 and standard deviation 1 for squared errors; for
        absolute errors and quantiles, by the quantile and the interquartile range, which outliers
        don't change; for the last three losses, divided by their mean.
    history_, loss_curve_ : History, list of float
        The mean training loss of the networks by epoch, with the epoch that was kept; and the list
        of the losses.
    n_iter_ : int
        Epochs of the training.
    out_of_fold_score_ : float
        R² of `out_of_fold_predictions_`, with the weights of the rows.
    out_of_fold_loss_ : float
        Their mean squared error, mean absolute error, mean pinball loss or mean deviance, in the
        units of the targets and with the weights of the rows, as in ``sklearn.metrics``.
    out_of_fold_predictions_ : ndarray of shape (n_samples, n_outputs)
        Predictions for each training row, scaled like the targets, from networks that were not
        trained on it: of all networks for a row of weight 0, and NaN if its values are of another
        kind.
    feature_importances_ : ndarray of shape (n_features,)
        How much the predictions depend on each column, with the sum 1: see there.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features,), object
        Their names, if they have any.
    residuals_ : ConformalResiduals
        The errors of the out-of-fold predictions, for `predict_interval`; not for quantiles.

    Raises
    ------
    ValueError
        In `fit`, if a parameter is invalid or the data can't be used; the fitted attributes are
        unchanged.
    DataError
        In `fit` and `predict`, if the values of a column are inconsistent.
    RuntimeError
        In `fit`, if the estimator is being fitted in another thread.

    See Also
    --------
    MLPEnsembleClassifier : The classifier.
    MLPRegressor : One network, with the parameters of scikit-learn's.

    Notes
    -----
    The prediction is the mean of the networks' predictions, in the units of the targets, for each
    loss. For a log link, this mean keeps the sum of the predictions close to that of the targets,
    as each network's sum is; the mean of the logarithms would predict less.

    Examples
    --------
    >>> import numpy as np
    >>> from barenet import MLPEnsembleRegressor
    >>> X = np.linspace(-3, 3, 200).reshape(-1, 1)
    >>> model = MLPEnsembleRegressor(random_state=0).fit(X, np.sin(X[:, 0]))
    >>> model.score(X, np.sin(X[:, 0])) > 0.99
    True
    >>> lower, upper = model.predict_interval(X, coverage=0.9)
    >>> float(np.mean((lower <= np.sin(X[:, 0])) & (np.sin(X[:, 0]) <= upper)).round(1))
    0.9
    >>> counts = np.random.default_rng(0).poisson(np.exp(X[:, 0]))
    >>> model = MLPEnsembleRegressor(loss="poisson", random_state=0).fit(X, counts)
    >>> bool((model.predict(X) > 0).all())
    True
    """

    loss: str = "squared_error"
    quantile: float | None = option(None, gt=0, lt=1)
    power: float = option(1.5, gt=1, lt=2)

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """Predict the target of each row, and on request the spread of the networks.

        The spread is the uncertainty about the learned function: how much networks differ that have
        other initial weights and are trained on other rows. It is large where training rows are
        few, noisy or far away, and small in a gap that all networks cross in the same way. It
        doesn't include the noise of the targets, so the mean ± twice the spread contains fewer than
        95 % of them: use `predict_interval` for that.

        Parameters
        ----------
        X : DataFrame, Frame, mapping, or array-like of shape (n_samples, n_features)
            Rows of such a table. Named columns may be in any order.
        return_std : bool, default=False
            Whether to also return the spread, like ``GaussianProcessRegressor``.

        Returns
        -------
        mean : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The mean of the networks' predictions: of means, or of quantiles.
        std : ndarray of the same shape
            The standard deviation of the networks' predictions in the units of the target, if
            `return_std` is True.
        """
        check_flag(return_std, "return_std")
        if not return_std:
            return super().predict(X)
        mean, spread = self._mean_and_spread(X)
        std = spread / self.target_scaling_.factor
        if self._is_column:
            std = std[:, 0]
        return self._decode(mean), std

    @checks_arguments
    def predict_interval(self, X: Any, coverage: float = 0.9) -> tuple[FloatArray, FloatArray]:
        """Predict intervals that contain a fraction of the targets.

        The method is cross-conformal prediction: some networks were not trained on a given training
        row, and their errors on it are compared with their spread. An interval is as wide as these
        errors, and wider where the networks differ more. The coverage holds on average over rows
        drawn like the training rows, but not for every kind of row.

        Parameters
        ----------
        X : DataFrame, Frame, mapping, or array-like of shape (n_samples, n_features)
            Rows of such a table. Named columns may be in any order.
        coverage : float, default=0.9
            The fraction, above 0 and below 1; at most 0.999, and n / (n + 1) with n training rows.

        Returns
        -------
        lower : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The lower ends of the intervals around the predictions.
        upper : ndarray of the same shape
            The upper ends. The coverage holds for each output separately.

        Raises
        ------
        ValueError
            If the coverage is invalid, or the loss was "quantile": its predictions are not in the
            middle of the targets.
        """
        mean, spread = self._mean_and_spread(X)
        if not hasattr(self, "residuals_"):
            problem = "the estimator predicts a quantile, and intervals are around a mean or median"
            remedy = "fit one with another loss, or two with the quantiles at both ends"
            raise ArgumentError(problem, argument="loss", remedy=remedy)
        activation = self.network_.output_activation
        lower, upper = self.residuals_.interval(mean, spread, coverage, activation)
        return self._decode(lower), self._decode(upper)

    def _number_loss(self) -> NumberLoss:
        return NumberLoss.of(self.loss, self.quantile, self.power)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        name = canonical(LOSSES_OF_ENSEMBLES, self.loss)
        tags.target_tags.positive_only = name in ("poisson", "gamma", "tweedie")
        return tags

    def _encode(self, y: NDArray[Any]) -> tuple[NDArray[Any], TargetKind, NDArray[Any]]:
        self._is_column = y.ndim == 1
        n_numbers = 1 if y.ndim == 1 else y.shape[1]
        target_kind = TargetKind(n_numbers=n_numbers)
        return y.astype(np.float64), target_kind, np.ones(len(y))

    def _decode(self, output: FloatArray) -> NDArray[Any]:
        numbers = self.target_scaling_.inverse_transform(output)
        return numbers[:, 0] if self._is_column else numbers
