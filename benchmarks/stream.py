"""A stream: an epoch of rows that are read from files block by block, beside one from memory."""

from pathlib import Path
from typing import Any

import numpy as np

from barenet import Network, train
from barenet.streams._stream import stream
from benchmarks.markdown import table, time as shown
from benchmarks.suite import Part, Suite

__all__ = ["PART", "figures", "report"]

#: Rows, columns, hidden layers and rows of a batch, by the name of a task.
TASKS = {
    "20 columns": (1_000_000, 20, (64, 32), 128),
    "784 columns": (60_000, 784, (256,), 128),
}
#: Row groups of a file, files, and epochs of a training, of which the first reads the files.
GROUPS, FILES, EPOCHS = 8, 4, 3


def measure(suite: Suite) -> dict[str, dict[str, float]]:
    """Train on the same rows from memory and from Parquet files, in turns.

    Parameters
    ----------
    suite : Suite
        How often, and where the files are written.

    Returns
    -------
    dict of str to dict
        Seconds of an epoch "from memory" and "from files", by the task.
    """
    found = {}
    for name, (n_rows, n_columns, hidden, batch_size) in TASKS.items():
        suite.say(f"stream: {name}")
        n_rows = n_rows // 20 if suite.quick else n_rows
        folder = suite.folder / name.replace(" ", "-")
        X, y = _write(folder, n_rows, n_columns)
        rows = stream(folder / "*.parquet", "y", task="classification", memory="1GB")
        times: dict[str, list[float]] = {"from memory": [], "from files": []}
        for _ in range(1 if suite.quick else 3):
            for where, data in {"from memory": (X, y), "from files": (rows, None)}.items():
                network = Network.dense([n_columns, *hidden, 2], output="softmax", seed=0)
                history = train(network, *data, epochs=EPOCHS, batch_size=batch_size)
                times[where] += history["seconds"][1:]
        found[name] = {where: min(seconds) for where, seconds in times.items()}
    return found


def _write(folder: Path, n_rows: int, n_columns: int) -> tuple[Any, Any]:
    """Write rows to Parquet files, and return them."""
    import pyarrow
    from pyarrow import parquet

    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, n_columns)).astype(np.float32)
    y = (X[:, :3].sum(axis=1) > 0).astype(np.int64)
    for number, part in enumerate(np.array_split(np.arange(n_rows), FILES)):
        columns = {f"x{column}": X[part, column] for column in range(n_columns)}
        rows = pyarrow.table({**columns, "y": y[part]})
        path, size = folder / f"{number}.parquet", -(-len(part) // GROUPS)
        parquet.write_table(rows, path, row_group_size=size)
    return X, y


def report(results: dict[str, dict[str, float]]) -> str:
    """Write the table.

    Parameters
    ----------
    results : dict
        From `measure`.

    Returns
    -------
    str
        Markdown.
    """
    header = ("rows of", "epoch from memory", "from files", "speed from files")
    lines = [
        (name, *map(shown, times.values()), f"{100 * figure:.0f} %")
        for (name, times), figure in zip(results.items(), figures(results).values(), strict=True)
    ]
    return (
        f"## Files read block by block\n\n{table(header, lines)}\n\n"
        "The files are read and encoded in the first epoch; the times are those of a later one, "
        "which reads the encoded rows from a temporary file."
    )


def figures(results: dict[str, dict[str, float]]) -> dict[str, float]:
    """The speed from files as a part of that from memory."""
    return {
        f"stream, {name}": times["from memory"] / times["from files"]
        for name, times in results.items()
    }


PART = Part(measure, report, figures)
