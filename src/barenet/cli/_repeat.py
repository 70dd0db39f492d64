"""``barenet train --repeat``: networks with several seeds, and the spread of their scores."""

import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.cli._console import closable_output, emit, emit_table, log
from barenet.cli._experiment import Experiment, prepare
from barenet.cli._interruption import INTERRUPTED, Interruption
from barenet.cli._introduction import introduce_data
from barenet.cli._results import AFTER_DIVERGENCE, Report, Results
from barenet.cli._run_folder import RUNS, RunFolder
from barenet.cli._run_settings import RunSettings
from barenet.cli._scores import HEADINGS, Measurement, emit_paragraph, network_arrays, score_text
from barenet.data._dataset import Dataset
from barenet.errors import DivergenceError, some
from barenet.population._population import Population
from barenet.population._train_many import train_many

#: The statistics of a score, by the headings of their columns.
STATISTICS: dict[str, Callable[[NDArray[np.float64]], Any]] = {
    "mean": np.mean,
    "std": lambda values: np.std(values, ddof=1) if len(values) > 1 else np.nan,
    "min": np.min,
    "median": np.median,
    "max": np.max,
}
#: Probability that two means that far apart come from the same setting.
LEVEL = 0.05


def train_seeds(
    folder: RunFolder, settings: RunSettings, count: int, threads: int | None, report: Report
) -> int:
    """Train networks with consecutive seeds, report their scores, and save the best one."""
    with folder.locked():
        first = prepare(settings)
        config = first.settings.config
        seeds = [(config.seed or 0) + number for number in range(count)]
        experiments = [first.with_config(replace(config, seed=seed)) for seed in seeds]
        introduce_data(first)
        summary = first.predictor.network.summary()
        log(f"{summary}\n\n{count} networks, seeds {seeds[0]} to {seeds[-1]}\n")
        with Interruption() as interruption:
            population = _train(
                experiments, interruption, threads=threads, progress=not report.json
            )
        comparison = SeedComparison(experiments, population)
        folder.set_table(RUNS, comparison.rows)
        if not report.json:
            with closable_output():
                comparison.emit()
        best, history = experiments[comparison.best], population.histories[comparison.best]
        folder.start(best.settings)
        report = replace(report, extra={"repeat": comparison.document()})
        results = Results(best, history, folder, report, interruption.signal is not None)
        results.write()
        if history.stop_reason != INTERRUPTED:
            results.finish()
        results.log_end()
        results.check_complete()
    return interruption.status


def _train(
    experiments: Sequence[Experiment], interruption: Interruption, **options: Any
) -> Population:
    """Train the networks as one population, each as `barenet train` does."""
    first, networks = experiments[0], [each.predictor.network for each in experiments]
    X, y = network_arrays(first.predictor, first.training)
    arguments, callbacks = first.arguments() | options, (*first.patience, interruption)
    arguments["seed"] = [each.settings.config.seed for each in experiments]
    arguments["penalty"] = tuple(arguments["penalty"])  # a list has one for each network
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # of networks that diverged
        population = train_many(networks, X, y, callbacks=callbacks, **arguments)
    if len(errors := population.errors) == len(population):
        if isinstance(errors[0], DivergenceError):
            errors[0].remedy, errors[0].outcome = AFTER_DIVERGENCE
        raise errors[0]
    return population


