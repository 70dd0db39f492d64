"""Optional dependencies, imported when they are needed; the error for a missing one names it."""

import importlib
from contextlib import suppress
from typing import Any

from barenet.errors import MissingExtraError

#: The main dependency of each extra.
EXTRAS = {
    "distributed": "dask",
    "onnx": "onnx",
    "play": "starlette",
    "plot": "matplotlib",
    "remote": "fsspec",
    "serve": "uvicorn",
    "tables": "pyarrow",
}


def require(module: str, *, extra: str, purpose: str) -> Any:
    """Import a module of an extra; the error for a missing one has the command to install it.

    Examples
    --------
    >>> require("math", extra="plot", purpose="a picture").sqrt(4.0)
    2.0
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        problem = f"{purpose} needs {EXTRAS[extra]}: pip install 'barenet[{extra}]'"
        raise MissingExtraError(problem) from error


def require_arrow(module: str, purpose: str) -> Any:
    """Import a module of Arrow, after pandas, which Arrow imports in code that drops Ctrl-C."""
    with suppress(ImportError):
        importlib.import_module("pandas")
    return require(module, extra="tables", purpose=purpose)
