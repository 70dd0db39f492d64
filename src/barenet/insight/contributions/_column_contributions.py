"""The function `contributions`, which checks its arguments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from barenet._constraints import check_count, check_flag, check_number, check_seed
from barenet.engines._threads import available_threads
from barenet.errors import ArgumentError
from barenet.insight.contributions._column_groups import group_columns
from barenet.insight.contributions._contributions import Contributions
from barenet.insight.contributions._explained_model import ExplainedModel
from barenet.insight.contributions._explainer import MAX_EXACT_GROUPS, N_BACKGROUND, Explainer


def contributions(
    predictor: Any,
    X: Any,
    background: Any = None,
    *,
    groups: Mapping[str, Sequence[str]] | None = None,
    scale: str = "probability",
    tolerance: float = 0.02,
    exact: bool | None = None,
    n_background: int = N_BACKGROUND,
    seed: int = 0,
    threads: int | None = None,
) -> Contributions:
    """Compute how much each column contributes to each prediction.

    The contributions are interventional Shapley values. Columns of a row are replaced, one after
    the other, by those of a background row, in many orders. The contribution of a column is the
    mean change of the prediction when the column is the row's instead of the background row's.
    For each row, the contributions add up to its prediction minus the mean prediction of the
    background rows, up to rounding.

    Parameters
    ----------
    predictor : Predictor, estimator, pipeline, Network or Ensemble
        A network with its preprocessing, a fitted estimator of barenet or a pipeline that ends with
        one, or one or several networks alone. For other models, use shap.
    X : array-like of shape (n_rows, n_columns), Frame, DataFrame or mapping
        The raw rows to explain. A column of a table is one column, however it is encoded.
    background : array-like of shape (n_background_rows, n_columns), Frame, DataFrame or mapping
        The raw rows to compare with, such as training rows; by default, those that the predictor
        keeps (`Predictor.with_background`), or else X itself.
    groups : mapping of str to sequence of str, optional
        Names of columns that are replaced together, such as those of an address, by the name of
        their group. All other columns stay alone.
    scale : {"probability", "log-odds"}, default="probability"
        The scale for classes; log-odds are ln(p / (1 − p)) of each class against all others. They
        are computed from the logits, however small a probability is.
    tolerance : float, default=0.02
        A row ends when the root mean square of its columns' standard errors is at most this
        fraction of the standard deviation of the background's predictions. It also ends after all
        background rows and at least 128 pairs of orders. If the sample of background rows alone has
        more than half of the variance that this allows, a row ends when its orders have no more
        than the other half, so its error may exceed the tolerance; see `standard_errors`.
    exact : bool, optional
        Whether to compute all coalitions of columns, of which there are 2^d for d columns; by
        default only for few columns.
    n_background : int, default=1000
        Maximum number of background rows; of more, a random sample is used, and the standard errors
        include what that changes. They can't include values that no row of the sample has.
    seed : int, default=0
        Determines the background sample and the orders, of both rows and columns. They are the same
        for all rows of X, so the contributions of a row do not depend on the others.
    threads : int, optional
        Number of threads, which does not change the result; by default the number of cores.

    Returns
    -------
    Contributions
        The contributions, their standard errors, the predictions and the mean prediction.

    Raises
    ------
    ValueError
        If an argument is invalid, or the rows do not fit the model.

    Notes
    -----
    After E. Štrumbelj and I. Kononenko (2014), S. Lundberg and S.-I. Lee (2017), and R. Mitchell
    and others (2022). Contributions describe the model, not causes in the world. Of correlated
    columns, hybrids of two rows may be unlike any real row.

    Examples
    --------
    >>> import barenet
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    >>> model = barenet.MLPEnsembleRegressor(random_state=0, max_iter=10).fit(X, y)
    >>> result = barenet.contributions(model, X[:5], X)
    >>> total = result.expected + result.values.sum(axis=1)
    >>> bool(np.allclose(total, result.predictions))
    True
    """
    _refuse_series(X, "X")
    _refuse_series(background, "background")
    model = ExplainedModel.of(predictor, X, scale)
    check_number(tolerance, "tolerance", ge=0)
    if exact is not None:
        check_flag(exact, "exact")
    check_count(n_background, "n_background")
    check_seed(seed)
    n_threads = available_threads(threads)
    rows = model.rows(X, "X")
    if background is None:
        background = model.model.background
    if background is None:
        argument = "X"
        background_rows = rows
        if len(rows) == 1:
            problem = "one row can't be compared with itself"
            remedy = "give rows to compare with, such as some training rows"
            raise ArgumentError(problem, argument="background", remedy=remedy)
    else:
        argument = "background"
        background_rows = model.rows(background, "background")
    group_names, columns_of_groups = group_columns(model.column_names, groups)
    n_groups = len(group_names)
    if exact and n_groups > MAX_EXACT_GROUPS:
        problem = f"{n_groups} columns have {2**n_groups:,} coalitions"
        remedy = f"leave it out, or group the columns into at most {MAX_EXACT_GROUPS}"
        raise ArgumentError(problem, argument="exact", remedy=remedy)
    with _errors_named(argument):
        explainer = Explainer(
            model,
            background_rows,
            group_names,
            columns_of_groups,
            seed,
            n_background,
            n_threads,
        )
    result = explainer.explain(rows, tolerance=tolerance, exact=exact)
    return replace(result, index=X.index) if hasattr(X, "iloc") else result


def _refuse_series(rows: Any, argument: str) -> None:
    """Reject a single row of a data frame, which has lost the types of its columns."""
    if hasattr(rows, "iloc") and rows.ndim == 1:
        remedy = "pass one row of a data frame as X.iloc[[17]], a data frame of one row"
        raise ArgumentError("expected rows, got a Series", argument=argument, remedy=remedy)


@contextmanager
def _errors_named(argument: str) -> Iterator[None]:
    """Name the argument in errors of its values."""
    try:
        yield
    except ArgumentError as error:
        raise error.renamed(argument) from None
