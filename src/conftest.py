"""Doctests may use ``np``, as numpydoc assumes."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(autouse=True)
def _numpy(doctest_namespace: dict[str, Any]) -> None:
    import numpy as np  # here, as it reads the number of threads when it is first imported

    doctest_namespace["np"] = np