@dataclass(eq=False)
class SeedComparison:
    """The scores of networks that differ in their seeds."""

    experiments: Sequence[Experiment]
    population: Population

    @cached_property
    def scores(self) -> dict[tuple[str, str], NDArray[np.float64]]:
        """Each score on each set of rows, NaN for a network that failed."""
        first = self.experiments[0]
        deciding = "validation" if first.validation else "training"
        parts = {"test": first.test, deciding: first.validation or first.training}
        columns: dict[tuple[str, str], NDArray[np.float64]] = {}
        for part, rows in parts.items():
            for index in self.trained:
                for name, value in self._measure(index, rows).items():
                    nothing = np.full(len(self.experiments), np.nan)
                    columns.setdefault((part, name), nothing)[index] = value
        return columns

    def _measure(self, index: int, rows: Dataset | None) -> dict[str, float]:
        """The scores of a network on rows, if there are any, the loss last."""
        if rows is None:
            return {}
        experiment = self.experiments[index]
        loss = experiment.settings.config.loss
        scores = Measurement(experiment.predictor, rows, loss).scores
        return dict(sorted(scores.items(), key=lambda item: item[0] == "loss"))

    @property
    def trained(self) -> list[int]:
        """The networks that have not failed."""
        return [i for i in range(len(self.experiments)) if i not in self.population.errors]

    @cached_property
    def best(self) -> int:
        """The network with the smallest loss on the validation rows, else on the training rows."""
        deciding = list(self.scores)[-1][0]
        return int(np.nanargmin(self.scores[deciding, "loss"]))

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """A row for each network."""
        return [
            {
                "seed": each.settings.config.seed,
                **{f"{part}_{name}": float(v[i]) for (part, name), v in self.scores.items()},
                "epochs": len(self.population.histories[i]),
                "stop_reason": self.population.histories[i].stop_reason,
            }
            for i, each in enumerate(self.experiments)
        ]

    def spread(self) -> dict[tuple[str, str], dict[str, float]]:
        """The statistics of each score."""
        return {
            score: {name: float(f(values[self.trained])) for name, f in STATISTICS.items()}
            for score, values in self.scores.items()
        }

    def emit(self) -> None:
        """Print the spread of the scores, the reasons of the ends, and a conclusion."""
        best_seed = self.rows[self.best]["seed"]
        table = [
            [
                f"{part} {HEADINGS.get(name, name)}",
                *(_text(name, value) for value in statistics.values()),
                _text(name, self.scores[part, name][self.best]),
            ]
            for (part, name), statistics in self.spread().items()
        ]
        emit_table(["", *STATISTICS, f"seed {best_seed}"], table, numbers=1)
        self._emit_ends()
        emit_paragraph(self._conclusion())

    def _emit_ends(self) -> None:
        """Print why the networks ended, unless all have completed their epochs."""
        ends = [row["stop_reason"] for row in self.rows]
        if {*ends} == {"completed"}:
            return
        emit()
        for reason, count in Counter(ends).most_common():
            seeds = [str(row["seed"]) for row in self.rows if row["stop_reason"] == reason]
            label = "seed" if count == 1 else "seeds"
            emit(f"{reason}: {count} of {len(ends)} ({label} {some(seeds, 10)})")

    def _conclusion(self) -> str:
        """Write which differences between settings are larger than those between seeds."""
        (part, name), values = next((k, v[self.trained]) for k, v in self.scores.items())
        count, decides = len(values), list(self.scores)[-1][0]
        seed = self.rows[self.best]["seed"]
        text = f"Seed {seed}, which is saved, has the smallest {decides} loss."
        if count < 2:
            return text
        from scipy.stats import t

        quantile, std = t.ppf(1 - LEVEL / 2, 2 * count - 2), values.std(ddof=1)
        margins = [_text(name, float(quantile * std * (2 / n) ** 0.5)) for n in (1, count)]
        return (
            f"{text} Another setting makes a difference if its mean {part} {HEADINGS[name]} over "
            f"{count} seeds is more than {margins[1]} away; between two single runs, "
            f"differences up to {margins[0]} can be chance."
        )

    def document(self) -> dict[str, Any]:
        """The JSON document."""
        return {
            "seed": self.rows[self.best]["seed"],
            "spread": {"_".join(score): values for score, values in self.spread().items()},
            "runs": self.rows,
        }


def _text(name: str, value: float) -> str:
    """Write a score with four digits."""
    return score_text(name, value) if name in ("accuracy", "r2") else f"{value:.4g}"
