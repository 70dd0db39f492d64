"""Optional dependencies, asked for when they are needed and not before.

A missing one is a single line that says what to install.
"""

from __future__ import annotations

import importlib
from typing import Any

from barenet.errors import MissingExtraError

#: What each extra brings, by the module that shows that it is there.
EXTRAS = {"onnx": "onnx", "play": "starlette", "plot": "matplotlib", "tables": "pyarrow"}


def require(module: str, *, extra: str, purpose: str) -> Any:
    """Import a module of an extra, or say in one line how to install it.

    Examples
    --------
    >>> require("math", extra="plot", purpose="a picture").sqrt(4.0)
    2.0
    """
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise MissingExtraError(
            f"{purpose} needs {EXTRAS[extra]}: pip install 'barenet[{extra}]'"
        ) from error
