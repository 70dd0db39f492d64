"""``barenet search``: cross-validate many settings, and train a network with the best."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from barenet import _shell as shell, search as search_settings
from barenet._constraints import check_count, check_number
from barenet.cli import _flags as flags
from barenet.cli._console import closable_output, emit, log
from barenet.cli._flags import DataOptions
from barenet.cli._results import OutputOptions
from barenet.cli._train import run_in
from barenet.distributed._cluster import open_client
from barenet.errors import ArgumentError
from barenet.files._model_card import describe_rows
from barenet.optimization._schedules import as_schedule
from barenet.population._candidates import SETTINGS, make_candidates
from barenet.population._search_result import SearchResult
from barenet.settings._run_config import DEFAULTS, RunConfig
from barenet.settings._run_defaults import config_for
from barenet.settings._task_settings import TaskSettings
from barenet.tasks._fit import NetworkFit, prepare_network, training_arrays
from barenet.tasks._task import Task
from barenet.tasks._task_folds import make_task_folds

if TYPE_CHECKING:
    from distributed import Client

#: Factor of successive halving: a third of the candidates go on to the next rung.
FACTOR = 3


def search(
    data: flags.Data = "",
    *,
    options: DataOptions = DataOptions(),
    config: Annotated[flags.SearchFlags, Parameter(name="*")] = flags.SearchFlags(),
    candidates: flags.Integer | None = None,
    folds: flags.Integer = 5,
    halving: flags.Off = False,
    threads: flags.Threads = None,
    workers: flags.Workers = None,
    scheduler: flags.Scheduler = None,
    output: OutputOptions = OutputOptions(),
) -> int:
    """Search for the best settings by cross-validation, and train a network with them.

    The options are those of `barenet train`, but most take several values, such as `--learning-rate
    0.001 0.01 0.1 --hidden relu tanh --layers 4,16,3 4,16,16,3`. All combinations are tried. An
    option with a single value has that value in all of them.

    The training rows are split into folds: at random, into whole groups by `--split-by-group`, or
    into successive periods by `--split-by-time`, each tested on a model of all earlier rows. Each
    combination is trained once for each fold, and scored on its test rows by `--metric`. The
    network with the best mean score is trained again on all training rows. The test rows are left
    out of the search, and measured only at the end. There is no early stopping; search `--epochs`
    instead. `--time-limit` ends the search; the best of the combinations that were trained on all
    folds until then is trained to the end.

    The folder of the run is the same as of `barenet train` with the best settings. `--json` prints
    the scores of all combinations, in the form of `cv_results_` of scikit-learn's searches.

    Parameters
    ----------
    data : str
        A named data set (see `barenet datasets`), or a .csv, .tsv, .txt, .parquet or .npz file; -
        reads CSV from standard input.
    candidates : int
        Try only this many combinations, chosen at random by --seed.
    folds : int
        Number of folds.
    halving : bool
        Train all combinations for a few epochs, the best third of them for three times as many, and
        so on (successive halving).
    threads : int
        Number of networks that are trained at the same time; by default the number of cores.
    workers : int
        Train the networks of the search in this many processes of this machine, which end with it.
    scheduler : str
        Train the networks of the search on the workers of a Dask cluster, given the address of its
        scheduler, such as tcp://10.0.0.1:8786.

    Returns
    -------
    int
        The exit status: 0, or 130 or 143 after a signal.
    """
    n_folds = int(check_number(folds, "folds", ge=2, integer=True))
    settings = TaskSettings(**vars(options), data=data)
    with output.folder(data) as folder:
        fits = _prepare(settings, config.set_fields(), candidates)
        factor = FACTOR if halving else None
        with open_client(workers, scheduler) as client:
            result, best = _search(
                fits,
                n_folds,
                halving=factor,
                threads=threads,
                progress=not output.json,
                client=client,
            )
        n_rows = describe_rows(fits[0].n_rows)
        log(f"\n{len(fits):,} candidates, each trained on {n_folds} folds of {n_rows}\n")
        if not output.json:
            with closable_output():
                emit(result.table())
                n_more = len(result.cv_results_["params"]) - 10
                if n_more > 0:
                    emit(f"… {n_more} more; --json lists all")
        log("\nthe best settings, trained on all training rows:\n")
        document = {
            "metric": result.metric,
            "best_index": result.best_index_,
            "cv_results": result.cv_results_,
        }
        status = run_in(folder, best, threads, output, extra={"search": document})
        file = shell.quote(str(folder.settings))
        log(f"the same run without the search: barenet train --config {file}")
    return status


def _as_setting(name: str, value: Any) -> Any:
    """Convert a value of the command line to a setting."""
    if name == "schedule" and as_schedule(value).follows_loss:
        problem = f"{value} needs validation rows, and a search has none"
        raise ArgumentError(problem, argument=name)
    if name in ("batch_norm", "shuffle"):
        return value == "true"
    if name in ("hidden", "penalty"):
        return (value,)
    return value


def _prepare(
    settings: TaskSettings, given: Mapping[str, Any], count: int | None
) -> list[NetworkFit]:
    """Prepare candidates on the same rows: all combinations, or a random sample of them."""
    grid = {}
    fixed = {}
    for name, value in given.items():
        if name in flags.SEARCHED:
            grid[name] = value
        else:
            fixed[name] = value
    plain = RunConfig(**fixed, patience=0)
    n_combinations = prod(len(values) for values in grid.values())
    if count is not None and check_count(count, "candidates") >= n_combinations:
        count = None
    candidates = [
        {name: _as_setting(name, value) for name, value in values.items()}
        for values in make_candidates(grid, count, plain.seed or 0)
    ]
    if settings.is_stream:
        problem = "a search needs all rows in memory"
        raise ArgumentError(problem, argument="data", remedy="give a single file")
    first_config = replace(plain, **candidates[0])
    task = Task.from_settings(replace(settings, config=first_config))
    if n_combinations < 2:
        problem = "there is a single combination of settings; give an option several values, such "
        raise ArgumentError(f"{problem}as --learning-rate 0.001 0.01 0.1")
    if config_for(RunConfig(), task.rows.dataset).patience:  # their epochs are for early stopping
        plain = replace(plain, epochs=DEFAULTS.epochs)
    fits: list[NetworkFit] = []
    for candidate in candidates:
        config = replace(plain, **candidate)
        fit = prepare_network(task.rows, replace(task.settings, config=config))
        fits.append(fit)
        first = fits[0].settings.config
        last = fits[-1].settings.config
        if (first.scaling, first.target_scaling) != (last.scaling, last.target_scaling):
            problem = "its default depends on the loss and the output, and must not change"
            raise ArgumentError(problem, argument="target_scaling", remedy="choose one")
    return fits


def _search(
    fits: Sequence[NetworkFit],
    n_folds: int,
    *,
    halving: int | None,
    threads: int | None,
    progress: bool,
    client: "Client | None",
) -> tuple[SearchResult, TaskSettings]:
    """Cross-validate the candidates; return the scores, and the settings of the best."""
    first = fits[0]
    candidates = []
    for fit in fits:
        fields = fit.settings.config.set_fields()
        candidates.append({name: fields[name] for name in SETTINGS if name in fields})
    fixed = {}
    for name, value in candidates[0].items():
        if all(candidate.get(name) == value for candidate in candidates):
            fixed[name] = value
    grid = []
    for candidate in candidates:
        varied = {name: [value] for name, value in candidate.items() if name not in fixed}
        grid.append(varied)
    cv = make_task_folds(first.training, n_folds, first.settings.config.split_seed or 0)
    X, y = training_arrays(first.predictor, first.training)
    result = search_settings(
        grid,
        X,
        y,
        cv=cv,
        metric=first.metric,
        refit=False,
        halving=halving,
        threads=threads,
        progress=progress,
        client=client,
        sample_weight=first.training.weight,
        time_limit=first.settings.config.time_limit,
        **fixed,
    )
    best: dict[str, Any] = dict.fromkeys(SETTINGS)  # None for a setting that the best leaves out
    best |= fixed
    best |= result.best_params_
    config = replace(first.settings.config, **best, time_limit=None)
    return result, replace(first.settings, config=config)
