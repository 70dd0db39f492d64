"""The result of a search: scores of all candidates in scikit-learn's form, and the best network."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._display import align, write_display, write_table
from barenet._messages import count_of
from barenet.model._network import Network
from barenet.training._history import History


@dataclass(frozen=True, eq=False, repr=False)
class SearchResult:
    """The result of a search.

    Attributes
    ----------
    cv_results_ : dict of str to ndarray
        A row for each candidate, or for each candidate of each rung, as scikit-learn's
        ``GridSearchCV`` and ``HalvingGridSearchCV`` have it: ``params``, a masked array
        ``param_<setting>`` for each setting, ``split0_test_score`` and so on, mean and standard
        deviation of the scores and of the times, and ``rank_test_score``; with successive halving
        also the rung ``iter`` and its epochs ``n_resources``.
    metric : str
        Name of the score.
    n_candidates, n_splits_ : int
        The number of candidates, and of folds.
    best_index_ : int
        Row of the best candidate.
    best_network_ : Network or None
        A network with the best settings that was trained on all rows; None without `refit`.
    best_history_ : History or None
        The history of its training.

    Examples
    --------
    >>> from barenet import search
    >>> X = np.linspace(-1, 1, 60).reshape(-1, 1)
    >>> rows = np.random.default_rng(0).permutation(60)
    >>> grid = {"learning_rate": [0.01, 0.0001]}
    >>> result = search(grid, X[rows], X[rows, 0] ** 2, cv=3, epochs=20)
    >>> result.best_params_
    {'learning_rate': 0.01}
    >>> print(result.table())
    rank  r2      ±        learning_rate
    1     0...    0...     0.01
    2     ...     ...      0.0001
    """

    cv_results_: dict[str, Any]
    metric: str
    n_candidates: int
    n_splits_: int
    best_index_: int
    best_network_: Network | None = None
    best_history_: History | None = None

    @property
    def best_params_(self) -> dict[str, Any]:
        """The settings of the best candidate."""
        return self.cv_results_["params"][self.best_index_]

    @property
    def best_score_(self) -> float:
        """The mean score of the best candidate."""
        return float(self.cv_results_["mean_test_score"][self.best_index_])

    def table(self, n_best: int = 10) -> str:
        """Write the best candidates as a table, the best first, starting with the last rung.

        Parameters
        ----------
        n_best : int, default=10
            Maximum number of rows.

        Returns
        -------
        str
            A line for each, with the mean score, its standard deviation over the folds, and the
            settings that were searched.
        """
        return align(self._lines(n_best))

    def _lines(self, n_best: int) -> list[list[str]]:
        """Return the headings and the cells of the table."""
        results = self.cv_results_
        rank = ranks(results)
        head = ["rank", self.metric, "±"]
        columns = [rank, results["mean_test_score"], results["std_test_score"]]
        for name, values in results.items():
            if name.startswith("param_"):
                head.append(name.removeprefix("param_"))
                columns.append(values.astype(object).filled(""))
        lines = [head]
        lines.extend(
            [in_short(column[row]) for column in columns]
            for row in np.argsort(rank, kind="stable")[:n_best]
        )
        return lines

    def _repr_html_(self) -> str:
        """Write the best candidates as a table, for a notebook."""
        head, *rows = self._lines(20)
        return write_display(repr(self)[1:-1], write_table(head, rows))

    def __repr__(self) -> str:
        """Summarize the search in a line."""
        size = f"{count_of(self.n_candidates, 'candidate')} × {self.n_splits_} folds"
        best = f"best {self.metric} {self.best_score_:.4g}"
        settings = in_short(self.best_params_)
        if settings:
            best += f" with {settings}"
        return f"<SearchResult: {size}, {best}>"


def ranks(results: Mapping[str, Any]) -> NDArray[np.intp]:
    """Rank the rows, those of the last rung first and those without a score last.

    Ties share a rank.
    """
    rank = results["rank_test_score"]
    order = rank - len(rank) * results.get("iter", 0)
    order[np.isnan(results["mean_test_score"])] = len(rank) + 1
    return np.searchsorted(np.sort(order), order) + 1


def in_short(value: Any) -> str:
    """Write one setting or several, with up to four significant digits, and commas in lists."""
    if isinstance(value, dict):
        settings = [f"{name}={in_short(setting)}" for name, setting in value.items()]
        return ", ".join(settings)
    if isinstance(value, tuple):
        return ",".join(str(item) for item in value)
    if isinstance(value, float):
        return f"{value:.4g}"
    return str(value)
