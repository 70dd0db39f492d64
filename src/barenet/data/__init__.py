"""What comes in: named data sets, tables, arrays and images, and how their inputs are scaled."""

import importlib
from typing import TYPE_CHECKING, Any

from barenet.data.dataset import Dataset
from barenet.data.datasets import DATASETS, load_dataset
from barenet.data.run_config import DEFAULTS, RunConfig
from barenet.data.scaling import Scaling

if TYPE_CHECKING:
    from barenet.data.encoding import TableEncoding
    from barenet.data.frame import Frame
    from barenet.data.table_loading import load_table, read_features, read_samples
    from barenet.data.to_frame import as_frame

__all__ = [
    "DATASETS",
    "DEFAULTS",
    "Dataset",
    "Frame",
    "RunConfig",
    "Scaling",
    "TableEncoding",
    "as_frame",
    "load_dataset",
    "load_table",
    "read_features",
    "read_samples",
]

#: What only tables need, and where it is when it is asked for.
_LAZY = {
    "Frame": "frame",
    "TableEncoding": "encoding",
    "as_frame": "to_frame",
    **dict.fromkeys(("load_table", "read_features", "read_samples"), "table_loading"),
}


def __getattr__(name: str) -> Any:
    """Import what takes its time when it is asked for."""
    if name in _LAZY:
        return getattr(importlib.import_module(f"barenet.data.{_LAZY[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
