"""What scikit-learn's checks of arrays let through, or refuse without saying which argument it was.

They take a mask for nothing and a date for a number, and answer a dict by a TypeError.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Set
from contextlib import contextmanager
from typing import Any

import numpy as np
from sklearn.utils.validation import check_array

from barenet.errors import brief

__all__ = ["UnusableError", "check_series", "naming"]

#: What has one of these is an array, or becomes one.
SIGNS = ("__len__", "shape", "__array__", "__dataframe__")


class UnusableError(ValueError, TypeError):
    """A ValueError, as of any argument that can't be used; scikit-learn's tests want the other."""


def check_series(values: Any, argument: str, *, dates: bool = False) -> None:
    """Refuse what is no array of plain numbers or labels, though NumPy might make one of it.

    Examples
    --------
    >>> check_series({"a": 1}, "y")
    Traceback (most recent call last):
    ValueError: y: expected an array, got {'a': 1}
    """
    if values is None:
        return
    single = getattr(values, "ndim", 1) == 0 or not any(hasattr(values, sign) for sign in SIGNS)
    no_array = isinstance(values, str | bytes | Mapping | Set) and not hasattr(values, "shape")
    if single or no_array:  # a sparse matrix may be a Mapping, too
        raise ValueError(f"{argument}: expected an array, got {brief(values)}")
    if np.ma.isMaskedArray(values) and np.ma.getmaskarray(values).any():
        raise ValueError(f"{argument}: has masked entries; fill them, or leave their rows out")
    if not dates and getattr(getattr(values, "dtype", None), "kind", "") in ("m", "M"):
        raise ValueError(f"{argument}: expected numbers, got {values.dtype}")


@contextmanager
def naming(X: Any) -> Iterator[None]:
    """Let every error of scikit-learn's checks name the argument: X, or else y."""
    try:
        yield
    except (TypeError, ValueError, ArithmeticError) as error:
        said = str(error)
        if isinstance(error, ValueError) and re.search(r"\b[Xy]\b", said):
            raise
        kind = UnusableError if isinstance(error, TypeError) else ValueError
        raise kind(f"{_culprit(X, said)}: {said}") from error


def _culprit(X: Any, said: str) -> str:
    """Find out whether an error is about X, which is looked at first."""
    if "eature names" in said:
        return "X"
    try:
        check_array(X, accept_sparse=True, dtype=np.float64, ensure_all_finite=False)
    except Exception:  # noqa: BLE001
        return "X"
    return "y"
