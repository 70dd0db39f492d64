"""Tables: barenet's defaults beside those of other models, on the same rows.

    python -m benchmarks.tables
    python -m benchmarks.tables --list mixed --splits 1
    python -m benchmarks.tables --list time --splits 1
    python -m benchmarks.tables --folder TABLES --tables pima,german --splits 3

The tables are those of benchmarks/collection.toml, or of benchmarks/mixed.toml with --list mixed,
or those of them whose rows are events, with the latest ones as the test set, with --list time. They
are downloaded unless the folder has them (as PACKAGE/NAME.csv). A folder with a TARGETS.md has its
own. Each row of the results is written to tables.jsonl as soon as it is measured, and a run
continues where an earlier one ended. tables.md and its figures sum up; --report makes them from the
rows alone.
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from barenet.storage._atomic_write import write_atomically
from benchmarks.collection import Collection, Rdatasets
from benchmarks.limited import Limited
from benchmarks.machine import machine, versions
from benchmarks.mixed_tables import MixedTables, TimeTables
from benchmarks.table_data import Folder
from benchmarks.table_figures import draw
from benchmarks.table_measure import Measurer, Row, failure
from benchmarks.table_models import MODELS
from benchmarks.table_report import report

__all__ = ["main"]

#: Libraries whose versions are written down.
PACKAGES = ("numpy", "numba", "pandas", "scikit-learn", "lightgbm", "xgboost", "catboost",
            "torch", "pytabkit", "tabpfn")  # fmt: skip

#: The lists of tables, by their names.
LISTS: dict[str, type[Collection]] = {
    "rdatasets": Rdatasets,
    "mixed": MixedTables,
    "time": TimeTables,
}

#: Defaults: splits of each table, training rows, and seconds of a measurement.
SPLITS, ROWS, LIMIT = 10, 8_000, 3_600.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the rows that are missing, write and print."""
    options = _parser().parse_args(arguments)
    output = options.output or LISTS[options.list].RESULTS
    output.mkdir(parents=True, exist_ok=True)
    file, page = output / "tables.jsonl", output / "tables.md"
    if not options.report:
        _measure(options, file)
    rows = _read(file)
    for name, content in draw(rows).items():
        write_atomically(output / name, content)
    write_atomically(page, report(rows, figures=True).encode())
    print(page.read_text("utf-8"), end="")
    return 0


def _measure(options: argparse.Namespace, file: Path) -> None:
    """Measure the rows that the file lacks; each is appended at once."""
    source = _source(options)
    chosen = _chosen(options.models, source.models, "model")
    models = [name for name in chosen if not MODELS[name].missing]
    notes = [f"{name} is left out: {line}" for name in chosen if (line := MODELS[name].missing)]
    about = {"machine": machine(), "versions": versions(PACKAGES), "notes": [*source.notes, *notes]}
    if source.refusals:
        about["refusals"] = list(source.refusals)
    rows = _earlier(file, models if options.again else [])
    write_atomically(file, "".join(map(_written, [about, *rows])).encode())
    tables = _chosen(options.tables, source.names, "table")
    source.fetch(tables)
    jobs = list(_missing(options, tables, models, rows))
    with Limited(Measurer(source, options.rows), options.limit) as measurer:
        for number, job in enumerate(jobs):
            print(f"{number + 1}/{len(jobs)} {_title(*job)}", file=sys.stderr, flush=True)
            row = _measured(measurer, job)
            with file.open("a", encoding="utf-8") as lines:
                lines.write(_written(row))


def _source(options: argparse.Namespace) -> Any:
    """The tables of a collection, or of a folder that has targets of its own."""
    folder = options.folder
    if folder is not None and (folder / "TARGETS.md").exists():
        return Folder(folder)
    collection = LISTS[options.list]
    return collection(folder or collection.CACHE)


def _title(name: str, seed: int, model: str) -> str:
    return f"{name}, split {seed}: {model}"


def _measured(measurer: Limited, job: tuple[str, int, str]) -> Row:
    try:
        return measurer(*job)
    except (TimeoutError, RuntimeError) as error:
        return failure(*job, error)


def _earlier(file: Path, again: Sequence[str]) -> list[Row]:
    """The rows of an earlier run, without those that failed or are measured again."""
    rows = _read(file) if file.exists() else []
    return [row for row in rows if "score" in row and row["model"] not in again]


def _read(file: Path) -> list[Row]:
    """The lines of a file, except for one that a killed run has not finished."""
    text = file.read_text("utf-8")
    return [json.loads(line) for line in text.splitlines(keepends=True) if line.endswith("\n")]


def _missing(
    options: Any, tables: Sequence[str], models: Sequence[str], rows: Sequence[Row]
) -> Iterator[tuple[str, int, str]]:
    """The measurements to do: one split of all tables after the other, and slow models last."""
    done = {(row["table"], row["split"], row["model"]) for row in rows}
    for slow in (False, True):
        named = [name for name in models if MODELS[name].slow == slow]
        for seed in range(options.splits):
            for name in tables:
                yield from ((name, seed, m) for m in named if (name, seed, m) not in done)


def _written(row: Row) -> str:
    return json.dumps(row, ensure_ascii=False) + "\n"


def _chosen(text: str | None, known: Any, kind: str) -> list[str]:
    """The names of a list with commas, or all names."""
    names = list(known) if text is None else [name.strip() for name in text.split(",")]
    for name in names:
        if name not in known:
            raise SystemExit(f"no {kind} {name!r} (choose from {', '.join(known)})")
    return names


def _parser() -> argparse.ArgumentParser:
    found = argparse.ArgumentParser(prog="python -m benchmarks.tables", description=__doc__)
    add = found.add_argument
    add("--list", choices=LISTS, default="rdatasets", help="list of tables (default rdatasets)")
    add("--folder", type=Path, help="folder of the tables (default: a folder of the downloads)")
    add("--tables", metavar="A,B", help="some of the tables (default all)")
    add("--models", metavar="A,B", help=f"some of {', '.join(MODELS)}")
    add("--splits", type=int, default=SPLITS, help=f"splits of each table (default {SPLITS})")
    add("--rows", type=int, default=ROWS, help=f"the most training rows (default {ROWS:,})")
    add("--limit", type=float, default=LIMIT, help=f"seconds of a model (default {LIMIT:g})")
    add("--again", action="store_true", help="measure these models anew")
    add("--report", action="store_true", help="measure nothing, and write the page anew")
    add("--output", type=Path, help="folder of the results")
    return found


if __name__ == "__main__":
    sys.exit(main())
