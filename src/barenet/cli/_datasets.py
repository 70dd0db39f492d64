"""``barenet datasets``: the data sets that are available by name."""

from __future__ import annotations

from typing import Any

from barenet.cli._console import emit_json, emit_table
from barenet.cli._flags import Json
from barenet.data._datasets import DATASETS
from barenet.data._images import Images
from barenet.data._named import NamedDataset

__all__ = ["datasets"]

#: Rows of a data set in the format of MNIST.
IMAGES = 70_000


def datasets(*, json: Json = False) -> int:
    """List the named data sets.

    Parameters
    ----------
    json : bool
        Print JSON, for programs.

    Returns
    -------
    int
        The exit status.
    """
    entries = [_describe(name, named) for name, named in DATASETS.items()]
    if json:
        emit_json(entries)
        return 0
    emit_table(
        ["name", "task", "rows × features", "description"],
        [
            [
                entry["name"],
                entry["task"],
                f"{entry['rows']:,} × {entry['features']}",
                entry["description"],
            ]
            for entry in entries
        ],
    )
    return 0


def _describe(name: str, named: NamedDataset) -> dict[str, Any]:
    """Describe a data set; images are not loaded, as their files may be missing."""
    entry = {"name": name, "kind": named.kind, "description": named.description}
    if isinstance(named, Images):
        shape = {
            "task": "classification",
            "rows": IMAGES,
            "features": (named.config.layers or (0,))[0],
        }
    else:
        dataset = named.load()
        shape = {"task": dataset.task, "rows": dataset.n_samples, "features": dataset.n_features}
    return {**entry, **shape, "settings": named.config.set_fields()}
