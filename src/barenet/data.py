"""Deprecated: import the public names of this module from `barenet` instead."""

import importlib
import warnings
from typing import Any

#: The module of each name that could be imported from here.
_MODULES = {
    "Dataset": "datasets._dataset",
    "Frame": "tables.frames._frame",
    "RunConfig": "settings._run_config",
    "Scaling": "tables.encoding._scaling",
    "TableEncoding": "tables.encoding._encoding",
    "fingerprint": "tables.frames._fingerprint",
    "load_dataset": "datasets._dataset_loading",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    problem = f"import {name} from barenet: barenet.data is deprecated and will be removed"
    warnings.warn(problem, FutureWarning, stacklevel=2)
    return getattr(importlib.import_module(f"barenet.{_MODULES[name]}"), name)
