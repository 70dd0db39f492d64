"""``barenet train --repeat``: train networks with several seeds, and compare their scores."""

import contextlib
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from barenet import train_many
from barenet._metrics import is_maximized, score_text
from barenet.cli._console import closable_output, emit_table
from barenet.cli._interruption import Interruption
from barenet.cli._introduction import introduce
from barenet.cli._results import OutputOptions, Results
from barenet.cli._score_tables import emit_paragraph
from barenet.errors import ArgumentError
from barenet.population._population import Population
from barenet.settings._task_settings import TaskSettings
from barenet.tasks._fit import NetworkFit, prepare_network
from barenet.tasks._measurement import metric_title
from barenet.tasks._task import Task
from barenet.training._history import curve_rows

if TYPE_CHECKING:
    from distributed import Client


def sample_deviation(values: NDArray[np.float64]) -> Any:
    """The standard deviation of a sample; NaN for a single value."""
    return np.std(values, ddof=1) if len(values) > 1 else np.nan


#: The statistics of a score, by the headings of their columns.
STATISTICS: dict[str, Callable[[NDArray[np.float64]], Any]] = {
    "mean": np.mean,
    "std": sample_deviation,
    "min": np.min,
    "median": np.median,
    "max": np.max,
}


def train_seeds(
    settings: TaskSettings,
    count: int,
    output: OutputOptions,
    *,
    threads: int | None,
    client: "Client | None",
) -> int:
    """Train networks with consecutive seeds, report their scores, and save the best one."""
    with output.folder(settings.data) as folder:
        if settings.is_stream:
            problem = "networks that are trained together need all rows in memory"
            raise ArgumentError(problem, argument="repeat", remedy="leave it out")
        task = Task.from_settings(settings)
        instead = " in place of the ensemble" if settings.is_ensemble else ""
        first = prepare_network(task.rows, task.settings)
        config = first.settings.config
        first_seed = config.seed or 0
        seeds = range(first_seed, first_seed + count)
        fits = []
        for seed in seeds:
            seeded = replace(task.settings, config=replace(config, seed=seed))
            fits.append(prepare_network(task.rows, seeded))
        folder.show_note()
        note = f"{count} networks{instead}, seeds {seeds[0]} to {seeds[-1]}"
        introduce(first, f"{note}\n\n")
        with Interruption() as interruption:
            population = _train(
                fits, interruption, progress=not output.json, threads=threads, client=client
            )
        decisive = f"validation_{config.metric or 'loss'}" if first.validation else "loss"
        comparison = Comparison(seeds, population, decisive)
        if not output.json:
            with closable_output():
                comparison.emit()
        best = fits[comparison.best]
        history = population.histories[comparison.best]
        folder.start(best.settings)
        extra = {"repeat": comparison.document()}
        results = Results(
            fit=best,
            history=history,
            folder=folder,
            options=output,
            interruption=interruption,
            extra=extra,
        )
        return results.write()


def _train(
    fits: Sequence[NetworkFit],
    interruption: Interruption,
    *,
    progress: bool,
    threads: int | None,
    client: "Client | None",
) -> Population:
    """Train the networks as one population, each like `barenet train`."""
    first = fits[0]
    networks = [fit.predictor.first_network for fit in fits]
    callbacks: tuple[Any, ...] = (*first.patience, interruption)
    if client is not None:
        # On workers, a signal ends the command, because no chunk of a network runs here.
        callbacks = tuple(first.patience)
    arguments = first.arguments()
    arguments["progress"] = progress
    arguments["threads"] = threads
    arguments["client"] = client
    arguments["callbacks"] = callbacks
    arguments["seed"] = [fit.settings.config.seed for fit in fits]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # warnings about networks that diverged
        population = train_many(networks, **arguments)
    if len(population.errors) == len(population):
        raise population.errors[0]
    return population


@dataclass(frozen=True, eq=False)
class Comparison:
    """Networks that differ in their seeds, and the name of the curve that determines the best."""

    seeds: Sequence[int]
    population: Population
    decisive: str

    @cached_property
    def best(self) -> int:
        """The index of the best network among those that have not failed."""
        with contextlib.suppress(ValueError):
            return self.population.best(self.decisive)
        # A signal arrived in the first epoch: the first network that has not failed.
        failed = self.population.errors
        in_training = [index for index in range(len(self.seeds)) if index not in failed]
        return in_training[0]

    @cached_property
    def scores(self) -> dict[str, NDArray[np.float64]]:
        """The last value of each curve of a loss or a metric, NaN for a network that failed."""
        columns = list(self.population.table())
        names = columns[2:]  # the curves follow the network and the epoch
        scores = {}
        for name in names:
            rows, _ = curve_rows(name)
            if name == "loss" or rows != "training":
                values = self.population.final(name)
                if not np.isnan(values).all():
                    scores[name] = values
        return scores

    def spread(self) -> dict[str, dict[str, float]]:
        """The statistics of each score."""
        spread = {}
        for name, values in self.scores.items():
            finished = values[~np.isnan(values)]
            statistics = {}
            for heading, statistic in STATISTICS.items():
                statistics[heading] = float(statistic(finished))
            spread[name] = statistics
        return spread

    def emit(self) -> None:
        """Print the spread of the scores, the reasons that the runs ended, and the best seed."""
        table = []
        for name, statistics in self.spread().items():
            rows, measure = curve_rows(name)
            values = (*statistics.values(), self.scores[name][self.best])
            texts = [score_text(measure, value) for value in values]
            table.append([f"{rows} {metric_title(measure)}", *texts])
        seed = self.seeds[self.best]
        histories = self.population.histories
        emit_table(["", *STATISTICS, f"seed {seed}"], table, numbers=1)
        ends = Counter(history.stop_reason for history in histories)
        reasons = []
        for reason, count in ends.most_common():
            reasons.append(f"{reason}: {count} of {len(histories)}")
        extreme = "largest" if is_maximized(self.decisive) else "smallest"
        rows, measure = curve_rows(self.decisive)
        curve = f"{rows} {measure}".replace("_", " ")
        choice = f"The network of seed {seed}, with the {extreme} {curve}, is saved."
        emit_paragraph(f"{', '.join(reasons)}. {choice}")

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        runs = []
        for index, history in enumerate(self.population.histories):
            run: dict[str, Any] = {"seed": self.seeds[index]}
            for name, values in self.scores.items():
                run[name] = float(values[index])
            run["epochs"] = len(history)
            run["stop_reason"] = history.stop_reason
            runs.append(run)
        return {"seed": self.seeds[self.best], "spread": self.spread(), "runs": runs}
