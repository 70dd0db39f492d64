"""The function `search`: cross-validates many settings, perhaps by successive halving."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from typing import TYPE_CHECKING, Any, TypeAlias, Unpack

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet._constraints import check_arguments, check_flag, check_number, lists_options
from barenet._metrics import METRICS, Metric, is_maximized
from barenet._registry import canonical, lookup
from barenet._train import train
from barenet.errors import ArgumentError, BarenetError, caller_stacklevel
from barenet.model._arrays import FloatArray, check_sample_weight, validate_inputs
from barenet.model._network import Network
from barenet.population._candidates import SETTINGS, make_candidates, make_config
from barenet.population._cross_validation import Fold, default_metric, make_folds, measure_fold
from barenet.population._population import Population
from barenet.population._search_result import SearchResult, ranks
from barenet.population._train_many import PER_NETWORK, train_many
from barenet.settings._run_config import NetworkOptions, RunConfig
from barenet.training._callbacks import TimeLimit, started_limits

if TYPE_CHECKING:
    from barenet._extras import Client


@lists_options(NetworkOptions)
def search(
    parameters: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    X: ArrayLike,
    y: ArrayLike,
    *,
    n_candidates: int | None = None,
    cv: Any = 5,
    halving: int | None = None,
    metric: str | None = None,
    sample_weight: ArrayLike | None = None,
    seed: int = 0,
    refit: bool = True,
    time_limit: float | str | None = None,
    threads: int | None = None,
    progress: bool | None = None,
    client: Client | None = None,
    **settings: Unpack[NetworkOptions],
) -> SearchResult:
    """Cross-validate many settings of a run, and train a network with the best.

    All candidates are trained on all folds in one call of `train_many`.

    Parameters
    ----------
    parameters : mapping of str to list or distribution, or a list of such mappings
        The values to choose from, by setting: a list, or a distribution of ``scipy.stats``. The
        settings are those of ``barenet train``: ``layers`` (the widths from the input to the
        output), ``hidden`` (the hidden activation), ``output``, ``batch_norm``, ``dropout``,
        ``init``, ``bias_init``, ``loss``, ``optimizer``, ``learning_rate``, ``schedule``,
        ``penalty`` (such as ``"l2:strength=0.001"``, or ``"none"``), ``clip``, ``epochs``,
        ``batch_size``, ``shuffle``, ``seed``, ``dtype`` and ``engine``.
    X : array-like of shape (n_samples, n_inputs)
        The samples, which have to be scaled already.
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        The targets: integers and booleans are classes, counted from 0; floats are numbers to
        predict, which should be scaled already, too.
    n_candidates : int, optional
        Number of candidates in a random sample, which a distribution needs; by default all
        combinations are tried. Both are those of scikit-learn's ``ParameterSampler`` and
        ``ParameterGrid``.
    cv : int, splitter of scikit-learn, or iterable, default=5
        The folds, as in `cross_validate`.
    halving : int, optional
        Factor of successive halving, such as 3: all candidates run few epochs, the best third of
        them run three times as many, and so on, up to `epochs` at most.
    metric : str, optional
        The score: a name from `METRICS`, where errors are negated; by default the accuracy if the
        output is softmax or sigmoid, else R².
    sample_weight : array-like of shape (n_samples,), optional
        Weights of the rows, in the training and in the scores.
    seed : int, default=0
        Seed of the sample, and of the networks and their training.
    refit : bool, default=True
        Whether to train a network with the best settings on all rows.
    time_limit : float or str, optional
        Stop the training of candidates after this time: seconds, or a text such as ``"10min"``. The
        candidates that were not trained on all folds by then have the score NaN. The best network
        is trained on all rows afterwards, without a limit.
    threads : int, optional
        Number of networks that are trained at the same time; not used with workers.
    progress : bool, optional
        As in `train_many`.
    client : dask.distributed.Client, optional
        Train the candidates on the workers of a Dask cluster, as in `train_many`. They are scored,
        and the best is trained on all rows, in this process.
    **settings
        Settings of all candidates, such as ``epochs=50``; by default two hidden layers of 64 and 32
        units with relu, and 100 epochs of Adam in mini-batches of 32 rows, without penalties. The
        command ``barenet search`` has other defaults for a table.

    Returns
    -------
    SearchResult
        The scores of all candidates, and the best network.

    Raises
    ------
    ValueError
        If an argument can't be used; the message names it.
    DivergenceError
        If the training of all candidates diverged.
    WorkersError
        If the workers of `client` can't be used.
    BarenetError
        If no candidate was trained on all folds within the time limit.

    Warns
    -----
    RuntimeWarning
        If the training of some candidates diverged, or was not finished within the time limit. They
        have the score NaN and the last rank.

    See Also
    --------
    cross_validate : Scores of a single network on each fold.

    Notes
    -----
    Successive halving is that of K. Jamieson and A. Talwalkar, "Non-stochastic Best Arm
    Identification and Hyperparameter Optimization" (2016). A promoted candidate continues its
    training, so a schedule is laid out for the epochs of the last rung.

    Examples
    --------
    >>> from barenet import load_dataset, search
    >>> data = load_dataset("iris")
    >>> X = (data.X - data.X.mean(axis=0)) / data.X.std(axis=0)
    >>> grid = {"layers": [(4, 3), (4, 16, 3)], "learning_rate": [0.01, 0.001]}
    >>> result = search(grid, X, data.y, cv=3, epochs=30)
    >>> result.best_params_
    {'layers': (4, 16, 3), 'learning_rate': 0.01}
    >>> result.best_network_.predict(X).argmax(axis=1)[:10].tolist()
    [0, 0, 0, 0, 0, 0, 0, 0, 0, 0]
    """
    parameter_names = inspect.signature(search).parameters
    check_arguments("search", settings, [*parameter_names, *SETTINGS])
    inputs = validate_inputs(X, np.dtype(np.float64), None)
    targets = np.asarray(y)
    n_inputs = inputs.shape[1]
    refit = check_flag(refit, "refit")
    candidates = make_candidates(parameters, n_candidates, seed)
    fixed = {"seed": seed, **settings}
    configs = [make_config({**fixed, **candidate}, n_inputs, targets) for candidate in candidates]
    networks = [config.make_network() for config in configs]
    folds = make_folds(cv, networks[0], inputs, targets, configs[0].loss)
    name, score = _as_score(metric, networks[0])
    judge = _make_halving(halving, candidates, configs[0].epochs or 1, folds, score)
    if sample_weight is not None:
        judge.weight = check_sample_weight(sample_weight, len(targets), np.dtype(np.float64))
    arguments = _arguments(configs, judge)
    arguments["progress"] = progress
    limits = started_limits(time_limit)
    arguments["callbacks"] = limits
    arguments["sample_weight"] = judge.weight
    if client is None:
        arguments["threads"] = threads
    else:
        arguments["client"] = client
    copies: list[Network] = []
    for network in networks:
        copies.extend(network.copy() for _ in folds)
    population = train_many(copies, inputs, targets, **arguments)
    if len(population.errors) == len(population):
        raise population.errors[0]
    # No slice of epochs finishes the only rung of a search without halving, nor those whose last
    # epoch no network has reached.
    n_rungs = max(1, len(judge.epochs))
    unfinished = judge.unfinished(population)
    if unfinished:
        n_rungs = 1
    while len(judge.rungs) < n_rungs:
        judge.finish_rung(population)
    for limit in limits:
        _report_unfinished(limit, len(unfinished), len(candidates))
    results = collect_results(candidates, judge)
    best_index = int(ranks(results).argmin())
    result = SearchResult(results, name, len(candidates), len(folds), best_index)
    if not refit:
        return result
    best = make_config({**fixed, **result.best_params_}, n_inputs, targets)
    if progress is not False:
        progress = None  # no lines are printed for a single network
    return _with_network(
        result,
        best,
        inputs,
        targets,
        sample_weight=judge.weight,
        threads=threads,
        progress=progress,
    )


def _report_unfinished(limit: TimeLimit, unfinished: int, n_candidates: int) -> None:
    """Warn of candidates that the time limit has stopped, if any; raise if these are all."""
    if unfinished == 0:
        return
    if unfinished == n_candidates:
        problem = f"{limit.reason} before a candidate was trained on all folds"
        raise BarenetError(f"{problem}; give it more time, or fewer candidates")
    text = f"{limit.reason}: {unfinished:,} of {n_candidates:,} candidates were not trained to the "
    text += "end on all folds, and have no score"
    warnings.warn(text, RuntimeWarning, stacklevel=caller_stacklevel())


def _with_network(
    result: SearchResult, best: RunConfig, X: ArrayLike, y: ArrayLike, **options: Any
) -> SearchResult:
    """Train the best network on all rows."""
    network = best.make_network()
    history = train(network, X, y, **options, **best.train_arguments())
    return replace(result, best_network_=network, best_history_=history)


def _as_score(metric: str | None, network: Network) -> tuple[str, Metric]:
    """Return the name of a metric, and the function for which greater is better."""
    if metric is None:
        metric = default_metric(network)
    name = canonical(METRICS, metric)
    function = lookup(METRICS, name, "metric")
    if is_maximized(name):
        return name, function

    def negated(output: FloatArray, y: NDArray[Any], *weight: NDArray[Any]) -> float:
        return -function(output, y, *weight)

    return f"neg_{name}", negated


def _make_halving(
    factor: int | None, candidates: list[Any], epochs: int, folds: list[Fold], score: Metric
) -> Halving:
    """Make the rungs of successive halving; without a factor, a single rung."""
    indices = list(range(len(candidates)))
    if factor is None:
        return Halving(folds, score, epochs=[], factor=1, candidates=indices)
    factor = int(check_number(factor, "halving", ge=2, integer=True))
    for candidate in candidates:
        if "epochs" in candidate:
            problem = "epochs are its budget, and can't be searched"
            raise ArgumentError(problem, argument="halving")
    rungs = rungs_of(len(candidates), epochs, factor)
    return Halving(folds, score, epochs=rungs, factor=factor, candidates=indices)


def _arguments(configs: list[RunConfig], judge: Halving) -> dict[str, Any]:
    """Arguments of `train_many`, with a value for each candidate and fold."""
    arguments: dict[str, Any] = {}
    for config in configs:
        candidate = {**PER_NETWORK, **config.train_arguments()}
        candidate.pop("rows")
        for train_rows, _ in judge.folds:
            for name, value in candidate.items():
                arguments.setdefault(name, []).append(value)
            arguments.setdefault("rows", []).append(train_rows)
    epochs = judge.epochs
    if epochs:
        lengths = np.diff(epochs, prepend=0).tolist()
        arguments["epochs"] = epochs[-1]
        arguments["slice_epochs"] = tuple(lengths)
        arguments["after_slice"] = judge
    return arguments


def rungs_of(n_candidates: int, epochs: int, factor: int) -> list[int]:
    """Compute the last epoch of each rung, as in scikit-learn; fewer than `factor` candidates win.

    Examples
    --------
    >>> rungs_of(27, epochs=81, factor=3), rungs_of(27, epochs=10, factor=3)
    ([3, 9, 27, 81], [1, 3, 9])
    """
    count = 1
    while factor**count <= n_candidates:
        count += 1
    first = max(1, epochs // factor ** (count - 1))
    rungs = []
    for rung in range(count):
        rung_epochs = first * factor**rung
        if rung_epochs <= epochs:
            rungs.append(rung_epochs)
    return rungs


#: The times and the score of a candidate on a fold.
FoldMeasures: TypeAlias = dict[str, float]
#: The measures of each candidate, fold by fold.
Rung: TypeAlias = dict[int, list[FoldMeasures]]


@dataclass
class Halving:
    """Scores the candidates, with a network for each fold, and drops the worse ones."""

    folds: list[Fold]
    metric: Metric
    #: The last epoch of each rung; none if all candidates run to the end.
    epochs: list[int]
    factor: int
    #: Candidates in the current rung, the best last after the first rung.
    candidates: list[int]
    rungs: list[Rung] = field(default_factory=list)
    #: The weights of all rows, if they have any.
    weight: NDArray[Any] | None = None

    def __call__(self, population: Population) -> None:
        """Finish a rung if the slice of epochs was its last one."""
        if population.epoch in self.epochs[len(self.rungs) :]:
            self.finish_rung(population)

    def unfinished(self, population: Population) -> set[int]:
        """The candidates that a time limit has stopped on any of the folds."""
        return {
            index // len(self.folds)
            for index, history in enumerate(population.histories)
            if history.resumable
        }

    def finish_rung(self, population: Population) -> None:
        """Score the candidates of the rung, and drop all but the best."""
        n_folds = len(self.folds)
        metrics = {"score": self.metric}
        unfinished = self.unfinished(population)
        rung: Rung = {}
        for candidate in self.candidates:
            measures = []
            for fold, (_, test) in enumerate(self.folds):
                index = candidate * n_folds + fold
                measures.append(measure_fold(population, index, test, metrics, self.weight))
                if candidate in unfinished:
                    measures[-1]["score"] = np.nan
            rung[candidate] = measures
        self.rungs.append(rung)
        if len(self.rungs) >= len(self.epochs):
            return
        mean_scores = {}
        for candidate, measures in rung.items():
            mean = np.mean([fold_measures["score"] for fold_measures in measures])
            mean_scores[candidate] = np.nan_to_num(mean, nan=-np.inf)
        ranked = sorted(rung, key=lambda candidate: mean_scores[candidate])
        n_better = ceil(len(ranked) / self.factor)
        n_worse = len(ranked) - n_better
        for candidate in ranked[:n_worse]:
            for fold in range(n_folds):
                population.drop(candidate * n_folds + fold)
        self.candidates = ranked[n_worse:]


def collect_results(candidates: Sequence[Mapping[str, Any]], halving: Halving) -> dict[str, Any]:
    """Collect the scores of all rungs in the form of scikit-learn's ``cv_results_``."""
    params: list[dict[str, Any]] = []
    names: dict[str, None] = {}  # an ordered set
    rows: dict[str, list[list[float]]] = {"fit_time": [], "score_time": [], "score": []}
    results: dict[str, Any] = {}
    if halving.epochs:
        n_candidates = [len(rung) for rung in halving.rungs]
        n_rungs = len(n_candidates)
        results["iter"] = np.repeat(np.arange(n_rungs), n_candidates)
        results["n_resources"] = np.repeat(halving.epochs[:n_rungs], n_candidates)
    for number, rung in enumerate(halving.rungs):
        for candidate, measures in rung.items():
            settings = dict(candidates[candidate])
            if halving.epochs:
                settings["epochs"] = halving.epochs[number]
            params.append(settings)
            names |= dict.fromkeys(settings)
            for measure, row in rows.items():
                row.append([fold_measures[measure] for fold_measures in measures])
    for measure in ("fit_time", "score_time"):
        times = np.array(rows[measure])
        results[f"mean_{measure}"] = times.mean(axis=1)
        results[f"std_{measure}"] = times.std(axis=1)
    for name in names:
        results[f"param_{name}"] = _setting_of_candidates(name, params)
    results["params"] = params
    scores = np.array(rows["score"])
    for fold, scores_of_fold in enumerate(scores.T):
        results[f"split{fold}_test_score"] = scores_of_fold
    mean_scores = scores.mean(axis=1)
    results["mean_test_score"] = mean_scores
    results["std_test_score"] = scores.std(axis=1)
    losses = -np.where(np.isnan(mean_scores), -np.inf, mean_scores)
    results["rank_test_score"] = np.searchsorted(np.sort(losses), losses) + 1
    return results


def _setting_of_candidates(
    name: str, params: Sequence[Mapping[str, Any]]
) -> np.ma.MaskedArray[Any, Any]:
    """Return a setting of each candidate, masked for those without it."""
    values = [settings[name] for settings in params if name in settings]
    are_numbers = all(isinstance(value, int | float | np.number | np.bool_) for value in values)
    dtype = np.array(values).dtype if are_numbers else object
    column = np.ma.MaskedArray(np.empty(len(params), dtype), mask=True)
    for row, settings in enumerate(params):
        if name in settings:
            column[row] = settings[name]
    return column
