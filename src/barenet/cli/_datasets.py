"""``barenet datasets``: the data sets that are available by name."""

from typing import Any

from barenet.cli._console import emit_json, emit_table
from barenet.cli._flags import Off
from barenet.datasets._dataset_loading import DATASETS
from barenet.datasets._images import Images
from barenet.datasets._named_datasets import NamedDataset
from barenet.settings._run_config import RunConfig

#: Number of rows of a data set in the format of MNIST.
IMAGES = 70_000


def datasets(*, json: Off = False) -> None:
    """List the named data sets.

    Parameters
    ----------
    json : bool
        Print JSON, for programs.
    """
    entries = [_describe(name, named) for name, named in DATASETS.items()]
    if json:
        emit_json(entries)
        return
    lines = []
    for entry in entries:
        size = f"{entry['rows']:,} × {entry['features']}"
        lines.append([entry["name"], entry["task"], size, entry["description"]])
    emit_table(["name", "task", "rows × features", "description"], lines)


def _describe(name: str, named: NamedDataset) -> dict[str, Any]:
    """Describe a data set; images are not loaded, as their files may be missing."""
    if isinstance(named, Images):
        task = "classification"
        n_rows = IMAGES
        n_features = named.defaults["layers"][0]
    else:
        dataset = named.load()
        task = dataset.task
        n_rows = dataset.n_samples
        n_features = dataset.n_features
    return {
        "name": name,
        "kind": named.source,
        "description": named.description,
        "task": task,
        "rows": n_rows,
        "features": n_features,
        "options": named.default_options,
        "settings": RunConfig(**named.defaults).set_fields(),
    }
