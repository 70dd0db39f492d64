"""What each kind of chosen input adds to the scores of ensembles, on the published tables.

    python -m benchmarks.ablation
    python -m benchmarks.ablation --folder TABLES --splits 1

The tables are those of collection.toml and mixed.toml, on which no rule was chosen; TABLES has them
in its folders `rdatasets` and `mixed`. On each split of a table, an ensemble is fitted with all
inputs, and again without each kind of input that it has. Each result is written to ablation.jsonl
as soon as it is measured, and a run continues where an earlier one ended.
"""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np

from barenet.inputs import _telling_words
from barenet.population import _prepared_training
from barenet.population._prepared_training import TrainingTable
from benchmarks.collection import CACHE, Collection
from benchmarks.results import FOLDER
from benchmarks.table_measure import Row, measure
from benchmarks.table_scores import difference
from benchmarks.tables import LISTS, ROWS

#: The model, and its name in the results.
MODEL = "barenet ensemble"
ALL_INPUTS = "all inputs"


class NoSuchInputsError(Exception):
    """The ensemble has no inputs of the kind to leave out."""


def without_chosen(kind: str) -> AbstractContextManager[Any]:
    """Leave out a field of `ChosenInputs`, after all of them have been confirmed."""
    confirm = TrainingTable.confirm

    def confirm_others(*arguments: Any, **options: Any) -> Any:
        chosen = confirm(*arguments, **options)
        inputs = getattr(chosen, kind)
        if not inputs:
            raise NoSuchInputsError
        return chosen._replace(**{kind: type(inputs)()})

    return patch.object(TrainingTable, "confirm", confirm_others)


def without_words() -> AbstractContextManager[Any]:
    """Choose no words."""
    choose = _prepared_training.with_words_of_networks

    def choose_none(encoding: Any, *arguments: Any, **options: Any) -> Any:
        with_words, _ = choose(encoding, *arguments, **options)
        if not _telling_words.has_words(with_words):
            raise NoSuchInputsError
        with patch.object(_telling_words, "NUMBERS_OF_WORDS", (0,)):
            return choose(encoding, *arguments, **options)

    return patch.object(_prepared_training, "with_words_of_networks", choose_none)


def without_jumps() -> AbstractContextManager[Any]:
    """Add no edges at jumps of the target."""
    add_edges = _prepared_training.add_edges_at_jumps

    def add_none(encoding: Any, *arguments: Any) -> Any:
        if add_edges(encoding, *arguments).n_inputs == encoding.n_inputs:
            raise NoSuchInputsError
        return encoding

    return patch.object(_prepared_training, "add_edges_at_jumps", add_none)


def without_factors() -> AbstractContextManager[Any]:
    """Make the inputs of irrelevant columns as large as those of others."""
    find_factors = _prepared_training.relevance_factors

    def equal_factors(*arguments: Any, **options: Any) -> Any:
        factors = find_factors(*arguments, **options)
        if (factors == 1).all():
            raise NoSuchInputsError
        return np.ones_like(factors)

    return patch.object(_prepared_training, "relevance_factors", equal_factors)


#: How each kind of input is left out, by its name in the results.
KINDS: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    ALL_INPUTS: nullcontext,
    "without thresholds of rare categories": lambda: without_chosen("rare"),
    "without parts of dates": lambda: without_chosen("parts"),
    "without days": lambda: without_chosen("days"),
    "without codes": lambda: without_chosen("codes"),
    "without pairs": lambda: without_chosen("pairs"),
    "without slopes": lambda: without_chosen("slopes"),
    "without words": without_words,
    "without edges at jumps": without_jumps,
    "without smaller irrelevant inputs": without_factors,
}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure what the results lack, and print what each kind adds."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--folder", type=Path, default=CACHE, help="where the tables are")
    parser.add_argument("--output", type=Path, default=FOLDER / "ablation.jsonl")
    parser.add_argument("--splits", type=int, default=3, help="splits of each table")
    options = parser.parse_args(arguments)
    rows = read_rows(options.output)
    done = {(row["table"], row["split"], row["model"]) for row in rows}
    for list_name, collection_class in LISTS.items():
        collection = collection_class(options.folder / list_name)
        for split in range(options.splits):
            for name in collection.names:
                kinds = [kind for kind in KINDS if (name, split, kind) not in done]
                for row in measured_rows(collection, name, split, kinds):
                    rows.append(row)
                    with options.output.open("a", encoding="utf-8") as lines:
                        lines.write(json.dumps(row) + "\n")
    print_differences([row for row in rows if "score" in row])


def read_rows(path: Path) -> list[Row]:
    """Read the results of earlier runs."""
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def measured_rows(collection: Collection, name: str, split: int, kinds: Sequence[str]) -> list[Row]:
    """Measure an ensemble without each of some kinds of inputs; rows without a score lack them."""
    if not kinds:
        return []
    print(f"{name}, split {split}", file=sys.stderr, flush=True)
    table = collection.read(name)
    rows = []
    for kind in kinds:
        with KINDS[kind]():
            row = measure(table, MODEL, split, ROWS)
        if row.get("error", "").startswith(NoSuchInputsError.__name__):
            row = {"table": name, "split": split}
        rows.append({**row, "model": kind})
    return rows


def print_differences(rows: Sequence[Row]) -> None:
    """Print what each kind of input adds to the score and takes from the log loss."""
    print("| input | tables | score | better, level, worse | log loss |")
    print("|---|--:|--:|--:|--:|")
    for kind in KINDS:
        score = difference(rows, ALL_INPUTS, kind)
        if kind == ALL_INPUTS or score is None:
            continue
        cells = [
            kind.removeprefix("without "),
            str(score.n_tables),
            interval(score),
            f"{score.wins}, {score.ties}, {score.losses}",
        ]
        classes = [row for row in rows if row["log_loss"] is not None]
        loss = difference(classes, ALL_INPUTS, kind, "log_loss")
        cells.append(interval(loss) if loss is not None else "–")
        print(f"| {' | '.join(cells)} |")


def interval(difference: Any) -> str:
    """Write a mean difference with its interval."""
    low, high = difference.interval
    return f"{difference.mean:+.4f} ({low:+.4f} to {high:+.4f})"


if __name__ == "__main__":
    main()
