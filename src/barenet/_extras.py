"""Optional dependencies, which are imported when needed; the error names a missing one."""

import importlib
from contextlib import suppress
from typing import Any, TypeAlias

from barenet.errors import MissingExtraError

#: A `dask.distributed.Client`, whose class is unknown to type checkers without Dask.
Client: TypeAlias = Any

#: The main dependency of each extra.
EXTRAS = {
    "distributed": "dask",
    "jax": "jax",
    "onnx": "onnx",
    "play": "starlette",
    "plot": "matplotlib",
    "remote": "fsspec",
    "serve": "uvicorn",
    "tables": "pyarrow",
}


def install_command(extra: str) -> str:
    """Return the command that installs an extra.

    Until barenet is on PyPI, extras come from a copy of the repository, because the name is missing
    on PyPI or may belong to someone else.

    Examples
    --------
    >>> install_command("onnx")
    "pip install '.[onnx]', in a copy of the repository"
    """
    return f"pip install '.[{extra}]', in a copy of the repository"


def require(module: str, *, extra: str, purpose: str) -> Any:
    """Import a module of an extra; if it is missing, the error has the command to install it.

    Examples
    --------
    >>> require("math", extra="plot", purpose="a picture").sqrt(4.0)
    2.0
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        problem = f"{purpose} needs {EXTRAS[extra]}: {install_command(extra)}"
        raise MissingExtraError(problem) from error


def require_arrow(module: str, purpose: str) -> Any:
    """Import a module of Arrow after pandas, which Arrow would import in code that drops Ctrl-C."""
    with suppress(ImportError):
        importlib.import_module("pandas")
    return require(module, extra="tables", purpose=purpose)


def require_package(module: str, purpose: str) -> Any:
    """Import a module of a package that is in no extra."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError(f"{purpose} needs {module}: pip install {module}") from error
