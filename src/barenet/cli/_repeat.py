"""``barenet train --repeat``: networks with several seeds, and the spread of their scores."""

import contextlib
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet import Population, train_many
from barenet._metrics import is_maximized, score_text
from barenet.cli._console import closable_output, emit_table, log
from barenet.cli._interruption import Interruption
from barenet.cli._introduction import introduce
from barenet.cli._results import OutputOptions, Results
from barenet.cli._scores import emit_paragraph
from barenet.errors import ArgumentError
from barenet.tasks._fit import NetworkFit, prepare_network
from barenet.tasks._measurement import metric_title
from barenet.tasks._task import Task
from barenet.tasks._task_settings import TaskSettings
from barenet.training._history import curve_rows

#: The statistics of a score, by the headings of their columns.
STATISTICS: dict[str, Callable[[NDArray[np.float64]], Any]] = {
    "mean": np.mean,
    "std": lambda values: np.std(values, ddof=1) if len(values) > 1 else np.nan,
    "min": np.min,
    "median": np.median,
    "max": np.max,
}


def train_seeds(settings: TaskSettings, count: int, output: OutputOptions, **where: Any) -> int:
    """Train networks with consecutive seeds, report their scores, and save the best one."""
    with output.folder(settings.data) as folder:
        if settings.is_stream:
            problem = "networks that are trained together need all rows in memory"
            raise ArgumentError(problem, argument="repeat", remedy="leave it out")
        task = Task.from_settings(settings)
        instead = " in place of the ensemble" * settings.is_ensemble
        first = prepare_network(task.rows, settings)
        config = first.settings.config
        seeds = range(config.seed or 0, (config.seed or 0) + count)
        each_config = [replace(config, seed=seed) for seed in seeds]
        fits = [prepare_network(task.rows, replace(settings, config=each)) for each in each_config]
        if folder.note:
            log(folder.note)
        introduce(first, f"{count} networks{instead}, seeds {seeds[0]} to {seeds[-1]}\n\n")
        with Interruption() as interruption:
            population = _train(fits, interruption, progress=not output.json, **where)
        decisive = f"validation_{config.metric or 'loss'}" if first.validation else "loss"
        comparison = Comparison(seeds, population, decisive)
        if not output.json:
            with closable_output():
                comparison.emit()
        best, history = fits[comparison.best], population.histories[comparison.best]
        folder.start(best.settings)
        extra = {"repeat": comparison.document()}
        return Results(best, history, folder, output, interruption, extra).write()


def _train(fits: Sequence[NetworkFit], interruption: Interruption, **options: Any) -> Population:
    """Train the networks as one population, each as `barenet train` does."""
    first, networks = fits[0], [each.predictor.first_network for each in fits]
    # On workers a signal ends the command; there is no chunk of a network here to wait for.
    here = (interruption,) if options["client"] is None else ()
    arguments = first.arguments() | options | {"callbacks": (*first.patience, *here)}
    arguments["seed"] = [each.settings.config.seed for each in fits]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # warnings about networks that diverged
        population = train_many(networks, **arguments)
    if len(population.errors) == len(population):
        raise population.errors[0]
    return population


@dataclass(frozen=True, eq=False)
class Comparison:
    """Networks that differ in their seeds, and the name of the curve that decides on the best."""

    seeds: Sequence[int]
    population: Population
    decisive: str

    @cached_property
    def best(self) -> int:
        """The index of the best network, of those that have not failed."""
        with contextlib.suppress(ValueError):
            return self.population.best(self.decisive)
        # A signal came in the first epoch.
        return next(i for i in range(len(self.seeds)) if i not in self.population.errors)

    @cached_property
    def scores(self) -> dict[str, NDArray[np.float64]]:
        """The last value of each curve of a loss or a metric, NaN for a network that failed."""
        names = [*self.population.table()][2:]  # after the network and the epoch
        scored = [name for name in names if name == "loss" or curve_rows(name)[0] != "training"]
        scores = {name: self.population.final(name) for name in scored}
        return {name: values for name, values in scores.items() if not np.isnan(values).all()}

    def spread(self) -> dict[str, dict[str, float]]:
        """The statistics of each score."""
        return {
            name: {key: float(f(values[~np.isnan(values)])) for key, f in STATISTICS.items()}
            for name, values in self.scores.items()
        }

    def emit(self) -> None:
        """Print the spread of the scores, the reasons why the runs ended, and the best seed."""
        table = []
        for name, statistics in self.spread().items():
            rows, measure = curve_rows(name)
            values = (*statistics.values(), self.scores[name][self.best])
            texts = [score_text(measure, value) for value in values]
            table.append([f"{rows} {metric_title(measure)}", *texts])
        seed, histories = self.seeds[self.best], self.population.histories
        emit_table(["", *STATISTICS, f"seed {seed}"], table, numbers=1)
        ends = Counter(history.stop_reason for history in histories).most_common()
        reasons = ", ".join(f"{reason}: {n} of {len(histories)}" for reason, n in ends)
        extreme = "largest" if is_maximized(self.decisive) else "smallest"
        least = f"with the {extreme} {' '.join(curve_rows(self.decisive)).replace('_', ' ')}"
        emit_paragraph(f"{reasons}. The network of seed {seed}, {least}, is saved.")

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        runs = [
            {
                "seed": self.seeds[index],
                **{name: float(values[index]) for name, values in self.scores.items()},
                "epochs": len(history),
                "stop_reason": history.stop_reason,
            }
            for index, history in enumerate(self.population.histories)
        ]
        return {"seed": self.seeds[self.best], "spread": self.spread(), "runs": runs}
